/** What the host may call. */
@file:OptIn(ExperimentalWasmInterop::class)

import kotlin.wasm.ExperimentalWasmInterop
import kotlin.wasm.WasmExport

/** The sum modulo 2^32; the annotation makes it an export of the module. */
@WasmExport
fun add(left: Int, right: Int): Int = left + right
