"""Validate modules and components with the `wasmtime` library of a given directory. A program of its own: it imports nothing of wbuild.

usage: python -I validate.py LIBDIR

It stays until its input ends. Asked on standard input, one file after another: its size in decimal, a line feed, its bytes. Each is
answered on standard output by one line of JSON:

    status   "valid"; "invalid"; "unable" when the library says that it does not know or support something
    message  what is wrong, without its place
    offset   where, in the file, or null

Nothing is compiled: a core module goes to the library's validator. For components it has none, so each core module in it is validated
by itself, and then the component is loaded with functions whose bodies trap, as long as the ones that they stand for.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

BAD_REQUEST = 2
MEMORY = 4 << 30
"""Bytes of addresses beyond those in use at the start; what is validated takes a small multiple of its size."""
CODE, CORE_MODULE, COMPONENT = 10, 1, 4
HEADER = 8
_SETTING = re.compile(rb"^def wasmtime_config_(wasm_\w+|shared_memory)_set\(", re.MULTILINE)
_UNWANTED = "wasm_relaxed_simd_deterministic"
"""No proposal: it makes instructions slower."""
_NO_OPTIMIZATION = 0
_PLACE = re.compile(r"\s*\(at offset 0x([0-9a-f]+)\)\s*$")
_LACKS = re.compile(
    r"\b(?:requires?|required|must be|not|isn't|is disabled)\b.*\b(?:feature|enabled|proposal|supported|implemented)\b"
    r"|\b(?:feature|proposal)\b.*\b(?:required|disabled)\b|\bunsupported\b|\bnot (?:yet )?implemented\b"
)
"""How the library says that it would need another setting."""

Answer = dict[str, object]


class Bytes(ctypes.Structure):
    """`wasm_byte_vec_t` of the C API (wasm.h)."""

    _fields_ = (("size", ctypes.c_size_t), ("data", ctypes.c_void_p))


class RefusedError(Exception):
    """The library says no."""


class Library:
    """The few functions of the C API (wasmtime.h) that validation needs; to load the whole package takes four times as long.

    Which settings there are is read from the package, which names each function of its library.
    """

    def __init__(self, package: Path) -> None:
        self._c = ctypes.CDLL(str(next(package.glob("*-*/*wasmtime.*"))))
        for name in ("wasm_config_new", "wasm_engine_new_with_config", "wasmtime_module_validate"):
            getattr(self._c, name).restype = ctypes.c_void_p
        config = ctypes.c_void_p(self._c.wasm_config_new())
        for setting in _SETTING.findall((package / "_bindings.py").read_bytes()):
            if setting.decode() != _UNWANTED:
                getattr(self._c, f"wasmtime_config_{setting.decode()}_set")(config, ctypes.c_bool(True))
        self._c.wasmtime_config_cranelift_opt_level_set(config, ctypes.c_uint8(_NO_OPTIMIZATION))
        self._engine = ctypes.c_void_p(self._c.wasm_engine_new_with_config(config))

    def validate_module(self, data: bytes) -> None:
        """Raises RefusedError."""
        self._raise(self._c.wasmtime_module_validate(self._engine, data, ctypes.c_size_t(len(data))))

    def load_component(self, data: bytes) -> None:
        """Raises RefusedError."""
        made = ctypes.c_void_p()
        load = getattr(self._c, "wasmtime_component_new", None)
        if load is None:
            raise RefusedError("components are not supported by this version of the library")
        load.restype = ctypes.c_void_p
        self._raise(load(self._engine, data, ctypes.c_size_t(len(data)), ctypes.byref(made)))
        self._c.wasmtime_component_delete(made)

    def _raise(self, error: int | None) -> None:
        if not error:
            return
        text = Bytes()
        self._c.wasmtime_error_message(ctypes.c_void_p(error), ctypes.byref(text))
        said = ctypes.string_at(text.data, text.size).decode("utf-8", "replace")
        self._c.wasm_byte_vec_delete(ctypes.byref(text))
        self._c.wasmtime_error_delete(ctypes.c_void_p(error))
        raise RefusedError(said)


class Validator:
    """The library, ready."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def validate(self, data: bytes) -> Answer:
        """The answer for one file."""
        if data[4:HEADER] != b"\x0d\0\1\0":
            return self._module(data, 0)
        hollow = bytearray(data)
        try:
            for start, end in modules(data, 0, len(data)):
                answer = self._module(data[start:end], start)
                if answer["status"] != "valid":
                    return answer
                hollow_out(hollow, start, end)
        except (IndexError, ValueError):  # the library says where it is damaged
            hollow = bytearray(data)
        try:
            self._library.load_component(bytes(hollow))
        except RefusedError as error:
            return refused(str(error), 0, component=True)
        return {"status": "valid", "message": "", "offset": None}

    def _module(self, data: bytes, base: int) -> Answer:
        try:
            self._library.validate_module(data)
        except RefusedError as error:
            return refused(str(error), base)
        return {"status": "valid", "message": "", "offset": None}


def refused(text: str, base: int, *, component: bool = False) -> Answer:
    """The answer for what the library refuses, from its words.

    Of a component it refuses more than its validator does, and gives no place then: what it cannot run is not invalid.
    """
    causes = re.split(r"^\s*\d+: ", text.rsplit("Caused by:", 1)[-1], flags=re.MULTILINE)
    last = " ".join(causes[-1].split()) or "refused without a word"
    place = _PLACE.search(last)
    message = _PLACE.sub("", last)
    unable = bool(_LACKS.search(message)) or (component and place is None)
    return {"status": "unable" if unable else "invalid", "message": message, "offset": base + int(place[1], 16) if place else None}


def number(data: bytes | bytearray, at: int) -> tuple[int, int]:
    """An unsigned LEB128 number, and where it ends."""
    value = 0
    for shift in range(0, 35, 7):
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
    raise ValueError("a number is too long")


def sections(data: bytes | bytearray, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    """Id, start and end of each section behind the header. Raises IndexError, ValueError."""
    at = start + HEADER
    while at < end:
        section = data[at]
        size, at = number(data, at + 1)
        if at + size > end:
            raise ValueError("a section is too long")
        yield section, at, at + size
        at += size


def modules(data: bytes, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Core modules in a component and in the components in it."""
    waiting = [(start, end)]
    while waiting:
        for section, first, last in sections(data, *waiting.pop()):
            if section == CORE_MODULE:
                yield first, last
            elif section == COMPONENT:
                waiting.append((first, last))


def hollow_out(data: bytearray, start: int, end: int) -> None:
    """Replace the functions of a valid core module by ones that trap."""
    for section, first, _ in sections(data, start, end):
        if section != CODE:
            continue
        count, at = number(data, first)
        for _ in range(count):
            size, at = number(data, at)
            if size > 2:  # no locals, `unreachable`, `nop` …, `end`
                data[at : at + size] = b"\0\0" + b"\1" * (size - 3) + b"\x0b"
            at += size


def confine() -> None:
    """No files, and a bound for memory, where the system has such limits."""
    with contextlib.suppress(ImportError, OSError, ValueError):
        import resource  # noqa: PLC0415 - POSIX only

        used = 0
        with contextlib.suppress(OSError, ValueError):
            used = int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()
        for kind, bound in ((resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0), (resource.RLIMIT_AS, used + MEMORY)):
            hard = resource.getrlimit(kind)[1]
            resource.setrlimit(kind, (bound if hard == resource.RLIM_INFINITY else min(bound, hard), hard))


def serve(validator: Validator, asked: BinaryIO, answers: BinaryIO) -> int:
    """Answer until nobody asks any more."""
    while True:
        line = asked.readline(24)
        if not line:
            return 0
        if not line.strip().isdigit():
            return BAD_REQUEST
        size = int(line)
        data = asked.read(size)
        if len(data) < size:
            return BAD_REQUEST
        answers.write(json.dumps(validator.validate(data)).encode() + b"\n")
        answers.flush()


def main(argv: list[str]) -> int:
    """Returns the exit code."""
    if len(argv) != 1 or not (Path(argv[0]) / "wasmtime" / "__init__.py").is_file():
        print("usage: validate.py LIBDIR   (LIBDIR holds the package `wasmtime`)", file=sys.stderr)
        return BAD_REQUEST
    validator = Validator(Library(Path(argv[0]).resolve() / "wasmtime"))
    confine()
    return serve(validator, sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
