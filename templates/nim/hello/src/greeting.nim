import std/syncio

proc greet*(name: string) =
  ## Greets `name` on standard output.
  stdout.writeLine "Hello, ", name, "!"
