/// Decodes UTF-8 as it comes, good or bad.
module utf8;

@safe @nogc nothrow pure:

enum dchar replacement = '\uFFFD';

struct Letter
{
    dchar codePoint;
    size_t size; /// bytes taken, at least 1
}

private enum invalid = Letter(replacement, 1);

/// The code point at the start of `bytes`, which must not be empty. A byte that starts no well-formed sequence is one `replacement`.
Letter decode(scope const(ubyte)[] bytes)
{
    const lead = bytes[0];
    size_t size;
    uint codePoint, smallest;

    switch (lead)
    {
    case 0x00: .. case 0x7F:
        return Letter(lead, 1);
    case 0xC2: .. case 0xDF:
        size = 2, smallest = 0x80, codePoint = lead & 0x1F;
        break;
    case 0xE0: .. case 0xEF:
        size = 3, smallest = 0x800, codePoint = lead & 0x0F;
        break;
    case 0xF0: .. case 0xF4:
        size = 4, smallest = 0x10000, codePoint = lead & 0x07;
        break;
    default:
        return invalid;
    }
    if (size > bytes.length)
        return invalid;
    foreach (follower; bytes[1 .. size])
    {
        if ((follower & 0xC0) != 0x80)
            return invalid;
        codePoint = codePoint << 6 | (follower & 0x3F);
    }
    if (codePoint < smallest || codePoint > dchar.max || (codePoint >= 0xD800 && codePoint <= 0xDFFF))
        return invalid;
    return Letter(codePoint, size);
}
