#include "script.h"

#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_CAPACITY 16384u

static char *grow(char *text, size_t *capacity)
{
    char *larger = NULL;

    if (*capacity <= SIZE_MAX / 2)
        larger = realloc(text, *capacity *= 2);
    if (larger == NULL) {
        free(text);
        errno = ENOMEM;
    }
    return larger;
}

static char *read_all(FILE *stream)
{
    size_t capacity = FIRST_CAPACITY;
    size_t size = 0;
    char *text = malloc(capacity);

    while (text != NULL) {
        size += fread(text + size, 1, capacity - 1 - size, stream);
        if (size < capacity - 1)
            break;
        text = grow(text, &capacity);
    }
    if (text != NULL && ferror(stream)) {
        free(text);
        return NULL;
    }
    if (text != NULL)
        text[size] = '\0';
    return text;
}

Script script_read(const char *name)
{
    FILE *stream;
    Script script = {name, NULL};

    if (strcmp(name, "-") == 0) {
        script.name = "stdin";
        script.text = read_all(stdin);
        return script;
    }
    stream = fopen(name, "rb");
    if (stream == NULL)
        return script;
    script.text = read_all(stream);
    fclose(stream);
    return script;
}

void script_free(Script *script)
{
    free(script->text);
    script->text = NULL;
}

size_t script_line(const Script *script, const char *place)
{
    size_t line = 1;

    while (isspace((unsigned char)*place))
        place++;
    for (const char *at = script->text; at < place; at++)
        line += *at == '\n';
    return line;
}
