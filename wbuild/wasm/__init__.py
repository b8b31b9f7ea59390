"""The binary format of Wasm: reading, walking instructions, features, taking custom sections out. Pure.

Start at `reader.read`, `features.features`, `instructions.tokens`, `writer.strip`; `module` has the types that come back.
"""
