"""What a component itself needs of an engine, besides its core modules: built-in functions, options of lifting and lowering, types.

Component model, design/mvp/Binary.md and its async, error-context, threading and gc extensions. The proposal still moves, so a section
with something unknown is read up to there and in silence: validators know more, and this only names features.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from types import MappingProxyType
from typing import Final

from wbuild.errors import ArtifactError
from wbuild.wasm.cursor import Cursor
from wbuild.wasm.module import Component
from wbuild.wasm.uses import Uses

__all__ = ["ASYNC", "ERROR_CONTEXT", "GC", "THREADS", "component_uses"]

ASYNC: Final = "component-async"
ERROR_CONTEXT: Final = "component-error-context"
GC: Final = "component-gc"
THREADS: Final = "component-threads"

_DEPTH: Final = 100
_CORE_TYPE, _ALIAS, _TYPE, _CANON = 3, 6, 7, 8
_LIFT, _LOWER = 0, 1
_OPTIONS: Final[Mapping[int, tuple[str, str]]] = MappingProxyType(
    {
        6: (ASYNC, "the option `async`"),
        7: (ASYNC, "the option `callback`"),
        8: (GC, "the option `core-type`"),
        9: (GC, "the option `gc`"),
    }
)
_WITH_INDEX: Final = (3, 4, 5, 7, 8)
_BUILTINS: Final[tuple[tuple[range, str, str, str], ...]] = (
    # opcodes, what follows each (u a number, b a byte, o options, r a result list), feature, what it is
    (range(0x02, 0x05), "u", "", "a resource's built-in"),
    (range(0x05, 0x06), "", ASYNC, "`task.cancel`"),
    (range(0x06, 0x07), "b", ASYNC, "`subtask.cancel`"),
    (range(0x07, 0x08), "u", ASYNC, "`resource.drop async`"),
    (range(0x08, 0x09), "", ASYNC, "`backpressure.set`"),
    (range(0x09, 0x0A), "ro", ASYNC, "`task.return`"),
    (range(0x0A, 0x0C), "bu", ASYNC, "`context.get` or `context.set`"),
    (range(0x0C, 0x0D), "b", ASYNC, "`yield`"),
    (range(0x0D, 0x0E), "", ASYNC, "`subtask.drop`"),
    (range(0x0E, 0x0F), "u", ASYNC, "`stream.new`"),
    (range(0x0F, 0x11), "uo", ASYNC, "`stream.read` or `stream.write`"),
    (range(0x11, 0x13), "ub", ASYNC, "cancelling a stream"),
    (range(0x13, 0x15), "u", ASYNC, "dropping an end of a stream"),
    (range(0x15, 0x16), "u", ASYNC, "`future.new`"),
    (range(0x16, 0x18), "uo", ASYNC, "`future.read` or `future.write`"),
    (range(0x18, 0x1A), "ub", ASYNC, "cancelling a future"),
    (range(0x1A, 0x1C), "u", ASYNC, "dropping an end of a future"),
    (range(0x1C, 0x1E), "o", ERROR_CONTEXT, "`error-context.new` or `error-context.debug-message`"),
    (range(0x1E, 0x1F), "", ERROR_CONTEXT, "`error-context.drop`"),
    (range(0x1F, 0x20), "", ASYNC, "`waitable-set.new`"),
    (range(0x20, 0x22), "bu", ASYNC, "`waitable-set.wait` or `waitable-set.poll`"),
    (range(0x22, 0x24), "", ASYNC, "a built-in of waitable sets"),
    (range(0x24, 0x26), "", ASYNC, "`backpressure.inc` or `backpressure.dec`"),
    (range(0x26, 0x27), "", THREADS, "`thread.index`"),
    (range(0x27, 0x28), "uu", THREADS, "`thread.new-indirect`"),
    (range(0x28, 0x29), "b", THREADS, "a built-in of threads"),
    (range(0x29, 0x2D), "b", THREADS, "a built-in of threads"),
    (range(0x40, 0x41), "u", THREADS, "`thread.spawn-ref`"),
    (range(0x41, 0x42), "uu", THREADS, "`thread.spawn-indirect`"),
    (range(0x42, 0x43), "", THREADS, "`thread.available-parallelism`"),
)


def component_uses(component: Component, uses: Uses) -> None:
    """Add what the component's own sections need; nested components are asked by themselves."""
    for section in component.sections:
        read = _READERS.get(section.id)
        if read is not None:
            cursor = Cursor(component.data, section.payload, section.end)
            with suppress(ArtifactError):  # unknown, or damaged: its validator says so
                for _ in range(cursor.u32("a count")):
                    read(cursor, uses)


def _canon(cursor: Cursor, uses: Uses) -> None:
    at = cursor.at
    code = cursor.byte("a canonical function")
    if code in {_LIFT, _LOWER}:
        cursor.byte("its sort")
        cursor.u32("its function")
        _options(cursor, uses)
        if code == _LIFT:
            cursor.u32("its type")
        return
    found = next((row for row in _BUILTINS if code in row[0]), None)
    if found is None:
        cursor.bad("canonical function", at)
    _, follows, feature, what = found
    if feature:
        uses.add((feature,), f"{what} of the component", at)
    for letter in follows:
        _FOLLOWS[letter](cursor, uses)


def _options(cursor: Cursor, uses: Uses) -> None:
    for _ in range(cursor.u32("a count")):
        at = cursor.at
        option = cursor.byte("an option")
        if option > max(_OPTIONS):
            cursor.bad("option", at)
        if option in _OPTIONS:
            feature, what = _OPTIONS[option]
            uses.add((feature,), f"{what} of the component", at)
        if option in _WITH_INDEX:
            cursor.u32("an option")


def _results(cursor: Cursor, uses: Uses) -> None:
    at = cursor.at
    form = cursor.byte("a result list")
    if form == 0:
        _value(cursor, uses)
    elif form == 1:
        for _ in range(cursor.u32("a count")):
            cursor.name("a name")
            _value(cursor, uses)
    else:
        cursor.bad("result list", at)


_FOLLOWS: Final[Mapping[str, Callable[[Cursor, Uses], object]]] = MappingProxyType(
    {
        "u": lambda cursor, _: cursor.u32("an index"),
        "b": lambda cursor, _: cursor.byte("a flag"),
        "o": _options,
        "r": _results,
    }
)


def _value(cursor: Cursor, uses: Uses) -> None:
    """A value type: an index, or a primitive."""
    at = cursor.at
    if cursor.s33("a type") == 0x64 - 0x80:
        uses.add((ERROR_CONTEXT,), "the type `error-context`", at)


def _maybe(cursor: Cursor, uses: Uses) -> None:
    if cursor.byte("an optional type"):
        _value(cursor, uses)


def _labelled(cursor: Cursor, uses: Uses) -> None:
    for _ in range(cursor.u32("a count")):
        cursor.name("a label")
        _value(cursor, uses)


def _labels(cursor: Cursor) -> None:
    for _ in range(cursor.u32("a count")):
        cursor.name("a label")


def _cases(cursor: Cursor, uses: Uses) -> None:
    for _ in range(cursor.u32("a count")):
        cursor.name("a label")
        _maybe(cursor, uses)
        cursor.byte("a refinement")


def _type(cursor: Cursor, uses: Uses, depth: int = 0) -> None:
    at = cursor.at
    if depth > _DEPTH:
        cursor.bad("type, nested too deep,", at)
    match cursor.byte("a type"):
        case 0x40 | 0x43 as code:
            if code == 0x43:
                uses.add((ASYNC,), "an async function type", at)
            _labelled(cursor, uses)
            _results(cursor, uses)
        case 0x41 | 0x42:
            for _ in range(cursor.u32("a count")):
                _declared(cursor, uses, depth)
        case 0x3F:
            cursor.byte("a representation")
            if cursor.byte("a destructor"):
                cursor.u32("a destructor")
        case 0x72:
            _labelled(cursor, uses)
        case 0x71:
            _cases(cursor, uses)
        case 0x70 | 0x6B:
            _value(cursor, uses)
        case 0x67:
            _value(cursor, uses)
            cursor.u32("a length")
        case 0x63 | 0x6A as code:
            for _ in range(2):
                _value(cursor, uses) if code == 0x63 else _maybe(cursor, uses)
        case 0x6F:
            for _ in range(cursor.u32("a count")):
                _value(cursor, uses)
        case 0x6E | 0x6D:
            _labels(cursor)
        case 0x69 | 0x68:
            cursor.u32("a resource")
        case 0x66 | 0x65 as code:
            uses.add((ASYNC,), "a stream type" if code == 0x66 else "a future type", at)
            _maybe(cursor, uses)
        case 0x64:
            uses.add((ERROR_CONTEXT,), "the type `error-context`", at)
        case code if not 0x73 <= code <= 0x7F:
            cursor.bad("type", at)


def _declared(cursor: Cursor, uses: Uses, depth: int) -> None:
    """A declaration of a component or instance type."""
    at = cursor.at
    match cursor.byte("a declaration"):
        case 0x00:
            _core_type(cursor, uses)
        case 0x01:
            _type(cursor, uses, depth + 1)
        case 0x02:
            _alias(cursor)
        case 0x03 | 0x04:
            if cursor.byte("a name") > 1:
                cursor.bad("form of a name", at)
            cursor.name("a name")
            _described(cursor, uses)
        case _:
            cursor.bad("declaration", at)


def _alias(cursor: Cursor) -> None:
    if cursor.byte("a sort") == 0:
        cursor.byte("a core sort")
    at = cursor.at
    match cursor.byte("the target of an alias"):
        case 0x00 | 0x01:
            cursor.u32("an instance")
            cursor.name("an export")
        case 0x02:
            cursor.u32("a count")
            cursor.u32("an index")
        case _:
            cursor.bad("target of an alias", at)


def _described(cursor: Cursor, uses: Uses) -> None:
    match cursor.byte("a description"):
        case 0x00:
            cursor.byte("a core sort")
            cursor.u32("an index")
        case 0x02:
            _value(cursor, uses)
        case 0x03:
            if not cursor.byte("a bound"):
                cursor.u32("a bound")
        case _:
            cursor.u32("an index")


def _core_type(cursor: Cursor, uses: Uses) -> None:
    """A core type; a module type ends the reading, for it is long and needs nothing of its own."""
    at = cursor.at
    match cursor.byte("a core type"):
        case 0x60:
            for _ in range(2):
                for _ in range(cursor.u32("a count")):
                    cursor.s33("a value type")
        case 0x4E | 0x4F | 0x5E | 0x5F | 0x00:
            uses.add(("gc",), "a core type of the component", at)
            cursor.bad("core type", at)
        case _:
            cursor.bad("core type", at)


_READERS: Final[Mapping[int, Callable[[Cursor, Uses], None]]] = MappingProxyType({_CORE_TYPE: _core_type, _TYPE: _type, _CANON: _canon})
