"""wbuild.lock as text: TOML, sorted, the same bytes on every machine.

The last line is a mark, so that a text cut off anywhere is noticed. Files that are the same on all platforms are written once,
as platform `any`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Final

from wbuild.errors import IntegrityError, Place, UsageError
from wbuild.lock.tables import ANY, RESTORE, LockReader
from wbuild.model.locked import PLATFORMS, SYSTEM, Lock, LockedTool, Pin, Unavailable
from wbuild.toml.decode import read
from wbuild.toml.problems import Faults

SCHEMA: Final = 1
FIRST: Final = "# made by wbuild lock; do not edit"
LAST: Final = "# end of wbuild.lock"

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7})(?: .*)?$", re.MULTILINE)


def encode(lock: Lock) -> str:
    """The text of a lock."""
    lines = [FIRST, f"schema = {SCHEMA}"]
    if lock.recipes:
        lines.append(f"recipes = {_string(lock.recipes)}")
    lines += ["", "[toolchains]", *(f"{_key(language)} = {_string(name)}" for language, name in sorted(lock.toolchains.items()))]
    for name, tool in sorted(lock.tools.items(), key=lambda item: (item[0].startswith("vendor."), item[0])):
        kind, _, short = name.rpartition(".") if name.startswith("vendor.") else ("tool", "", name)
        lines += ["", f"[{kind}.{_key(short)}]", *([f"version = {_string(tool.version)}"] if tool.version else [])]
        for platform, entry in _entries(tool):
            lines += ["", f"[{kind}.{_key(short)}.{platform}]", *_entry(entry)]
    return "\n".join([*lines, "", LAST, ""])


def _entries(tool: LockedTool) -> Iterable[tuple[str, Pin | Unavailable]]:
    first = next(iter(tool.platforms.values()), None)
    if first is not None and set(tool.platforms) == set(PLATFORMS) and all(_same(first, entry) for entry in tool.platforms.values()):
        return [(ANY, first)]
    return sorted(tool.platforms.items())


def _same(one: Pin | Unavailable, other: Pin | Unavailable) -> bool:
    if isinstance(one, Pin) and isinstance(other, Pin):
        return (one.source, one.package, one.files, one.version) == (other.source, other.package, other.files, other.version)
    return one == other


def _entry(entry: Pin | Unavailable) -> Iterator[str]:
    if isinstance(entry, Unavailable):
        yield f"unavailable = {_string(entry.reason)}"
        return
    yield f"source = {_string(entry.source)}"
    yield f"package = {_string(entry.package)}"
    if entry.source == SYSTEM:
        yield f"version = {_string(entry.version)}"
        return
    yield "files = ["
    for file in entry.files:
        words = (
            f"name = {_string(file.name)}",
            f"size = {file.size}",
            f"digest = {_string(str(file.digest))}",
            f"trust = {_string(file.trust)}",
            *([f"path = {_string(file.path)}"] if file.path else ()),
            *([f"places = [{', '.join(map(_string, file.places))}]"] if file.places else ()),
        )
        yield f"    {{ {', '.join(words)} }},"
    yield "]"


def _string(text: str) -> str:
    """A TOML basic string: JSON's escapes, and DEL."""
    return json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")


def _key(name: str) -> str:
    return name if _BARE.fullmatch(name) else _string(name)


def decode(text: str, file: str) -> Lock:
    """The lock in a text, with pins as bare as they are written. The text is never guessed at.

    Raises UsageError with every problem and its place; IntegrityError for a file that belongs to another version.
    """
    text = text.replace("\r\n", "\n")
    _refuse_conflict(text, file)
    try:
        document = read(text, file)
    except UsageError as error:
        problem = error.problems[0]
        raise UsageError("WB240", f"{file} is damaged: {problem.message}", hint=RESTORE, place=problem.place) from None
    schema = document.data.get("schema")
    if schema != SCHEMA or isinstance(schema, bool):
        at = Place(file=file, line=1, column=1, text=text.partition("\n")[0])
        made = f"has schema {schema}" if isinstance(schema, int) else "has no schema"
        raise UsageError(
            "WB241", f"{file} {made}; this wbuild reads schema {SCHEMA}", hint="use the wbuild that made it, or a newer one", place=at
        )
    if not text.endswith(f"\n{LAST}\n"):
        last = text.count("\n") + 1
        raise UsageError("WB240", f"{file} is cut off: its last line is missing", hint=RESTORE, place=Place(file=file, line=last, column=1))
    reader = LockReader(Faults(document))
    lock = reader.lock(document.data)
    reader.faults.check()
    if reader.foreign:
        raise IntegrityError.of(tuple(reader.foreign))
    return lock


def _refuse_conflict(text: str, file: str) -> None:
    found = _CONFLICT.search(text)
    if found:
        place = Place(file=file, line=text.count("\n", 0, found.start()) + 1, column=1, text=found[0], width=7)
        hint = "keep one side, then run `wbuild lock`"
        raise UsageError("WB240", f"{file} holds the markers of a merge conflict", hint=hint, place=place)
