@file:OptIn(ExperimentalWasmInterop::class, UnsafeWasmMemoryApi::class)

import kotlin.wasm.ExperimentalWasmInterop
import kotlin.wasm.WasmImport
import kotlin.wasm.unsafe.Pointer
import kotlin.wasm.unsafe.UnsafeWasmMemoryApi
import kotlin.wasm.unsafe.withScopedMemoryAllocator

@WasmImport("wasi_snapshot_preview1", "args_sizes_get")
private external fun argsSizesGet(count: Int, size: Int): Int

@WasmImport("wasi_snapshot_preview1", "args_get")
private external fun argsGet(pointers: Int, text: Int): Int

/** The arguments of the program, without its name. */
fun arguments(): List<String> = withScopedMemoryAllocator { memory ->
    val sizes = memory.allocate(8)
    check(argsSizesGet(sizes.at, sizes.at + 4) == 0)
    val pointers = memory.allocate(4 * sizes.loadInt())
    val text = memory.allocate((sizes + 4).loadInt())
    check(argsGet(pointers.at, text.at) == 0)
    List(sizes.loadInt()) { i -> Pointer((pointers + 4 * i).loadInt().toUInt()).loadText() }.drop(1)
}

private val Pointer.at: Int get() = address.toInt()

private fun Pointer.loadText(): String {
    var size = 0
    while ((this + size).loadByte() != 0.toByte()) size++
    return ByteArray(size) { (this + it).loadByte() }.decodeToString()
}
