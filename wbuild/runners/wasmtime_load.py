"""From bytes to compiled code: the engine's settings, modules and components, and the store of code compiled before."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import wasmtime
from wasmtime import component

FEATURES: Final = {
    "atomics": "wasm_threads",
    "bulk-memory": "wasm_bulk_memory",
    "custom-page-sizes": "wasm_custom_page_sizes",
    "exception-handling": "wasm_exceptions",
    "gc": "wasm_gc",
    "memory64": "wasm_memory64",
    "multimemory": "wasm_multi_memory",
    "multivalue": "wasm_multi_value",
    "reference-types": "wasm_reference_types",
    "relaxed-simd": "wasm_relaxed_simd",
    "simd128": "wasm_simd",
    "stack-switching": "wasm_stack_switching",
    "tail-call": "wasm_tail_call",
    "typed-function-references": "wasm_function_references",
    "wide-arithmetic": "wasm_wide_arithmetic",
}
"""Name of a proposal, as the `target_features` section spells it → setting of the engine. What is not named keeps the engine's default."""

MONTH: Final = 30 * 86400.0
"""Seconds."""
SLOW_ENOUGH: Final = 0.2
"""Seconds of compiling from which keeping the result pays."""


class RefusedError(Exception):
    """The engine does not take the module; the message is the engine's."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What shapes the compiled code."""

    features: tuple[str, ...] = ()
    """Proposals to turn on, or off with a leading `-`."""
    fuel: bool = True
    interruptible: bool = True
    deterministic: bool = False
    """One bit pattern for NaN and for relaxed SIMD on every machine."""


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """Compiled code. Exactly one of `module` and `component` is set."""

    engine: wasmtime.Engine
    data: bytes = field(repr=False)
    module: wasmtime.Module | None = None
    component: component.Component | None = None


def version(libdir: Path) -> str:
    """The library's version from its metadata beside it, or `unknown`; the library itself does not tell."""
    found = [re.fullmatch(r"wasmtime-(.+)\.dist-info", entry.name) for entry in libdir.glob("wasmtime-*.dist-info")]
    return next((match[1] for match in found if match), "unknown")


def make_engine(settings: Settings) -> wasmtime.Engine:
    """Raises ValueError for a proposal that has no setting."""
    config = wasmtime.Config()
    config.consume_fuel = settings.fuel
    config.epoch_interruption = settings.interruptible
    # Images of memories would be files in memory, which the limit on the size of output files hits as well.
    config.memory_init_cow = False
    if settings.deterministic:
        config.cranelift_nan_canonicalization = True
        config.wasm_relaxed_simd_deterministic = True
    for feature in settings.features:
        name = feature.removeprefix("-")
        if name not in FEATURES:
            raise ValueError(f"no setting for the proposal `{name}`; there are {', '.join(FEATURES)}")
        setattr(config, FEATURES[name], name == feature)
    try:
        return wasmtime.Engine(config)
    except wasmtime.WasmtimeError as error:
        raise ValueError(f"the engine refuses these settings: {error}") from None


def is_component(data: bytes) -> bool:
    """Binary format: layer 1 in the upper half of the version word."""
    return data[:4] == b"\0asm" and data[6:8] == b"\x01\x00"


def load(data: bytes, engine: wasmtime.Engine, kept: Kept | None) -> Loaded:
    """Compile `data`, or take it from `kept`. Raises RefusedError, for text as well: turning it into bytes is another program's task."""
    if data[:4] != b"\0asm":
        raise RefusedError(f"not a Wasm module: it starts with {data[:4]!r}" if data else "not a Wasm module: the file is empty")
    kind = component.Component if is_component(data) else wasmtime.Module
    code = kept.get(data) if kept else None
    compiled: wasmtime.Module | component.Component | None = None
    if code is not None:
        with contextlib.suppress(wasmtime.WasmtimeError):
            compiled = kind.deserialize(engine, code)
    if compiled is None:
        start = time.monotonic()
        try:
            compiled = kind(engine, data)
        except wasmtime.WasmtimeError as error:
            raise RefusedError(str(error).strip()) from None
        if kept and time.monotonic() - start >= SLOW_ENOUGH:
            kept.put(data, bytes(compiled.serialize()))
    if isinstance(compiled, wasmtime.Module):
        return Loaded(engine=engine, data=data, module=compiled)
    return Loaded(engine=engine, data=data, component=compiled)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A folder of compiled code: `<sha256 of version, settings and module>.bin`, each with the digest of its code in front.

    Compiled code is run as it is, so a folder or file that another user could have written is not read: it is treated as absent.
    The engine itself refuses code of another version, processor or settings.
    """

    folder: Path
    library: str
    settings: Settings

    def _path(self, data: bytes) -> Path:
        key = hashlib.sha256(f"{self.library}\n{self.settings!r}\n".encode())
        key.update(hashlib.sha256(data).digest())
        return self.folder / f"{key.hexdigest()}.bin"

    def get(self, data: bytes) -> bytes | None:
        path = self._path(data)
        try:
            if not (_ours(self.folder) and _ours(path)):
                return None
            stored = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        return stored[32:] if hashlib.sha256(stored[32:]).digest() == stored[:32] else None

    def put(self, data: bytes, code: bytes) -> None:
        """Best effort: a full disk costs time at the next run, nothing else."""
        path = self._path(data)
        aside = path.with_suffix(f".{os.getpid()}.part")
        self._forget()
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            aside.write_bytes(hashlib.sha256(code).digest() + code)
            aside.chmod(0o600)
            aside.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                aside.unlink()

    def _forget(self) -> None:
        """Remove code that nobody used for a month."""
        with contextlib.suppress(OSError):
            for path in self.folder.glob("*.bin"):
                if time.time() - path.stat().st_mtime > MONTH:
                    path.unlink()


def _ours(path: Path) -> bool:
    """Owned by this user and writable by nobody else; where the system has no such owners (Windows) its access lists rule."""
    if not hasattr(os, "geteuid"):
        return True
    stat = path.stat()
    return stat.st_uid == os.geteuid() and not stat.st_mode & 0o022
