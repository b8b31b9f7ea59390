/* sql: runs SQL scripts on an SQLite database and prints the rows. */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "run.h"
#include "script.h"
#include "sqlite3.h"

static const char USAGE[] =
    "usage: sql [--database FILE] [--header] [--separator TEXT] [SCRIPT]...\n"
    "Runs each SCRIPT (standard input if there is none, or for -); without --database in memory.\n";

enum { FAILED = 1, MISUSED = 2 };

typedef struct {
    const char *database;
    Format format;
    char **scripts; /* ends with NULL */
} Options;

static bool parse_arguments(char **argv, Options *options)
{
    char **at = argv + 1;

    *options = (Options){":memory:", {"|", false}, NULL};
    for (; *at != NULL && strncmp(*at, "--", 2) == 0; at++) {
        if (strcmp(*at, "--header") == 0)
            options->format.header = true;
        else if (strcmp(*at, "--database") == 0 && at[1] != NULL)
            options->database = *++at;
        else if (strcmp(*at, "--separator") == 0 && at[1] != NULL)
            options->format.separator = *++at;
        else
            return false;
    }
    options->scripts = at;
    return true;
}

static bool run_named(sqlite3 *database, const char *name, Format format)
{
    Script script = script_read(name);
    bool is_done = false;

    if (script.text == NULL)
        fprintf(stderr, "sql: cannot read %s\n", name);
    else
        is_done = run_script(database, &script, format);
    script_free(&script);
    return is_done;
}

static bool run_all(sqlite3 *database, const Options *options)
{
    if (*options->scripts == NULL)
        return run_named(database, "-", options->format);
    for (char **name = options->scripts; *name != NULL; name++)
        if (!run_named(database, *name, options->format))
            return false;
    return true;
}

int main(int argc, char **argv)
{
    Options options;
    sqlite3 *database = NULL;
    bool is_done = false;

    (void)argc;
    if (!parse_arguments(argv, &options)) {
        fputs(USAGE, stderr);
        return MISUSED;
    }
    if (sqlite3_open(options.database, &database) != SQLITE_OK)
        fprintf(stderr, "sql: %s: %s\n", options.database, sqlite3_errmsg(database));
    else
        is_done = run_all(database, &options);
    sqlite3_close(database);
    if (fflush(stdout) != 0 || ferror(stdout)) {
        perror("sql");
        return FAILED;
    }
    return is_done ? EXIT_SUCCESS : FAILED;
}
