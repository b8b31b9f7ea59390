"""What recipes say: the TOML files under toolchains/ and a project's own.

Strings in `run`, `bin`, `env` and `words` are templates; `words.py` has their grammar and turns them into typed words.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from wbuild.model.locked import PLATFORMS, Platform
from wbuild.model.written import Kind, Seconds, Size, Target

Category = Literal["compiled", "managed", "scripting", "wasm-native", "other"]
SourceName = Literal["pypi", "npm", "debian", "system"]
DriverName = Literal["compiler", "project"]
ProjectName = Literal["", "cargo", "go", "asconfig"]
Reads = Literal["inputs", "includes", "imports", "build.zig", "folder"]
ClientName = Literal["", "cargo", "go", "npm", "pip", "zig"]
InnerCacheName = Literal["", "cargo", "zig"]
OptionType = Literal["string", "bool", "int", "list", "globs", "paths"]
SHIPPED: Final = "shipped"
"""Origin of recipes that come with wbuild."""


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
    """The same where Windows differs."""
    executables: tuple[str, ...] = ()
    """Globs of files that get the executable bit when the package does not carry it."""
    home: tuple[str, ...] = ()
    """System: arguments that make the program print the folder that {self} stands for; without them it is the program's own."""
    content: tuple[str, ...] = ()
    """System: globs of files below {self} that must be there; their digests are part of the tool's identity. {exe} as in `bin`."""


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
class Candidate:
    """One way to optimize a module."""

    name: str
    """Shown in reports; unique in its level."""
    run: tuple[str, ...]
    """{bin:…} {in} {out} {features} (words of `features` for each feature of the module) {debug} (words of `debug`)."""
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
    levels: Mapping[str, tuple[Candidate, ...]] = field(default_factory=dict)
    """Level → candidates; the best that passes the checks wins."""
    debug: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Debug setting of the profile → words that keep such information."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """A key of a language's own table in wbuild.toml."""

    name: str
    """The key."""
    type: OptionType
    """What its value is; one text may stand for a list of globs or paths."""
    doc: str
    """What it does, for reference pages and editors."""
    default: str | int | bool | tuple[str, ...] | None = None
    """Value when the key is absent."""
    choices: tuple[str, ...] = ()
    """The only values allowed; () allows all."""
    words: tuple[str, ...] = ()
    """Command-line words for the value, {value} in them; once per entry for lists; for bool: the words when true."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecipe:
    """One command of a toolchain."""

    verb: str
    """What the console calls it: compile, link, …"""
    run: tuple[str, ...]
    """The command line."""
    each: bool = False
    """Run once per primary source instead of once."""
    out: str = ""
    """Suffix of the output of an `each` step, such as ".o"; the last step's output is the module."""
    depfile: bool = False
    """The command writes {depfile} in make's format."""
    evidence: str = ""
    """A dependency file in make's format that the tool keeps below {state}, or Zig's folder of manifests: files that it names count besides
    those that are known to be read. A result that follows from files outside of the project is used and not kept."""
    result: str = ""
    """Where the command leaves the module when it cannot be told to write {out}: a path below {scratch} or {state}."""
    network: bool = False
    """Fetches the project's own dependencies into {cache} or {state}: sees the network and the client's configuration, runs before all
    others, and only when one of `locks` changed."""
    client: ClientName = ""
    """Of a step with `network`: the package client that it starts. Only that client's variables are seen; without it no credentials."""
    locks: tuple[str, ...] = ()
    """Of a step with `network`: globs of the ecosystem's lock files. Without such a file there is nothing to fetch."""
    offline: Mapping[str, str] = field(default_factory=dict)
    """Of a step with `network`: variables that keep its client to what it fetched before, so that the step may run with `--offline` too.
    Without them it never does. Values are no templates."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Environment of this step besides that of the toolchain."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Small files in {scratch}, name → content; one that begins with #! is a program. Contents are no templates."""
    timeout: Seconds = 1800.0
    """Limit of time."""
    memory: Size = 0
    """What the program takes at its peak, when that is much: steps run at the same time only as long as the sum fits."""
    jobserver: bool = False
    """The program speaks to make's jobserver (cargo, make): what it starts counts as steps that run at the same time."""
    runs_project_code: bool = False
    """It runs code of the project while it compiles: build scripts, procedural macros, transforms, a build.zig. Its {cache} is a copy of
    the project's own."""
    seed: tuple[str, ...] = ()
    """Command line that fills {cache} with what every project needs of it, run once before the first project's own copy is made. It
    sees no file of a project."""
    first_use: str = ""
    """In place of that of the toolchain; steps with `network` have no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockRecipe:
    """How the lock file of the project's own dependencies is made, or brought in step with the project files, by their own client."""

    run: tuple[str, ...]
    """The command line. It sees the network and the client's configuration, and runs in a copy of the project; it leaves what the lock
    file says already as it is."""
    by_hand: str
    """What people type for the same, in the folder of the lock file."""
    client: ClientName = ""
    """The package client that it starts. Only that client's variables are seen; without it no credentials."""
    packages: str
    """Regular expression that matches, at the start of a line, once for each package in the lock file."""
    may_lack: bool = False
    """The client writes no file when nothing has to be locked: an empty one says so."""
    timeout: Seconds = 1800.0
    """Limit of time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolchainRecipe:
    """A set of tools that can serve a language, and its command lines."""

    name: str
    """Name in [toolchains]."""
    tools: tuple[str, ...]
    """Tools whose programs its steps start."""
    targets: tuple[Target, ...]
    """What it builds for."""
    steps: tuple[StepRecipe, ...]
    """From sources to the module, in order."""
    words: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    """Table → value → words. A table is named after what chooses the value, `level`, `target`, `kind`, `debug`, `target-kind` or
    `level-debug`, with any ending behind a hyphen (`debug-link`), and is read as {level}, {debug-link}, …"""
    vendor: tuple[str, ...] = ()
    """Words for each vendored source that the artifact uses, read as {vendor}: {folder} is where it is, {name} its name."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Environment of every step."""
    state: bool = False
    """Steps have a state directory, {state}."""
    inner_cache: InnerCacheName = ""
    """Whose incremental cache is kept in {state}, when that decides by times of files: what it knows of files whose content differs is
    dropped before a step starts."""
    lock: LockRecipe | None = None
    """Makes the lock file that the driver `project` looks for (`[toolchain.lock]`)."""
    sources: tuple[str, ...] = ()
    """Default globs of primary sources where they are not those of the language, such as a build file."""
    reads: Reads = "inputs"
    """What the driver `compiler` knows of files that may be read besides primary sources: those that the language's `inputs` match, and
    where C-like sources lead upwards with `includes`; what Zig sources say that they `imports`; everything that a `build.zig` may read:
    its folder, path dependencies, and what it names elsewhere; everything in the artifact's `folder`."""
    downloads: tuple[str, ...] = ()
    """Folders of {cache} that fetch steps fill. What else is in {cache} was compiled: `build --verify-reproducible` makes it anew."""
    first_use: str = ""
    """Said once per machine and target, before a step that fills {cache} for the first time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageRecipe:
    """How sources of one language become Wasm."""

    name: str
    """What `lang` says, and the table of the language's own options."""
    title: str
    """Name as people write it."""
    category: Category
    """Group in the size table."""
    driver: DriverName
    """Way of compiling."""
    extensions: tuple[str, ...]
    """Endings of source files, with the dot."""
    targets: tuple[Target, ...]
    """The first is the default."""
    sources: tuple[str, ...]
    """Default globs of primary sources, relative to the artifact's path; the option `sources`, where declared, replaces them."""
    inputs: tuple[str, ...] = ()
    """Default globs of what else may be read (headers, modules)."""
    kind: Kind = "command"
    """Default kind of an artifact."""
    exporting: str = ""
    """How functions are exported, for people whose module exports none: a few words with an example."""
    project: ProjectName = ""
    """Whose project files the driver `project` reads: what it finds there is read as {project.NAME}."""
    aliases: tuple[str, ...] = ()
    """Other names, for the command line."""
    options: tuple[Option, ...] = ()
    """Keys of the language's own table."""
    toolchains: tuple[ToolchainRecipe, ...] = ()
    """In order of preference."""
    template: str = ""
    """Folder under templates/; default: the name."""
    mend: Mapping[str, str] = field(default_factory=dict)
    """What `build --verify-reproducible` advises for this language: cause → advice. Causes are `path`, `surroundings`, `time`, `id`,
    `order`, `random` and `unknown`."""
    origin: str = SHIPPED


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
    modes: tuple[Literal["command", "invoke"], ...]
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """All recipes, by name."""

    tools: Mapping[str, ToolRecipe]
    languages: Mapping[str, LanguageRecipe]
    runtimes: Mapping[str, RuntimeRecipe]
    hosts: Mapping[str, HostRecipe] = field(default_factory=dict)
    digest: str
    """SHA-256 over the project's own recipes, "" without any."""

    def wants_trust(self, recipe: ToolRecipe | LanguageRecipe | RuntimeRecipe) -> bool:
        """Whether a recipe is the project's own and brings something from elsewhere, or starts something that sees the network.

        What only uses shipped tools, inside the fence, needs nobody's word.
        """
        if recipe.origin == SHIPPED:
            return False
        if isinstance(recipe, ToolRecipe):
            return bool(recipe.routes)
        if isinstance(recipe, LanguageRecipe):
            return any(chain.lock or any(step.network for step in chain.steps) for chain in recipe.toolchains)
        return True

    def language(self, name: str) -> LanguageRecipe | None:
        """The language with this name or alias."""
        for recipe in self.languages.values():
            if name == recipe.name or name in recipe.aliases:
                return recipe
        return None
