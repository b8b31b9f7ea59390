"""Where `init` writes, what it writes, and the writing: only new files, all of them or none."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path

from wbuild.doors.interfaces import Files
from wbuild.doors.machine import machine_errors
from wbuild.doors.places import current_folder
from wbuild.doors.regular import opened
from wbuild.errors import UsageError, WbuildError
from wbuild.init import scaffold
from wbuild.init.survey import FoundArtifact, reads, survey
from wbuild.manifest.load import load
from wbuild.model.shipped import Catalog
from wbuild.nothing_to_do import project_folder
from wbuild.session.call import Common
from wbuild.session.project import content_of, facts, home, load_manifest, member_to_be, members_of, shown
from wbuild.session.snapshot import look
from wbuild.session.work_folder import ignore_dist, prepare
from wbuild.steps.tree import Tree
from wbuild.terminal.console import Console
from wbuild.text.names import name_problem, quoted
from wbuild.text.project_names import MANIFEST
from wbuild.text.toml_key import key
from wbuild.toml.decode import LARGEST

READ_AT_MOST = 1 << 20
"""Bytes of a source that are looked at to guess what it is."""
READ_ALTOGETHER = 64 << 20
"""Characters of all that is looked at."""
_OUTPUTS = {"Cargo.toml": "target/", "package.json": "dist/"}
"""Folders that the tools of a project file make beside it."""
_SOURCES = (".c", ".cc", ".cpp", ".cxx", ".zig", ".wat", ".go")


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """The place that a new artifact gets: its project, its folder and its name."""

    folder: Path
    """The folder that holds wbuild.toml, or will."""
    path: str
    """The artifact's folder, relative to `folder` (POSIX)."""
    name: str
    """Name of the artifact, or the stem of several."""
    text: str | None
    """The wbuild.toml to add to; None for a new project."""
    fresh: bool = False
    """Whether wbuild.toml is that of a new member, and not there yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """Everything that `init` would write."""

    spot: Destination
    manifest: str
    files: Mapping[str, str]
    notes: tuple[str, ...] = ()


def locate(start: Path, directory: str | None, name: str, *, new: bool) -> Destination:
    """Where the artifact goes. Raises UsageError for names and folders that may not be."""
    around = None if new else project_folder(str(start))
    target = _target(start, directory, nested=around is not None)
    if around is not None and not target.is_relative_to(around):
        raise UsageError(
            "WB265", f"{quoted(str(directory))} is outside of the project {shown(Path(around))}", hint="--new makes a project of its own"
        )
    folder = Path(around) if around else target
    called = scaffold.checked_name(name, "the name") if name else _default_name(target, directory)
    text = None
    if around and target != folder and not (target / MANIFEST).exists() and member_to_be(folder, target):
        schema = Path(os.path.relpath(folder, target)).as_posix()
        return Destination(folder=target, path=".", name=called, text=f"#:schema {schema}/{scaffold.SCHEMA_FILE}\n", fresh=True)
    if around:
        with machine_errors(folder / MANIFEST, "read"):
            text = content_of(folder / MANIFEST, LARGEST).decode("utf-8", "surrogateescape")
    return Destination(folder=folder, path=Path(os.path.relpath(target, folder)).as_posix(), name=called, text=text)


def _target(start: Path, directory: str | None, *, nested: bool) -> Path:
    """The folder of the artifact. Raises UsageError WB265 for one that may not be."""
    if directory in (None, "", "."):
        return start
    asked = Path(str(directory))
    parts = [part for part in asked.parts if part not in (asked.anchor, ".")]
    if ".." in parts:
        raise UsageError("WB265", f"{quoted(str(directory))} leads upward", hint="`wbuild -C DIR init NAME` starts elsewhere")
    if len(parts) > 1 and not nested and not asked.is_absolute():
        raise UsageError(
            "WB265", f"{quoted(str(directory))} is not one folder's name", hint="make its parent, then `wbuild -C PARENT init NAME`"
        )
    for part in [parts[-1]] if asked.is_absolute() else parts:
        scaffold.checked_name(part, "the folder")
    target = start / asked
    _refuse_links(start if not asked.is_absolute() else target.parent, target)
    return target


def _refuse_links(start: Path, target: Path) -> None:
    """No folder on the way may be a link, and none may be a file."""
    for folder in (target, *target.parents):
        if folder == start:
            return
        if folder.is_symlink():
            raise UsageError("WB265", f"{shown(folder)} is a symbolic link", hint="init writes only where it says; name the real folder")
        if folder.exists() and not folder.is_dir():
            scaffold.refuse_existing([shown(folder)])


def _default_name(target: Path, directory: str | None) -> str:
    """The folder's name, made fit for a name where nobody typed it."""
    name = target.resolve().name
    if directory not in (None, "", ".") or not name_problem(name):
        return scaffold.checked_name(name, "the folder")
    fit = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in name).strip("-._")
    return fit if fit and not name_problem(fit) else "app"


def proposal(spot: Destination, catalog: Catalog, files: Files) -> dict[str, scaffold.ProjectDraft]:
    """Artifacts for the code that is there and not declared yet. Raises UsageError when nothing can be proposed."""
    base = spot.folder / spot.path
    names = look(files, base).tree.names if base.is_dir() else ()
    artifacts, declared = _declared(spot, catalog)
    names = _without_outputs(_without_projects(spot, base, names))
    left = [name for name in names if not _has_owner(name, spot, catalog, declared)]
    found = survey(Tree(names=tuple(left), texts=_texts(base, left, catalog)), catalog, spot.name, spot.path, artifacts)
    new = [f for f in found if (f.lang, f.path) not in declared]
    if not any(f.language for f in new):
        raise _nothing(base, catalog, declared=bool(found) or len(left) < len(names), new=new)
    return {f.name: scaffold.ProjectDraft(block=f.block, files={}) for f in new}


def _without_projects(spot: Destination, base: Path, names: Sequence[str]) -> tuple[str, ...]:
    """`names` without what belongs to projects of their own below; members belong to the project around them."""
    inside = home(spot.folder)[0] if spot.text is not None and not spot.fresh else None
    own = members_of(inside) if inside is not None else ()
    others = {name.removesuffix(MANIFEST) for name in names if name.endswith(f"/{MANIFEST}") and (base / name).parent not in own}
    return tuple(name for name in names if not any(name.startswith(other) for other in others))


def _without_outputs(names: Sequence[str]) -> tuple[str, ...]:
    """`names` without what cargo and bundlers have made beside their project files."""
    made = {name.removesuffix(file) + folder for file, folder in _OUTPUTS.items() for name in names if f"/{name}".endswith(f"/{file}")}
    return tuple(name for name in names if not any(name.startswith(folder) for folder in made))


def _has_owner(name: str, spot: Destination, catalog: Catalog, declared: set[tuple[str, str]]) -> bool:
    """Whether a file is a source in the folder of a declared artifact of its language; what has the whole project is told apart later."""
    path = Path(spot.path, name)
    for lang, folder in declared:
        language = catalog.language(lang)
        if folder != "." and language is not None and path.suffix in language.extensions and path.is_relative_to(folder):
            return True
    return False


def _declared(spot: Destination, catalog: Catalog) -> tuple[tuple[str, ...], set[tuple[str, str]]]:
    """Names of the project's artifacts, and (language, folder relative to the spot's) of all of them."""
    if spot.text is None or spot.fresh:
        return (), set()
    project, _ = home(spot.folder)
    artifacts = load_manifest(project, catalog).artifacts
    folder = spot.folder.relative_to(project)
    return tuple(a.name for a in artifacts), {(a.lang, Path(os.path.relpath(a.path, folder)).as_posix()) for a in artifacts}


def _nothing(base: Path, catalog: Catalog, *, declared: bool, new: Sequence[FoundArtifact]) -> UsageError:
    """Why there is no proposal."""
    known = ", ".join(catalog.languages)
    if new:
        detail = "\n".join(f"  {key(f.name)}: {f.lang}, from {f.why}" for f in new)
        return UsageError("WB291", f"{shown(base)} holds code that this wbuild cannot build", hint=f"it builds {known}", detail=detail)
    if declared:
        return UsageError("WB276", f"everything in {shown(base)} is declared already", hint=f"name a language with --lang: {known}")
    return UsageError("WB276", f"no language was named, and {shown(base)} holds no code", hint=f"name one with --lang: {known}")


def _texts(base: Path, names: Sequence[str], catalog: Catalog) -> dict[str, str]:
    """What a survey looks into, up to a limit: build files before sources."""
    texts: dict[str, str] = {}
    left = READ_ALTOGETHER
    for name in sorted((n for n in names if reads(n, catalog)), key=lambda n: (n.endswith(_SOURCES), n.count("/"), n)):
        if left <= 0:
            break
        texts[name] = _head(base / name)
        left -= len(texts[name])
    return texts


def _head(path: Path) -> str:
    with suppress(OSError), opened(path, follow=True) as file:
        return file.read(READ_AT_MOST).decode("utf-8", "replace").removeprefix("\ufeff").replace("\r\n", "\n")
    return ""


def confirm(spot: Destination, drafts: Mapping[str, scaffold.ProjectDraft], console: Console) -> None:
    """Ask whether the proposal is right. Raises UsageError when it is not, or when there is nobody to ask."""
    text = "\n".join(d.block for d in drafts.values())
    console.page(text if spot.text is not None else scaffold.project_text(spot.name, [d.block for d in drafts.values()]))
    answer = console.ask(f"write this to {shown(spot.folder / MANIFEST)}?")
    if not answer:
        why = "there is no terminal to ask at" if answer is None else "not wanted"
        raise UsageError("WB277", f"nothing was written: {why}", hint="--yes accepts the proposal; --lang L starts from a template")


def arrange(spot: Destination, drafts: Mapping[str, scaffold.ProjectDraft], catalog: Catalog) -> Writing:
    """All files, checked against what is there. Raises UsageError that lists files in the way, or for a manifest that would not load."""
    blocks = [d.block for d in drafts.values()]
    files = {path: text for d in drafts.values() for path, text in d.files.items()}
    wanted = [*([MANIFEST] if spot.text is None or spot.fresh else []), *files]
    scaffold.refuse_existing([shown(spot.folder / p) for p in wanted if os.path.lexists(spot.folder / p)])
    for path in wanted:
        _refuse_links(spot.folder, (spot.folder / path).parent)
    file = shown(spot.folder / MANIFEST)
    if spot.text is None:
        manifest = scaffold.project_text(spot.name, blocks)
        load(manifest, file, facts(spot.folder), catalog)
        return Writing(spot=spot, manifest=manifest, files=files)
    project, member = home(spot.folder)
    before = () if spot.fresh else load_manifest(project, catalog).artifacts
    taken = [a for a in before if a.name in drafts]
    if taken:
        there = shown(project / taken[0].member / MANIFEST)
        raise UsageError("WB266", f"{there} has an artifact {quoted(taken[0].name)} already", hint="choose another name with --name")
    manifest = scaffold.with_blocks(spot.text, blocks)
    notes: list[str] = []
    after = {a.name: a for a in load_manifest(project, catalog, replaced={spot.folder / MANIFEST: manifest}).artifacts}
    for artifact in before:
        if artifact.member == (member or ".") and after[artifact.name].path != artifact.path:
            path = os.path.relpath(project / artifact.path, spot.folder).replace(os.sep, "/")
            manifest = scaffold.with_line(manifest, artifact.line, f"path = {json.dumps(path)}")
            notes.append(f'{file}: path = "{path}" is written out for {artifact.name}, whose default changes with a second artifact')
    return Writing(spot=spot, manifest=manifest, files=files, notes=tuple(notes))


def show(writing: Writing, console: Console) -> None:
    """Say which files would be written, and show the manifest (`--dry-run`)."""
    for path in writing.files:
        console.step("would add", shown(writing.spot.folder / path))
    console.step("would add" if writing.spot.text is None or writing.spot.fresh else "would edit", shown(writing.spot.folder / MANIFEST))
    console.page(writing.manifest)


def write(writing: Writing, catalog: Catalog, common: Common) -> None:
    """Write everything, or nothing when the machine refuses. Raises MachineError."""
    spot, files, console = writing.spot, common.world().doors.files, common.console
    made: list[Path] = []
    first = _first_missing(spot.folder / spot.path)
    try:
        for path, text in writing.files.items():
            files.write(spot.folder / path, text)
            made.append(spot.folder / path)
        files.write(spot.folder / MANIFEST, writing.manifest)
    except WbuildError:
        for leftover in [*made, *([first] if first else [])]:
            files.remove(leftover)
        raise
    for added in made:
        console.step("add", shown(added))
    console.step("add" if spot.text is None or spot.fresh else "edit", shown(spot.folder / MANIFEST))
    project, _ = home(spot.folder)
    ignored = ignore_dist(project, files)
    if ignored:
        console.step(ignored, f"{shown(project / '.gitignore')} (ignores dist/)")
    for note in writing.notes:
        console.note(note)
    prepare(project, files, catalog, nullcontext())
    move = "" if spot.folder.resolve() == current_folder() else f"cd {shown(spot.folder)} && "
    console.show(f"next: {move}wbuild build --opt")


def _first_missing(folder: Path) -> Path | None:
    """The topmost folder that writing below `folder` would make."""
    missing = [f for f in (folder, *folder.parents) if not f.exists()]
    return missing[-1] if missing else None
