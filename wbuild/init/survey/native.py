"""C and C++ as their build files describe them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from posixpath import splitext

from wbuild.init.survey.guess import NATIVE, Code, Guess, sources_below

__all__ = ["native"]


def native(guess: Guess, code: Code, sources: Sequence[str], options: Mapping[str, Sequence[str]]) -> Guess:
    """A guess about C with its sources, which are relative to its folder; it is about C++ as soon as one of them is."""
    endings = {splitext(source)[1] for source in sources}
    cpp = endings != {".c"}
    mixed = ("C and C++ together: the C sources are compiled as C++",) if cpp and ".c" in endings else ()
    return replace(
        guess,
        lang="cpp" if cpp else "c",
        options={"sources": tuple(sources), **{key: tuple(value) for key, value in options.items() if value}},
        notes=(*guess.notes, *mixed),
        claims=sources_below(code, guess.folder, NATIVE),
    )
