module greeting;

@nogc nothrow:

/// Greets `name` on standard output; false when it was not written.
bool greet(scope const char* name)
{
    return put("Hello, ") && put(name) && put("!\n") && fflush(stdout) == 0;
}

private bool put(scope const char* text)
{
    return fputs(text, stdout) >= 0;
}

// druntime's core.stdc.stdio does not know WASI.
private extern (C):

struct FILE;

extern __gshared FILE* stdout;

int fputs(scope const char* text, FILE* stream);
int fflush(FILE* stream);
