"""What wbuild keeps beside a manifest for others: `.wbuild/` ignored by git, the schema for editors, `dist/` in .gitignore."""

from __future__ import annotations

import json
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from wbuild.doors.interfaces import Files
from wbuild.doors.regular import read
from wbuild.engine.layout import Layout
from wbuild.model.shipped import Catalog
from wbuild.session.own_code import build_id
from wbuild.session.project import TEXT, content_of
from wbuild.session.world import World
from wbuild.terminal.console import Console
from wbuild.text.project_names import DIST, WORK

SCHEMA_FILE: Final = "wbuild.schema.json"
SCHEMA_MARK: Final = "schema-made-by"
"""Says which wbuild and recipes the schema was made from: making it takes longer than a build with nothing to do."""
_LARGEST: Final = 16 << 20
"""The most bytes of a file that is only compared."""
_ALL: Final = "*\n"
_IGNORED: Final = frozenset(f"{start}{DIST}{end}" for start in ("", "/") for end in ("", "/", "/*"))


def locked(world: World, console: Console, folder: Path, doing: str) -> AbstractContextManager[None]:
    """The lock of the project in a folder: who holds it is alone with `.wbuild/` and `dist/`. Raises MachineError at the time-out."""
    what = f"{doing} this project"
    return world.doors.files.lock(Layout(root=folder).lock, what=what, timeout=world.lock_timeout, say=console.note)


def prepare(folder: Path, files: Files, catalog: Catalog, lock: AbstractContextManager[None]) -> None:
    """Make `.wbuild/` with its own .gitignore and the schema that the manifest's first line names.

    `lock` is held if anything must be written: `wbuild clean` may remove the folder meanwhile. Raises MachineError.
    """
    work = folder / WORK
    mark = f"{build_id()} {catalog.digest}\n"
    if (work / SCHEMA_FILE).is_file() and _same(work / SCHEMA_MARK, mark) and _same(work / ".gitignore", _ALL):
        return
    with lock:
        _keep(work / ".gitignore", _ALL, files)
        _keep(work / SCHEMA_FILE, schema_text(catalog), files)
        _keep(work / SCHEMA_MARK, mark, files)


def schema_text(catalog: Catalog) -> str:
    """The JSON Schema of wbuild.toml."""
    from wbuild.manifest.schema import build

    return json.dumps(build(catalog), indent=2, ensure_ascii=False) + "\n"


def ignore_dist(folder: Path, files: Files) -> str:
    """See to it that git ignores dist/; "add" or "edit" for what was done to .gitignore, "" for nothing. Raises MachineError."""
    path = folder / ".gitignore"
    if not path.exists():
        files.write(path, "/dist/\n")
        return "add"
    text = content_of(path, TEXT).decode("utf-8", "surrogateescape")
    if _IGNORED & {line.strip() for line in text.splitlines()}:
        return ""
    files.write(path, f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}/dist/\n")
    return "edit"


def _keep(path: Path, text: str, files: Files) -> None:
    if not _same(path, text):
        files.write(path, text)


def _same(path: Path, text: str) -> bool:
    try:
        return read(path, _LARGEST) == text.encode()
    except OSError:
        return False
