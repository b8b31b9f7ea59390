"""What would run: typed words, steps, the plan. All of it is data; only the engine turns words into strings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from wbuild.errors import Problem
from wbuild.model.host_recipe import HostRecipe
from wbuild.model.language_recipe import InnerCacheName
from wbuild.model.locked import Pin
from wbuild.model.written import Artifact, Level, SizeMetric, Target

JSON: TypeAlias = "str | int | float | bool | list[JSON] | dict[str, JSON] | None"
Verb = str
"""What the console calls a step: compile, link, optimize, check, measure, fetch."""


@dataclass(frozen=True, slots=True)
class In:
    """A file or folder that the step reads: path relative to the project's root (POSIX)."""

    path: str


@dataclass(frozen=True, slots=True)
class Out:
    """A file that the step writes: path relative to the project's root. Written in the scratch folder, then moved into place."""

    path: str


@dataclass(frozen=True, slots=True)
class Scratch:
    """A path in the step's private folder, gone after the step."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class State:
    """A path in the step's state directory: kept between runs, never part of a key, never an output."""

    name: str = ""


@dataclass(frozen=True, slots=True)
class Toml:
    """Another part, spelled as the inside of a basic string of TOML: for values of `cargo --config`."""

    part: Part


@dataclass(frozen=True, slots=True)
class SharedCache:
    """A folder beside the store that one tool fills for all projects of the user."""

    name: str


@dataclass(frozen=True, slots=True)
class Root:
    """The project's root as an absolute path: for programs that change their directory, and for words that keep it out of outputs."""


@dataclass(frozen=True, slots=True)
class ToolPath:
    """A path in the store folder of a pin, by the pin's name (`Step.pins` holds it)."""

    pin: str
    member: str = ""


@dataclass(frozen=True, slots=True)
class RunnerPath:
    """A program of wbuild/runners."""

    file: str


@dataclass(frozen=True, slots=True)
class Python:
    """The interpreter that runs wbuild."""


@dataclass(frozen=True, slots=True)
class Late:
    """A value that an earlier step has found: from the JSON output of a builtin, or the files of a folder. Alone in a word, a list becomes
    several words."""

    path: str
    """The JSON file, or the folder (with a slash at its end): an output of an earlier step."""
    field: str
    """Names with dots between them in the JSON; for a folder a glob, relative to it."""


@dataclass(frozen=True, slots=True)
class JoinedWords:
    """Several words as one, with a separator between them: "a.jar:b.jar"."""

    words: tuple[Word, ...]
    separator: str


@dataclass(frozen=True, slots=True)
class Launcher:
    """An executable of the step's own that starts a program of several words, for who starts it by path."""

    program: str
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Each:
    """In a step that runs once for each file of a folder: that file, or what is made of it."""

    what: Literal["in", "out"]


Part: TypeAlias = (
    "str | In | Out | Scratch | State | SharedCache | Root | ToolPath | RunnerPath | Python | Late | Toml | JoinedWords | Launcher | Each"
)
Word: TypeAlias = "tuple[Part, ...]"
"""One word of a command line: its parts are joined without a space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """Start a program."""

    argv: tuple[Word, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class InnerCache:
    """A tool's own incremental cache in a state directory. It decides by times of files; wbuild tells it what differs by content."""

    name: InnerCacheName
    """Whose it is."""
    parts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Folder or file of the project → names of what must be made again when a source in it differs (packages, for cargo)."""
    folder: str = ""
    """The artifact's folder, from which the tool names files."""
    fetched: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Folder → packages of registries that lie in the project (`cargo vendor`) and are made again when it differs: they read no other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Builtin:
    """One of our own pure functions, run by the engine: (inputs' bytes, args) → outputs' bytes."""

    name: str
    version: int
    """Raised when output bytes change; part of the key."""
    args: Mapping[str, JSON] = field(default_factory=dict)
    worker: tuple[Word, ...] = ()
    """Command line of a program of the step's pins that the function may ask, and that stays for further steps (see
    `doors.interfaces.Conversation`); () for none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstUse:
    """A message said once per machine, while a step takes long because it fills a shared cache for the first time."""

    cache: str
    key: str
    """What it is filled for: steps with the same key find it filled after the first that succeeds."""
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One action with declared inputs, outputs, environment and pins."""

    name: str
    """Unique in the plan: "hello:compile:src/main.c"."""
    verb: Verb
    label: str
    """What the console shows after the verb: "hello", "hello src/main.c"."""
    artifact: str
    action: Tool | Builtin
    inputs: tuple[str, ...] = ()
    """Files surely read: sources and outputs of earlier steps; their content is in the coarse key."""
    candidates: tuple[str, ...] = ()
    """Files that may be read (headers): their names are in the coarse key, their content counts once they were read.
    Without a depfile all of them count as read."""
    outputs: tuple[str, ...] = ()
    """Files, and folders with a slash at the end. For a builtin, in the order in which it returns them."""
    keep: tuple[str, ...] = ()
    """Globs of the files that stay of folders among the outputs; () keeps all."""
    copies: tuple[str, ...] = ()
    """Outputs among the user's own files: they replace only Wasm files and what wbuild wrote there. Never part of a key."""
    results: Mapping[str, Word] = field(default_factory=dict)
    """Outputs that the tool leaves elsewhere than at its `Out`: output → a path in the scratch folder or the state directory."""
    depfile: str = ""
    """Name in the scratch folder of a dependency file in make's format that says which candidates were read; "" for none."""
    evidence: Word = ()
    """A dependency file in the state directory that names files which were read besides all inputs and candidates; () for none."""
    pins: tuple[Pin, ...] = ()
    """Every tool and vendored source it needs, with what those need."""
    env: Mapping[str, Word] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    """Variables in `env` whose values are never shown, and are in keys as hashes that only this user can make."""
    texts: Mapping[str, str] = field(default_factory=dict)
    """Small files that the engine writes into the scratch folder before the step starts: name → content; part of the key.
    A content that begins with #! is a program."""
    picks: tuple[str, ...] = ()
    """Outputs that all are the bytes of one and the same of `among`: looked at when they come from the cache, and once more when they
    are in place. Never part of a key."""
    among: tuple[str, ...] = ()
    """The inputs of which one is picked, by `picks`."""
    stdin: str = ""
    """File given as standard input; must be among the inputs."""
    state: str = ""
    """Name of its state directory; "" for none."""
    inner_cache: InnerCache | None = None
    """The tool's own cache in that directory, when it decides by times of files. Never part of a key."""
    optional: bool = False
    """An exit code other than 0 is the result "none", not a failure; dependants see the output as absent."""
    transient: int = -1
    """An exit code that means: done, but another run may come out otherwise; the outputs are used and not cached."""
    network: bool = False
    """A fetch step: sees the network and the client's configuration. What it fetches stays in a shared cache or a state directory of
    this machine, so its result is remembered there and never in the action cache; its one output is a stamp made from its key."""
    client: str = ""
    """The package client whose variables a fetch step sees. Never part of a key."""
    offline: Mapping[str, str] = field(default_factory=dict)
    """Variables that keep the client of a fetch step to what it fetched before. Never part of a key."""
    timeout: float = 1800.0
    """Seconds."""
    memory: int = 0
    """Bytes that it takes at its peak, when that is much; never part of a key."""
    jobserver: bool = False
    """Its program speaks to make's jobserver: it starts more processes only while there are tokens. Never part of a key."""
    roots: tuple[str, ...] = ()
    """Folders and files of the project that it may read besides its inputs and candidates, relative to the root ("." is all of it).
    What lies in them is among the inputs and candidates; the fence is opened for them. Never part of a key."""
    listed: tuple[str, ...] = ()
    """Folders in which it may see names, though it may not read what bears them. Never part of a key."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Symbolic links on the way to what it may read: name → where it points. In its key beside the contents that lie behind them."""
    apart: tuple[str, ...] = ()
    """Folders below its roots of which it may read files that are no candidates: wide patterns pass by them. Never part of a key."""
    runs_project_code: bool = False
    """It runs programs that the project brings (build scripts, macros, transforms): its copy of a tool's shared cache is its own.
    Never part of a key."""
    own_code: bool = False
    """Among these programs are some of the project itself, which may ask for any of its files. Never part of a key."""
    downloads: tuple[str, ...] = ()
    """Folders of its shared caches that fetch steps alone may write. Never part of a key."""
    first_use: FirstUse | None = None
    spread: Late | None = None
    """Files of a folder that an earlier step makes: the program runs once for each, as a step of its own, and writes `Each("out")` into
    the folder that is the one output."""
    suffix: str = ""
    """What a step with `spread` adds to the name of a file for the name of its output, such as ".o"."""
    fills: Word = ()
    """A shared cache, or a folder in one, into which the files of the folder that is the one output are put: what a tool would have made
    there at its first use. Once they are there, the step does nothing more on this machine."""
    after: tuple[str, ...] = ()
    """Outputs of other steps that must be there before it starts, though it does not read them. Never part of a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductFile:
    """A file, or a folder with a slash at its end, that is shipped beside a module."""

    role: str
    """What it is: glue, types, source-map, folder."""
    file: str
    """dist/<profile>/<name><suffix>, relative to the root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Product:
    """One file that a build makes for its user: an artifact for one target in one profile."""

    artifact: Artifact
    language: str
    category: str
    toolchain: str
    target: Target
    profile: str
    level: Level
    metric: SizeMetric
    file: str
    """dist/<profile>/<name>.wasm, relative to the root."""
    files: tuple[ProductFile, ...] = ()
    """What is shipped beside it. Names that it uses of the module are kept: the optimizer changes no export and no import."""
    copy: str = ""
    """The artifact's `out`, relative to the root."""
    only_needed: bool = False
    """Nobody asked for it: it is made because another artifact needs it."""
    hosts: tuple[HostRecipe, ...] = ()
    """Hosts that it must fit."""
    measure: str = ""
    """JSON of the measure step (sizes, sections, features …)."""
    select: str = ""
    """JSON of the select step (which candidate won, and why)."""
    verdicts: tuple[str, ...] = ()
    """JSON of the judge steps, one per check × runtime."""
    steps: tuple[str, ...] = ()
    """Names of all steps that make it, its own and shared ones."""
    problem: Problem | None = None
    """Why this platform cannot make it; it has no steps then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The steps of one selection, each after those whose outputs it reads."""

    steps: tuple[Step, ...]
    products: tuple[Product, ...]
