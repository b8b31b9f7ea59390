"""A component in its store: commands (wasi:cli/run) and functions of its own."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import wasmtime
from wasmtime import component

from . import wasmtime_virtual, wasmtime_wave
from .wasmtime_load import RefusedError
from .wasmtime_values import BadValueError, read_all, split_call
from .wasmtime_world import World

Path: TypeAlias = tuple[str, ...]
"""A function's name, or the names of an instance and a function in it; as text joined by `#`."""


class Component:
    """One instance to be; `entered` turns true when instantiation is over."""

    def __init__(self, whole: component.Component, store: wasmtime.Store, world: World) -> None:
        self.whole, self.store, self.world = whole, store, world
        self.entered = False

    def main(self) -> int:
        """Run wasi:cli/run; its error result is exit code 1."""
        known = functions(self.whole, self.store.engine)
        path = next((path for path in known if path[0].startswith("wasi:cli/run@") and path[-1] == "run"), None)
        if path is None:
            raise RefusedError("it does not export wasi:cli/run, so it is no command; its exports can be invoked")
        return 1 if getattr(self._function(path)(self.store), "tag", "ok") == "err" else 0

    def call(self, text: str) -> Callable[[], tuple[str, ...]]:
        """Make ready to call one export. Raises BadValueError when text and function do not fit."""
        name, inner = split_call(text)
        known = functions(self.whole, self.store.engine)
        paths = [path for path in known if "#".join(path) == name] or [path for path in known if path[-1] == name]
        if len(paths) != 1:
            raise BadValueError(f"it exports {'several' if paths else 'no'} functions `{name}`", ", ".join(map("#".join, known)) or "none")
        kind = known[paths[0]]
        args = read_all(name, inner, [parameter for _, parameter in kind.params], wasmtime_wave.read)

        def enter() -> tuple[str, ...]:
            value = self._function(paths[0])(self.store, *args)
            return () if kind.result is None else (wasmtime_wave.show(value, kind.result),)

        return enter

    def memory_pages(self) -> int | None:
        """Memories are inside a component and cannot be seen."""
        return None

    def _function(self, path: Path) -> component.Func:
        instance, index = self._instantiate(), None
        self.entered = True
        for name in path:
            index = instance.get_export_index(self.store, name, index)
        function = None if index is None else instance.get_func(self.store, index)
        if function is None:
            raise RefusedError(f"its export `{'#'.join(path)}` cannot be found again")
        return function

    def _instantiate(self) -> component.Instance:
        linker = component.Linker(self.store.engine)
        linker.add_wasip2()
        if self.world.virtual:
            wasmtime_virtual.shadow_preview2(linker, _imported(self.whole, self.store.engine), self.world.virtual)
        if self.world.stubs == "zero":
            raise RefusedError("a component's missing imports can be stubbed by traps here, not by zeros")
        if self.world.stubs == "trap":
            linker.define_unknown_imports_as_traps(self.whole)
        return linker.instantiate(self.store, self.whole)


def functions(whole: component.Component, engine: wasmtime.Engine) -> dict[Path, component.FuncType]:
    """Every function that a component exports, its own first level and inside its instances."""
    found: dict[Path, component.FuncType] = {}
    for name, item in whole.type.exports(engine).items():
        kind = item.ty
        if isinstance(kind, component.FuncType):
            found[(name,)] = kind
        elif isinstance(kind, component.ComponentInstanceType):
            inside = {(name, inner): part.ty for inner, part in kind.exports(engine).items()}
            found.update({path: part for path, part in inside.items() if isinstance(part, component.FuncType)})
    return found


def _imported(whole: component.Component, engine: wasmtime.Engine) -> dict[str, frozenset[str]]:
    """Imported instance → names of the functions that are taken from it."""
    found = {}
    for name, item in whole.type.imports(engine).items():
        kind = item.ty
        if isinstance(kind, component.ComponentInstanceType):
            entries = kind.exports(engine).items()
            found[name] = frozenset(entry for entry, part in entries if isinstance(part.ty, component.FuncType))
    return found


def describe(whole: component.Component, engine: wasmtime.Engine) -> list[dict[str, object]]:
    """Every exported function: `name`, `params`, `results` (types as text) and `invoke`, a text for a first try."""
    found: list[dict[str, object]] = []
    for path, kind in functions(whole, engine).items():
        params, name = [parameter for _, parameter in kind.params], "#".join(path)
        found.append(
            {
                "name": name,
                "params": [wasmtime_wave.show_type(parameter) for parameter in params],
                "results": [] if kind.result is None else [wasmtime_wave.show_type(kind.result)],
                "invoke": f"{name}({', '.join(map(wasmtime_wave.sample, params))})",
            }
        )
    return found
