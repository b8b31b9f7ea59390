"""What people write in wbuild.toml, decoded: every key with its type, default and meaning.

The docstring under a field is the documentation of the key; decoder, JSON Schema and reference pages are made from this module.
Keys are spelled with hyphens in TOML and underscores here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, ClassVar, Literal

Level = Literal["none", "speed", "size", "smallest"]
SizeMetric = Literal["raw", "gzip", "brotli", "zstd"]
Target = Literal["freestanding", "wasip1", "wasip1-threads", "wasip2", "web"]
Kind = Literal["command", "reactor"]
Debug = Literal["none", "names", "dwarf"]
CheckMode = Literal["command", "invoke"]
"""How a check enters a module: through its start, or by a call of an export."""
OptionValue = str | int | bool | tuple[str, ...]

# How a value is written in TOML, where that is more than its type; `decode.FORMS` reads these.
Size = Annotated[int, "size"]
Seconds = Annotated[float, "duration"]
Count = Annotated[int, "count"]
Share = Annotated[float, "share"]
RelativePath = Annotated[str, "path"]
Glob = Annotated[str, "glob"]
Text = Annotated[str, "text"]
"""Any characters, NUL included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectTable:
    """`[project]`."""

    name: str = ""
    """Name of the project; default: the folder's name."""
    requires_wbuild: str = ""
    """Versions of wbuild that may build this project, such as ">=0.1"."""
    root: RelativePath = "."
    """Widens the boundary of paths, at most to the enclosing git repository."""
    recipes: tuple[Glob, ...] = ()
    """Own tools, languages, runtimes and hosts: TOML files in the format of the shipped recipes; they override shipped ones by name."""
    members: tuple[Glob, ...] = ()
    """Folders with a wbuild.toml of their own that holds artifacts and checks only; they share this file's settings, lock and dist/."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Optimize:
    """How a profile optimizes; `opt = "size"` is short for `opt = { level = "size" }`."""

    SHORT: ClassVar[str] = "level"

    level: Level
    """How hard the optimizer works and for what: none, speed, size or smallest."""
    metric: SizeMetric = "raw"
    """The size that decides between candidates: raw, gzip, brotli or zstd."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """`[profile.NAME]`. `dev` and `release` exist; more may be added with `inherits`."""

    inherits: str = ""
    """The profile whose settings this one starts from; default for a new profile: release."""
    opt: Optimize | None = None
    """Optimization level, or a table with level and metric."""
    debug: Debug | None = None
    """What debug information the artifact keeps: none, names or dwarf."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vendor:
    """`[vendor.NAME]`: third-party source whose digest is in the lock, read as {vendor.NAME}/… in sources and paths."""

    from_: str
    """Where it comes from: "npm:PACKAGE" or "pypi:PACKAGE"."""
    version: str
    """The exact version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """Upper limits; equal to the limit passes. A string alone is `raw`. All sizes in bytes after decoding."""

    SHORT: ClassVar[str] = "raw"

    raw: Size | None = None
    """Size of the file."""
    gzip: Size | None = None
    """Size after gzip -9."""
    brotli: Size | None = None
    """Size after brotli, quality 11."""
    zstd: Size | None = None
    """Size after zstd, level 19."""
    warn: Share = 0.9
    """Share of a limit from which the table warns, written "90 %"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvFrom:
    """A value taken from wbuild's own environment."""

    from_: str
    """Name of the variable."""
    default: str | None = None
    """Value when the variable is not set; without it an unset variable is an error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """Extra words for command lines, one list entry a word."""

    compile: tuple[str, ...] = ()
    """Added to every compile command."""
    link: tuple[str, ...] = ()
    """Added to the link command."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposals:
    """Which WebAssembly proposals an artifact may use: names of `target_features` such as simd128, or common ones such as simd."""

    allow: tuple[str, ...] = ()
    """Allowed besides those of the target."""
    deny: tuple[str, ...] = ()
    """Refused even if the target allows them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """`[[artifact.NAME.check]]`: what must stay true before and after optimizing, on every runtime."""

    name: str = ""
    """Shown in tables; default: check 1, check 2, …"""
    args: tuple[str, ...] = ()
    """Arguments of the program."""
    stdin: Text | None = None
    """Standard input as text."""
    stdin_file: RelativePath | None = None
    """Standard input from a file of the project."""
    stdout: Text | None = None
    """Exact standard output as text."""
    stdout_file: RelativePath | None = None
    """Exact standard output from a file of the project."""
    stderr: Text | None = None
    """Exact standard error as text; not compared when absent."""
    exit: int = 0
    """Exit code."""
    traps: bool = False
    """The run must end in a trap."""
    env: Mapping[str, str] = field(default_factory=dict)
    """The whole environment of the program."""
    dirs: Mapping[str, RelativePath] = field(default_factory=dict)
    """Folders the program sees, guest path = project folder, as read-only copies."""
    invoke: str | None = None
    """Call of an exported function, such as "add(1, 2)"."""
    returns: str | None = None
    """Value that `invoke` returns, such as "3"."""
    timeout: Seconds = 10.0
    """Limit of time in seconds, written "10s" or "500ms"."""
    fuel: Count | None = None
    """Limit of executed instructions, written "12M"."""
    memory: Size = 1 << 30
    """Limit of linear memory in bytes, written "64 MiB"."""
    runtimes: tuple[str, ...] = ()
    """Runtimes to check on; default: every runtime that takes the target."""
    imports: Literal["", "trap", "zero"] = ""
    """Stubs for imports that no runtime has: trap when called, or return zero."""

    @property
    def mode(self) -> CheckMode:
        """How it enters the module, which a runtime must be able to do."""
        return "command" if self.invoke is None else "invoke"

    @property
    def reads(self) -> tuple[CheckPath, ...]:
        """What it reads of the project."""
        files = {"stdin-file": self.stdin_file, "stdout-file": self.stdout_file}
        named = [CheckPath(key=(key,), path=path, kind="file") for key, path in files.items() if path is not None]
        return (*named, *(CheckPath(key=("dirs", guest), path=folder, kind="folder") for guest, folder in self.dirs.items()))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckPath:
    """A path that a check names."""

    key: tuple[str, ...]
    """The key below the check's table."""
    path: str
    """Relative to the artifact's folder."""
    kind: Literal["file", "folder"]
    """What must be there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """`[artifact.NAME]`: one Wasm output."""

    name: str
    """The table's name."""
    lang: str
    """Language, by its canonical name."""
    path: RelativePath = ""
    """Folder of the sources; default: "." for a single artifact, else the artifact's name."""
    targets: tuple[Target, ...] = ()
    """What it is built for; `target = "…"` is short for one. Default: the first target of the language."""
    kind: Kind | None = None
    """command (has a start) or reactor (a library of exports). Default: from the sources (a Cargo cdylib and a Go package with
    //go:wasmexport are reactors), else the language's, else what the targets allow."""
    toolchain: str = ""
    """Toolchain that serves the language here; overrides [toolchains]."""
    budget: Budget | None = None
    """Size limits."""
    hosts: tuple[str, ...] = ()
    """Systems that it must fit, such as envoy: their imports, exports and proposals are checked."""
    env: Mapping[str, str | EnvFrom] = field(default_factory=dict)
    """Environment that steps see beyond what tools need."""
    flags: Flags = field(default_factory=Flags)
    """Extra words for command lines."""
    tags: tuple[str, ...] = ()
    """Labels for selection with tag:NAME."""
    out: RelativePath = ""
    """Also copy the release artifact to this path. What is there is replaced when it is a Wasm file, or wbuild wrote it."""
    out_replaces: bool = False
    """Let `out` replace any other file too."""
    needs: tuple[str, ...] = ()
    """Artifacts that are built first and are inputs of this one; {artifact.NAME} in flags, env and options is the path of one's file,
    dist/PROFILE/NAME.wasm."""
    inputs: tuple[Glob, ...] = ()
    """Extra globs of files that a build may read."""
    exclude: tuple[Glob, ...] = ()
    """Globs of files that are not inputs."""
    keep_sections: tuple[str, ...] = ()
    """Globs of custom sections to keep among the debris that `debug` drops: names, producers, target_features, debug information and what
    linkers leave. All other custom sections stay anyway."""
    drop_sections: tuple[str, ...] = ()
    """Globs of custom sections to drop, whatever they are."""
    proposals: Proposals = field(default_factory=Proposals)
    """WebAssembly proposals that may or may not be used."""
    opt: Optimize | None = None
    """Optimization of this artifact in release-like profiles; wins over the profile's."""
    profile: Mapping[str, Profile] = field(default_factory=dict)
    """Overrides of a profile for this artifact."""
    options: Mapping[str, OptionValue] = field(default_factory=dict)
    """What only this language has: the table named like the language, keys declared in its recipe. Explicit keys only."""
    checks: tuple[Check, ...] = ()
    """`[[artifact.NAME.check]]`, in order."""
    line: int = 0
    """Line of the table in its wbuild.toml, for messages about the whole artifact."""
    member: str = "."
    """Folder of the wbuild.toml that declares it, relative to the project's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """The whole of wbuild.toml, decoded and checked against the catalogue."""

    project: ProjectTable
    toolchains: Mapping[str, str]
    """Which toolchain serves a language."""
    tools: Mapping[str, str]
    """Exact versions of tools."""
    profiles: Mapping[str, Profile]
    """As written; `dev` and `release` may be absent."""
    vendor: Mapping[str, Vendor]
    artifacts: tuple[Artifact, ...]
    """In the order of the files; `path`, `targets` and, unless project files must tell it, `kind` filled in; `path` and `out` relative
    to this file's folder."""
    folder: str
    """Folder of wbuild.toml relative to the project's root, "." when it is the root (POSIX)."""
    members: tuple[str, ...] = ()
    """Folders of the members, relative to wbuild.toml's folder."""
