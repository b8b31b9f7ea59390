"""wbuild.lock as text: TOML, sorted, the same bytes on every machine.

The last line is a mark, so that a text cut off anywhere is noticed. Files that are the same on all platforms are written once,
as platform `any`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast, get_args

from wbuild.errors import IntegrityError, Place, Problem, UsageError
from wbuild.model.locked import PLATFORMS, SYSTEM, Algorithm, Digest, Lock, LockedTool, Pin, PinnedFile, Platform, Trust, Unavailable
from wbuild.model.tool_recipe import SourceName
from wbuild.text.names import quoted
from wbuild.text.versions import same
from wbuild.toml.decode import read
from wbuild.toml.locate import Path
from wbuild.toml.problems import Faults

SCHEMA: Final = 1
FIRST: Final = "# made by wbuild lock; do not edit"
LAST: Final = "# end of wbuild.lock"
ANY: Final = "any"
RESTORE: Final = "take the file from version control again, or remove it and run `wbuild lock`"

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_CONFLICT = re.compile(r"^(?:<{7}|={7}|>{7})(?: .*)?$", re.MULTILINE)
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,250}")
_PATH = re.compile(r"(?:@?[A-Za-z0-9~][A-Za-z0-9._+~-]*/)*@?[A-Za-z0-9~][A-Za-z0-9._+~-]*")
_VERSION = re.compile(r"(?:>=)?[A-Za-z0-9][A-Za-z0-9._+-]{0,60}")
_WANTED = re.compile(r"(?:>=|==)\d[0-9.]{0,60}")
"""Versions that a tool of the machine may have."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ENDINGS: Final = r"(?:-|\.(?:whl|zip|tgz|tar)\b)"
_SOURCES: Final[tuple[str, ...]] = get_args(SourceName)
_TRUSTS: Final[tuple[str, ...]] = get_args(Trust)

Table = Mapping[str, object]


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
    reader = _LockReader(faults=Faults(document), foreign=[])
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


@dataclass(slots=True)
class _LockReader:
    """Reads tables; every problem is noted and reading goes on."""

    faults: Faults
    foreign: list[Problem]

    def lock(self, data: Table) -> Lock:
        """The whole document."""
        self.known(data, (), ("schema", "recipes", "toolchains", "tool", "vendor"))
        tools = {}
        for kind, prefix in (("tool", ""), ("vendor", "vendor.")):
            for name, block in self.table(data, (), kind).items():
                if not _NAME.fullmatch(name):
                    self.faults.add("WB242", (kind, name), f"{quoted(name)} is no name of a {kind}", hint=RESTORE, part="key")
                    continue
                tools[prefix + name] = self.tool(prefix + name, self.table({name: block}, (kind,), name), (kind, name))
        toolchains = {
            language: self.text(self.table(data, (), "toolchains"), ("toolchains",), language)
            for language in self.table(data, (), "toolchains")
        }
        return Lock(tools=tools, toolchains=toolchains, recipes=self.text(data, (), "recipes") if "recipes" in data else "")

    def tool(self, name: str, block: Table, path: Path) -> LockedTool:
        """One block."""
        self.known(block, path, ("version", ANY, *PLATFORMS))
        entries = [block[key] for key in (ANY, *PLATFORMS) if key in block]
        nowhere = bool(entries) and all(isinstance(entry, dict) and "unavailable" in entry for entry in entries)
        version = "" if nowhere and "version" not in block else self.text(block, path, "version", _VERSION)
        platforms: dict[Platform, Pin | Unavailable] = {}
        for key in block:
            members = PLATFORMS if key == ANY else tuple(platform for platform in PLATFORMS if platform == key)
            if members:
                entry = self.entry(self.table(block, path, key), (*path, key))
                platforms |= {platform: self.pinned(entry, name, version, platform) for platform in members}
                self.check_version(entry, name, version, (*path, key))
        if not platforms:
            self.faults.add("WB242", path, f"{name} has no platforms", hint=RESTORE, part="key")
        return LockedTool(name=name, version=version, platforms={p: platforms[p] for p in PLATFORMS if p in platforms})

    @staticmethod
    def pinned(entry: _LockEntry | Unavailable, name: str, version: str, platform: Platform) -> Pin | Unavailable:
        """An entry as the pin of one platform."""
        if isinstance(entry, Unavailable):
            return entry
        return Pin(
            name=name,
            version=entry.version or version,
            platform=platform,
            source=entry.source,
            package=entry.package,
            files=entry.files,
        )

    def entry(self, block: Table, path: Path) -> _LockEntry | Unavailable:
        """One sub-block."""
        if "unavailable" in block:
            self.known(block, path, ("unavailable",))
            return Unavailable(reason=self.text(block, path, "unavailable"))
        source = self.text(block, path, "source")
        if source == SYSTEM:
            self.known(block, path, ("source", "package", "version"))
            wanted = self.text(block, path, "version", _WANTED)
            return _LockEntry(source=source, package=self.text(block, path, "package"), files=(), version=wanted)
        self.known(block, path, ("source", "package", "files", "unavailable"))
        if source and source not in _SOURCES:
            self.faults.add("WB242", (*path, "source"), f"unknown source {quoted(source)}", hint=RESTORE, near=(source, _SOURCES))
        files = block.get("files")
        if not isinstance(files, list) or not files:
            self.faults.add("WB242", (*path, "files"), "files must be a list of at least one file", hint=RESTORE)
            files = []
        read_files = tuple(self.file(item, (*path, "files", index)) for index, item in enumerate(files))
        return _LockEntry(source=source, package=self.text(block, path, "package"), files=read_files)

    def file(self, item: object, path: Path) -> PinnedFile:
        """One file of an entry."""
        table = self.table({"file": item}, path[:-1], "file", path)
        self.known(table, path, ("name", "size", "digest", "trust", "path", "places"))
        size = table.get("size")
        if not isinstance(size, int) or isinstance(size, bool) or size <= 0:
            self.faults.add("WB242", (*path, "size"), "size must be a number of bytes", hint=RESTORE)
            size = 0
        trust = self.text(table, path, "trust")
        if trust and trust not in _TRUSTS:
            self.faults.add("WB242", (*path, "trust"), f"unknown trust {quoted(trust)}", hint=RESTORE, near=(trust, _TRUSTS))
        name = self.text(table, path, "name", _FILE)
        where = self.text(table, path, "path", _PATH) if "path" in table else ""
        places = self.places(table, path)
        digest = self.digest(table, path)
        return PinnedFile(name=name, size=size, digest=digest, trust=cast("Trust", trust), path=where, places=places)

    def places(self, table: Table, path: Path) -> tuple[str, ...]:
        """Folders that a file is unpacked into."""
        found = table.get("places")
        if found is None:
            return ()
        from wbuild.sources.npm_tree import PLACE  # noqa: PLC0415 - few locks have tools of npm

        if isinstance(found, list) and all(isinstance(place, str) and PLACE.fullmatch(place) for place in found):
            return tuple(found)
        self.faults.add("WB242", (*path, "places"), "places must be a list of folders of node_modules", hint=RESTORE)
        return ()

    def digest(self, table: Table, path: Path) -> Digest:
        """A digest that is at least as strong as SHA-256."""
        text = self.text(table, path, "digest")
        if not _DIGEST.fullmatch(text):
            algorithm = text.partition(":")[0]
            weak = bool(text) and algorithm not in ("sha256", "sha512")
            code, what = ("WB243", f"{quoted(algorithm)} is weaker than sha256, or unknown") if weak else ("WB242", "not a digest")
            if text:
                self.faults.add(code, (*path, "digest"), what, hint="run `wbuild lock --update`" if weak else RESTORE)
            return Digest(algorithm="sha256", hex="")
        algorithm, _, value = text.partition(":")
        return Digest(algorithm=cast("Algorithm", algorithm), hex=value)

    def check_version(self, entry: _LockEntry | Unavailable, name: str, version: str, path: Path) -> None:
        """Note a file whose name says that it is another version's: the version was changed and the digest was not."""
        if isinstance(entry, Unavailable) or not version:
            return
        for file in entry.files:
            other = _other_version(entry, file, version)
            if other:
                spot = Faults(self.faults.document)
                spot.add(
                    "WB511",
                    (*path, "files"),
                    f"{name} {version}: the digest belongs to {other} ({file.name})",
                    hint="take wbuild.lock back from version control, or remove it and run `wbuild lock`; versions are set in [tools]",
                )
                self.foreign.extend(spot.problems())

    def known(self, table: Table, path: Path, names: tuple[str, ...]) -> None:
        """Note keys that are not among `names`."""
        for key in table:
            if key not in names:
                self.faults.add("WB242", (*path, key), f"unknown key {quoted(key)}", near=(key, names), part="key")

    def table(self, data: Table, path: Path, key: str, at: Path | None = None) -> Table:
        """The table at a key, empty when it is absent or something else."""
        found = data.get(key, {})
        if isinstance(found, dict):
            return cast("Table", found)
        self.faults.add("WB242", at or (*path, key), f"{quoted(key)} must be a table", hint=RESTORE)
        return {}

    def text(self, table: Table, path: Path, key: str, form: re.Pattern[str] | None = None) -> str:
        """The text at a key, "" when it is wrong."""
        found = table.get(key)
        if isinstance(found, str) and found and (form is None or form.fullmatch(found)):
            return found
        what = "is missing" if found is None else "must be a text" if not isinstance(found, str) else f"cannot be {quoted(found)}"
        self.faults.add("WB242", (*path, key) if found is not None else path, f"{key} {what}", hint=RESTORE)
        return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _LockEntry:
    source: str
    package: str
    files: tuple[PinnedFile, ...]
    version: str = ""
    """Of a tool of the machine."""


def _other_version(entry: _LockEntry, file: PinnedFile, version: str) -> str:
    """The version that the name of a file tells when it is not this one; "" when it is, or tells none."""
    name = file.name
    if entry.source == "npm" and file.path:
        other = ""  # a package that the tool needs has versions of its own
    elif entry.source == "debian":
        from wbuild.sources.debian import upstream  # noqa: PLC0415 - few locks have tools of Debian

        other = upstream(entry.package.partition("/")[0], name)
    else:
        told = re.search(rf"-(v?[0-9][A-Za-z0-9._+]*?){_ENDINGS}", name)
        written = re.escape(version.replace("-", "_"))
        other = told[1] if told and not re.search(rf"-(?:{re.escape(version)}|{written}){_ENDINGS}", name) else ""
    return "" if same(other, version) else other
