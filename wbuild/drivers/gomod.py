"""What a Go module says about itself: its folder, its lock file, and the other modules of the project that it uses."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from posixpath import dirname, isabs, join, normpath, relpath
from typing import Final

from wbuild.drivers import gosource
from wbuild.drivers.build import Build, BuildFacts, DependencyLock, below
from wbuild.model.planned import In, Root
from wbuild.model.written import Artifact, Kind
from wbuild.steps.tree import Tree, upward
from wbuild.steps.words import Value
from wbuild.text import json_text

TEXTS: Final = ("**/go.mod", "**/go.work", "**/*.go")
_BLOCK: Final = re.compile(r"(\w+)\s*\(\s*\Z")
_LINE: Final = re.compile(r"""("(?:[^"\\\n]|\\.)*"|`[^`\n]*`)|//.*""")
_WORDS: Final = re.compile(r"""=>|"(?:[^"\\\n]|\\.)*"|`[^`\n]*`|(?:(?!=>)[^\s"`])+""")
_FLAGS: Final = ("overlay", "modfile", "pgo")
"""Flags of `go build` that name files, relative to the module."""


def read(build: Build) -> BuildFacts:
    """What go builds for an artifact. Raises UsageError when there is no module or no lock file."""
    module = next((folder for folder in upward(build.base) if _file(folder, "go.mod") in build.tree.texts), None)
    if module is None:
        raise build.problem("WB228", f"no go.mod in {build.base} or above", "run `go mod init NAME` there")
    workspace = next((folder for folder in upward(module) if _file(folder, "go.work") in build.tree.texts), None)
    folders = _closure(build, module, workspace)
    inputs = [_file(module, "go.mod")]
    if workspace is not None:
        inputs.append(_file(workspace, "go.work"))
    tags = build.artifact.options.get("tags", ())
    scope: dict[str, Value] = {
        "project.folder": In(module),
        "project.package": _pattern(relpath(_package(build), module)),
        "project.tags": [(f"-tags={','.join(tags)}",)] if isinstance(tags, tuple) and tags else [],
        "project.workspace": "off" if workspace is None else (Root(), f"/{_file(workspace, 'go.work')}"),
    }
    named = tuple(_named(build, module))
    names = {*named, *(name for folder in folders for name in _files(build, folder, folders))}
    candidates = tuple(name for name in build.readable(names) if name not in inputs)
    locks = _locks(build, folders, workspace)
    lock = _lock(build, module, (*inputs, *candidates)) if locks and workspace is None else None
    roots = tuple(dict.fromkeys((*folders, *inputs, *named)))
    embeds = any("go:embed" in build.tree.texts.get(name, "") for name in candidates if name.endswith(".go"))
    return BuildFacts(inputs=tuple(inputs), candidates=candidates, roots=roots, documents=embeds, locks=locks, lock=lock, scope=scope)


def _lock(build: Build, module: str, reads: tuple[str, ...]) -> DependencyLock:
    """go.sum of the module that is built; a module whose requirements are all part of the project needs none."""
    file = _file(module, "go.sum")
    lacking = _required(build.tree, module) - _ours(build.tree, (module,), None) and file not in build.tree.names
    return DependencyLock(file=file, reads=reads, problem=f"{module} has no go.sum" if lacking else "")


def kind(build: Build) -> Kind | None:
    """A package that exports functions to the host is a reactor."""
    folder = _package(build)
    tags = build.artifact.options.get("tags", ())
    sources = [name for name in build.tree.texts if name.endswith(".go") and (dirname(name) or ".") == folder]
    read = ((name, gosource.read(build.tree.texts[name])) for name in sources)
    exporting = any(one.exports and gosource.builds(name, one, tags if isinstance(tags, tuple) else ()) for name, one in read)
    return "reactor" if exporting else None


def _files(build: Build, folder: str, modules: tuple[str, ...]) -> Iterator[str]:
    """What go may read of a module: not what is another module that takes no part, for packages and embedded files end there, and tests
    only as embedded files."""
    tree = build.tree
    names = below(tree, folder, ".go")
    start = 0 if folder == "." else len(folder) + 1
    nested = {
        dirname(name)
        for name in names
        if name.endswith("/go.mod") and dirname(name) not in (folder, *modules) and not f"/{name[start:]}".startswith("/vendor/")
    }
    inner = tuple(f"{one}/" for one in nested if not any(f"{one}/" == f"{other}/" for other in modules))
    own = [name for name in names if not name.startswith(inner)]
    tests = [name for name in own if name.endswith("_test.go")]
    embeds = [(dirname(name), line) for name in own if tests and name.endswith(".go") for line in _embeds(build, name)]
    unread = {
        name for name in tests if not any(gosource.reaches(line, name[len(at) + 1 if at else 0 :]) for at, line in embeds if _in(at, name))
    }
    yield from (name for name in own if name not in unread)


def _embeds(build: Build, name: str) -> tuple[str, ...]:
    text = build.tree.texts.get(name, "")
    return gosource.read(text).embeds if "go:embed" in text else ()


def _in(folder: str, name: str) -> bool:
    return not folder or name.startswith(f"{folder}/")


def _named(build: Build, module: str) -> Iterator[str]:
    """Files that flags name, and that an overlay puts in place of others."""
    for flag in build.artifact.flags.compile:
        name, _, value = flag.lstrip("-").partition("=")
        place = normpath(join(module, value))
        if not flag.startswith("-") or name not in _FLAGS or build.tree.kind(place) != "file":
            continue
        yield place
        if name == "modfile":
            yield from (one for one in (f"{place.removesuffix('.mod')}.sum",) if build.tree.kind(one) == "file")
        replaced = (json_text.table(build.tree.texts.get(place, "")) or {}).get("Replace") if name == "overlay" else None
        for target in replaced.values() if isinstance(replaced, dict) else ():
            inside = normpath(join(module, target)) if isinstance(target, str) and target else ""
            if inside and build.tree.kind(inside) == "file":
                yield inside


def kind_texts(artifact: Artifact) -> tuple[str, ...]:
    """Globs, relative to the artifact's folder, of the sources whose directives tell its kind."""
    return () if artifact.kind else (join(str(artifact.options.get("package", ".")), "*.go"),)


def _package(build: Build) -> str:
    """Folder of the main package, relative to the project's root."""
    return build.path(str(build.artifact.options.get("package", ".")))


def _file(folder: str, name: str) -> str:
    return normpath(join(folder, name))


def _pattern(folder: str) -> str:
    """A folder as go's command line takes it: a plain name would be an import path."""
    return folder if folder.startswith(".") else f"./{folder}"


def _directives(text: str) -> Iterator[tuple[str, str]]:
    """(verb, rest) of every directive of a go.mod or go.work."""
    block = ""
    for line in (_LINE.sub(r"\1", raw).strip() for raw in text.split("\n")):
        start = _BLOCK.match(line)
        if start:
            block = start[1]
        elif line == ")":
            block = ""
        elif block and line:
            yield block, line
        elif line:
            verb, _, rest = line.partition(" ")
            yield verb, rest.strip()


def _local(text: str) -> Iterator[str]:
    """Folders that `replace` and `use` name."""
    for verb, rest in _directives(text):
        words = [word.strip('"`') for word in _WORDS.findall(rest)]
        place = words[words.index("=>") + 1 :] if verb == "replace" and "=>" in words else words if verb == "use" else []
        if len(place) == 1 and (place[0].startswith(".") or isabs(place[0]) or verb == "use"):
            yield place[0]


def _closure(build: Build, module: str, workspace: str | None) -> tuple[str, ...]:
    """Folders of all modules of the project that take part."""
    texts = build.tree.texts
    waiting = [module]
    if workspace is not None:
        waiting += [normpath(join(workspace, place)) for place in _local(texts[_file(workspace, "go.work")])]
    read: dict[str, None] = {}
    while waiting:
        folder = waiting.pop()
        if folder in read:
            continue
        if folder.startswith("..") or isabs(folder):
            hint = "name it by a relative path" if isabs(folder) else "widen the boundary with [project] root"
            raise build.problem("WB239", f"a module is replaced by {folder}, out of the project", hint)
        read[folder] = None
        waiting += [normpath(join(folder, place)) for place in _local(texts.get(_file(folder, "go.mod"), ""))]
    return tuple(sorted(read))


def _required(tree: Tree, folder: str) -> set[str]:
    """Modules that a go.mod asks for."""
    directives = _directives(tree.texts.get(_file(folder, "go.mod"), ""))
    return {rest.split()[0].strip('"`') for verb, rest in directives if verb == "require" and rest}


def _ours(tree: Tree, folders: Sequence[str], workspace: str | None) -> set[str]:
    """Modules that nobody downloads: those of the workspace, and such as are replaced by folders."""
    texts = [tree.texts.get(_file(folder, "go.mod"), "") for folder in folders]
    texts += [tree.texts.get(_file(workspace, "go.work"), "")] if workspace is not None else []
    found = [(verb, rest) for text in texts for verb, rest in _directives(text) if rest]
    return {
        rest.split()[0].strip('"`') for verb, rest in found if verb == "module" or (verb == "replace" and any(_local(f"{verb} {rest}")))
    }


def _locks(build: Build, folders: tuple[str, ...], workspace: str | None) -> tuple[str, ...]:
    """What says which modules to download; nothing when there are none, or when they are part of the project (vendor/)."""
    tree = build.tree
    homes = folders if workspace is None else (*folders, workspace)
    if any(_file(home, "vendor/modules.txt") in tree.names for home in homes):
        return ()
    sums = [name for home in dict.fromkeys(homes) for name in (_file(home, "go.sum"), _file(home, "go.work.sum")) if name in tree.names]
    ours = _ours(tree, folders, workspace)
    needing = [folder for folder in folders if _required(tree, folder) - ours]
    if needing and not sums and workspace is not None:
        raise build.problem("WB228", f"{needing[0]} has no go.sum", "run `go work sync` in the workspace, and commit what it writes")
    mods = [_file(folder, "go.mod") for folder in folders if _file(folder, "go.mod") in tree.names]
    return tuple(sorted({*sums, *mods})) if needing else ()
