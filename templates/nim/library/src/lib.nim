## What the host may call.

{.pragma: wasmExport, exportc, codegenDecl: "__attribute__((export_name(\"$2\"))) $1 $2$3".}

func add(left, right: int32): int32 {.wasmExport.} =
  ## The sum modulo 2^32; the pragma makes it an export of the module.
  left +% right
