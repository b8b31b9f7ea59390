"""What the placeholders of a toolchain's command lines mean for one build."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from wbuild.catalog.word_tables import Dimension, chosen_by
from wbuild.drivers.build import Build
from wbuild.errors import UsageError
from wbuild.manifest.needs import with_files
from wbuild.model.language_recipe import Option
from wbuild.model.planned import In, Python, RunnerPath, SharedCache, ToolPath, Word
from wbuild.steps.words import Value, fill_all, placeholders

VENDOR = "{vendor."


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """A language's own options, as words."""

    scope: Mapping[str, Value]
    vendors: tuple[str, ...]
    """Vendored sources that the options name, sorted."""
    folders: tuple[str, ...]
    """Folders of the project whose files may be read."""


def options(build: Build) -> Options:
    """Words of every declared option: the artifact's value, else the default, else none."""
    scope: dict[str, Value] = {}
    vendors: set[str] = set()
    folders: list[str] = []
    for option in build.language.options:
        value = build.artifact.options.get(option.name, option.default)
        entries = [str(v) for v in value] if isinstance(value, tuple) else [] if value in (None, False) else [str(value)]
        vendors.update(e.removeprefix(VENDOR).partition("}")[0] for e in entries if e.startswith(VENDOR))
        if option.type == "paths":
            folders += [build.path(e) for e in entries if not e.startswith(VENDOR)]
        if option.words_for and not isinstance(value, tuple):
            spelled = str(value).lower() if isinstance(value, bool) else str(value)
            scope[f"option.{option.name}"] = [(word,) for word in option.words_for.get(spelled, ())]
        else:
            scope[f"option.{option.name}"] = [word for entry in entries for word in _words(build, option, entry)]
    return Options(scope=scope, vendors=tuple(sorted(vendors)), folders=tuple(folders))


def _words(build: Build, option: Option, entry: str) -> tuple[Word, ...]:
    if option.type == "globs":
        return ()
    value: Value = with_files(entry, build.needs)
    if entry.startswith(VENDOR):
        name, _, member = entry.removeprefix("{").partition("}")
        value = ToolPath(name, member.lstrip("/"))
    elif option.type == "paths":
        value = In(build.path(entry))
    return fill_all(option.words, {"value": value})


def dimensions(build: Build) -> dict[str, Value]:
    """The words of the recipe's tables for this artifact's target, kind, level and debug setting. Raises UsageError for one without any."""
    here: dict[Dimension, str] = {
        "target": build.target,
        "kind": build.kind,
        "level": build.level,
        "debug": build.debug,
        "platform": build.kit.platform,
    }
    scope: dict[str, Value] = {}
    for table, values in build.toolchain.words.items():
        words = values.get(" ".join(here[dimension] for dimension in chosen_by(table)))
        if words is None:
            raise _without_words(build, table, values)
        scope[table] = [(word,) for word in words]
    return scope


def _without_words(build: Build, table: str, values: Iterable[str]) -> UsageError:
    """A table has no entry for what is built: the toolchain cannot do that."""
    what = f"cannot build a {build.kind} for {build.target}"
    if "platform" in chosen_by(table):
        what = f"has no words for {build.kit.platform}"
    hint = f"possible: {', '.join(values)}"
    return UsageError("WB234", f"artifact.{build.artifact.name}: {build.toolchain.name} {what}", hint=hint)


def cache(build: Build) -> dict[str, Value]:
    """`cache`: the folder that the toolchain's first tool fills for all projects; nothing for a toolchain without tools."""
    compiler = build.toolchain.compiler
    return {"cache": SharedCache(build.kit.pin(compiler).identity)} if compiler else {}


def commands(build: Build) -> dict[str, Value]:
    """What command lines and environments of the toolchain name: `bin:PROGRAM`, `path:PROGRAM`, `file:TOOL/NAME`, `runner:FILE`."""
    scope: dict[str, Value] = {}
    toolchain = build.toolchain
    lock = toolchain.lock.run if toolchain.lock else ()
    templates = [*toolchain.env.values(), *lock, *(t for recipe in toolchain.steps for t in (*recipe.run, *recipe.env.values()))]
    for name in (name for template in templates for name in placeholders(template)):
        kind, _, program = name.partition(":")
        if kind == "python":
            scope[name] = Python()
        if kind == "runner":
            scope[name] = RunnerPath(program)
        if kind == "file":
            owner, _, member = program.partition("/")
            scope[name] = build.kit.file(owner, member)
        if kind in ("bin", "path"):
            tool = next((t for t in toolchain.tools if program in build.kit.pin(t).bin), toolchain.compiler)
            scope[name] = build.kit.bin(tool, program) if kind == "bin" else build.kit.path(tool, program)
    return scope
