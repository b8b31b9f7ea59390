#ifndef WORDS_UTF8_H
#define WORDS_UTF8_H

#include <stddef.h>
#include <stdint.h>

#define UTF8_REPLACEMENT 0xFFFDu

typedef struct {
    uint32_t code_point;
    size_t size; /* bytes taken, at least 1 */
} Utf8;

/* The code point at the start of `bytes`; size must not be 0.
   A byte that starts no well-formed sequence is one UTF8_REPLACEMENT. */
Utf8 utf8_decode(const unsigned char *bytes, size_t size);

#endif
