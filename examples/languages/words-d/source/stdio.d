/// The streams of libc, as far as words needs them: druntime's core.stdc.stdio does not know WASI.
module stdio;

extern (C) @nogc nothrow:

struct FILE;

extern __gshared FILE* stdin;
extern __gshared FILE* stdout;
extern __gshared FILE* stderr;

size_t fread(scope void* to, size_t size, size_t count, FILE* stream);
size_t fwrite(scope const void* from, size_t size, size_t count, FILE* stream);
int fputs(scope const char* text, FILE* stream);
int fflush(FILE* stream);
int ferror(FILE* stream);
void perror(scope const char* text);
pragma(printf) int printf(scope const char* format, scope const ...);
