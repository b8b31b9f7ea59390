"""What the recipes of runtimes and hosts say: the TOML files of toolchains/runtimes and toolchains/hosts, and a project's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wbuild.model.tool_recipe import SHIPPED
from wbuild.model.written import CheckMode, Target


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeRecipe:
    """An engine that runs an artifact: how it is invoked and what it takes."""

    name: str
    """Name in `runtimes` of checks, and behind --runtime."""
    title: str
    """Name as people write it."""
    tool: str
    """The tool that is the engine."""
    targets: tuple[Target, ...]
    """Targets whose artifacts it takes."""
    modes: tuple[CheckMode, ...]
    """What it can do with one."""
    check: tuple[str, ...]
    """Command line of a check: {request} and {outcome} are files (runners/ document their form), {cache} a folder that lasts."""
    run: tuple[str, ...]
    """Command line of `wbuild run`: {module}, {invoke} (words or nothing), {cache} as above, {memory} bytes that the program may
    take (-1: no limit), {args} the program's own."""
    exports: tuple[str, ...] = ()
    """Command line that lists exported functions as JSON: {module}."""
    start: tuple[str, ...] = ()
    """Command line that times several runs of a check in one process, the module compiled before: {request} and {cache} as above.
    It prints JSON with `seconds`, one number a run."""
    validate: tuple[str, ...] = ()
    """Command line of a program that stays and validates what it is given (runners/validate.py documents the form). The first runtime
    that takes the target and has one validates every artifact."""
    features: tuple[str, ...] = ()
    """Features that it accepts."""
    origin: str = SHIPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class HostModule:
    """What a host gives to a core module, and asks of it."""

    imports: Mapping[str, tuple[str, ...]]
    """Module → names that may be imported from it; `*` stands for any text in both."""
    exports: tuple[str, ...] = ()
    """Exports that it must have; `*` stands for any text, and of several with | between them one is enough."""
    sections: tuple[str, ...] = ()
    """Custom sections that it must have, written like `exports`."""
    reads: tuple[str, ...] = ()
    """Globs of further custom sections that the host reads."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostComponent:
    """What a host gives to a component, and asks of it."""

    imports: tuple[str, ...]
    """Interfaces that may be imported; `*` stands for any text, and a version of fewer than three numbers for all that are compatible:
    `@0.2` is 0.2.0 and 0.2.9, not 0.3.0 and no release candidate."""
    exports: tuple[str, ...] = ()
    """Exports that it must have; `*` stands for any text, and of several with | between them one is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostRecipe:
    """A system that embeds a runtime: what an artifact must be to run there."""

    name: str
    """Name in `hosts` of artifacts, and behind --host."""
    title: str
    """Name as people write it."""
    targets: tuple[Target, ...]
    """Targets whose artifacts it takes; `init` proposes the first that the language builds for."""
    source: tuple[str, ...]
    """Where the facts of this recipe were read."""
    date: str
    """When they were read, year and month."""
    homepage: str = ""
    """Address of the project's page."""
    module: HostModule | None = None
    """Its terms for core modules (`[module]`); without them it takes none."""
    component: HostComponent | None = None
    """Its terms for components (`[component]`); without them it takes none."""
    denied: tuple[str, ...] = ()
    """WebAssembly proposals that it refuses: names of `target_features` such as simd128, or common ones such as simd."""
    implied_by: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """What makes `init` propose it: packages of cargo, npm, go and pypi, and under `file` names of files."""
    fallback: bool = False
    """`init` proposes it only when nothing implies another host."""
    origin: str = SHIPPED
