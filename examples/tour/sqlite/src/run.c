#include "run.h"

#include <stdio.h>

static void print_names(sqlite3_stmt *statement, Format format)
{
    for (int column = 0; column < sqlite3_column_count(statement); column++)
        printf("%s%s", column > 0 ? format.separator : "", sqlite3_column_name(statement, column));
    putchar('\n');
}

static void print_row(sqlite3_stmt *statement, Format format)
{
    for (int column = 0; column < sqlite3_column_count(statement); column++) {
        const unsigned char *text = sqlite3_column_text(statement, column);

        if (column > 0)
            fputs(format.separator, stdout);
        if (text != NULL)
            fwrite(text, 1, (size_t)sqlite3_column_bytes(statement, column), stdout);
    }
    putchar('\n');
}

/* Runs one statement to its end and returns SQLite's result code. */
static int run_statement(sqlite3_stmt *statement, Format format)
{
    bool is_first = true;

    while (sqlite3_step(statement) == SQLITE_ROW) {
        if (is_first && format.header)
            print_names(statement, format);
        is_first = false;
        print_row(statement, format);
    }
    return sqlite3_finalize(statement);
}

bool run_script(sqlite3 *database, const Script *script, Format format)
{
    const char *rest = script->text;

    while (*rest != '\0') {
        const char *start = rest;
        sqlite3_stmt *statement;
        int result = sqlite3_prepare_v2(database, start, -1, &statement, &rest);

        if (result == SQLITE_OK && statement != NULL)
            result = run_statement(statement, format);
        if (result != SQLITE_OK) {
            fflush(stdout);
            fprintf(stderr, "sql: %s:%zu: %s\n", script->name, script_line(script, start), sqlite3_errmsg(database));
            return false;
        }
    }
    return true;
}
