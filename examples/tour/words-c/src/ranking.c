#include "ranking.h"

#include <stdlib.h>
#include <string.h>

static int compare_words(Slice left, Slice right)
{
    size_t shorter = left.size < right.size ? left.size : right.size;
    int order = memcmp(left.bytes, right.bytes, shorter);

    if (order != 0)
        return order;
    return (left.size > right.size) - (left.size < right.size);
}

static int compare_entries(const void *left, const void *right)
{
    const Entry *a = left;
    const Entry *b = right;

    if (a->count != b->count)
        return a->count > b->count ? -1 : 1;
    return compare_words(a->word, b->word);
}

size_t ranking_sort(Table *table)
{
    size_t words = 0;

    for (size_t i = 0; i < table->capacity; i++)
        if (table->entries[i].count > 0)
            table->entries[words++] = table->entries[i];
    if (words > 1)
        qsort(table->entries, words, sizeof *table->entries, compare_entries);
    return words;
}
