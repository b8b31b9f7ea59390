/// Growing arrays over libc: without the D runtime there is no garbage collector.
module slice;

import core.stdc.stdlib : free, realloc;

@nogc nothrow:

/// Elements of a plain type; the owner frees them.
struct Array(T)
{
    @nogc nothrow:

    T[] items; /// those in use
    private size_t capacity;

    @disable this(this);

    ~this() @trusted
    {
        free(items.ptr);
    }

    /// Room for `wanted` elements; false: out of memory.
    bool reserve(size_t wanted) @trusted
    {
        if (wanted <= capacity)
            return true;
        const size = wanted > capacity * 2 ? wanted : capacity * 2;
        if (size > size_t.max / T.sizeof)
            return false;
        auto larger = cast(T*) realloc(items.ptr, size * T.sizeof);
        if (larger is null)
            return false;
        items = larger[0 .. items.length];
        capacity = size;
        return true;
    }

    /// The elements behind those in use.
    T[] spare() @trusted
    {
        return items.ptr[items.length .. capacity];
    }

    /// Takes the first `count` of `spare` into use.
    void extend(size_t count) @trusted
    in (items.length + count <= capacity)
    {
        items = items.ptr[0 .. items.length + count];
    }
}
