#ifndef WORDS_TABLE_H
#define WORDS_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "slice.h"

typedef struct {
    Slice word;
    uint32_t hash;
    uint32_t count; /* 0: the place is free */
} Entry;

/* How often each word was seen: a hash table with open addressing. */
typedef struct {
    Entry *entries;
    size_t capacity; /* a power of two, or 0 */
    size_t used;
} Table;

/* Counts `word` once more; the table keeps its bytes by reference. False: out of memory. */
bool table_count(Table *table, Slice word);

void table_free(Table *table);

#endif
