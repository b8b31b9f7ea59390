/** What the program needs of WASI: the standard library has println and no more. */
@file:OptIn(ExperimentalWasmInterop::class, UnsafeWasmMemoryApi::class)

package words

import kotlin.wasm.ExperimentalWasmInterop
import kotlin.wasm.WasmImport
import kotlin.wasm.unsafe.MemoryAllocator
import kotlin.wasm.unsafe.Pointer
import kotlin.wasm.unsafe.UnsafeWasmMemoryApi
import kotlin.wasm.unsafe.withScopedMemoryAllocator

@WasmImport("wasi_snapshot_preview1", "args_sizes_get")
private external fun argsSizesGet(count: Int, size: Int): Int

@WasmImport("wasi_snapshot_preview1", "args_get")
private external fun argsGet(pointers: Int, text: Int): Int

@WasmImport("wasi_snapshot_preview1", "fd_read")
private external fun fdRead(descriptor: Int, vectors: Int, count: Int, size: Int): Int

@WasmImport("wasi_snapshot_preview1", "fd_write")
private external fun fdWrite(descriptor: Int, vectors: Int, count: Int, size: Int): Int

@WasmImport("wasi_snapshot_preview1", "proc_exit")
private external fun procExit(code: Int)

class WasiException(function: String, code: Int) : Exception("$function failed with WASI error $code")

enum class Stream(val descriptor: Int) { INPUT(0), OUTPUT(1), ERROR(2) }

private const val PORTION = 65_536

/** The arguments of the program, without its name. */
fun arguments(): List<String> = withScopedMemoryAllocator { memory ->
    val sizes = memory.allocate(8)
    check("args_sizes_get", argsSizesGet(sizes.at, sizes.at + 4))
    val count = sizes.loadInt()
    val pointers = memory.allocate(4 * count)
    val text = memory.allocate((sizes + 4).loadInt())
    check("args_get", argsGet(pointers.at, text.at))
    List(count) { i -> Pointer((pointers + 4 * i).loadInt().toUInt()).loadText() }.drop(1)
}

/** All that a stream still holds. */
fun Stream.readAll(): ByteArray = withScopedMemoryAllocator { memory ->
    val buffer = Buffer(memory)
    var bytes = ByteArray(PORTION)
    var size = 0
    while (true) {
        buffer.prepare(PORTION)
        check("fd_read", fdRead(descriptor, buffer.vector.at, 1, buffer.done.at))
        val count = buffer.done.loadInt()
        if (count == 0) break
        if (size + count > bytes.size) bytes = bytes.copyOf(bytes.size * 2)
        for (i in 0 until count) bytes[size + i] = (buffer.data + i).loadByte()
        size += count
    }
    bytes.copyOf(size)
}

fun Stream.write(text: String) {
    val bytes = text.encodeToByteArray()
    withScopedMemoryAllocator { memory ->
        val buffer = Buffer(memory)
        var written = 0
        while (written < bytes.size) {
            val size = minOf(PORTION, bytes.size - written)
            for (i in 0 until size) (buffer.data + i).storeByte(bytes[written + i])
            buffer.prepare(size)
            check("fd_write", fdWrite(descriptor, buffer.vector.at, 1, buffer.done.at))
            written += buffer.done.loadInt()
        }
    }
}

fun exit(code: Int): Nothing {
    procExit(code)
    error("proc_exit returned")
}

/** Memory for what goes through a stream, and for the vector of WASI that describes it. */
private class Buffer(memory: MemoryAllocator) {
    val data = memory.allocate(PORTION)
    val vector = memory.allocate(8)
    val done = memory.allocate(4)

    fun prepare(size: Int) {
        vector.storeInt(data.at)
        (vector + 4).storeInt(size)
    }
}

private val Pointer.at: Int get() = address.toInt()

private fun Pointer.loadText(): String {
    var size = 0
    while ((this + size).loadByte() != 0.toByte()) size++
    return ByteArray(size) { (this + it).loadByte() }.decodeToString()
}

private fun check(function: String, code: Int) {
    if (code != 0) throw WasiException(function, code)
}
