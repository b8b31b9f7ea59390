"""One run from beginning to end: enter the guest and say what became of it, in the same words for modules and components."""

from __future__ import annotations

import re
from collections.abc import Callable

import wasmtime

from .wasmtime_component import Component
from .wasmtime_core import Core
from .wasmtime_load import Loaded, RefusedError
from .wasmtime_world import Ended, World


class Guest:
    """One store, used once."""

    def __init__(self, loaded: Loaded, world: World) -> None:
        """Raises RefusedError when the world cannot be set up: a file or folder that cannot be opened."""
        try:
            store = world.store(loaded.engine)
        except wasmtime.WasmtimeError as error:
            raise RefusedError(f"cannot set up the run: {error}") from None
        self.world, self.store = world, store
        self.inside: Core | Component
        if loaded.component:
            self.inside = Component(loaded.component, store, world)
        elif loaded.module:
            self.inside = Core(loaded.module, loaded.data, store, world)

    def run(self, invoke: str | None) -> Ended:
        """Run it as a command, or one export. Raises RefusedError when it cannot be run and BadValueError when `invoke` does not fit."""
        return self._watch(self.inside.main if invoke is None else self.inside.call(invoke))

    def close(self) -> None:
        """Let go of memory and files."""
        self.store.close()

    def _watch(self, enter: Callable[[], tuple[str, ...] | int]) -> Ended:
        try:
            result = enter()
        except wasmtime.ExitTrap as left:
            return self._ended(exit_code=left.code & 0xFFFFFFFF)
        except wasmtime.Trap as trap:
            return self._stopped(str(trap))
        except wasmtime.WasmtimeError as error:
            if self.inside.entered or _ran(str(error)):
                return self._stopped(str(error))
            return self._refused(str(error).strip())
        if isinstance(result, int):
            return self._ended(exit_code=result)
        return self._ended(exit_code=0, returns=result)

    def _refused(self, text: str) -> Ended:
        """Instantiation failed before any code ran: over a limit, or not to be run at all."""
        if re.search(r"exceeds (memory|table) limits|resource limit exceeded|limit for .* exceeded|Cannot allocate memory", text):
            return self._ended(limit="memory", frames=(text,))
        raise RefusedError(text)

    def _stopped(self, text: str) -> Ended:
        cause, frames = explain(text)
        if cause == "all fuel consumed by WebAssembly":
            return self._ended(limit="fuel", frames=frames)
        if cause.startswith("GC heap out of memory"):
            return self._ended(limit="memory", frames=(cause, *frames))
        return self._ended(trap=cause, frames=frames)

    def _ended(
        self,
        *,
        exit_code: int | None = None,
        returns: tuple[str, ...] | None = None,
        trap: str | None = None,
        limit: str | None = None,
        frames: tuple[str, ...] = (),
    ) -> Ended:
        used = 0 if self.world.fuel is None else self.world.fuel - self.store.get_fuel()
        pages = self.inside.memory_pages()
        return Ended(exit=exit_code, returns=returns, trap=trap, limit=limit, backtrace=frames, fuel=used, memory_pages=pages)


def explain(text: str) -> tuple[str, tuple[str, ...]]:
    """The engine's report of a stop → its innermost cause in one line, and up to 32 frames, innermost first."""
    trace, _, causes = text.partition("Caused by:")
    lines = [re.sub(r"^\d+: ", "", line.strip()) for line in (causes or trace).strip().splitlines()]
    cause = next((line for line in reversed(lines) if line), "stopped without a reason")
    frames = tuple(line.strip() for line in trace.splitlines() if re.match(r"\s*\d+: ", line))
    return cause.removeprefix("wasm trap: "), frames[:32]


def _ran(text: str) -> bool:
    return text.startswith("error while executing") or "wasm trap:" in text
