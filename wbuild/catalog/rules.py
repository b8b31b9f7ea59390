"""What a recipe may say: references to other recipes, and the placeholders of its templates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from wbuild.manifest.artifact import known_proposals
from wbuild.model.host_recipe import HostRecipe, RuntimeRecipe
from wbuild.model.shipped import Catalog
from wbuild.model.tool_recipe import SHIPPED, Route, ToolRecipe
from wbuild.steps.words import TemplateError, placeholders
from wbuild.text.names import name_hint, name_problem, quoted
from wbuild.text.versions import SpecifierError, clauses
from wbuild.toml.locate import Path
from wbuild.toml.problems import Faults, dotted

ROUTE_WORDS: Final = ("self", "exe", "python", "loader", "path:*", "runner:*")
FILE_WORDS: Final = ("self", "exe")
CHECK_WORDS: Final = ("request", "outcome", "cache")
RUN_WORDS: Final = ("module", "invoke", "args", "cache", "memory")
EXPORTS_WORDS: Final = ("module",)
START_WORDS: Final = ("request", "cache")
ECOSYSTEMS: Final = ("cargo", "npm", "go", "pypi", "file")
"""What `implied-by` of a host may name: whose packages, or files."""
EXPECT_WORDS: Final = ("version", "version-major")


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
        """Note one template that is unreadable, or has placeholders other than `known`, as `templates` does for several."""
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
        """`bin:PROGRAM` (all its words) and `path:PROGRAM` (one word) for every program of some tools, `file:TOOL/NAME` for their files."""
        routes = [(name, route) for name in tools if name in self.catalog.tools for route in self.catalog.tools[name].routes]
        programs = (f"{kind}:{program}" for _, route in routes for program in route.bin for kind in ("bin", "path"))
        return tuple(dict.fromkeys((*programs, *(f"file:{name}/{file}" for name, route in routes for file in route.files))))


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
        if any(tool.probe.bin not in route.bin for route in tool.routes if route.bin or not route.files):
            context.faults.add("WB225", ("probe", "bin"), f"not every route has the program {quoted(tool.probe.bin)}")
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
    for name, template in route.files.items():
        context.template((*path, "files", name), template, FILE_WORDS)
    if not route.bin and not route.files:
        hint = "add [route.bin], or [route.files] for a tool that is read and not started"
        context.faults.add("WB225", path, f"this route of {tool.name} has no programs", hint=hint, part="key")


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
