## Greets its arguments, or the world.

import std/cmdline
import greeting

let names = commandLineParams()
if names.len == 0:
  greet "world"
for name in names:
  greet name
