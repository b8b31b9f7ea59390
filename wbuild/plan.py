"""Manifest + lock + catalogue + selection + tree → plan. Pure: nothing is run, written or fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from posixpath import join, normpath

from wbuild.checks import Trial, Trials, trials
from wbuild.drivers import DRIVERS, Build, project
from wbuild.drivers.project import LockToMake
from wbuild.errors import Place, Problem, ProvisionError, UsageError
from wbuild.finish import Finish, Line, finish
from wbuild.given import astray, lacking, unfitting
from wbuild.kit import Kit
from wbuild.locate import Path
from wbuild.manifest import resolve_profile
from wbuild.model.planned import Plan, Product, Step
from wbuild.model.shipped import Catalog, HostRecipe, LanguageRecipe, RuntimeRecipe, ToolchainRecipe, ToolRecipe
from wbuild.model.written import Artifact, Level, Manifest, Target
from wbuild.tree import Tree
from wbuild.variables import with_variables

OUT = ".wbuild/out"
DIST = "dist"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What a command asks of a plan."""

    artifacts: tuple[str, ...]
    """Names of the artifacts, in the order of the manifest."""
    profile: str
    level: Level | None = None
    """Overrides every level of the manifest (`--opt=LEVEL`)."""
    targets: tuple[Target, ...] = ()
    """Only these of an artifact's targets; () means all."""
    checks: bool = True
    """Run declared checks; without them an optimized artifact is `unchecked`."""
    check_always: bool = False
    """Run checks at level none too (`wbuild check`)."""
    runtimes: tuple[str, ...] = ()
    """Only these runtimes; () means all that fit."""
    hosts: tuple[str, ...] = ()
    """Hosts to judge by besides those that the artifact declares."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a plan is made from."""

    manifest: Manifest
    catalog: Catalog
    toolchains: dict[str, str]
    """Language → toolchain, from the lock."""
    kit: Kit
    tree: Tree
    environ: Mapping[str, str] = field(default_factory=dict)
    """wbuild's own environment, for `env` with `from`."""
    places: Callable[[Artifact, Path], Place | None] | None = None
    """Where an artifact's values stand in its manifest; None when nobody knows."""


def make_plan(context: Context, request: Request) -> Plan:
    """The plan of a selection. What this platform cannot have tools for is a product with a problem and without steps.

    Raises UsageError with all problems at once.
    """
    pieces: list[Finish] = []
    problems: list[Problem] = []
    for artifact in context.manifest.artifacts:
        if artifact.name not in request.artifacts:
            continue
        for target in artifact.targets:
            if request.targets and target not in request.targets:
                continue
            try:
                pieces.append(_artifact(context, request, artifact, target))
            except UsageError as error:
                problems += error.problems
    if problems:
        raise UsageError.of(tuple(dict.fromkeys(problems)))
    steps = {step.name: step for piece in pieces for step in piece.steps}
    return Plan(steps=tuple(steps.values()), products=tuple(piece.product for piece in pieces))


def locks_to_make(context: Context, request: Request) -> Sequence[LockToMake]:
    """Lock files of dependencies that must be made before the plan, each once. What else is wrong is for `make_plan` to say."""
    found: dict[str, LockToMake] = {}
    for artifact in context.manifest.artifacts:
        if artifact.name in request.artifacts and context.catalog.languages[artifact.lang].driver == "project":
            with suppress(UsageError, ProvisionError):
                lock = project.lock_to_make(_build(context, request, artifact, artifact.targets[0]))
                if lock is not None:
                    found.setdefault(lock.lock.file, lock)
    return tuple(found.values())


def _build(context: Context, request: Request, artifact: Artifact, target: Target) -> Build:
    """What a driver is asked, with the artifact's kind settled. Raises UsageError, ProvisionError."""
    manifest = context.manifest
    language = context.catalog.languages[artifact.lang]
    toolchain = _toolchain(context, artifact, language)
    optimize, debug = resolve_profile(manifest, artifact, request.profile, request.level)
    build = Build(
        artifact=artifact,
        language=language,
        toolchain=toolchain,
        target=target,
        level=optimize.level,
        debug=debug,
        kit=context.kit,
        tree=context.tree,
        base=normpath(join(manifest.folder, artifact.path)),
        foreign=tuple(_foreign(manifest, artifact)),
    )
    build = replace(build, places=context.places) if context.places else build
    return build if artifact.kind else replace(build, artifact=replace(artifact, kind=project.kind(build)))


def _artifact(context: Context, request: Request, artifact: Artifact, target: Target) -> Finish:
    manifest = context.manifest
    optimize = resolve_profile(manifest, artifact, request.profile, request.level)[0]
    build = _build(context, request, artifact, target)
    artifact, language, toolchain = build.artifact, build.language, build.toolchain
    work = normpath(join(manifest.folder, OUT, request.profile, f"{artifact.name}.{target}"))
    checked = request.checks and (request.check_always or optimize.level != "none")
    found = trials(artifact, target, _runtimes(context, request)) if checked else ()
    name = artifact.name if target == artifact.targets[0] else f"{artifact.name}.{target}"
    product = Product(
        artifact=artifact,
        language=language.name,
        category=language.category,
        toolchain=toolchain.name,
        target=target,
        profile=request.profile,
        level=optimize.level,
        metric=optimize.metric,
        file=normpath(join(manifest.folder, DIST, request.profile, f"{name}.wasm")),
        copy=normpath(join(manifest.folder, artifact.out)) if _copied(artifact, target, request) else "",
        hosts=_hosts(context, request, artifact, target),
    )
    tried = Trials(artifact=artifact, target=target, base=build.base, kit=context.kit, tree=context.tree, trials=found)
    line = Line(build=build, product=product, trials=tried, work=work, optimizer=_optimizer(context.catalog))
    try:
        made = finish(line, _compiled(context, build, work, found))
    except ProvisionError as error:
        return Finish(steps=(), product=replace(product, problem=_unavailable(artifact, error)))
    problems = tuple(astray(build, made.steps, found))
    if problems:
        raise UsageError.of(problems)
    return made


def _unavailable(artifact: Artifact, error: ProvisionError) -> Problem:
    problem = error.problems[0]
    return replace(problem, message=f"{artifact.name}: {problem.message}")


def _compiled(context: Context, build: Build, work: str, found: Sequence[Trial]) -> Sequence[Step]:
    """The driver's steps. Raises UsageError with its problems and everything that the manifest names and that is not there."""
    problems = list(lacking(build, found))
    try:
        steps = with_variables(DRIVERS[build.language.driver].steps(build, work), build.artifact, context.environ)
    except UsageError as error:
        raise UsageError.of((*error.problems, *problems)) from None
    problems += unfitting(build)
    if problems:
        raise UsageError.of(tuple(problems))
    return steps


def _copied(artifact: Artifact, target: Target, request: Request) -> bool:
    """Whether this is what `out` is a copy of: the release build of the first target."""
    return bool(artifact.out) and request.profile == "release" and target == artifact.targets[0]


def _toolchain(context: Context, artifact: Artifact, language: LanguageRecipe) -> ToolchainRecipe:
    """The artifact's toolchain, else the one that the lock chose for the language."""
    name = artifact.toolchain or context.toolchains.get(language.name, "")
    for recipe in language.toolchains:
        if recipe.name == name or not name:
            return recipe
    raise UsageError(
        "WB235",
        f"artifact.{artifact.name}: {language.title} has no toolchain {name!r}",
        hint=f"possible: {', '.join(t.name for t in language.toolchains)}",
    )


def _hosts(context: Context, request: Request, artifact: Artifact, target: Target) -> tuple[HostRecipe, ...]:
    """Declared hosts that take the target, and those that the request names."""
    declared = [name for name in artifact.hosts if target in context.catalog.hosts[name].targets]
    return tuple(context.catalog.hosts[name] for name in dict.fromkeys([*declared, *request.hosts]))


def _runtimes(context: Context, request: Request) -> Sequence[RuntimeRecipe]:
    return [r for r in context.catalog.runtimes.values() if not request.runtimes or r.name in request.runtimes]


def _optimizer(catalog: Catalog) -> ToolRecipe | None:
    """The tool that optimizes."""
    return next((tool for tool in catalog.tools.values() if tool.optimizer), None)


def _foreign(manifest: Manifest, artifact: Artifact) -> Iterator[str]:
    """Folders of other artifacts that are not above or at this one's."""
    base = normpath(join(manifest.folder, artifact.path))
    for other in manifest.artifacts:
        folder = normpath(join(manifest.folder, other.path))
        if other.name != artifact.name and folder != base and (base == "." or folder.startswith(f"{base}/")):
            yield folder
