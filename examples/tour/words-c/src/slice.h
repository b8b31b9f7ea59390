#ifndef WORDS_SLICE_H
#define WORDS_SLICE_H

#include <stddef.h>

/* Bytes that belong to somebody else. */
typedef struct {
    const unsigned char *bytes;
    size_t size;
} Slice;

#endif
