"""What an AssemblyScript project says about itself: its entry files, its configuration, its packages, and what it reads elsewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from posixpath import dirname, isabs, join, normpath
from typing import Any, Final

from wbuild.drivers.build import Build, BuildFacts
from wbuild.drivers.npmproject import NpmProject, table
from wbuild.drivers.zigsource import within
from wbuild.model.planned import In
from wbuild.steps.tree import Tree
from wbuild.steps.words import Value
from wbuild.text.names import quoted
from wbuild.text.project_names import MODULES

TEXTS: Final = ("**/*.json", "**/*.ts")
ABOVE: Final = ("package.json", "package-lock.json")
ENTRY: Final = "assembly/index.ts"
SHIM: Final = "@assemblyscript/wasi-shim"
_CONFIG: Final = "asconfig.json"
_ENDINGS: Final = (".ts", "/index.ts", ".d.ts")
"""The endings that asc tries behind the name of an import."""
_COMMENT: Final = re.compile(r"""("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|//[^\n]*|/\*.*?\*/""", re.DOTALL)
_IMPORT: Final = re.compile(r"""\b(?:from|import)\s*(?:"([^"\\\n]+)"|'([^'\\\n]+)')""")


@dataclass(slots=True)
class _Elsewhere:
    """What is read outside of the artifact's folder, and whether that is all."""

    places: dict[str, None] = field(default_factory=dict)
    """The folders and files, relative to the root."""
    told: bool = True
    """Whether the compiler tells all that it reads: no transform, which is a program of the project, and no unknown configuration."""


def read(build: Build) -> BuildFacts:
    """What asc builds for an artifact. Raises UsageError for what the project files lack or do not say."""
    npm = NpmProject(build)
    if npm.package(build.base) is None:
        hint = "run `npm init` and `npm install --save-dev assemblyscript` there"
        raise build.problem("WB228", f"no package.json in {build.base}", hint)
    if not npm.depends_on("assemblyscript"):
        hint = "run `npm install --save-dev assemblyscript` there"
        raise build.problem("WB238", "package.json does not depend on assemblyscript", hint)
    lock = npm.lock
    config = _config(build)
    needs_shim = config is None and build.target != "freestanding" and npm.depends_on(SHIM)
    scope: dict[str, Value] = {
        "project.folder": In(build.base),
        "project.install": In(npm.root),
        "project.entries": [(entry,) for entry in _entries(build, config)],
        "project.config": [("--config",), (f"{MODULES}/{SHIM}/{_CONFIG}",)] if needs_shim else [],
    }
    elsewhere = _elsewhere(build, npm)
    names = {n for n in build.tree.below(build.base) if not any(n.startswith(f"{folder}/") for folder in build.foreign)}
    for place in elsewhere.places:
        names.update(build.tree.below(place) if build.tree.kind(place) == "folder" else (place,))
    candidates = build.readable(names)
    return BuildFacts(
        candidates=candidates,
        inputs=() if elsewhere.told else candidates,
        own_code=not elsewhere.told,
        roots=tuple(place for place in elsewhere.places if not within(build.base, place)),
        locks=tuple(sorted({*npm.files, lock.file})),
        lock=lock,
        scope=scope,
    )


def _config(build: Build) -> Mapping[str, Any] | None:
    """asconfig.json of the artifact's folder; None when it is not there. Raises UsageError."""
    file = build.path(_CONFIG)
    text = build.tree.texts.get(file)
    if text is None:
        return None
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        hint = "correct it: asc takes no comments"
        raise build.problem("WB228", f"{file} is not JSON: {error}", hint) from None
    return table(data)


def _entries(build: Build, config: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Entry files for the command line: those of the artifact; none when asconfig.json names some; else the usual one."""
    given = build.artifact.options.get("entry")
    listed = (config or {}).get("entries")
    entries = given if isinstance(given, tuple) else () if listed else (ENTRY,)
    for entry in (*entries, *(listed if isinstance(listed, list) else ())):
        if normpath(join(build.base, str(entry))) not in build.tree.names:
            hint = f"set [artifact.{build.artifact.name}.{build.language.name}] entry, or entries in asconfig.json"
            raise build.problem("WB238", f"there is no {quoted(str(entry))} in {build.base}", hint)
    return entries


def _elsewhere(build: Build, npm: NpmProject) -> _Elsewhere:
    """What is read outside of the artifact's folder: by configurations, flags, imports and linked packages."""
    found = _Elsewhere(places=dict.fromkeys(npm.linked))
    _configured(build, npm, found)
    _flagged(build, found)
    starts = [normpath(join(build.base, str(name))) for name in _entries(build, _config(build))]
    starts += [name for place in (build.base, *found.places) for name in build.tree.below(place) if name.endswith(".ts")]
    for name in _imported(build.tree, dict.fromkeys(starts)):
        if not within(build.base, name):
            found.places.setdefault(name)
    return found


def _configured(build: Build, npm: NpmProject, found: _Elsewhere) -> None:
    """The folders and files that the chain of configurations names."""
    tree = build.tree
    flags = build.artifact.flags.compile
    start = next((after for flag, after in pairwise(flags) if flag == "--config"), _CONFIG)
    file = normpath(join(build.base, start))
    seen: set[str] = set()
    while file and file not in seen:
        seen.add(file)
        if f"{MODULES}/{SHIM}/" in file:
            return
        if MODULES in file.split("/") or (file not in tree.texts and tree.kind(file) == "file"):
            found.told = False
        if not within(build.base, file) and tree.kind(file) == "file":
            found.places[file] = None
        try:
            data = table(json.loads(tree.texts.get(file, "{}")))
        except (ValueError, RecursionError):
            return
        folder = dirname(file) or "."
        for options in (data.get("options"), *table(data.get("targets")).values()):
            _optioned(build, table(options), folder, found)
        for entry in _listed(data.get("entries")):
            _placed(build, normpath(join(folder, entry)), found)
        file = _extended(npm, data.get("extends"), folder)


def _extended(npm: NpmProject, value: object, folder: str) -> str:
    """The file that a configuration extends: of the project, or below a node_modules that only npm makes; "" for none."""
    if not isinstance(value, str) or not value or isabs(value):
        return ""
    if value.startswith("."):
        return normpath(join(folder, value))
    parts = value.split("/")
    count = 2 if value.startswith("@") else 1
    name, rest = "/".join(parts[:count]), "/".join(parts[count:])
    home = npm.members.get(name)
    return normpath(join(home, rest)) if home and rest else normpath(join(folder, MODULES, value))


def _optioned(build: Build, options: Mapping[str, Any], folder: str, found: _Elsewhere) -> None:
    """The folders and files that the options of a configuration name."""
    if options.get("transform") or options.get("baseDir"):
        found.told = False
    for key in ("transform", "lib", "path", "runtime", "baseDir"):
        for value in _listed(options.get(key)):
            _placed(build, normpath(join(folder, value)), found)


def _flagged(build: Build, found: _Elsewhere) -> None:
    flags = build.artifact.flags.compile
    if any(flag.startswith(("--transform", "--baseDir")) for flag in flags):
        found.told = False
    for flag in flags:
        _placed(build, normpath(join(build.base, flag.rpartition("=")[2])), found)


def _placed(build: Build, name: str, found: _Elsewhere) -> None:
    """Take note of what stands at a name outside of the artifact's folder: a folder, or a file with what is around it."""
    if name.startswith(("..", "/")) or within(build.base, name):
        return
    kind = build.tree.kind(name) or next((k for ending in _ENDINGS if (k := build.tree.kind(name + ending))), "")
    if kind == "folder":
        found.places[name] = None
    elif kind == "file":
        found.places[dirname(name) or "."] = None


def _listed(value: object) -> Iterator[str]:
    """The texts of a value that is a list of texts, or one with commas between them."""
    if isinstance(value, str):
        yield from (part.strip() for part in value.split(",") if part.strip())
    elif isinstance(value, list):
        yield from (part for part in value if isinstance(part, str) and part)


def _imported(tree: Tree, starts: Iterable[str]) -> Iterator[str]:
    """Files that TypeScript sources import by relative paths, directly or not. Of one whose text is not known all around it counts."""
    waiting = [*starts]
    seen = {*waiting}
    while waiting:
        file = waiting.pop()
        text = tree.texts.get(file)
        if text is None:
            yield from (dirname(file) or ".",) if tree.kind(file) else ()
            continue
        for match in _IMPORT.finditer(_COMMENT.sub(r"\1", text)):
            name = match[1] or match[2]
            if not name.startswith("."):
                continue
            target = normpath(join(dirname(file), name))
            for place in (target + ending for ending in _ENDINGS):
                if place not in seen and not place.startswith("..") and tree.kind(place) == "file":
                    seen.add(place)
                    yield place
                    waiting.append(place)
