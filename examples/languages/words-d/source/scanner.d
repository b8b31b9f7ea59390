/// Finds the words of a text, in the form in which they are counted.
module scanner;

import utf8 : decode, Letter, replacement;

@safe @nogc nothrow pure:

/// A range of words. They are written over the part of the text that was already read, and live as long as the text.
struct Words
{
    @safe @nogc nothrow pure:

    private ubyte[] text;
    private size_t read;
    private size_t written; // never more than read: no word grows
    private ubyte[] word;

    @disable this();

    this(return scope ubyte[] text)
    {
        this.text = text;
        popFront();
    }

    bool empty() const
    {
        return word.length == 0;
    }

    const(ubyte)[] front() const return scope
    {
        return word;
    }

    void popFront()
    {
        const start = written;
        auto here = peek(0);

        while (here.size > 0 && !isWord(here.codePoint))
            here = skip(here);
        while (here.size > 0)
        {
            if (isWord(here.codePoint))
                take(here);
            else if (isApostrophe(here.codePoint) && isWord(peek(here.size).codePoint))
                text[written++] = '\'';
            else
                break;
            here = skip(here);
        }
        word = text[start .. written];
    }

    /// What follows `offset` bytes after the reading position; a separator without a size at the end of the text.
    private Letter peek(size_t offset) const
    {
        const at = read + offset;
        return at < text.length ? decode(text[at .. $]) : Letter(replacement, 0);
    }

    private Letter skip(Letter letter)
    {
        read += letter.size;
        return peek(0);
    }

    private void take(Letter letter)
    {
        foreach (i; read .. read + letter.size)
            text[written++] = toLower(text[i]);
    }
}

private ubyte toLower(ubyte letter)
{
    return letter >= 'A' && letter <= 'Z' ? cast(ubyte)(letter + ('a' - 'A')) : letter;
}

private bool isWord(dchar letter)
{
    switch (letter)
    {
    case '0': .. case '9':
    case 'A': .. case 'Z':
    case 'a': .. case 'z':
        return true;
    case '\u2000': .. case '\u206F':
    case '\u3000': .. case '\u303F':
    case '\uFEFF', replacement:
        return false;
    default:
        return letter >= '\u00C0';
    }
}

private bool isApostrophe(dchar letter)
{
    return letter == '\'' || letter == '\u2019';
}
