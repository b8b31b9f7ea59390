#ifndef WORDS_SCANNER_H
#define WORDS_SCANNER_H

#include <stdbool.h>
#include <stddef.h>

#include "slice.h"

/* Finds the words of a text and writes them, in the form in which they are
   counted, over the part of the text that it has already read. */
typedef struct {
    unsigned char *text;
    size_t size;
    size_t read;
    size_t written; /* never more than read: no word grows */
} Scanner;

Scanner scanner_of(unsigned char *text, size_t size);

/* The next word, or false at the end. A word lives as long as the text. */
bool scanner_next(Scanner *scanner, Slice *word);

#endif
