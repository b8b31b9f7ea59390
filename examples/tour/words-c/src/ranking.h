#ifndef WORDS_RANKING_H
#define WORDS_RANKING_H

#include <stddef.h>

#include "table.h"

/* Moves the words to the front of `table->entries`, the most frequent first,
   and returns how many there are. Afterwards the table cannot count any more. */
size_t ranking_sort(Table *table);

#endif
