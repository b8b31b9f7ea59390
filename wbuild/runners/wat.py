"""Turn Wasm text into bytes with the `wasmtime` library of a given directory. A program of its own: it imports nothing of wbuild.

usage: python -I wat.py LIBDIR IN.wat OUT.wasm

Modules and components, as far as the library's parser goes; what is bytes already is taken as it is.
A mistake is told as `file:line:column: message` with exit code 1;
OUT.wasm is then left as it was. Exit code 2: the command line or a file is not as it must be.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import sys
from pathlib import Path

WRONG_TEXT, BAD_REQUEST = 1, 2
MAGIC = b"\0asm"
"""How modules and components begin that are no text."""


def located(name: str, text: str) -> str:
    """The parser's report in the style of compilers: place and message in one line, the source line and the caret below."""
    lines = text.strip("\n").splitlines()
    place = re.compile(r"\s*--> .*?:(\d+):(\d+)\s*$")
    at, found = next(((index, match) for index, line in enumerate(lines) if (match := place.match(line))), (len(lines), None))
    message = " ".join(line.strip() for line in lines[:at])
    excerpt = [line for line in lines[at + 1 :] if line.strip(" |")]
    where = f"{name}:{found[1]}:{found[2]}" if found else name
    return "\n".join([f"{where}: {message}", *excerpt])


def write(path: Path, data: bytes) -> None:
    """Beside, then renamed: nobody sees half a module."""
    aside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    except OSError:
        with contextlib.suppress(OSError):
            aside.unlink()
        raise


def main(argv: list[str]) -> int:
    """Returns the exit code."""
    if len(argv) != 3 or not (Path(argv[0]) / "wasmtime" / "__init__.py").is_file():
        print("usage: wat.py LIBDIR IN.wat OUT.wasm   (LIBDIR holds the package `wasmtime`)", file=sys.stderr)
        return BAD_REQUEST
    sys.dont_write_bytecode = True  # the library stands in a sealed folder
    sys.path.insert(0, str(Path(argv[0]).resolve()))
    library = importlib.import_module("wasmtime")
    try:
        text = Path(argv[1]).read_bytes()
        write(Path(argv[2]), text if text.startswith(MAGIC) else bytes(library.wat2wasm(text)))
    except library.WasmtimeError as error:
        print(located(argv[1], str(error)), file=sys.stderr)
        return WRONG_TEXT
    except OSError as error:
        print(f"wat.py: {error}", file=sys.stderr)
        return BAD_REQUEST
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
