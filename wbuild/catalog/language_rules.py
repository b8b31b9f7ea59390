"""What a language's recipe may say: references to tools, and the placeholders of its templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import fields
from typing import Any, Final

from wbuild.catalog.additions import shared_words
from wbuild.catalog.rules import RecipeContext
from wbuild.catalog.step_rules import check_prepares, check_steps
from wbuild.catalog.word_tables import DIMENSIONS, chosen_by, values_of
from wbuild.manifest.artifact import OPTION_TYPES
from wbuild.model.language_recipe import LanguageRecipe, LockRecipe, Option, ProjectName, ToolchainRecipe, Words
from wbuild.model.written import Artifact
from wbuild.text.names import quoted
from wbuild.toml.decode import MISFIT, Reader
from wbuild.toml.locate import Path
from wbuild.toml.problems import dotted

STEP_WORDS: Final = (
    *("in", "sources", "out", "depfile", "cache", "state", "scratch", "root", "base", "artifact", "vendor"),
    *("flags.compile", "flags.link", "python", "runner:*"),
)
"""Placeholders of a toolchain's steps, besides its tables, {option.NAME} and {bin:PROGRAM}."""
PROJECT_WORDS: Final[Mapping[ProjectName, tuple[str, ...]]] = {
    "": (),
    "cargo": ("manifest", "package", "target", "file", "evidence", "configs", "rustflags", "default-features"),
    "go": ("folder", "package", "tags", "workspace"),
    "wasm": (),
    "asconfig": ("folder", "install", "entries", "config"),
}
"""What the readers of project files find, read as {project.NAME}."""
PREPARE_WORDS: Final = ("out", "cache", "scratch", "root", "python", "runner:*")
"""Placeholders of a toolchain's `prepare`, besides its tables, {option.NAME} and {bin:PROGRAM}."""
VENDOR_WORDS: Final = ("folder", "name")
OPTION_WORDS: Final = ("value",)


def check_language(context: RecipeContext, language: LanguageRecipe) -> None:
    """Note what is wrong with a language's recipe as part of the catalogue."""
    context.name("language", language.name)
    _check_names(context, language)
    if (language.driver == "project") != (language.project not in ("", "wasm")):
        context.faults.add("WB225", ("driver",), 'driver = "project" and the key `project` belong together')
    _check_expression(context, ("start",), language.start)
    if not language.targets:
        context.faults.add("WB225", ("targets",), "a language builds for at least one target")
    if not language.toolchains:
        context.faults.add("WB225", ("name",), f"language {quoted(language.name)} has no [[toolchain]]")
    for where, problem, near in _tables((), language.words):
        context.faults.add("WB225", where, problem, near=near, part="key")
    for position, option in enumerate(language.options):
        _check_option(context, ("option", position), option, [o.name for o in language.options[:position]])
    for position, toolchain in enumerate(language.toolchains):
        path: Path = ("toolchain", position)
        if toolchain.name in (t.name for t in language.toolchains[:position]):
            context.faults.add("WB225", (*path, "name"), f"two toolchains are called {quoted(toolchain.name)}")
        _check_toolchain(context, path, language, toolchain)


def _check_names(context: RecipeContext, language: LanguageRecipe) -> None:
    taken = {field.name.rstrip("_").replace("_", "-") for field in fields(Artifact)} | {"target", "check"}
    if language.name in taken:
        context.faults.add("WB225", ("name",), f"{quoted(language.name)} is a key of every artifact, so no language can have its name")
    for position, alias in enumerate(language.aliases):
        other = next((r for r in context.catalog.languages.values() if r is not language and alias in (r.name, *r.aliases)), None)
        if other is not None:
            context.faults.add("WB225", ("aliases", position), f"{quoted(alias)} is the language {quoted(other.name)} already")


def _check_option(context: RecipeContext, path: Path, option: Option, earlier: list[str]) -> None:
    if option.name in earlier:
        context.faults.add("WB225", (*path, "name"), f"two options are called {quoted(option.name)}")
    context.templates((*path, "words"), option.words, OPTION_WORDS)
    values = ("true", "false") if option.type == "bool" else option.choices
    for value in option.words_for:
        if value not in values:
            message = f"{quoted(value)} is no value of {quoted(option.name)}"
            context.faults.add("WB225", (*path, "words-for", value), message, near=(value, values), part="key")
    if option.default is not None:
        raw: Any = list(option.default) if isinstance(option.default, tuple) else option.default
        if Reader(context.faults).value(OPTION_TYPES[option.type], raw, (*path, "default")) is MISFIT:
            return
    entries = option.default if isinstance(option.default, tuple) else () if option.default is None else (option.default,)
    if option.choices and any(entry not in option.choices for entry in entries):
        context.faults.add("WB225", (*path, "default"), f"{dotted(path)}: the default is none of the choices")


def _check_toolchain(context: RecipeContext, path: Path, language: LanguageRecipe, toolchain: ToolchainRecipe) -> None:
    context.tools((*path, "tools"), toolchain.tools)
    if not toolchain.steps:
        context.faults.add("WB225", path, f"toolchain {quoted(toolchain.name)} needs at least one [[toolchain.step]]", part="key")
    for position, target in enumerate(toolchain.targets):
        if target not in language.targets:
            message = f"{quoted(target)} is not a target of the language"
            context.faults.add("WB225", (*path, "targets", position), message, hint=f"possible: {', '.join(language.targets)}")
    context.templates((*path, "vendor"), toolchain.vendor, VENDOR_WORDS)
    for where, problem, near in _tables(path, toolchain.words):
        context.faults.add("WB225", where, problem, near=near, part="key")
    shared = (
        *shared_words(language.words, toolchain),
        *(f"option.{option.name}" for option in language.options),
        *context.programs(toolchain.tools),
    )
    known = (*STEP_WORDS, *shared, *(f"project.{name}" for name in PROJECT_WORDS[language.project]))
    check_prepares(context, path, toolchain, (*PREPARE_WORDS, *shared))
    for name, template in toolchain.env.items():
        context.template((*path, "env", name), template, known)
    if toolchain.lock is not None:
        _check_lock(context, (*path, "lock"), language, toolchain.lock, known)
    check_steps(context, path, toolchain, known)


def _check_lock(context: RecipeContext, path: Path, language: LanguageRecipe, lock: LockRecipe, known: Iterable[str]) -> None:
    context.templates((*path, "run"), lock.run, known)
    if language.driver != "project":
        context.faults.add("WB225", path, 'only driver = "project" looks for a lock file', part="key")
    _check_expression(context, (*path, "packages"), lock.packages)


def _check_expression(context: RecipeContext, path: Path, expression: str) -> None:
    """Note a regular expression that is none."""
    try:
        re.compile(expression)
    except re.error as error:
        context.faults.add("WB225", path, f"{path[-1]}: {error}")


def _tables(path: Path, words: Words) -> Iterator[tuple[Path, str, tuple[str, Iterable[str]]]]:
    """(place, problem, word and valid words) of tables of words whose name or values mean nothing."""
    for table, values in words.items():
        where = (*path, "words", table)
        chooser = "-".join(chosen_by(table))
        if not chooser:
            yield where, f"nothing chooses from a table {quoted(table)}", (table, DIMENSIONS)
            continue
        known = values_of(table)
        for value in values:
            if value not in known:
                yield (*where, value), f"{quoted(value)} is no {chooser}", (value, known)
