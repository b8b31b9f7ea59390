"""pyproject.toml → a guess."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import basename
from typing import Final

from wbuild.init.survey.guess import Code, Guess, files, folder_of, shown, sources_below, string, strings, table, toml, under

__all__ = ["guesses"]

MANIFEST: Final = "pyproject.toml"
_REQUIREMENT: Final = re.compile(r"[A-Za-z0-9._-]+")
_ENTRIES: Final = ("app.py", "main.py", "__main__.py", "src/main.py", "src/app.py")


def guesses(code: Code) -> Iterator[Guess]:
    """One for each project that says what it is, or has a file that could be run."""
    for file in files(code, MANIFEST):
        folder = folder_of(file)
        document = toml(code.texts.get(file, ""))
        project = table(document.get("project")) or table(table(document.get("tool")).get("poetry"))
        name = string(project.get("name"))
        entry = next((e for e in _ENTRIES if code.has(under(folder, e))), "")
        package = f"{name.replace('-', '_').lower()}/__main__.py"
        entry = entry or next((e for e in (package, f"src/{package}") if name and code.has(under(folder, e))), "")
        if not entry:
            continue
        required = project.get("dependencies")
        found = [match.group() for text in strings(required) if (match := _REQUIREMENT.match(text))] or list(table(required))
        yield Guess(
            name=name or ("" if folder == "." else basename(folder)),
            lang="python",
            folder=folder,
            why=f"{file}: Python that begins in {shown(entry)}",
            kind="command",
            options={"entry": entry},
            packages={"pypi": frozenset(_plain(entry) for entry in found)},
            claims=sources_below(code, folder, (".py",)),
        )


def _plain(name: str) -> str:
    """A package's name in the one spelling that all of them mean."""
    return re.sub(r"[-_.]+", "-", name).lower()
