"""Tables of things that are loaded when they are first asked for: a command that needs three of two hundred loads three."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib import import_module
from typing import Generic, TypeVar, cast

T = TypeVar("T")


class Lazy(Mapping[str, T], Generic[T]):
    """Name → what a module holds, or the module itself: loading all of them takes longer than many a build."""

    def __init__(self, places: Mapping[str, str]) -> None:
        """`places`: name → `module` or `module:member`."""
        self._places = places

    def __getitem__(self, name: str) -> T:
        module, _, member = self._places[name].partition(":")
        loaded = import_module(module)
        return cast("T", getattr(loaded, member) if member else loaded)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class LazyTable(Mapping[str, T], Generic[T]):
    """Name → something that is read when it is first asked for, sorted by name. Names alone read nothing."""

    def __init__(self, names: Iterable[str], read: Callable[[str], T]) -> None:
        """`read`: makes what belongs to a name; called once for each that is asked for."""
        self._names = tuple(sorted(names))
        self._known = frozenset(self._names)
        self._read = read
        self._found: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self._found:
            if name not in self._known:
                raise KeyError(name)
            self._found[name] = self._read(name)
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        return name in self._known

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)
