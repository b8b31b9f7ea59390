"""What the recipe of a tool says: the TOML files of toolchains/tools and a project's own.

Strings in `run`, `bin`, `env` and `words` are templates; `steps/words.py` has their grammar and turns them into typed words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from wbuild.model.locked import PLATFORMS, Platform
from wbuild.model.written import Seconds, Size

SourceName = Literal["pypi", "npm", "debian", "system"]
BuiltinName = Literal["", "features", "measure", "strip"]
"""Functions of wbuild's own that can be a step of a toolchain, or a stage of an optimizer."""
SHIPPED: Final = "shipped"
"""Origin of recipes that come with wbuild."""
GIVEN: Final = {"given": True}
"""Metadata of a field that is no key of its table: whoever loads the recipe fills it in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One way to get a tool."""

    source: SourceName
    """The origin."""
    package: str
    """Name of the package there; for debian PACKAGE/SUITE, for system the program that is searched on PATH and probed."""
    packages: tuple[str, ...] = ()
    """Debian: further packages that belong to the tool. What they depend on comes along."""
    without: tuple[str, ...] = ()
    """Debian: packages that are depended on, but that the programs do not need."""
    alone: bool = False
    """npm: the package needs no other one, so a lock that brings more is refused."""
    platforms: tuple[Platform, ...] = PLATFORMS
    """Where this route can serve."""
    follows: str = ""
    """Versions, such as "==120", that this route serves before the routes below it when the project or another route chose one of them.
    Such a route never chooses a version itself: it is for origins whose version is old."""
    needs: tuple[str, ...] = ()
    """Other tools that the programs need to run."""
    bin: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Program → its command line: {self} is the tool's folder, {exe} is .exe on Windows, {bin:NAME} a program of `needs`,
    {python} wbuild's own interpreter, {runner:FILE} a program of wbuild/runners, {loader} the words in front of a program from Debian."""
    bin_windows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Program → its command line on Windows, where it differs from that in `bin`."""
    executables: tuple[str, ...] = ()
    """Globs of files that get the executable bit when the package does not carry it."""
    home: tuple[str, ...] = ()
    """System: arguments that make the program print the folder that {self} stands for; without them it is the program's own."""
    content: tuple[str, ...] = ()
    """System: globs of files below {self} that must be there; their digests are part of the tool's identity. {exe} as in `bin`."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Name → a file or folder of the tool, with {self} as in `bin`, read by steps as {file:TOOL/NAME}: a standard library, a sysroot, an
    adapter, an interpreter as a module. A route with files may have no programs."""
    origin: str = field(default=SHIPPED, metadata=GIVEN)
    """"shipped", or the path of the project's own recipe that adds this route."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """How to see that an installed tool runs."""

    bin: str
    """The program."""
    args: tuple[str, ...] = ()
    """Its arguments."""
    expect: str = ""
    """Text that its output must contain; {version} is the pin's version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolRecipe:
    """A program that a step needs, and the ways to get it."""

    name: str
    """Name in [tools], in the lock and in recipes that need it."""
    summary: str
    """What it is, in one line."""
    homepage: str = ""
    """Address of the project's page."""
    versions: str = ""
    """Versions that wbuild was tested with, such as ">=0.16,<0.18"; the newest of them is the default."""
    routes: tuple[Route, ...] = ()
    """In order of preference."""
    probe: Probe | None = None
    """Program to start after the installation."""
    optimizer: OptimizerRecipe | None = None
    """Present on tools that optimize modules (`[optimizer]`)."""
    origin: str = SHIPPED
    """"shipped", or the path of the project's own recipe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerStage:
    """One way to optimize a module: a program or a builtin, from the module as compiled or from what other stages have made."""

    name: str
    """Shown in reports; unique in its level, and how later stages name what this one makes."""
    run: tuple[str, ...] = ()
    """{bin:…}, {in}, {out}, {features} (words of `features` for each feature of the module), {debug} (words of `debug`), {language} (words
    of the language's own `[optimizer]`), and {in:NAME} for each of several inputs."""
    builtin: BuiltinName = ""
    """One of wbuild's own functions in the place of `run`; it gets all inputs."""
    args: Mapping[str, str] = field(default_factory=dict)
    """Arguments of the builtin."""
    from_: tuple[str, ...] = ("compiled",)
    """What it works on: "compiled", or stages before it. {in} is the first."""
    candidate: bool = True
    """What it makes may be shipped. false: it is only for other stages to go on from."""
    safe: bool = False
    """Keeps the meaning of every module without a proof by checks: the only kind that runs for an artifact without a check."""
    timeout: Seconds = 600.0
    """Limit of time."""
    memory: Size = 0
    """What the program takes at its peak; see the steps of toolchains."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerRecipe:
    """What an optimizer does at each level."""

    features: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Feature of a module → words that allow it. A feature that is not here makes the optimizer pass the module by."""
    levels: Mapping[str, tuple[OptimizerStage, ...]] = field(default_factory=dict)
    """Level → stages; the best candidate among what they make that passes the checks wins. Checks are run for the best first, and for
    others only when that fails: what size already rules out is not checked."""
    debug: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Debug setting of the profile → words that keep such information."""


Extends = Literal["first", "last"]
"""Where a project's additions go in the order of preference: before what the shipped recipe has, or behind it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolExtension:
    """Routes that a project adds to a shipped tool, such as a mirror of its own."""

    name: str
    """The tool."""
    extends: Extends
    """Whether they are tried before the shipped ones, `first`, or behind them, `last`."""
    routes: tuple[Route, ...]
    """Further ways to get it."""
