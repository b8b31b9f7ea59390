/// What the host may call.
module add;

import ldc.attributes : llvmAttr;

/// The sum modulo 2^32; the attribute makes it an export of the module.
@llvmAttr("wasm-export-name", "add") extern (C) int add(int left, int right) @safe @nogc nothrow pure
{
    return left + right;
}
