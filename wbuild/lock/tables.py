"""What stands in wbuild.lock: its tables, how their values are written, and the reader of them all."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, ClassVar, Final, TypeAlias

from wbuild.errors import Problem
from wbuild.model.locked import PLATFORMS, SYSTEM, Digest, Lock, LockedTool, Pin, PinnedFile, Platform, Trust, Unavailable
from wbuild.model.tool_recipe import SourceName
from wbuild.text.names import quoted
from wbuild.text.units import FormError
from wbuild.text.versions import same
from wbuild.toml.decode import Reader
from wbuild.toml.locate import Path
from wbuild.toml.problems import Faults

ANY: Final = "any"
"""Stands for all platforms, where files are the same on all of them."""
RESTORE: Final = "take the file from version control again, or remove it and run `wbuild lock`"

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+~-]{0,250}")
_PATH = re.compile(r"(?:@?[A-Za-z0-9~][A-Za-z0-9._+~-]*/)*@?[A-Za-z0-9~][A-Za-z0-9._+~-]*")
_VERSION = re.compile(r"(?:>=)?[A-Za-z0-9][A-Za-z0-9._+-]{0,60}")
_WANTED = re.compile(r"(?:>=|==)\d[0-9.]{0,60}")
"""Versions that a tool of the machine may have."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_ENDINGS: Final = r"(?:-|\.(?:whl|zip|tgz|tar)\b)"

Table = Mapping[str, object]

# How values of a lock are written; `LockReader.forms` reads these.
Words = Annotated[str, "words"]
"""Any text but an empty one."""
Version = Annotated[str, "version"]
Wanted = Annotated[str, "wanted"]
FileName = Annotated[str, "file name"]
FilePath = Annotated[str, "file path"]
FileSize = Annotated[int, "file size"]
FileDigest = Annotated[Digest, "digest"]
FilePlaces = Annotated[tuple[str, ...], "places"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileTable:
    """One file of an entry; the fields are those of `PinnedFile`."""

    name: FileName
    size: FileSize
    digest: FileDigest
    trust: Trust
    path: FilePath = ""
    places: FilePlaces = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesTable:
    """An entry of a tool that is fetched."""

    source: SourceName
    package: Words
    files: tuple[FileTable, ...] = field(default=(), metadata={"key": "files"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemTable:
    """An entry of a tool of the machine."""

    source: SourceName
    package: Words
    version: Wanted


@dataclass(frozen=True, slots=True, kw_only=True)
class UnavailableTable:
    """An entry for a platform on which there is no such tool."""

    unavailable: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolTable:
    """The block of a tool, beside its entries."""

    version: Version = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockTable:
    """The whole document, beside its blocks."""

    schema: int
    recipes: Words = ""
    toolchains: Mapping[str, Words] = field(default_factory=dict)


Entry: TypeAlias = FilesTable | SystemTable | UnavailableTable


def _words(raw: object, form: re.Pattern[str] | None = None) -> str:
    if not isinstance(raw, str):
        raise FormError("must be a text")
    if not raw or (form is not None and not form.fullmatch(raw)):
        raise FormError(f"cannot be {quoted(raw)}")
    return raw


def _file_size(raw: object) -> int:
    if not isinstance(raw, int) or isinstance(raw, bool) or raw <= 0:
        raise FormError("must be a number of bytes")
    return raw


def _file_digest(raw: object) -> Digest:
    """A digest that is at least as strong as SHA-256."""
    text = _words(raw)
    algorithm, _, value = text.partition(":")
    if algorithm not in ("sha256", "sha512"):
        raise FormError(f"{quoted(algorithm)} is weaker than sha256, or unknown", hint="run `wbuild lock --update`", code="WB243")
    if not _DIGEST.fullmatch(text):
        raise FormError(f"{quoted(text)} is not a digest")
    return Digest(algorithm="sha256" if algorithm == "sha256" else "sha512", hex=value)


def _file_places(raw: object) -> tuple[str, ...]:
    """Folders that a file is unpacked into."""
    from wbuild.sources.npm_tree import PLACE  # noqa: PLC0415 - few locks have tools of npm

    if isinstance(raw, list) and all(isinstance(place, str) and PLACE.fullmatch(place) for place in raw):
        return tuple(raw)
    raise FormError("must be a list of folders of node_modules")


class LockReader(Reader):
    """Reads the tables of a lock; every problem is noted and reading goes on."""

    forms: ClassVar[Mapping[str, Callable[[object], object]]] = {
        "words": _words,
        "version": partial(_words, form=_VERSION),
        "wanted": partial(_words, form=_WANTED),
        "file name": partial(_words, form=_FILE),
        "file path": partial(_words, form=_PATH),
        "file size": _file_size,
        "digest": _file_digest,
        "places": _file_places,
    }

    def __init__(self, faults: Faults) -> None:
        super().__init__(faults)
        self.foreign: list[Problem] = []
        """Files that belong to another version than the lock says."""

    def unknown(self, path: Path, name: str, names: Sequence[str]) -> None:
        """Note a key that no lock has there."""
        self.faults.add("WB242", (*path, name), f"unknown key {quoted(name)}", near=(name, names), part="key")

    def lacking(self, path: Path, name: str) -> None:
        """Note a key that every lock has there."""
        self.faults.add("WB242", path, f"{name} is missing", hint=RESTORE)

    def mistyped(self, path: Path, expected: str, raw: object, hint: str = "") -> None:  # noqa: ARG002 - what is there helps nobody
        """Note a table or a text that is something else."""
        message = f"{path[-1]} must be a text" if expected == "a string" else f"{quoted(str(path[-1]))} must be {expected}"
        self.faults.add("WB242", path, message, hint=hint or RESTORE)

    def none_of(self, path: Path, word: str, choices: Sequence[str]) -> None:
        """Note a source or a trust that no wbuild knows."""
        self.faults.add("WB242", path, f"unknown {path[-1]} {quoted(word)}", hint=RESTORE, near=(word, choices))

    def malformed(self, path: Path, error: FormError) -> None:
        """Note a value that no wbuild writes."""
        code = "WB242" if error.code == "WB208" else error.code
        self.faults.add(code, path, f"{path[-1]} {error}", hint=error.hint or RESTORE)

    def lock(self, data: Table) -> Lock:
        """The lock that a whole document says; problems are noted."""
        head = self.table(LockTable, data, (), ignore=frozenset(("tool", "vendor")))
        tools = {}
        for kind, prefix in (("tool", ""), ("vendor", "vendor.")):
            for name, block in self.blocks(data.get(kind, {}), (kind,)).items():
                if not _NAME.fullmatch(name):
                    self.faults.add("WB242", (kind, name), f"{quoted(name)} is no name of a {kind}", hint=RESTORE, part="key")
                    continue
                tools[prefix + name] = self.tool(prefix + name, self.blocks(block, (kind, name)), (kind, name))
        return Lock(tools=tools, toolchains=head.toolchains if head else {}, recipes=head.recipes if head else "")

    def blocks(self, raw: object, path: Path) -> Table:
        """A table of tables, empty when it is something else."""
        if isinstance(raw, dict):
            return raw
        self.mistyped(path, "a table", raw)
        return {}

    def tool(self, name: str, block: Table, path: Path) -> LockedTool:
        """A tool, with its pins, that one block says; problems are noted."""
        named = {key: block[key] for key in (ANY, *PLATFORMS) if key in block}
        head = self.table(ToolTable, block, path, ignore=frozenset((ANY, *PLATFORMS)))
        version = head.version if head else ""
        nowhere = bool(named) and all(isinstance(entry, dict) and "unavailable" in entry for entry in named.values())
        if "version" not in block and not nowhere:
            self.lacking(path, "version")
        if not named:
            self.faults.add("WB242", path, f"{name} has no platforms", hint=RESTORE, part="key")
        platforms: dict[Platform, Pin | Unavailable] = {}
        for key, raw in named.items():
            entry = self.entry(raw, (*path, key))
            for platform in PLATFORMS:
                if entry is not None and key in (ANY, platform):
                    platforms[platform] = _pinned(entry, name, version, platform)
            if isinstance(entry, FilesTable) and version:
                self.check_version(entry, name, version, (*path, key))
        return LockedTool(name=name, version=version, platforms={p: platforms[p] for p in PLATFORMS if p in platforms})

    def entry(self, raw: object, path: Path) -> Entry | None:
        """What one block says about a platform; None, with a problem noted, when it is of no known form."""
        block = self.blocks(raw, path)
        if "unavailable" in block:
            return self.table(UnavailableTable, block, path)
        if block.get("source") == SYSTEM:
            return self.table(SystemTable, block, path)
        found = self.table(FilesTable, block, path)
        if block.get("files", []) == []:
            self.faults.add("WB242", (*path, "files"), "files must be a list of at least one file", hint=RESTORE)
        return found

    def check_version(self, entry: FilesTable, name: str, version: str, path: Path) -> None:
        """Note a file whose name says that it is another version's: the version was changed and the digest was not."""
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


def _pinned(entry: Entry, name: str, version: str, platform: Platform) -> Pin | Unavailable:
    """An entry as the pin of one platform."""
    if isinstance(entry, UnavailableTable):
        return Unavailable(reason=entry.unavailable)
    files = entry.files if isinstance(entry, FilesTable) else ()
    return Pin(
        name=name,
        version=entry.version if isinstance(entry, SystemTable) else version,
        platform=platform,
        source=entry.source,
        package=entry.package,
        files=tuple(PinnedFile(name=f.name, size=f.size, digest=f.digest, trust=f.trust, path=f.path, places=f.places) for f in files),
    )


def _other_version(entry: FilesTable, file: FileTable, version: str) -> str:
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
