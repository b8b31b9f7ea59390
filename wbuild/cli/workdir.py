"""What wbuild keeps beside a manifest for others: `.wbuild/` ignored by git, the schema for editors, `dist/` in .gitignore."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from wbuild.doors.interfaces import Files
from wbuild.fast import WORK
from wbuild.model.shipped import Catalog
from wbuild.schema import render

SCHEMA_FILE: Final = "wbuild.schema.json"
_IGNORED: Final = frozenset({"dist", "dist/", "/dist", "/dist/", "dist/*", "/dist/*"})


def prepare(folder: Path, files: Files, catalog: Catalog) -> None:
    """Make `.wbuild/` with its own .gitignore and the schema that the manifest's first line names. Raises MachineError."""
    _keep(folder / WORK / ".gitignore", "*\n", files)
    _keep(folder / WORK / SCHEMA_FILE, render(catalog), files)


def ignore_dist(folder: Path, files: Files) -> str:
    """See to it that git ignores dist/; what was done, in words, "" when nothing was. Raises MachineError."""
    path = folder / ".gitignore"
    if not path.exists():
        files.write(path, "/dist/\n")
        return ".gitignore"
    text = path.read_bytes().decode("utf-8", "surrogateescape")
    if _IGNORED & {line.strip() for line in text.splitlines()}:
        return ""
    files.write(path, f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}/dist/\n")
    return "/dist/ in .gitignore"


def _keep(path: Path, text: str, files: Files) -> None:
    if not path.is_file() or path.read_bytes() != text.encode():
        files.write(path, text)
