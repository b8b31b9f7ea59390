#include "table.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 1024u

/* FNV-1a */
static uint32_t hash_of(Slice word)
{
    uint32_t hash = 2166136261u;

    for (size_t i = 0; i < word.size; i++)
        hash = (hash ^ word.bytes[i]) * 16777619u;
    return hash;
}

static bool is_same(const Entry *entry, uint32_t hash, Slice word)
{
    return entry->hash == hash && entry->word.size == word.size
        && memcmp(entry->word.bytes, word.bytes, word.size) == 0;
}

/* The place of `word`: its own, or the free one where it belongs. */
static Entry *find(const Table *table, uint32_t hash, Slice word)
{
    size_t mask = table->capacity - 1;
    size_t place = hash & mask;

    while (table->entries[place].count > 0 && !is_same(&table->entries[place], hash, word))
        place = (place + 1) & mask;
    return &table->entries[place];
}

static bool grow(Table *table)
{
    Table larger = {NULL, table->capacity > 0 ? table->capacity * 2 : FIRST_CAPACITY, table->used};

    larger.entries = calloc(larger.capacity, sizeof *larger.entries);
    if (larger.entries == NULL)
        return false;
    for (size_t i = 0; i < table->capacity; i++) {
        const Entry *entry = &table->entries[i];
        if (entry->count > 0)
            *find(&larger, entry->hash, entry->word) = *entry;
    }
    free(table->entries);
    *table = larger;
    return true;
}

bool table_count(Table *table, Slice word)
{
    uint32_t hash = hash_of(word);
    Entry *entry;

    if (table->used * 4 >= table->capacity * 3 && !grow(table))
        return false;
    entry = find(table, hash, word);
    if (entry->count == 0) {
        *entry = (Entry){word, hash, 0};
        table->used++;
    }
    entry->count++;
    return true;
}

void table_free(Table *table)
{
    free(table->entries);
    *table = (Table){NULL, 0, 0};
}
