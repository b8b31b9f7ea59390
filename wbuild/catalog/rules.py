"""What a recipe may say: references to other recipes, and the placeholders of its templates."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import PurePosixPath
from typing import Any, Final, get_args

from wbuild.manifest.artifact import OPTION_TYPES, known_proposals
from wbuild.model.shipped import (
    SHIPPED,
    Catalog,
    HostRecipe,
    LanguageRecipe,
    LockRecipe,
    Option,
    ProjectName,
    Route,
    RuntimeRecipe,
    StepRecipe,
    ToolchainRecipe,
    ToolRecipe,
)
from wbuild.model.written import Artifact, Debug, Kind, Level, Target
from wbuild.steps.words import TemplateError, placeholders
from wbuild.text.names import name_hint, name_problem, quoted
from wbuild.text.versions import SpecifierError, clauses
from wbuild.toml.decode import MISFIT, Reader
from wbuild.toml.locate import Path
from wbuild.toml.problems import Faults, dotted

STEP_WORDS: Final = (
    *("in", "out", "depfile", "cache", "state", "scratch", "root", "base", "artifact", "vendor"),
    *("flags.compile", "flags.link", "python", "runner:*"),
)
"""Placeholders of a toolchain's steps, besides its tables, {option.NAME} and {bin:PROGRAM}."""
PROJECT_WORDS: Final[Mapping[ProjectName, tuple[str, ...]]] = {
    "": (),
    "cargo": ("manifest", "package", "target", "file", "evidence", "host", "configs", "rustflags", "default-features"),
    "go": ("folder", "package", "tags", "workspace"),
    "asconfig": ("folder", "install", "entries", "config"),
}
"""What the readers of project files find, read as {project.NAME}."""
ROUTE_WORDS: Final = ("self", "exe", "python", "loader", "path:*", "runner:*")
CANDIDATE_WORDS: Final = ("in", "out", "features", "debug")
CHECK_WORDS: Final = ("request", "outcome", "cache")
RUN_WORDS: Final = ("module", "invoke", "args", "cache", "memory")
EXPORTS_WORDS: Final = ("module",)
START_WORDS: Final = ("request", "cache")
VENDOR_WORDS: Final = ("folder", "name")
OPTION_WORDS: Final = ("value",)
ECOSYSTEMS: Final = ("cargo", "npm", "go", "pypi", "file")
"""What `implied-by` of a host may name: whose packages, or files."""
EXPECT_WORDS: Final = ("version", "version-major")

_VALUES: Final[Mapping[str, tuple[str, ...]]] = {
    "target-kind": tuple(f"{target} {kind}" for target in get_args(Target) for kind in get_args(Kind)),
    "level-debug": tuple(f"{level} {debug}" for level in get_args(Level) for debug in get_args(Debug)),
    "target": get_args(Target),
    "kind": get_args(Kind),
    "level": get_args(Level),
    "debug": get_args(Debug),
}
"""What chooses a value from a table of words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipeContext:
    """Where problems of one recipe go, and the recipes around it."""

    faults: Faults
    catalog: Catalog

    def name(self, kind: str, name: str) -> None:
        """Note a name that cannot be a recipe's."""
        problem = name_problem(name)
        if problem:
            self.faults.add("WB211", ("name",), f"{kind} {quoted(name)}: {problem}", hint=name_hint(name))

    def tools(self, path: Path, names: Iterable[str]) -> None:
        """Note tools that do not exist."""
        for position, name in enumerate(names):
            if name not in self.catalog.tools:
                self.faults.add("WB225", (*path, position), f"unknown tool {quoted(name)}", near=(name, self.catalog.tools))

    def templates(self, path: Path, templates: Iterable[str], known: Iterable[str]) -> None:
        """Note unreadable templates and placeholders other than `known` (`x:*` stands for any argument)."""
        for position, template in enumerate(templates):
            self.template((*path, position), template, known)

    def template(self, path: Path, template: str, known: Iterable[str]) -> None:
        """The same for one template."""
        try:
            names = placeholders(template)
        except TemplateError as error:
            self.faults.add("WB226", path, f"{dotted(path)}: {error}")
            return
        words = tuple(known)
        for name in names:
            if name not in words and f"{name.partition(':')[0]}:*" not in words:
                message = f"{dotted(path)}: unknown placeholder {{{name}}}"
                self.faults.add("WB226", path, message, near=(name, [f"{{{word}}}" for word in words]))

    def programs(self, tools: Iterable[str]) -> tuple[str, ...]:
        """`bin:PROGRAM` (all its words) and `path:PROGRAM` (one word) for every program of some tools."""
        routes = [route for name in tools if name in self.catalog.tools for route in self.catalog.tools[name].routes]
        return tuple(dict.fromkeys(f"{kind}:{program}" for route in routes for program in route.bin for kind in ("bin", "path")))


def check_tool(context: RecipeContext, tool: ToolRecipe) -> None:
    """Note what is wrong with a tool's recipe as part of the catalogue."""
    context.name("tool", tool.name)
    try:
        clauses(tool.versions)
    except SpecifierError as error:
        context.faults.add("WB225", ("versions",), f"versions: {error}")
    if not tool.routes:
        context.faults.add("WB225", ("name",), f"tool {quoted(tool.name)} has no [[route]]")
    for position, route in enumerate(tool.routes):
        _check_route(context, ("route", position), tool, route)
    if tool.probe:
        context.template(("probe", "expect"), tool.probe.expect, EXPECT_WORDS)
        if any(tool.probe.bin not in route.bin for route in tool.routes):
            context.faults.add("WB225", ("probe", "bin"), f"not every route has the program {quoted(tool.probe.bin)}")
    if tool.optimizer:
        _check_optimizer(context, tool)
    if tool.name in _needed(context.catalog, tool.name):
        context.faults.add("WB225", ("name",), f"tool {quoted(tool.name)} needs itself")


def _check_route(context: RecipeContext, path: Path, tool: ToolRecipe, route: Route) -> None:
    context.tools((*path, "needs"), route.needs)
    known = (*ROUTE_WORDS, *context.programs(route.needs))
    for key, table in (("bin", route.bin), ("bin-windows", route.bin_windows)):
        for program, templates in table.items():
            context.templates((*path, key, program), templates, known)
            if not templates:
                context.faults.add("WB225", (*path, key, program), f"program {quoted(program)} has no words")
            if program not in route.bin:
                context.faults.add(
                    "WB225", (*path, key, program), f"{quoted(program)} is not in bin", near=(program, route.bin), part="key"
                )
    _check_system(context, path, tool, route)
    if not route.bin:
        context.faults.add("WB225", path, f"this route of {tool.name} has no programs", hint="add [route.bin]", part="key")


def _check_system(context: RecipeContext, path: Path, tool: ToolRecipe, route: Route) -> None:
    """What only routes to tools of the machine say."""
    for name in ("home", "content"):
        if getattr(route, name) and route.source != "system":
            context.faults.add("WB225", (*path, name), f"only a route of the source system has {name}", part="key")
    if route.source == "system" and (tool.probe is None or "{version" not in tool.probe.expect):
        context.faults.add("WB225", path, "a tool of the machine tells its version: [probe] must expect {version}", part="key")
    if route.home and not route.content:
        context.faults.add("WB225", (*path, "home"), "`content` must name the files of that folder that make the tool", part="key")
    for position, pattern in enumerate(route.content):
        if PurePosixPath(pattern).is_absolute() or ".." in PurePosixPath(pattern).parts:
            context.faults.add("WB225", (*path, "content", position), f"{quoted(pattern)} leads out of the tool's folder")


def _needed(catalog: Catalog, name: str) -> frozenset[str]:
    """All tools that a tool needs, directly or not."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        tool = catalog.tools.get(waiting.pop())
        following = {need for route in tool.routes for need in route.needs} - found if tool else set()
        found |= following
        waiting += following
    return frozenset(found)


def _check_optimizer(context: RecipeContext, tool: ToolRecipe) -> None:
    optimizer = tool.optimizer
    assert optimizer is not None
    known = (*CANDIDATE_WORDS, *context.programs([tool.name]))
    levels = [level for level in get_args(Level) if level != "none"]
    for level, candidates in optimizer.levels.items():
        path: Path = ("optimizer", "levels", level)
        if level not in levels:
            context.faults.add("WB225", path, f"{quoted(level)} is not a level that optimizes", near=(level, levels), part="key")
        names = [candidate.name for candidate in candidates]
        for position, candidate in enumerate(candidates):
            context.templates((*path, position, "run"), candidate.run, known)
            if candidate.name in names[:position]:
                context.faults.add("WB225", (*path, position, "name"), f"two candidates of {level} are called {quoted(candidate.name)}")
    for setting in optimizer.debug:
        if setting not in get_args(Debug):
            message = f"{quoted(setting)} is not a debug setting"
            context.faults.add("WB225", ("optimizer", "debug", setting), message, near=(setting, get_args(Debug)), part="key")


def check_language(context: RecipeContext, language: LanguageRecipe) -> None:
    """Note what is wrong with a language's recipe as part of the catalogue."""
    context.name("language", language.name)
    taken = {field.name.rstrip("_").replace("_", "-") for field in fields(Artifact)} | {"target", "check"}
    if language.name in taken:
        context.faults.add("WB225", ("name",), f"{quoted(language.name)} is a key of every artifact, so no language can have its name")
    for position, alias in enumerate(language.aliases):
        other = next((r for r in context.catalog.languages.values() if r is not language and alias in (r.name, *r.aliases)), None)
        if other is not None:
            context.faults.add("WB225", ("aliases", position), f"{quoted(alias)} is the language {quoted(other.name)} already")
    if (language.driver == "project") != bool(language.project):
        context.faults.add("WB225", ("driver",), 'driver = "project" and the key `project` belong together')
    if not language.targets:
        context.faults.add("WB225", ("targets",), "a language builds for at least one target")
    if not language.toolchains:
        context.faults.add("WB225", ("name",), f"language {quoted(language.name)} has no [[toolchain]]")
    for position, option in enumerate(language.options):
        _check_option(context, ("option", position), option, [o.name for o in language.options[:position]])
    for position, toolchain in enumerate(language.toolchains):
        path: Path = ("toolchain", position)
        if toolchain.name in (t.name for t in language.toolchains[:position]):
            context.faults.add("WB225", (*path, "name"), f"two toolchains are called {quoted(toolchain.name)}")
        _check_toolchain(context, path, language, toolchain)


def _check_option(context: RecipeContext, path: Path, option: Option, earlier: list[str]) -> None:
    if option.name in earlier:
        context.faults.add("WB225", (*path, "name"), f"two options are called {quoted(option.name)}")
    context.templates((*path, "words"), option.words, OPTION_WORDS)
    if option.default is not None:
        raw: Any = list(option.default) if isinstance(option.default, tuple) else option.default
        if Reader(context.faults).value(OPTION_TYPES[option.type], raw, (*path, "default")) is MISFIT:
            return
    entries = option.default if isinstance(option.default, tuple) else () if option.default is None else (option.default,)
    if option.choices and any(entry not in option.choices for entry in entries):
        context.faults.add("WB225", (*path, "default"), f"{dotted(path)}: the default is none of the choices")


def _check_toolchain(context: RecipeContext, path: Path, language: LanguageRecipe, toolchain: ToolchainRecipe) -> None:
    context.tools((*path, "tools"), toolchain.tools)
    if not toolchain.tools or not toolchain.steps:
        context.faults.add("WB225", path, f"toolchain {quoted(toolchain.name)} needs tools and at least one [[toolchain.step]]", part="key")
    for position, target in enumerate(toolchain.targets):
        if target not in language.targets:
            message = f"{quoted(target)} is not a target of the language"
            context.faults.add("WB225", (*path, "targets", position), message, hint=f"possible: {', '.join(language.targets)}")
    context.templates((*path, "vendor"), toolchain.vendor, VENDOR_WORDS)
    for where, problem, near in _tables(path, toolchain):
        context.faults.add("WB225", where, problem, near=near, part="key")
    known = (
        *STEP_WORDS,
        *toolchain.words,
        *(f"option.{option.name}" for option in language.options),
        *(f"project.{name}" for name in PROJECT_WORDS[language.project]),
        *context.programs(toolchain.tools),
    )
    for name, template in toolchain.env.items():
        context.template((*path, "env", name), template, known)
    if toolchain.lock is not None:
        _check_lock(context, (*path, "lock"), language, toolchain.lock, known)
    for position, step in enumerate(toolchain.steps):
        _check_step(context, (*path, "step", position), step, known, last=position == len(toolchain.steps) - 1)


def _check_lock(context: RecipeContext, path: Path, language: LanguageRecipe, lock: LockRecipe, known: Iterable[str]) -> None:
    context.templates((*path, "run"), lock.run, known)
    if language.driver != "project":
        context.faults.add("WB225", path, 'only driver = "project" looks for a lock file', part="key")
    try:
        re.compile(lock.packages)
    except re.error as error:
        context.faults.add("WB225", (*path, "packages"), f"packages: {error}")


def _tables(path: Path, toolchain: ToolchainRecipe) -> Iterator[tuple[Path, str, tuple[str, Iterable[str]]]]:
    """(place, problem, word and valid words) of tables of words whose name or values mean nothing."""
    for table, values in toolchain.words.items():
        chooser = next((name for name in _VALUES if table == name or table.startswith(f"{name}-")), "")
        where = (*path, "words", table)
        if not chooser:
            yield where, f"nothing chooses from a table {quoted(table)}", (table, _VALUES)
            continue
        for value in values:
            if value not in _VALUES[chooser]:
                yield (*where, value), f"{quoted(value)} is no {chooser}", (value, _VALUES[chooser])


def _check_step(context: RecipeContext, path: Path, step: StepRecipe, known: tuple[str, ...], *, last: bool) -> None:
    context.templates((*path, "run"), step.run, known)
    context.template((*path, "result"), step.result, known)
    context.template((*path, "evidence"), step.evidence, known)
    for name, template in step.env.items():
        context.template((*path, "env", name), template, known)
    if not step.run:
        context.faults.add("WB225", (*path, "run"), "a step runs something")
    if step.each and (last or not step.out):
        problem = "the last step makes the module, so it cannot be `each`" if last else 'a step for each source needs `out`, such as ".o"'
        context.faults.add("WB225", path, problem, part="key")
    if step.depfile and not any("{depfile}" in word for word in step.run):
        context.faults.add("WB226", (*path, "depfile"), "depfile is true, and no word has {depfile}")


def check_runtime(context: RecipeContext, runtime: RuntimeRecipe) -> None:
    """Note what is wrong with a runtime's recipe as part of the catalogue."""
    context.name("runtime", runtime.name)
    if runtime.tool not in context.catalog.tools:
        context.faults.add("WB225", ("tool",), f"unknown tool {quoted(runtime.tool)}", near=(runtime.tool, context.catalog.tools))
        return
    programs = context.programs([runtime.tool])
    context.templates(("check",), runtime.check, (*programs, *CHECK_WORDS))
    context.templates(("run",), runtime.run, (*programs, *RUN_WORDS))
    context.templates(("exports",), runtime.exports, (*programs, *EXPORTS_WORDS))
    context.templates(("start",), runtime.start, (*programs, *START_WORDS))
    context.templates(("validate",), runtime.validate, programs)


def check_host(context: RecipeContext, host: HostRecipe) -> None:
    """Note what is wrong with a host's recipe as part of the catalogue."""
    context.name("host", host.name)
    if not host.targets:
        context.faults.add("WB225", ("targets",), "a host takes at least one target")
    if host.module is None and host.component is None:
        context.faults.add("WB225", ("name",), f"host {quoted(host.name)} has neither [module] nor [component]")
    # A project that brings its own runtime or optimizer knows fewer proposals than the shipped hosts name.
    known = known_proposals(context.catalog)
    for position, feature in enumerate(host.denied):
        if feature not in known and host.origin != SHIPPED:
            context.faults.add("WB224", ("denied", position), f"unknown proposal {quoted(feature)}", near=(feature, known))
    for ecosystem in host.implied_by:
        if ecosystem not in ECOSYSTEMS:
            message = f"nothing is called {quoted(ecosystem)} whose packages could imply a host"
            context.faults.add("WB225", ("implied-by", ecosystem), message, near=(ecosystem, ECOSYSTEMS), part="key")
