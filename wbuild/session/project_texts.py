"""Texts of the files that drivers read while they plan: each is read when it is asked for, and watched from then on."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Final

from wbuild.doors.regular import read
from wbuild.drivers import includes
from wbuild.errors import ArtifactError, MachineError, UsageError
from wbuild.session.project import text_of
from wbuild.session.record import Watch
from wbuild.wasm.reader import read_module

_SOURCES: Final = (".rs", ".zig", ".go")
"""Endings of files that compilers read, beside those of the C family: one that cannot be looked at, or is too large, is theirs alone."""


_WASM: Final = ".wasm"
_LARGEST_MODULE: Final = 256 << 20
"""Bytes."""


class FileTexts(Mapping[str, str]):
    """Name → text, of some files below a root and of configuration above it; without a byte order mark, with plain line ends."""

    def __init__(self, root: Path, names: Iterable[str], watch: Watch, above: Iterable[str] = ()) -> None:
        """`above`: names, relative to a folder, of files that tools look for in every folder above the root."""
        self._root = root
        self._names = frozenset(names)
        self._watch = watch
        self._known: dict[str, str] = {}
        self.above = tuple(self._look(tuple(above)))
        """The names of the files above the root that are there, outermost first, such as `../../.cargo/config.toml`."""

    def __getitem__(self, name: str) -> str:
        if name not in self:
            raise KeyError(name)
        if name not in self._known:
            path = self._root / name
            self._watch.file(path)
            self._known[name] = _read(path)
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self._names or name in self.above

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._names))

    def __len__(self) -> int:
        return len(self._names)

    def _look(self, names: tuple[str, ...]) -> Iterator[str]:
        height = len(Path(os.path.realpath(self._root)).parents) if names else 0
        for level in range(height, 0, -1):
            for name in names:
                found = f"{'../' * level}{name}"
                self._watch.file(self._root / found)
                if (self._root / found).is_file():
                    yield found


def _read(path: Path) -> str:
    """A text; of a Wasm file its exports, a name in each line, which is all that a driver asks of one."""
    if path.suffix == _WASM:
        return _exports(path)
    try:
        text = text_of(path)
    except (UsageError, MachineError):
        if path.name.endswith(_SOURCES) or includes.is_read(path.name):
            return ""
        raise
    return text.removeprefix("\ufeff").replace("\r\n", "\n")


def _exports(path: Path) -> str:
    """Nothing for what is no module, cannot be read or is larger than any that people build: the build will say so."""
    with suppress(OSError, ArtifactError):
        data = read(path, _LARGEST_MODULE, follow=True)
        return "\n".join(entry.name for entry in read_module(data).exports)
    return ""
