"""A clock and a source of randomness that give the same answers in every run, so that fuel and output can be compared exactly."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Final, cast

import wasmtime
from wasmtime import component

START: Final = 1_000_000_000 * 10**9
"""Wall clock at the start, in nanoseconds since 1970."""
TICK: Final = 10_000
"""Nanoseconds that pass with every look at a clock, so that a program that waits for a moment reaches it."""
BLOCK: Final = 1 << 16
BADF, INVAL = 8, 28  # wasip1 errno
PREVIEW1: Final = "wasi_snapshot_preview1"


class Virtual:
    """State of one run."""

    def __init__(self, stop: Callable[[], bool]) -> None:
        """`stop` says whether the run is over: long answers are cut short then."""
        self.now, self.drawn, self.stop = 0, 0, stop

    def tick(self) -> int:
        self.now += TICK
        return self.now

    def random(self, count: int) -> bytes:
        """The next `count` bytes (at most BLOCK) of SHAKE-128 over a counter."""
        self.drawn += 1
        return hashlib.shake_128(self.drawn.to_bytes(8, "little")).digest(count)

    # wasip1: a function takes the caller and integers and returns an errno

    def random_get(self, caller: wasmtime.Caller, at: int, count: int) -> int:
        memory, at, left = _memory(caller), at & 0xFFFFFFFF, count & 0xFFFFFFFF
        _check(caller, memory, at, left)
        while left and not self.stop():
            part = self.random(min(left, BLOCK))
            _write(caller, memory, at, part)
            at, left = at + len(part), left - len(part)
        return 0

    def clock_time_get(self, caller: wasmtime.Caller, clock: int, _precision: int, at: int) -> int:
        if clock not in (0, 1):
            return BADF if clock in (2, 3) else INVAL
        _write(caller, _memory(caller), at, (self.tick() + (START if clock == 0 else 0)).to_bytes(8, "little"))
        return 0

    def clock_res_get(self, caller: wasmtime.Caller, clock: int, at: int) -> int:
        if clock not in (0, 1):
            return BADF if clock in (2, 3) else INVAL
        _write(caller, _memory(caller), at, (1000).to_bytes(8, "little"))
        return 0

    def poll_oneoff(self, caller: wasmtime.Caller, subscriptions: int, events: int, count: int, ready_at: int) -> int:
        """Files are always ready; when only clocks are waited for, time jumps to the earliest of them."""
        if not 0 < count < 1 << 16:
            return INVAL
        memory = _memory(caller)
        raw = _read(caller, memory, subscriptions, 48 * count)
        waits = [raw[at : at + 48] for at in range(0, len(raw), 48)]
        until = {index: self._moment(wait) for index, wait in enumerate(waits) if wait[8] == 0}
        files = [index for index, wait in enumerate(waits) if wait[8] != 0]
        if not files:
            self.now = max(self.now, min(until.values()))
        chosen = sorted(files + [index for index, moment in until.items() if moment <= self.now])
        out = b"".join(_event(waits[index]) for index in chosen)
        _write(caller, memory, events, out)
        _write(caller, memory, ready_at, len(chosen).to_bytes(4, "little"))
        return 0

    def _moment(self, wait: bytes) -> int:
        """When a clock subscription is due, on the monotonic clock: `timeout` is a span, or a moment with flag bit 0."""
        clock, timeout, absolute = int.from_bytes(wait[16:20], "little"), int.from_bytes(wait[24:32], "little"), wait[40] & 1
        if not absolute:
            return self.now + timeout
        return timeout - (START if clock == 0 else 0)


def _event(wait: bytes) -> bytes:
    """userdata, errno 0, kind, and one byte available for files."""
    available = 0 if wait[8] == 0 else 1
    return wait[:8] + bytes((0, 0, wait[8], 0, 0, 0, 0, 0)) + available.to_bytes(8, "little") + bytes(8)


def _memory(caller: wasmtime.Caller) -> wasmtime.Memory:
    memory = caller.get("memory")
    if not isinstance(memory, wasmtime.Memory):
        raise wasmtime.WasmtimeError("missing required memory export")
    return memory


def _check(caller: wasmtime.Caller, memory: wasmtime.Memory, at: int, count: int) -> None:
    if at + count > memory.data_len(caller):
        raise wasmtime.WasmtimeError(f"pointer out of bounds: {count} bytes at {at}")


def _write(caller: wasmtime.Caller, memory: wasmtime.Memory, at: int, value: bytes) -> None:
    at &= 0xFFFFFFFF
    _check(caller, memory, at, len(value))
    if value:
        memory.write(caller, value, at)


def _read(caller: wasmtime.Caller, memory: wasmtime.Memory, at: int, count: int) -> bytes:
    at &= 0xFFFFFFFF
    _check(caller, memory, at, count)
    return bytes(memory.read(caller, at, at + count))


def shadow_preview1(linker: wasmtime.Linker, virtual: Virtual) -> None:
    """Put the virtual functions over those of wasip1."""
    i32, i64 = wasmtime.ValType.i32, wasmtime.ValType.i64
    functions = {
        "random_get": ([i32(), i32()], virtual.random_get),
        "clock_time_get": ([i32(), i64(), i32()], virtual.clock_time_get),
        "clock_res_get": ([i32(), i32()], virtual.clock_res_get),
        "poll_oneoff": ([i32(), i32(), i32(), i32()], virtual.poll_oneoff),
    }
    linker.allow_shadowing = True
    for name, (params, function) in functions.items():
        kind = wasmtime.FuncType(params, [i32()])
        linker.define_func(PREVIEW1, name, kind, cast("Callable[..., int]", function), access_caller=True)
    linker.allow_shadowing = False


def shadow_preview2(linker: component.Linker, wanted: dict[str, frozenset[str]], virtual: Virtual) -> None:
    """Put virtual instances over those of wasip2: `wanted` maps the component's imported instances to the functions it takes from them.

    An instance is replaced as a whole. `wasi:clocks/monotonic-clock` is therefore left as it is when the component waits on it
    (`subscribe-…`): a waitable belongs to the library and cannot be made here.
    """
    linker.allow_shadowing = True
    with linker.root() as root:
        for instance, functions in wanted.items():
            offered = _instance(instance.partition("@")[0], virtual)
            if not functions or not functions <= offered.keys():
                continue
            with root.add_instance(instance) as place:
                for name in functions:
                    place.add_func(name, offered[name])
    linker.allow_shadowing = False


def _instance(name: str, virtual: Virtual) -> dict[str, Callable[..., object]]:
    def octets(_store: object, count: int) -> bytes:
        return b"".join(virtual.random(min(BLOCK, count - at)) for at in range(0, count, BLOCK) if not virtual.stop())

    def word(_store: object) -> int:
        return int.from_bytes(virtual.random(8), "little")

    def moment(nanoseconds: int) -> component.Record:
        record = component.Record()
        record.__dict__.update(seconds=nanoseconds // 10**9, nanoseconds=nanoseconds % 10**9)
        return record

    known: dict[str, dict[str, Callable[..., object]]] = {
        "wasi:random/random": {"get-random-bytes": octets, "get-random-u64": word},
        "wasi:random/insecure": {"get-insecure-random-bytes": octets, "get-insecure-random-u64": word},
        "wasi:random/insecure-seed": {"insecure-seed": lambda store: (word(store), word(store))},
        "wasi:clocks/wall-clock": {"now": lambda _: moment(START + virtual.tick()), "resolution": lambda _: moment(1000)},
        "wasi:clocks/monotonic-clock": {"now": lambda _: virtual.tick(), "resolution": lambda _: 1000},
    }
    return known.get(name, {})
