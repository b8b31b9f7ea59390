"""go.mod → guesses: one for each main package."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from posixpath import basename
from typing import Final

from wbuild.drivers.gosource import GoSource, builds, read
from wbuild.init.survey.guess import NATIVE, Code, Guess, below, files, folder_of, inside, own, shown, under
from wbuild.model.written import Kind, OptionValue

__all__ = ["guesses"]

MANIFEST: Final = "go.mod"
_MODULE: Final = re.compile(r"^module[ \t]+\"?([^\s\"]+)", re.MULTILINE)
_REQUIRE: Final = re.compile(r"^(?:require[ \t]+|[ \t]+)\"?([\w.~-]+\.[\w.~-]+/[^\s\"]+)\"?[ \t]+v", re.MULTILINE)
_MAJOR: Final = re.compile(r"v\d+\Z")


def guesses(code: Code) -> Iterator[Guess]:
    """One for each folder with a package `main`."""
    modules = [folder_of(name) for name in files(code, MANIFEST)]
    for module in modules:
        text = code.texts.get(under(module, MANIFEST), "")
        others = [other for other in modules if other != module and below(module, other)]
        sources = [n for n in code.below(module) if n.endswith(".go") and not any(below(o, n) for o in others)]
        path = _MODULE.search(text)
        packages = {"go": frozenset(_REQUIRE.findall(text))}
        for folder, texts in _mains(code, sources).items():
            guess = _guess(module, folder, path.group(1) if path else "", texts)
            yield replace(guess, packages=packages, claims=frozenset({*sources, *_cgo(code, sources)}))


def _cgo(code: Code, sources: list[str]) -> Iterator[str]:
    """C sources that belong to Go packages."""
    folders = {folder_of(name) for name in sources if read(code.texts.get(name, "")).cgo}
    yield from (name for name in code.names if name.endswith(NATIVE) and folder_of(name) in folders)


def _mains(code: Code, sources: list[str]) -> Mapping[str, list[GoSource]]:
    """Folder → its files, for folders with a package `main`."""
    found: dict[str, list[GoSource]] = {}
    for name in sources:
        source = read(code.texts.get(name, ""))
        aside = any(part.startswith("_") or part == "testdata" for part in name.split("/")[:-1])
        if source.package == "main" and own(name) and not aside and builds(name, source):
            found.setdefault(folder_of(name), []).append(source)
    return found


def _guess(module: str, folder: str, path: str, sources: list[GoSource]) -> Guess:
    exports = any(source.exports or source.old_exports for source in sources)
    program = any(source.start for source in sources) and not exports
    kind: Kind = "command" if program else "reactor"
    options: dict[str, OptionValue] = {} if folder == module else {"package": inside(module, folder)}
    parts = [part for part in path.split("/") if part and not _MAJOR.match(part)]
    name = basename(folder) if folder != module else (parts[-1] if parts else basename(module))
    what = "with exported functions" if exports else "with a start" if program else "without a start"
    why = f"{under(module, MANIFEST)}: package main {what}" + (f" in {shown(folder)}" if folder != module else "")
    return Guess(
        name=name, lang="go", folder=module, why=why, kind=kind, told=program or any(source.exports for source in sources), options=options
    )
