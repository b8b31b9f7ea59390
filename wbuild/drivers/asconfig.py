"""What an AssemblyScript project says about itself: its entry files, its configuration, its lock file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from posixpath import basename, join, normpath
from typing import Any, Final

from wbuild.drivers.build import Build, DependencyLock, Facts
from wbuild.model.planned import In
from wbuild.names import quoted
from wbuild.words import Value

TEXTS: Final = ("**/package.json", "**/package-lock.json", "**/asconfig.json")
ENTRY: Final = "assembly/index.ts"
SHIM: Final = "@assemblyscript/wasi-shim"
_LOCK: Final = "package-lock.json"
_LISTS: Final = ("dependencies", "devDependencies", "optionalDependencies")


def read(build: Build) -> Facts:
    """What asc builds for an artifact. Raises UsageError for what the project files lack or do not say."""
    package = _json(build, "package.json")
    if package is None:
        hint = "run `npm init` and `npm install --save-dev assemblyscript` there"
        raise build.problem("WB228", f"no package.json in {build.base}", hint)
    packages = {name for key in _LISTS for name in _table(package, key)}
    if "assemblyscript" not in packages:
        hint = "run `npm install --save-dev assemblyscript` there"
        raise build.problem("WB238", "package.json does not depend on assemblyscript", hint)
    lock = _lock(build)
    config = _json(build, "asconfig.json")
    scope: dict[str, Value] = {
        "project.folder": In(build.base),
        "project.entries": [(entry,) for entry in _entries(build, config)],
        "project.config": [("--config",), (f"node_modules/{SHIM}/asconfig.json",)] if _needs_shim(build, config, packages) else [],
    }
    names = [n for n in build.tree.below(build.base) if not any(n.startswith(f"{folder}/") for folder in build.foreign)]
    return Facts(candidates=build.readable(names), locks=(lock.file, build.path("package.json")), lock=lock, scope=scope)


def _lock(build: Build) -> DependencyLock:
    """package-lock.json; npm makes it from the packages below the folder."""
    file = build.path(_LOCK)
    problem = "" if file in build.tree.names else f"{build.base} has no {_LOCK}"
    if not problem and not _fits(_json(build, _LOCK) or {}, _json(build, "package.json") or {}):
        problem = f"{file} does not fit package.json: it has other dependencies"
    reads = (name for name in build.tree.below(build.base) if basename(name) in (_LOCK, "package.json", ".npmrc"))
    return DependencyLock(file=file, reads=tuple(reads), problem=problem)


def _fits(lock: Mapping[str, Any], package: Mapping[str, Any]) -> bool:
    """Whether a lock file was made for these dependencies. Lock files of npm 6 and older do not say it."""
    made_for = _table(lock, "packages").get("")
    if not isinstance(made_for, Mapping):
        return True
    old, new = ({name: wish for key in _LISTS for name, wish in _table(data, key).items()} for data in (made_for, package))
    return old == new


def _json(build: Build, name: str) -> Mapping[str, Any] | None:
    """A JSON file of the artifact's folder; None when it is not there. Raises UsageError."""
    file = build.path(name)
    text = build.tree.texts.get(file)
    if text is None:
        return None
    try:
        data = json.loads(text)
    except ValueError as error:
        raise build.problem("WB228", f"{file} is not JSON: {error}", "correct it") from None
    return data if isinstance(data, Mapping) else {}


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = data.get(key)
    return found if isinstance(found, Mapping) else {}


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


def _needs_shim(build: Build, config: Mapping[str, Any] | None, packages: set[str]) -> bool:
    """Whether wbuild must name the configuration that gives a WASI program its system: a project without its own does not."""
    return config is None and build.target != "freestanding" and SHIM in packages
