#ifndef WORDS_INPUT_H
#define WORDS_INPUT_H

#include <stddef.h>
#include <stdio.h>

/* All that `stream` still holds, to be freed by the caller; NULL with errno set on failure. */
unsigned char *input_read_all(FILE *stream, size_t *size);

#endif
