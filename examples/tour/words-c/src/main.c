/* words: prints the words of standard input that occur most often. The contract is in ../README.md. */

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "input.h"
#include "ranking.h"
#include "scanner.h"
#include "table.h"

#define DEFAULT_TOP 10u
#define MAX_DIGITS 9u

enum { FAILED = 1, MISUSED = 2 };

static bool parse_number(const char *text, size_t *number)
{
    size_t digits = strspn(text, "0123456789");

    if (digits == 0 || digits > MAX_DIGITS || text[digits] != '\0')
        return false;
    *number = strtoul(text, NULL, 10);
    return true;
}

static bool parse_arguments(int argc, char **argv, size_t *top)
{
    *top = DEFAULT_TOP;
    for (int i = 1; i < argc; i += 2)
        if (strcmp(argv[i], "--top") != 0 || i + 1 == argc || !parse_number(argv[i + 1], top))
            return false;
    return true;
}

static bool count_words(Table *table, unsigned char *text, size_t size)
{
    Scanner scanner = scanner_of(text, size);
    Slice word;

    while (scanner_next(&scanner, &word))
        if (!table_count(table, word))
            return false;
    return true;
}

static void print_top(Table *table, size_t top)
{
    size_t words = ranking_sort(table);

    for (size_t i = 0; i < words && i < top; i++) {
        const Entry *entry = &table->entries[i];
        printf("%" PRIu32 " ", entry->count);
        fwrite(entry->word.bytes, 1, entry->word.size, stdout);
        putchar('\n');
    }
}

static int fail(void)
{
    perror("words");
    return FAILED;
}

int main(int argc, char **argv)
{
    Table table = {NULL, 0, 0};
    unsigned char *text;
    size_t size;
    size_t top;

    if (!parse_arguments(argc, argv, &top)) {
        fputs("usage: words [--top N]\n", stderr);
        return MISUSED;
    }
    text = input_read_all(stdin, &size);
    if (text == NULL || !count_words(&table, text, size))
        return fail();
    print_top(&table, top);
    if (fflush(stdout) != 0 || ferror(stdout))
        return fail();
    table_free(&table);
    free(text);
    return EXIT_SUCCESS;
}
