"""What ran and what came out: results of steps, and the report that every renderer prints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from wbuild.errors import Problem

Status = Literal["ran", "cached", "none", "failed", "skipped"]
"""`none`: an optional step that said no."""
Cause = Literal["path", "surroundings", "time", "id", "order", "random", "unknown"]
"""Why builds differ: a path of the machine; the zone, the language or the home of a step; a time; a number made for one build; an order;
a random number; none of these."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How one step ended, and what is known about it."""

    step: str
    verb: str
    label: str
    artifact: str
    status: Status
    seconds: float = 0.0
    reasons: tuple[str, ...] = ()
    """Why it ran: which part of which key changed, in words."""
    took: float | None = None
    """Seconds of the action itself when it ran: in this run, or in the one whose result was cached. None where there was none."""
    problem: Problem | None = None
    """Present when it failed or was skipped."""
    degraded: bool = False
    """The result "none" came from a time-out, a signal or a guard: used for this run only, never cached."""
    kept: bool = True
    """False for a result that was used and not remembered: the next run runs the step again."""
    read: tuple[str, ...] = ()
    """Files of the project that its program told to have read, besides its inputs."""
    unlisted: tuple[str, ...] = ()
    """Files of the project that its program read and that no pattern of inputs lists (in node_modules, of another artifact); sorted."""
    log: str = ""
    """Path of the tool's output, relative to the root; "" when it said nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizes:
    """Bytes of one file, raw and compressed."""

    raw: int
    gzip: int
    """Bytes after `gzip -9`."""
    brotli: int
    """Bytes after brotli at quality 11."""
    zstd: int
    """Bytes after zstd at level 19."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SectionSize:
    """One part of the file; the parts add up to the whole."""

    name: str
    """"header", a standard section's name, or the name of a custom section."""
    offset: int
    size: int
    """Bytes with id and length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """What the measuring step finds in a file: what it weighs, needs and offers."""

    sha256: str = ""
    sizes: Sizes
    sections: tuple[SectionSize, ...] = ()
    features: Mapping[str, str] = field(default_factory=dict)
    """Feature → what needs it."""
    imports: tuple[str, ...] = ()
    """"module.name", sorted."""
    exports: tuple[str, ...] = ()
    producers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Field → "name version"."""
    memory: tuple[int, int | None] | None = None
    """Pages at the start, and at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetVerdict:
    """One limit of a budget."""

    metric: str
    limit: int
    """The most bytes that the budget allows."""
    actual: int
    """Bytes that the artifact has."""
    status: Literal["ok", "warn", "over"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckVerdict:
    """One declared check on one runtime."""

    name: str
    runtime: str
    status: Literal["passed", "failed", "error"]
    message: str = ""
    """Expected and actual, for one that did not pass."""
    fuel: int | None = None
    """Instructions executed by the artifact as shipped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HostVerdict:
    """Whether the file fits one of the artifact's hosts."""

    host: str
    status: Literal["fits", "refused"]
    reasons: tuple[str, ...] = ()
    """Why it was refused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What a validator says about a file."""

    status: Literal["valid", "unknown", "invalid"]
    """`unknown`: it uses what the validator does not know, or there is no validator on this machine."""
    by: str
    """The title of the validator."""
    why: str = ""
    """What the validator does not know, or its message, in words; "" for what is valid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What the optimizer did."""

    chosen: str
    """Name of the candidate, or "unoptimized"."""
    before: int
    """Bytes of the module without custom sections that are dropped anyway: the fair baseline."""
    compiled: int
    """Bytes as the compiler wrote it."""
    after: int
    """Bytes of the artifact."""
    why: str = ""
    """Why the best candidate was not taken, in words; "" when it was."""
    checked: bool = True
    """Whether the candidates were compared by checks; false where no check could run, so that only proven-safe stages ran."""
    degraded: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reproduction:
    """What `build --verify-reproducible` found out about one file."""

    status: Literal["same", "differs", "tied", "unknown"]
    """`tied`: the same in all builds, but it holds a folder of this machine; `unknown`: it could not be built again."""
    builds: tuple[str, ...] = ()
    """The names of the two builds that differ, such as "the second build"."""
    section: str = ""
    """The name of the first section that differs."""
    offset: int | None = None
    """The offset of the first byte that differs, in the file of the first of `builds`."""
    cause: Cause | None = None
    """What most likely made the difference."""
    evidence: str = ""
    """What was found that points to the cause."""
    steps: tuple[str, ...] = ()
    """Where it begins: what these were given is the same in both builds, what they made is not."""
    files: tuple[str, ...] = ()
    """The two files that differ, relative to the root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactReport:
    """Everything known about one file that was made, or failed to be made."""

    name: str
    language: str
    category: str
    toolchain: str
    target: str
    profile: str
    level: str
    file: str
    status: Literal["ok", "failed", "skipped"]
    beside: Mapping[str, str] = field(default_factory=dict)
    """What is shipped beside the file: path, relative to the root (folders with a slash at the end) → its role, such as glue."""
    measure: Measure | None = None
    """Everything that was measured in the file; None when no file was made."""
    previous: Sizes | None = None
    """The sizes of the last build in the same profile; None for a new artifact."""
    unknown_sections: tuple[SectionSize, ...] = ()
    """Custom sections that wbuild does not know and that nobody asked for: they stay."""
    unmatched: tuple[str, ...] = ()
    """Globs of the manifest that match no custom section, with their key: "keep-sections: icp:*"."""
    undebugged: str = ""
    """What the file lacks of what the profile's `debug` promises, in words; "" for nothing."""
    budget: tuple[BudgetVerdict, ...] = ()
    checks: tuple[CheckVerdict, ...] = ()
    hosts: tuple[HostVerdict, ...] = ()
    choice: Choice | None = None
    validation: Validation | None = None
    """None where no runtime of the project validates, and for a file that was not made."""
    tools: Mapping[str, str] = field(default_factory=dict)
    """Tool → identity of the pin that was used."""
    problems: tuple[Problem, ...] = ()
    seconds: float = 0.0
    platform: str = ""
    """The machine that built it, such as linux-x86_64."""
    reproducible: Reproduction | None = None
    """How it compares with the same built again; None where nobody asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """One run of `wbuild build`, `check` or `size`."""

    project: str
    profile: str
    wbuild: str
    """The version of wbuild that made it."""
    artifacts: tuple[ArtifactReport, ...]
    results: tuple[Result, ...] = ()
    seconds: float = 0.0
    exit: int = 0
    healed: int = 0
    """Damaged files of the action cache that this run met and removed; what they held was made again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """One artifact beside others that keep the same contract."""

    report: ArtifactReport
    tool: str
    """The first tool of the toolchain."""
    version: str
    """Version of this tool; "" when it could not be locked."""
    why: str = ""
    """What is wrong, in words; "" for nothing."""
    fuel: int | None = None
    """Instructions that all checks of the contract execute together; None when one of them did not pass."""
    start_ms: float | None = None
    """Milliseconds from an instance that does not exist to the end of the check: the median. None when it was not measured."""
    build_seconds: float | None = None
    """Seconds of the compile, link and optimize steps when they ran, in this run or an earlier one; None when it could not be built."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """Artifacts that declare the same checks."""

    checks: tuple[str, ...]
    artifacts: tuple[Compared, ...]
    """The artifacts by category, then in the manifest's order."""
    runtime: str = ""
    """The runtime on which fuel and start-up were taken."""
    start_check: str = ""
    """The check that start-up was taken with: of those that end well, the one of the least fuel."""
    start_runs: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What `wbuild compare` shows."""

    project: str
    profile: str
    wbuild: str
    """The version of wbuild that made it."""
    platform: str
    """The machine on which start-up was measured."""
    contracts: tuple[Contract, ...]
