"""go.mod → guesses: one for each main package."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from posixpath import basename
from typing import Final

from wbuild.drivers.gomod import exports as exporting
from wbuild.model.written import Kind, OptionValue
from wbuild.survey.guess import NATIVE, Code, Guess, below, files, folder_of, inside, own, shown, under

__all__ = ["guesses"]

MANIFEST: Final = "go.mod"
_MODULE: Final = re.compile(r"^module[ \t]+\"?([^\s\"]+)", re.MULTILINE)
_REQUIRE: Final = re.compile(r"^(?:require[ \t]+|[ \t]+)\"?([\w.~-]+\.[\w.~-]+/[^\s\"]+)\"?[ \t]+v", re.MULTILINE)
_PACKAGE: Final = re.compile(r"^package[ \t]+(\w+)", re.MULTILINE)
_MAIN: Final = re.compile(r"^func[ \t]+main[ \t]*\(\)", re.MULTILINE)
_EXPORT: Final = re.compile(r"^//(?:go:wasmexport|export)[ \t]+\w", re.MULTILINE)
_CGO: Final = re.compile(r'^import[ \t]+"C"', re.MULTILINE)
_MAJOR: Final = re.compile(r"v\d+\Z")
_IGNORED: Final = re.compile(r"^//go:build[ \t]+ignore\b", re.MULTILINE)


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
    folders = {folder_of(name) for name in sources if _CGO.search(code.texts.get(name, ""))}
    yield from (name for name in code.names if name.endswith(NATIVE) and folder_of(name) in folders)


def _mains(code: Code, sources: list[str]) -> Mapping[str, list[str]]:
    """Folder → texts of its files, for folders with a package `main`."""
    found: dict[str, list[str]] = {}
    for name in sources:
        text = code.texts.get(name, "")
        package = _PACKAGE.search(text)
        if package and package.group(1) == "main" and own(name) and not name.endswith("_test.go") and not _IGNORED.search(text):
            found.setdefault(folder_of(name), []).append(text)
    return found


def _guess(module: str, folder: str, path: str, texts: list[str]) -> Guess:
    exports = any(_EXPORT.search(text) for text in texts)
    program = any(_MAIN.search(text) for text in texts) and not exports
    kind: Kind = "command" if program else "reactor"
    options: dict[str, OptionValue] = {} if folder == module else {"package": inside(module, folder)}
    parts = [part for part in path.split("/") if part and not _MAJOR.match(part)]
    name = basename(folder) if folder != module else (parts[-1] if parts else basename(module))
    what = "with exported functions" if exports else "with a start" if program else "without a start"
    why = f"{under(module, MANIFEST)}: package main {what}" + (f" in {shown(folder)}" if folder != module else "")
    return Guess(name=name, lang="go", folder=module, why=why, kind=kind, told=program or any(map(exporting, texts)), options=options)
