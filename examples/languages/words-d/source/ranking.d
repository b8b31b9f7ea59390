/// Counts words and puts the most frequent first.
module ranking;

import core.stdc.stdlib : calloc, free;
import std.algorithm.mutation : move, swap;
import std.algorithm.sorting : sort;

@nogc nothrow:

struct Entry
{
    const(ubyte)[] word;
    uint hash;
    uint count; /// 0: the place is free
}

/// How often each word was seen: a hash table with open addressing.
struct Counts
{
    @nogc nothrow:

    private Entry[] places; // as many as a power of two, or none
    private size_t used;

    @disable this(this);

    ~this() @trusted
    {
        free(places.ptr);
    }

    /// Counts `word` once more, and keeps its bytes by reference; false: out of memory.
    bool count(const(ubyte)[] word)
    {
        if (used * 4 >= places.length * 3 && !grow())
            return false;
        const hash = hashOf(word);
        auto entry = find(hash, word);
        if (entry.count == 0)
        {
            *entry = Entry(word, hash);
            used++;
        }
        entry.count++;
        return true;
    }

    /// The words, the most frequent first. Afterwards nothing can be counted any more.
    Entry[] ranking()
    {
        size_t words;

        foreach (ref entry; places)
            if (entry.count > 0)
                places[words++] = entry;
        places[0 .. words].sort!precedes;
        return places[0 .. words];
    }

    /// The place of `word`: its own, or the free one where it belongs.
    private Entry* find(uint hash, const(ubyte)[] word)
    {
        const mask = places.length - 1;
        size_t place = hash & mask;

        while (places[place].count > 0 && !(places[place].hash == hash && places[place].word == word))
            place = (place + 1) & mask;
        return &places[place];
    }

    private bool grow() @trusted
    {
        enum first = 1024;
        Counts larger;
        const size = places.length > 0 ? places.length * 2 : first;
        auto memory = cast(Entry*) calloc(size, Entry.sizeof);

        if (memory is null)
            return false;
        larger.places = memory[0 .. size];
        larger.used = used;
        foreach (ref entry; places)
            if (entry.count > 0)
                *larger.find(entry.hash, entry.word) = entry;
        swap(places, larger.places);
        return true;
    }
}

private bool precedes(ref const Entry a, ref const Entry b)
{
    if (a.count != b.count)
        return a.count > b.count;
    const shorter = a.word.length < b.word.length ? a.word.length : b.word.length;
    foreach (i; 0 .. shorter)
        if (a.word[i] != b.word[i])
            return a.word[i] < b.word[i];
    return a.word.length < b.word.length;
}

/// FNV-1a
private uint hashOf(scope const(ubyte)[] word) @safe pure
{
    uint hash = 2_166_136_261;

    foreach (letter; word)
        hash = (hash ^ letter) * 16_777_619;
    return hash;
}
