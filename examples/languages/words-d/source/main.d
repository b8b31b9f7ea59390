/// words: prints the words of standard input that occur most often. The contract is in ../README.md.
module main;

import core.stdc.string : strlen;
import ranking : Counts;
import scanner : Words;
import slice : Array;
import stdio;

@nogc nothrow:

enum defaultTop = 10;
enum maxDigits = 9;

enum Exit
{
    success,
    failed,
    misused,
}

extern (C) int main(int argc, char** argv)
{
    size_t top;

    if (!parseArguments(argv[1 .. argc], top))
    {
        fputs("usage: words [--top N]\n", stderr);
        return Exit.misused;
    }
    if (!printTop(top))
    {
        perror("words");
        return Exit.failed;
    }
    return Exit.success;
}

private bool parseArguments(scope char*[] arguments, out size_t top)
{
    top = defaultTop;
    while (arguments.length > 0)
    {
        if (arguments.length == 1 || text(arguments[0]) != "--top" || !parseNumber(text(arguments[1]), top))
            return false;
        arguments = arguments[2 .. $];
    }
    return true;
}

private const(char)[] text(const char* argument)
{
    return argument[0 .. strlen(argument)];
}

private bool parseNumber(scope const(char)[] digits, out size_t number)
{
    if (digits.length == 0 || digits.length > maxDigits)
        return false;
    foreach (digit; digits)
    {
        if (digit < '0' || digit > '9')
            return false;
        number = number * 10 + (digit - '0');
    }
    return true;
}

private bool printTop(size_t top)
{
    Array!ubyte input;
    Counts counts;

    if (!readAll(input))
        return false;
    foreach (word; Words(input.items))
        if (!counts.count(word))
            return false;
    foreach (i, ref entry; counts.ranking)
    {
        if (i == top)
            break;
        printf("%u ", entry.count);
        fwrite(entry.word.ptr, 1, entry.word.length, stdout);
        fputs("\n", stdout);
    }
    return fflush(stdout) == 0 && !ferror(stdout);
}

/// All of standard input.
private bool readAll(ref Array!ubyte input)
{
    enum portion = 65_536;
    size_t size;

    do
    {
        if (!input.reserve(input.items.length + portion))
            return false;
        size = fread(input.spare.ptr, 1, input.spare.length, stdin);
        input.extend(size);
    }
    while (size > 0);
    return !ferror(stdin);
}
