#include "input.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#define FIRST_CAPACITY 65536u

/* Twice the room for `text`; NULL, with `text` freed, if there is none. */
static unsigned char *grow(unsigned char *text, size_t *capacity)
{
    unsigned char *larger = NULL;

    if (*capacity <= SIZE_MAX / 2)
        larger = realloc(text, *capacity *= 2);
    if (larger == NULL) {
        free(text);
        errno = ENOMEM;
    }
    return larger;
}

unsigned char *input_read_all(FILE *stream, size_t *size)
{
    size_t capacity = FIRST_CAPACITY;
    unsigned char *text = malloc(capacity);

    *size = 0;
    while (text != NULL) {
        *size += fread(text + *size, 1, capacity - *size, stream);
        if (*size < capacity)
            break;
        text = grow(text, &capacity);
    }
    if (text != NULL && ferror(stream)) {
        free(text);
        return NULL;
    }
    return text;
}
