"""What a guest may see and use, and how a run ended."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import wasmtime

from .wasmtime_virtual import Virtual

Stubs = Literal["trap", "zero"]
ENDLESS: Final = 1 << 62
"""Fuel of a run without a limit."""
TABLE_ELEMENTS, INSTANCES, TABLES, MEMORIES = 1 << 22, 256, 256, 16


@dataclass(frozen=True, kw_only=True)
class World:
    """Everything that the guest can see and use."""

    args: tuple[str, ...] = ("main.wasm",)
    """With the program's name in front."""
    env: Mapping[str, str] = field(default_factory=dict)
    read_only: Mapping[str, str] = field(default_factory=dict)
    """Guest path → folder."""
    writable: Mapping[str, str] = field(default_factory=dict)
    stdin: str | None = None
    """A file, or None for an empty input."""
    stdout: str | None = None
    """A file; None: standard input, output and error are those of this process."""
    stderr: str = ""
    fuel: int | None = ENDLESS
    """None when the engine does not count."""
    memory: int = -1
    """Bytes of one linear memory; -1: no limit but the engine's."""
    stubs: Stubs | None = None
    virtual: Virtual | None = None

    def store(self, engine: wasmtime.Engine) -> wasmtime.Store:
        """A new store with the limits. Raises WasmtimeError when a file or folder cannot be opened."""
        store = wasmtime.Store(engine)
        if self.fuel is not None:
            store.set_fuel(self.fuel)
        store.set_epoch_deadline(1)
        store.set_limits(self.memory, TABLE_ELEMENTS, INSTANCES, TABLES, MEMORIES)
        store.set_wasi(self._wasi())
        return store

    def _wasi(self) -> wasmtime.WasiConfig:
        wasi = wasmtime.WasiConfig()
        wasi.argv = list(self.args)
        wasi.env = list(self.env.items())
        if self.stdout is None:
            wasi.inherit_stdin()
            wasi.inherit_stdout()
            wasi.inherit_stderr()
        else:
            wasi.stdout_file = self.stdout
            wasi.stderr_file = self.stderr
            if self.stdin is not None:
                wasi.stdin_file = self.stdin
        for folders, changeable in ((self.read_only, False), (self.writable, True)):
            for guest, folder in folders.items():
                wasi.preopen_dir(folder, guest, changeable)
        return wasi


@dataclass(frozen=True, kw_only=True)
class Ended:
    """How a run ended."""

    exit: int | None = None
    returns: tuple[str, ...] | None = None
    trap: str | None = None
    backtrace: tuple[str, ...] = ()
    limit: str | None = None
    fuel: int = 0
    memory_pages: int | None = None
    """64 KiB pages of the largest exported memory; None when no memory can be seen from outside."""
