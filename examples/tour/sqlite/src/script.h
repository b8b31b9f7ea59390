#ifndef SQL_SCRIPT_H
#define SQL_SCRIPT_H

#include <stddef.h>

/* SQL text and where it came from. */
typedef struct {
    const char *name;
    char *text; /* ends with NUL; NULL if it could not be read */
} Script;

/* Reads the file `name`, or standard input if it is "-". On failure errno says why. */
Script script_read(const char *name);

void script_free(Script *script);

/* The line, from 1, of the first character at or after `place` that is not white space. */
size_t script_line(const Script *script, const char *place);

#endif
