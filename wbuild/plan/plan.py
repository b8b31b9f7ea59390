"""Manifest + lock + catalogue + selection + tree → plan. Pure: nothing is run, written or fetched."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from posixpath import join, normpath

from wbuild.builtins.table import builtin
from wbuild.drivers import DRIVERS, Build, project
from wbuild.drivers.project import LockToMake
from wbuild.errors import Place, Problem, ProvisionError, UsageError
from wbuild.manifest.load import resolve_profile
from wbuild.manifest.needs import in_order, selected
from wbuild.model.host_recipe import HostRecipe, RuntimeRecipe
from wbuild.model.language_recipe import LanguageRecipe, ToolchainRecipe
from wbuild.model.locked import Pin
from wbuild.model.planned import Builtin, Plan, Product, Step
from wbuild.model.shipped import Catalog
from wbuild.model.tool_recipe import ToolRecipe
from wbuild.model.written import Artifact, Level, Manifest, Target
from wbuild.plan.checks import Trial, Trials, trials
from wbuild.plan.missing import astray, lacking, unfitting
from wbuild.plan.pipeline import Finish, Line, finish
from wbuild.steps.environment import Surrounding, with_variables
from wbuild.steps.kit import Kit
from wbuild.steps.order import tangles
from wbuild.steps.tree import Tree
from wbuild.text.names import quoted
from wbuild.text.project_names import DIST, OUT
from wbuild.toml.locate import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildRequest:
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
    plain: tuple[str, ...] = ()
    """Globs of variables whose values everybody may see."""
    places: Callable[[Artifact, Path], Place | None] | None = None
    """Where an artifact's values stand in its manifest; None when nobody knows."""
    homes: tuple[str, ...] = ()
    """Folders of all artifacts, sorted; made with the plan."""
    outs: Mapping[str, Artifact] = field(default_factory=dict)
    """Files of the tree that the `out` of an artifact would replace; made with the plan."""

    @property
    def around(self) -> Surrounding:
        """What `env` with `from` is taken from."""
        return Surrounding(environ=self.environ, plain=self.plain)


def make_plan(context: Context, request: BuildRequest) -> Plan:
    """The plan of a selection. What this platform cannot have tools for is a product with a problem and without steps.

    Raises UsageError with all problems at once.
    """
    context = _with_others(replace(context, tree=_without_copies(context)))
    artifacts = in_order(context.manifest.artifacts)
    chosen = selected(artifacts, request.artifacts, request.targets)
    problems: list[Problem] = []
    wanted = [(artifact, target) for artifact in artifacts for target in chosen.get(artifact.name, ())]
    pieces = _had([piece for pair in wanted if (piece := _piece(context, request, pair, problems))])
    steps = {step.name: step for piece in pieces for step in piece.steps}
    problems += tangles(tuple(steps.values()))
    if problems:
        raise UsageError.of(tuple(dict.fromkeys(problems)))
    places = {artifact.name: number for number, artifact in enumerate(context.manifest.artifacts)}
    products = sorted((piece.product for piece in pieces), key=lambda product: places[product.artifact.name])
    return Plan(steps=tuple(steps.values()), products=tuple(products))


def _piece(context: Context, request: BuildRequest, pair: tuple[Artifact, Target], problems: list[Problem]) -> Finish | None:
    """The steps of an artifact for a target; None with a note in `problems`."""
    try:
        return _artifact(context, request, *pair)
    except UsageError as error:
        problems += error.problems
        return None


def _had(pieces: Sequence[Finish]) -> Sequence[Finish]:
    """The pieces, each after those that it needs: what needs something that cannot be built here cannot be built either."""
    found: list[Finish] = []
    missing: dict[str, Problem] = {}
    for piece in pieces:
        name, product = piece.product.artifact.name, piece.product
        for other in product.artifact.needs:
            if other in missing and not product.problem:
                product = replace(product, problem=replace(missing[other], message=f"needs {missing[other].message}").about(name))
        if product.problem and product.target == product.artifact.targets[0]:
            missing[name] = product.problem
        found.append(Finish(steps=(), product=product) if product.problem else piece)
    return found


def product_file(manifest: Manifest, artifact: Artifact, target: Target, profile: str) -> str:
    """Where an artifact is put for a target, relative to the project's root: the first target has the artifact's own name."""
    name = artifact.name if target == artifact.targets[0] else f"{artifact.name}.{target}"
    return normpath(join(manifest.folder, DIST, profile, f"{name}.wasm"))


def _copy(manifest: Manifest, artifact: Artifact) -> str:
    """The artifact's `out`, relative to the root."""
    return normpath(join(manifest.folder, artifact.out)) if artifact.out else ""


def _without_copies(context: Context) -> Tree:
    """The tree without modules that `out` has put there: what a build makes is no source, unless `needs` says so."""
    copies = {_copy(context.manifest, artifact) for artifact in context.manifest.artifacts}
    made = {name for name in copies.intersection(context.tree.names) if name.endswith(".wasm")}
    return replace(context.tree, names=tuple(n for n in context.tree.names if n not in made)) if made else context.tree


def _with_others(context: Context) -> Context:
    """The context with what each artifact asks about all others, found once: a project may have thousands."""
    artifacts, folder = context.manifest.artifacts, context.manifest.folder
    homes = sorted({normpath(join(folder, artifact.path)) for artifact in artifacts})
    copies = {_copy(context.manifest, artifact): artifact for artifact in artifacts if artifact.out}
    outs = {name: artifact for name, artifact in copies.items() if context.tree.kind(name) == "file"}
    return replace(context, homes=tuple(homes), outs=outs)


def _overwritten(context: Context, steps: Sequence[Step]) -> Iterator[Problem]:
    """Sources of the steps that the `out` of an artifact would replace."""
    outs = context.outs
    for step in steps if outs else ():
        for name in sorted(outs.keys() & {*step.inputs, *step.candidates}):
            message = f"artifact.{outs[name].name}.out: {quoted(name)} is an input of {step.verb} of {step.label}"
            place = context.places(outs[name], ("out",)) if context.places else None
            yield Problem(code="WB259", message=message, hint='choose a file of its own, such as "bin/main.wasm"', place=place)


def locks_to_make(context: Context, request: BuildRequest) -> Sequence[LockToMake]:
    """Lock files of dependencies that must be made before the plan, each once. What else is wrong is for `make_plan` to say."""
    found: dict[str, LockToMake] = {}
    context = _with_others(context)
    for artifact in context.manifest.artifacts:
        if artifact.name in request.artifacts and context.catalog.languages[artifact.lang].driver == "project":
            with suppress(UsageError, ProvisionError):
                lock = project.lock_to_make(_build(context, request, artifact, artifact.targets[0]))
                if lock is not None:
                    found.setdefault(lock.lock.file, lock)
    return tuple(found.values())


def _build(context: Context, request: BuildRequest, artifact: Artifact, target: Target) -> Build:
    """What a driver is asked, with the artifact's kind settled. Raises UsageError, ProvisionError."""
    manifest = context.manifest
    base = normpath(join(manifest.folder, artifact.path))
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
        base=base,
        needs=_needed(context, artifact, request.profile),
        foreign=tuple(home for home in Tree(names=context.homes).below(base) if home != base),
    )
    build = replace(build, places=context.places) if context.places else build
    return build if artifact.kind else replace(build, artifact=replace(artifact, kind=project.kind(build)))


def _artifact(context: Context, request: BuildRequest, artifact: Artifact, target: Target) -> Finish:
    manifest = context.manifest
    optimize = resolve_profile(manifest, artifact, request.profile, request.level)[0]
    build = _build(context, request, artifact, target)
    artifact, language, toolchain = build.artifact, build.language, build.toolchain
    work = normpath(join(manifest.folder, OUT, request.profile, f"{artifact.name}.{target}"))
    checked = request.checks and (request.check_always or optimize.level != "none")
    found = trials(artifact, target, _runtimes(context, request)) if checked else ()
    product = Product(
        artifact=artifact,
        language=language.name,
        category=language.category,
        toolchain=toolchain.name,
        target=target,
        profile=request.profile,
        level=optimize.level,
        metric=optimize.metric,
        file=product_file(manifest, artifact, target, request.profile),
        copy=_copy(manifest, artifact) if _copied(artifact, target, request) else "",
        only_needed=artifact.name not in request.artifacts,
        hosts=_hosts(context, request, artifact, target),
    )
    tried = Trials(artifact=artifact, target=target, base=build.base, kit=context.kit, tree=context.tree, trials=found)
    validator = _validator(context, target)
    line = Line(build=build, product=product, trials=tried, work=work, optimizer=_optimizer(context.catalog), validator=validator)
    try:
        made = finish(line, _reading(_compiled(context, build, work, found), _files(context, build, request)))
    except ProvisionError as error:
        return Finish(steps=(), product=replace(product, problem=error.problems[0].about(artifact.name)))
    problems = tuple(astray(build, made.steps, found))
    if problems:
        raise UsageError.of(problems)
    return made


def _compiled(context: Context, build: Build, work: str, found: Sequence[Trial]) -> Sequence[Step]:
    """The driver's steps. Raises UsageError with its problems and everything that the manifest names and that is not there."""
    problems = list(lacking(build, found))
    try:
        steps = list(map(_versioned, DRIVERS[build.language.driver].steps(build, work)))
        steps = with_variables(steps, build.artifact, context.around, build.needs)
    except UsageError as error:
        raise UsageError.of((*error.problems, *problems)) from None
    problems += [*unfitting(build), *_overwritten(context, steps)]
    if problems:
        raise UsageError.of(tuple(problems))
    return steps


def _versioned(step: Step) -> Step:
    """A step whose builtin has its version: drivers stand above the builtins, and name them only."""
    return replace(step, action=builtin(step.action.name, args=step.action.args)) if isinstance(step.action, Builtin) else step


def _needed(context: Context, artifact: Artifact, profile: str) -> dict[str, str]:
    """Artifact that this one needs → its file, that of its first target."""
    others = [other for other in context.manifest.artifacts if other.name in artifact.needs] if artifact.needs else ()
    return {other.name: product_file(context.manifest, other, other.targets[0], profile) for other in others}


def _files(context: Context, build: Build, request: BuildRequest) -> tuple[str, ...]:
    """What compile steps read of needed artifacts: their files, and the copies that their `out` asks for."""
    others = [other for other in context.manifest.artifacts if other.name in build.needs] if build.needs else []
    copies = [_copy(context.manifest, other) for other in others if _copied(other, other.targets[0], request)]
    return (*build.needs.values(), *copies)


def _reading(steps: Sequence[Step], files: tuple[str, ...]) -> Sequence[Step]:
    """The steps with more inputs, but for those that only fetch."""
    if not files:
        return steps
    return [replace(step, inputs=(*step.inputs, *files)) if step.artifact and not step.network else step for step in steps]


def _copied(artifact: Artifact, target: Target, request: BuildRequest) -> bool:
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


def _hosts(context: Context, request: BuildRequest, artifact: Artifact, target: Target) -> tuple[HostRecipe, ...]:
    """Declared hosts that take the target, and those that the request names."""
    declared = [name for name in artifact.hosts if target in context.catalog.hosts[name].targets]
    return tuple(context.catalog.hosts[name] for name in dict.fromkeys([*declared, *request.hosts]))


def _runtimes(context: Context, request: BuildRequest) -> Sequence[RuntimeRecipe]:
    return [r for r in context.catalog.runtimes.values() if not request.runtimes or r.name in request.runtimes]


def _optimizer(catalog: Catalog) -> ToolRecipe | None:
    """The tool that optimizes."""
    return next((catalog.tools[name] for name in catalog.optimizers), None)


def _validator(context: Context, target: Target) -> RuntimeRecipe | None:
    """The first runtime that takes the target and validates, of those that this platform can have if there are any."""
    fitting = [runtime for runtime in context.catalog.runtimes.values() if runtime.validate and target in runtime.targets]
    return next((runtime for runtime in fitting if isinstance(context.kit.pins.get(runtime.tool), Pin)), next(iter(fitting), None))
