module main;

import greeting : greet;

extern (C) int main(int argc, char** argv) @nogc nothrow
{
    if (argc < 2)
        return greet("world") ? 0 : 1;
    foreach (name; argv[1 .. argc])
        if (!greet(name))
            return 1;
    return 0;
}
