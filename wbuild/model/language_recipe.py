"""What the recipe of a language says: the TOML files of toolchains/languages and a project's own.

Strings in `run` and `env` are templates; `steps/words.py` has their grammar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from wbuild.model.tool_recipe import GIVEN, SHIPPED, BuiltinName, Extends, OptimizerStage
from wbuild.model.written import Kind, Seconds, Size, Target

Words: TypeAlias = "Mapping[str, Mapping[str, tuple[str, ...]]]"
"""Table → value → words of command lines."""
Category = Literal["compiled", "managed", "scripting", "wasm-native", "other"]
DriverName = Literal["compiler", "project"]
ProjectName = Literal["", "cargo", "go", "asconfig", "wasm"]
Reads = Literal["inputs", "includes", "imports", "build.zig", "folder"]
ClientName = Literal["", "cargo", "go", "npm", "pip", "zig"]
InnerCacheName = Literal["", "cargo", "zig"]
OptionType = Literal["string", "bool", "int", "list", "globs", "paths"]


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
    words_for: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Value → words for that value alone: of a bool `true` and `false`, else those of `choices`. Other values have `words`."""


FileRole = Literal["glue", "types", "source-map", "folder"]
"""What a file beside a module is: JavaScript that loads it, declarations of types, a source map, a folder of files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRecipe:
    """A further file, or a folder, that the last step leaves and that is shipped beside the module."""

    role: FileRole
    """What it is."""
    suffix: str
    """What its name is after that of the artifact, such as ".js", or ".assets" for a folder."""
    result: str
    """Where the command leaves it: a path below {scratch} or {state}. {artifact} in the command line lets it name the module as shipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRecipe:
    """One command of a toolchain."""

    verb: str
    """What the console calls it, and how later steps name what it makes: compile, link, …"""
    run: tuple[str, ...] = ()
    """The command line. {in} is what the step before it has made, the primary sources for the first; {sources} are these for any."""
    each: bool | str = False
    """true: run once for each primary source instead of once. "{step.VERB/GLOB}": once for each file of the folder that an earlier step
    makes; the outputs are a folder again."""
    out: str = ""
    """Suffix of the outputs of an `each` step, such as ".o". Else the name of the file that the step makes, or of a folder, with a slash
    at its end; the last step has none: its output is the module. Later steps read {step.VERB}, and of a folder {step.VERB/GLOB}: its
    files, sorted, at least one."""
    reads_project: bool = False
    """It reads files of the project, though it works on what a step before it has made: headers, resources. The first step always does."""
    after: tuple[str, ...] = ()
    """Verbs of `prepare` steps that must be done before it, when it reads nothing of theirs: those that fill {cache}."""
    builtin: BuiltinName = ""
    """One of wbuild's own functions in the place of `run`: strip, … Its input is what the step before it has made."""
    args: Mapping[str, str] = field(default_factory=dict)
    """Arguments of the builtin."""
    depfile: bool = False
    """The command writes {depfile} in make's format."""
    evidence: str = ""
    """A dependency file in make's format that the tool keeps below {state}, or Zig's folder of manifests: files that it names count besides
    those that are known to be read. A result that follows from files outside of the project is used and not kept."""
    result: str = ""
    """Where the command leaves the module when it cannot be told to write {out}: a path below {scratch} or {state}."""
    files: tuple[FileRecipe, ...] = ()
    """Files that the last step leaves and that are shipped beside the module (`[[toolchain.step.file]]`)."""
    network: bool = False
    """Fetches the project's own dependencies into {cache} or {state}: sees the network and the client's configuration, runs before all
    others, and only when one of `locks` changed."""
    client: ClientName = ""
    """The package client that a step with `network` starts. Only that client's variables are seen; without it no credentials."""
    locks: tuple[str, ...] = ()
    """Globs of the ecosystem's lock files, for a step with `network`. Without such a file there is nothing to fetch."""
    offline: Mapping[str, str] = field(default_factory=dict)
    """Variables that keep the client of a step with `network` to what it fetched before, so that the step may run with `--offline` too.
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
    first_use: str = ""
    """In place of that of the toolchain; steps with `network` have no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareRecipe:
    """A command whose result belongs to a toolchain, a target and options, not to an artifact: a libc, a standard library that is built
    again, the objects of an interpreter. It is run once, and serves all artifacts and projects. It sees no file of a project."""

    verb: str
    """How steps name what it makes: {prepare.VERB}, the folder, and {prepare.VERB/GLOB}, files in it."""
    run: tuple[str, ...]
    """The command line; {out} is the folder that it fills."""
    title: str = ""
    """What it makes, for the console: libc, standard library; default: the toolchain's name."""
    keep: tuple[str, ...] = ()
    """Globs of the files that stay of that folder; default: all."""
    fills: str = ""
    """{cache}, or a folder in it, into which the files are put too: what a tool would have made there at its first use. Steps that need
    that name the verb in `after`."""
    env: Mapping[str, str] = field(default_factory=dict)
    """Environment besides that of the toolchain."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Small files in {scratch}, name → content; one that begins with #! is a program. Contents are no templates."""
    targets: tuple[Target, ...] = ()
    """Where it is needed; () is everywhere."""
    timeout: Seconds = 1800.0
    """Limit of time."""
    memory: Size = 0
    """What the program takes at its peak, when that is much (bytes)."""
    first_use: str = ""
    """Said when it takes long."""


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
    """Tools whose programs its steps start; the first one's is {cache}."""
    targets: tuple[Target, ...]
    """What it builds for."""
    steps: tuple[StepRecipe, ...]
    """From sources to the module, in order."""
    prepares: tuple[PrepareRecipe, ...] = ()
    """What must be there before any artifact is built (`[[toolchain.prepare]]`)."""
    words: Words = field(default_factory=dict)
    """Table → value → words, beside those of the language's `[words]` or in their place, entry by entry. A table is named after what
    chooses the value, `level`, `target`, `kind`, `debug`, `platform` (of the machine) or two of them (`target-kind`, whose values are
    "wasip1 command"), with any
    ending behind a hyphen (`debug-link`), and is read as {level}, {debug-link}, …"""
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
    all_sources: bool = False
    """The first step takes all default sources in one command. Without it, and without a step for each, the first of them that is there
    is the root of all."""
    reads: Reads = "inputs"
    """What the driver `compiler` knows of files that may be read besides primary sources: those that the language's `inputs` match, and
    where C-like sources lead upwards with `includes`; what Zig sources say that they `imports`; everything that a `build.zig` may read:
    its folder, path dependencies, and what it names elsewhere; everything in the artifact's `folder`."""
    downloads: tuple[str, ...] = ()
    """Folders of {cache} that fetch steps fill. What else is in {cache} was compiled: `build --verify-reproducible` makes it anew."""
    first_use: str = ""
    """Said once per machine and target, before a step that fills {cache} for the first time."""
    origin: str = field(default=SHIPPED, metadata=GIVEN)
    """"shipped", or the path of the project's own recipe that adds this toolchain."""

    @property
    def compiler(self) -> str:
        """The first tool, which compiles or runs what does; "" for a toolchain without tools."""
        return next(iter(self.tools), "")

    @property
    def single(self) -> bool:
        """Whether one of the default sources is the root of all: no step is run once for each."""
        return not self.all_sources and not any(step.each is True for step in self.steps)


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageOptimizer:
    """What a language asks of the optimizer besides what the optimizer's own recipe says."""

    words: tuple[str, ...] = ()
    """What {language} stands for in every stage, such as --closed-world."""
    without: tuple[str, ...] = ()
    """Stages that are not run for this language, by name."""
    levels: Mapping[str, tuple[OptimizerStage, ...]] = field(default_factory=dict)
    """Level → further stages; one with the name of an existing one takes its place."""


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
    start: str = ""
    """Regular expression that a source of a program matches, and none of a library: `wbuild init` tells them apart by it in existing code.
    ^ and $ are the ends of a line."""
    exporting: str = ""
    """How functions are exported, for people whose module exports none: a few words with an example."""
    project: ProjectName = ""
    """Whose project files the driver `project` reads: what it finds there is read as {project.NAME}. `wasm`, for the driver `compiler`:
    the module that is taken tells its own kind."""
    aliases: tuple[str, ...] = ()
    """Other names, for the command line."""
    options: tuple[Option, ...] = ()
    """Keys of the language's own table."""
    words: Words = field(default_factory=dict)
    """Tables of words for all toolchains (`[words.level]` …)."""
    toolchains: tuple[ToolchainRecipe, ...] = ()
    """In order of preference."""
    template: str = ""
    """Folder under templates/; default: the name."""
    optimizer: LanguageOptimizer = field(default_factory=LanguageOptimizer)
    """How modules of this language are optimized otherwise than others (`[optimizer]`)."""
    mend: Mapping[str, str] = field(default_factory=dict)
    """What `build --verify-reproducible` advises for this language: cause → advice. Causes are `path`, `surroundings`, `time`, `id`,
    `order`, `random` and `unknown`."""
    origin: str = SHIPPED


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageExtension:
    """Toolchains and options that a project adds to a shipped language."""

    name: str
    """The language."""
    extends: Extends
    """Whether they come before the shipped ones, `first`, or behind them, `last`, in the order of preference."""
    toolchains: tuple[ToolchainRecipe, ...]
    """One with the name of a shipped one replaces it."""
    options: tuple[Option, ...] = ()
    """Further keys of the language's own table."""
