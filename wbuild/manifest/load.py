"""wbuild.toml and those of members → Manifest, checked against the catalogue. Pure: the CLI reads files and finds out the `BoundaryFacts`.

Paths in a manifest are relative to the folder of wbuild.toml (`artifact.path`, `artifact.out`, `project.recipes`) or to the artifact's
folder (everything else below an artifact). They are returned in normal form, still relative to the same folders.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from wbuild.errors import Problem, UsageError
from wbuild.manifest.artifact import ArtifactContext, Placed, check_together, decode_artifact
from wbuild.manifest.boundary import Boundary, BoundaryFacts
from wbuild.manifest.defaults import Defaults
from wbuild.manifest.profiles import PROFILE_DEFAULTS, check_profiles, profile_names, resolve_profile
from wbuild.model.shipped import Catalog
from wbuild.model.written import Artifact, Manifest, Profile, ProjectTable, Vendor
from wbuild.text.names import is_version, name_hint, name_problem, quoted
from wbuild.text.versions import SpecifierError, clauses, matches
from wbuild.toml.decode import MISFIT, Reader, read
from wbuild.toml.problems import Document, Faults, dotted

__all__ = [
    "MACHINE_KEYS",
    "PROFILE_DEFAULTS",
    "TABLES",
    "BoundaryFacts",
    "Member",
    "early_project",
    "load",
    "profile_names",
    "recipe_globs",
    "resolve_profile",
]

TABLES: Final = ("project", "toolchains", "tools", "profile", "vendor", "defaults", "artifact")
"""The tables of wbuild.toml."""
MACHINE_KEYS: Final = frozenset(
    {
        *(
            "sources",
            "mirrors",
            "proxy",
            "ca-file",
            "store",
            "cache",
            "cache-limit",
            "jobs",
            "memory",
            "lock-timeout",
            "offline",
            "remote-cache",
        ),
        *("trust", "verify", "verification", "signatures", "credentials", "token", "allow-insecure"),
    }
)
"""Keys that a project never sets: they belong to the machine's configuration."""

T = TypeVar("T")

_VENDOR = re.compile(r"(?:npm:(?:@[a-z0-9~-][a-z0-9._~-]*/)?[a-z0-9~-][a-z0-9._~-]*|pypi:[A-Za-z0-9][A-Za-z0-9._-]*)\Z")
_RELEASE = re.compile(r"\d+(?:\.\d+)*")
_HEADER = re.compile(r"""^[ \t]*\[[ \t]*artifact[ \t]*\.[ \t]*["']?([A-Za-z0-9._-]+)["']?[ \t]*\]""", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """The wbuild.toml of a member, as it was read."""

    folder: str
    """The folder of the member, relative to the project's wbuild.toml (POSIX)."""
    file: str
    """How messages call it."""
    content: bytes | str


def load(content: bytes | str, file: str, facts: BoundaryFacts, catalog: Catalog, members: Sequence[Member] = ()) -> Manifest:
    """The manifest that `content` says, with the artifacts of members, and with paths, targets, kinds and names of checks filled in.

    `file` is how messages call it. Raises UsageError with every problem of every file, each with its place.
    """
    document = read(content, file)
    faults = Faults(document)
    reader = Reader(faults)
    _check_tables(document, faults)
    project = reader.table(ProjectTable, document.data.get("project", {}), ("project",), ignore=MACHINE_KEYS) or ProjectTable()
    _check_project(document, faults, facts, project)
    boundary = Boundary.of(faults, facts, project.root)
    for key, globs in (("recipes", project.recipes), ("members", project.members)):
        for position, glob in enumerate(globs):
            boundary.check(("project", key, position), glob)
            if key == "members" and glob in facts.unmatched:
                message = f"project.members: no folder with a wbuild.toml matches {quoted(glob)}"
                faults.add("WB288", ("project", key, position), message, hint="correct the entry, or take it out")
    vendor = _named(reader, document, "vendor", Vendor)
    _check_vendor(faults, vendor)
    profiles = _named(reader, document, "profile", Profile)
    check_profiles(faults, profiles)
    ground = ArtifactContext(
        reader=reader,
        boundary=boundary,
        catalog=catalog,
        toolchains=_toolchains(reader, document, catalog),
        vendor=frozenset(vendor),
        profiles=frozenset({*PROFILE_DEFAULTS, *profiles}),
        defaults=Defaults.of(reader, document, catalog),
    )
    tools = _tools(reader, document, catalog)
    artifacts = _all_artifacts(ground, document, members)
    return Manifest(
        project=replace(project, name=project.name or facts.folder.rstrip("/").rpartition("/")[2]),
        toolchains=ground.toolchains,
        tools=tools,
        profiles=profiles,
        vendor=vendor,
        artifacts=artifacts,
        folder=boundary.folder,
        members=tuple(member.folder for member in members),
    )


def _all_artifacts(ground: ArtifactContext, document: Document, members: Sequence[Member]) -> tuple[Artifact, ...]:
    """Artifacts of the project's file and of its members. Raises UsageError with all problems that were noted before and here."""
    placed = list(_artifacts(ground, document))
    noted = [ground.faults]
    unreadable: list[Problem] = []
    for member in members:
        try:
            theirs = read(member.content, member.file)
        except UsageError as error:
            unreadable += error.problems
            continue
        faults = Faults(theirs)
        noted.append(faults)
        _check_member(theirs, faults, document.file)
        placed += _artifacts(ground.noting(faults, member.folder), theirs)
    check_together(placed)
    problems: list[Problem] = [*(problem for faults in noted for problem in faults.problems()), *unreadable]
    if problems:
        raise UsageError.of(tuple(problems))
    return tuple(entry.artifact for entry in placed)


def _check_member(document: Document, faults: Faults, project: str) -> None:
    """Note what a member's file holds besides artifacts."""
    for name in document.data:
        if name in TABLES and name != "artifact":
            hint = f"write it in {project}, or take the folder out of members there: then this is a project of its own"
            message = f"a member holds artifacts and checks only; [{name}] stands in the project's own file"
            faults.add("WB287", (name,), message, hint=hint, part="key")
        elif name not in TABLES:
            faults.add("WB203", (name,), f"unknown table or key {quoted(name)}", near=(name, ["artifact"]), part="key")


def early_project(content: bytes | str, file: str, facts: BoundaryFacts) -> ProjectTable:
    """`[project]` alone, without globs that leave the project: it decides what else is read. Empty when it is wrong; `load` says why.

    Raises UsageError for a text that is not TOML.
    """
    text = content if isinstance(content, str) else content.decode("utf-8", "replace")
    if "recipes" not in text and "members" not in text:
        return ProjectTable()
    document = read(content, file)
    faults = Faults(document)
    project = Reader(faults).table(ProjectTable, document.data.get("project", {}), ("project",), ignore=MACHINE_KEYS)
    if project is None:
        return ProjectTable()
    boundary = Boundary.of(faults, facts, project.root)
    for position, glob in enumerate((*project.recipes, *project.members)):
        boundary.check(("project", position), glob)
    return ProjectTable() if faults else project


def recipe_globs(content: bytes | str, file: str, facts: BoundaryFacts) -> tuple[str, ...]:
    """The globs of `project.recipes`, read as early as `early_project` reads them."""
    return early_project(content, file, facts).recipes


def _check_tables(document: Document, faults: Faults) -> None:
    for name in document.data:
        if name not in TABLES and name not in MACHINE_KEYS:
            faults.add("WB203", (name,), f"unknown table or key {quoted(name)}", near=(name, TABLES), part="key")
    tables: Mapping[str, object] = document.data
    project = tables.get("project")
    for path, table in (((), tables), (("project",), project if isinstance(project, Mapping) else {})):
        for name in sorted(MACHINE_KEYS & table.keys()):
            message = f"{quoted(name)} is set only in user config: a project never decides it for a machine"
            faults.add(
                "WB210", (*path, name), message, hint="remove it here; `wbuild config` shows where the user's config.toml is", part="key"
            )


def _check_project(document: Document, faults: Faults, facts: BoundaryFacts, project: ProjectTable) -> None:
    if any(ord(c) < 32 for c in project.name):
        faults.add("WB211", ("project", "name"), "project.name holds a control character", hint="write it on one line")
    where = ("project", "requires-wbuild")
    try:
        clauses(project.requires_wbuild)
    except SpecifierError as error:
        faults.add("WB218", where, f"project.requires-wbuild: {error}", hint='write such as ">=0.1" or ">=0.1,<1"')
        return
    release = _RELEASE.match(facts.version)
    if release and not matches(release.group(), project.requires_wbuild):
        message = f"{document.file} requires wbuild {project.requires_wbuild}, and this is {facts.version}"
        faults.add("WB214", where, message, hint="install a wbuild that fits, or change requires-wbuild")


def _named(reader: Reader, document: Document, table: str, model: type[T]) -> dict[str, T]:
    """The tables `[table.NAME]` of a document, decoded: name → value. Problems are noted."""
    raw = document.data.get(table, {})
    if not isinstance(raw, Mapping):
        reader.value(Mapping[str, str], raw, (table,))
        return {}
    decoded = {str(name): reader.table(model, entry, (table, str(name))) for name, entry in raw.items()}
    return {name: entry for name, entry in decoded.items() if entry is not None}


def _texts(reader: Reader, document: Document, table: str) -> dict[str, str]:
    """A table of texts; entries that are none are noted and left out."""
    raw = document.data.get(table, {})
    entries = raw if isinstance(raw, Mapping) else {}
    if entries is not raw:
        reader.value(Mapping[str, str], raw, (table,))
    decoded = {str(name): reader.value(str, entry, (table, str(name))) for name, entry in entries.items()}
    return {name: value for name, value in decoded.items() if value is not MISFIT}


def _toolchains(reader: Reader, document: Document, catalog: Catalog) -> dict[str, str]:
    found = _texts(reader, document, "toolchains")
    for language, toolchain in found.items():
        path = ("toolchains", language)
        recipe = catalog.languages.get(language)
        if recipe is None:
            near = (language, catalog.languages)
            reader.faults.add("WB204", path, f"toolchains: unknown language {quoted(language)}", near=near, part="key")
        elif toolchain not in (names := [t.name for t in recipe.toolchains]):
            message = f"{dotted(path)}: {recipe.title} has no toolchain {quoted(toolchain)}"
            reader.faults.add("WB216", path, message, near=(toolchain, names))
    return found


def _tools(reader: Reader, document: Document, catalog: Catalog) -> dict[str, str]:
    found = _texts(reader, document, "tools")
    for name, version in found.items():
        path = ("tools", name)
        if name not in catalog.tools:
            reader.faults.add("WB217", path, f"unknown tool {quoted(name)}", near=(name, catalog.tools), part="key")
        if not is_version(version):
            message = f"{dotted(path)}: {quoted(version)} is not one exact version"
            reader.faults.add("WB218", path, message, hint='write a version such as "1.2.3"; leave the key out for the newest')
    return found


def _check_vendor(faults: Faults, vendor: Mapping[str, Vendor]) -> None:
    for name, entry in vendor.items():
        problem = name_problem(name)
        if problem:
            faults.add("WB211", ("vendor", name), f"vendor {quoted(name)}: {problem}", hint=name_hint(name), part="key")
        if not _VENDOR.match(entry.from_):
            message = f"{dotted(('vendor', name, 'from'))}: {quoted(entry.from_)} is not a source of vendored files"
            faults.add("WB218", ("vendor", name, "from"), message, hint='write "npm:PACKAGE" or "pypi:PACKAGE"')
        if not is_version(entry.version):
            message = f"{dotted(('vendor', name, 'version'))}: {quoted(entry.version)} is not one exact version"
            faults.add("WB218", ("vendor", name, "version"), message, hint='write a version such as "1.2.3"')


def _artifacts(ground: ArtifactContext, document: Document) -> Iterator[Placed]:
    raw = document.data.get("artifact", {})
    if not isinstance(raw, Mapping):
        ground.reader.value(Mapping[str, str], raw, ("artifact",))
        return
    lines = _header_lines(document.text)
    for name, entry in raw.items():
        decoded = decode_artifact(ground, str(name), entry, line=lines.get(str(name), 0), single=len(raw) == 1)
        if decoded is not None:
            yield Placed(artifact=decoded, faults=ground.defaults.at(("artifact", str(name)), ground.faults, entry))


def _header_lines(text: str) -> dict[str, int]:
    """Line of each `[artifact.NAME]`, without indexing the whole text."""
    lines: dict[str, int] = {}
    line, position = 1, 0
    for match in _HEADER.finditer(text):
        line += text.count("\n", position, match.start())
        position = match.start()
        lines.setdefault(match.group(1), line)
    return lines
