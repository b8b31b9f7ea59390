#ifndef SQL_RUN_H
#define SQL_RUN_H

#include <stdbool.h>

#include "script.h"
#include "sqlite3.h"

typedef struct {
    const char *separator; /* between the columns of a row */
    bool header;           /* column names before the first row */
} Format;

/* Runs the statements of `script` and prints their rows; stops at the first error, says it and returns false. */
bool run_script(sqlite3 *database, const Script *script, Format format);

#endif
