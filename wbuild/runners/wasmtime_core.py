"""A core module in its store: wasip1 commands and reactors, or a module without any system interface."""

from __future__ import annotations

from collections.abc import Callable

import wasmtime

from . import wasmtime_types, wasmtime_virtual
from .wasmtime_load import RefusedError
from .wasmtime_values import BadValueError, core_value, read_all, sample, show_core, split_call
from .wasmtime_world import World


class Core:
    """One instance to be; `entered` turns true when the module's own code may have begun to run outside its start function."""

    def __init__(self, module: wasmtime.Module, data: bytes, store: wasmtime.Store, world: World) -> None:
        self.module, self.data, self.store, self.world = module, data, store, world
        self.instance: wasmtime.Instance | None = None

    @property
    def entered(self) -> bool:
        return self.instance is not None

    def main(self) -> int:
        """Run `_start`. Raises RefusedError when there is none, what the engine raises otherwise."""
        if all(item.name != "_start" for item in self.module.exports):
            raise RefusedError("it exports no `_start`, so it is no command; its exports can be invoked")
        self._function("_start")(self.store)
        return 0

    def call(self, text: str) -> Callable[[], tuple[str, ...]]:
        """Make ready to call one export, after `_initialize` if there is one. Raises BadValueError when text and function do not fit."""
        name, inner = split_call(text)
        signature = signatures(self.data).get(name)
        if signature is None:
            raise BadValueError(f"it exports no function `{name}`", ", ".join(signatures(self.data)) or "none")
        beyond = [kind for kind in signature.params + signature.results if kind in ("v128", "ref")]
        if beyond:
            raise BadValueError(f"`{name}` takes or gives a {beyond[0]}, which this runtime's library cannot pass")
        args = read_all(name, inner, signature.params, core_value)

        def enter() -> tuple[str, ...]:
            if name != "_initialize" and any(item.name == "_initialize" for item in self.module.exports):
                self._function("_initialize")(self.store)
            raw = self._function(name)(self.store, *args)
            values = raw if len(signature.results) > 1 else [raw]
            return tuple(map(show_core, values, signature.results))

        return enter

    def memory_pages(self) -> int | None:
        """64 KiB pages of the largest memory that is exported, rounded up; a memory never shrinks, so this is the peak."""
        if self.instance is None:
            return None
        items = self.instance.exports(self.store).values()
        return max((-(-item.data_len(self.store) // 65536) for item in items if isinstance(item, wasmtime.Memory)), default=None)

    def _function(self, name: str) -> wasmtime.Func:
        self.instance = self.instance or self._instantiate()
        found = self.instance.exports(self.store)[name]
        if not isinstance(found, wasmtime.Func):
            raise RefusedError(f"its export `{name}` is no function")
        return found

    def _instantiate(self) -> wasmtime.Instance:
        linker = wasmtime.Linker(self.store.engine)
        linker.define_wasi()
        if self.world.virtual:
            wasmtime_virtual.shadow_preview1(linker, self.world.virtual)
        if self.world.stubs == "trap":
            linker.define_unknown_imports_as_traps(self.module)
        elif self.world.stubs == "zero":
            linker.define_unknown_imports_as_default_values(self.store, self.module)
        missing = [f"{item.module}.{item.name}" for item in self.module.imports if not self._has(linker, item)]
        if missing:
            raise RefusedError(f"it imports what this runtime does not have: {', '.join(missing)}")
        return linker.instantiate(self.store, self.module)

    def _has(self, linker: wasmtime.Linker, item: wasmtime.ImportType) -> bool:
        try:
            linker.get(self.store, item.module, item.name or "")
        except wasmtime.WasmtimeError:
            return False
        return True


def signatures(data: bytes) -> dict[str, wasmtime_types.Signature]:
    """As `wasmtime_types.exported`; raises RefusedError for a form of type that this program does not know."""
    try:
        return wasmtime_types.exported(data)
    except (ValueError, IndexError) as error:
        raise RefusedError(f"its types cannot be read here: {error}") from None


def describe(data: bytes) -> list[dict[str, object]]:
    """Every exported function: `name`, `params`, `results` (types as text) and `invoke`, a text for a first try."""
    return [
        {"name": name, "params": list(kind.params), "results": list(kind.results), "invoke": f"{name}({sample(kind.params)})"}
        for name, kind in signatures(data).items()
    ]
