/* A compiler that costs next to nothing: it takes the command lines of `zig cc`, writes an object that holds a digest of what it read,
   with a dependency file, and links objects into a valid module. So a benchmark of 10 000 files measures the build tools. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t digest = 14695981039346656037u; /* FNV-1a */

static FILE *must(const char *name, const char *mode) {
    FILE *file = fopen(name, mode);
    if (file == NULL) {
        perror(name);
        exit(1);
    }
    return file;
}

/* Take a file into the digest; note the headers that it includes, which stand beside it. */
static void take(const char *name, FILE *deps) {
    char line[4096], header[4096], path[8192];
    FILE *file = must(name, "rb");
    while (fgets(line, sizeof line, file)) {
        for (const char *at = line; *at; at++)
            digest = (digest ^ (unsigned char)*at) * 1099511628211u;
        if (deps && sscanf(line, "#include \"%4095[^\"]\"", header) == 1) {
            const char *slash = strrchr(name, '/');
            snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - name + 1) : 0, name, header);
            fprintf(deps, " \\\n  %s", path);
            take(path, deps);
        }
    }
    fclose(file);
}

static void module(FILE *out) {
    static const unsigned char head[] = {
        0, 'a', 's', 'm', 1, 0, 0, 0,
        1, 4, 1, 0x60, 0, 0,                                 /* type: () -> () */
        3, 2, 1, 0,                                          /* one function */
        7, 10, 1, 6, '_', 's', 't', 'a', 'r', 't', 0, 0,     /* exported as _start */
        10, 15, 1, 13, 0, 0x42,                              /* i64.const, in ten bytes */
    };
    fwrite(head, 1, sizeof head, out);
    for (int byte = 0; byte < 9; byte++)
        fputc((int)(digest >> (7 * byte) & 0x7f) | (byte < 8 ? 0x80 : 0), out);
    fputs("\x1a\x0b", out); /* drop, end */
}

int main(int argc, char **argv) {
    const char *out = NULL, *dep = NULL, *source = NULL;
    if (argc > 1 && strcmp(argv[1], "version") == 0) {
        puts("1.0");
        return 0;
    }
    for (int i = 2; i < argc; i++) {
        const char *end = strrchr(argv[i], '.');
        if (strcmp(argv[i], "-o") == 0 && i + 1 < argc)
            out = argv[++i];
        else if (strcmp(argv[i], "-MF") == 0 && i + 1 < argc)
            dep = argv[++i];
        else if (strcmp(argv[i], "-c") == 0 && i + 1 < argc)
            source = argv[++i];
        else if (end && strcmp(end, ".o") == 0)
            take(argv[i], NULL);
    }
    if (out == NULL)
        return 2;
    if (source) {
        FILE *deps = dep ? must(dep, "w") : NULL;
        if (deps)
            fprintf(deps, "%s: \\\n  %s", out, source);
        take(source, deps);
        if (deps)
            fputs("\n", deps), fclose(deps);
    }
    FILE *file = must(out, "wb");
    if (source)
        fprintf(file, "%016llx\n", (unsigned long long)digest);
    else
        module(file);
    return fclose(file) ? 1 : 0;
}
