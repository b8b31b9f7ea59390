"""Tables of things that live in modules of their own and are loaded when they are first asked for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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
