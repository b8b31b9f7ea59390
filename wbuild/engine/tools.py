"""Tools for steps: asked for when a step really runs, each at most once a run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Protocol

from wbuild.engine.events import Say
from wbuild.errors import WbuildError
from wbuild.model.locked import Pin


class Tools(Protocol):
    """The part of the store that the engine uses."""

    def path(self, pin: Pin) -> Path:
        """The pin's folder, whether it is there or not."""
        ...

    def ensure(self, pins: Sequence[Pin], say: Callable[[object], None]) -> None:
        """Install what is missing. Raises ProvisionError, IntegrityError, MachineError."""
        ...


class Provisioner:
    """Asks the store, and remembers what it said: a tool that cannot be had fails every step that needs it, once."""

    def __init__(self, store: Tools, say: Say) -> None:
        self._store = store
        self._say = say
        self._locks: dict[str, threading.Lock] = {}
        self._ready: set[str] = set()
        self._failed: dict[str, WbuildError] = {}

    def ensure(self, pins: Sequence[Pin]) -> None:
        """Install what is missing of some pins, as `Tools.ensure` does."""
        wanted = sorted({pin.identity: pin for pin in pins}.items())
        with ExitStack() as held:
            for identity, _ in wanted:  # always in the same order, so that two steps cannot wait for each other
                held.enter_context(self._locks.setdefault(identity, threading.Lock()))
            missing = [pin for identity, pin in wanted if identity not in self._ready]
            for pin in missing:
                if pin.identity in self._failed:
                    raise self._failed[pin.identity]
            try:
                if missing:
                    self._store.ensure(missing, self._say)
            except WbuildError as error:
                self._failed.update((pin.identity, error) for pin in missing)
                raise
            self._ready.update(identity for identity, _ in wanted)
