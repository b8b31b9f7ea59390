"""Plan, results and the JSON of steps → the report. Pure; the only place where what came out is judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from wbuild.builtins.custom_sections import unasked
from wbuild.builtins.metrics import judges, unit_of, verdicts
from wbuild.errors import Problem, exit_code, worst
from wbuild.model.happened import ArtifactReport, BudgetVerdict, CheckVerdict, Choice, Measure, Report, Result, Sizes, Validation
from wbuild.model.planned import Plan, Product
from wbuild.report import hosts
from wbuild.text import json_text, show
from wbuild.toml.from_json import load, parse
from wbuild.wasm.proposals import features_of

__all__ = ["FinishedRun", "assemble", "last_sizes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedRun:
    """All that is known once a plan was executed, from which a report is put together."""

    project: str
    profile: str
    wbuild: str
    """The version of wbuild that ran it."""
    results: tuple[Result, ...]
    texts: Mapping[str, str]
    """Path → content of the JSON files named in the products, as far as they exist."""
    previous: Mapping[str, str] = field(default_factory=dict)
    """Artifact's file → text of its last artifact report, as far as there is one."""
    seconds: float = 0.0
    platform: str = ""
    """The machine that built."""
    healed: int = 0
    """Damaged files of the cache that were removed."""
    locked: bool = False
    """Whether locks may not change: an artifact that is worse than it might be is an error then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastSizes:
    """The sizes in an earlier report of an artifact."""

    sizes: Sizes | None = None
    previous: Sizes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoiceNotes:
    """What the builtin `select` says besides the fields of `Choice`."""

    fuel: Mapping[str, int] = field(default_factory=dict)
    """"check/runtime" → instructions of the winner."""
    validation: Validation | None = None
    unmatched: tuple[str, ...] = ()
    undebugged: str = ""


def assemble(plan: Plan, run: FinishedRun) -> Report:
    """The report of one run, its exit code included."""
    by_step = {result.step: result for result in run.results}
    tools = {step.name: {pin.name: pin.identity for pin in step.pins} for step in plan.steps}
    artifacts = tuple(_artifact(product, run, by_step, tools) for product in plan.products)
    return Report(
        project=run.project,
        profile=run.profile,
        wbuild=run.wbuild,
        artifacts=artifacts,
        results=run.results,
        seconds=run.seconds,
        exit=worst({exit_code(problem.code) for problem in _problems(artifacts, run.results)}),
        healed=run.healed,
    )


def last_sizes(text: str) -> Sizes | None:
    """The sizes in an artifact report, or those before it when it failed; None when it is not one (files in dist/ belong to the user)."""
    try:
        found = parse(LastSizes, text)
    except ValueError:
        return None
    return found.sizes or found.previous


def _problems(artifacts: Sequence[ArtifactReport], results: Sequence[Result]) -> Iterator[Problem]:
    """Everything that counts for the exit code; what was only skipped counts when nothing failed."""
    found = [p for artifact in artifacts for p in artifact.problems]
    found += [r.problem for r in results if r.status == "failed" and r.problem]
    yield from found or [r.problem for r in results if r.status == "skipped" and r.problem]


def _artifact(product: Product, run: FinishedRun, by_step: Mapping[str, Result], tools: Mapping[str, Mapping[str, str]]) -> ArtifactReport:
    own = [by_step[name] for name in product.steps if name in by_step]
    used = {name: identity for step in product.steps for name, identity in tools.get(step, {}).items()}
    report = ArtifactReport(
        name=product.artifact.name,
        language=product.language,
        category=product.category,
        toolchain=product.toolchain,
        target=product.target,
        profile=product.profile,
        level=product.level,
        file=product.file,
        status="skipped",
        beside={one.file: one.role for one in product.files},
        previous=last_sizes(run.previous.get(product.file, "")),
        tools=dict(sorted(used.items())),
        platform=run.platform,
        seconds=sum(one.seconds for one in own if one.artifact and one.status in {"ran", "failed", "none"}),
    )
    if product.problem:
        return replace(report, problems=(product.problem,))
    texts: Mapping[str, str] = {} if _stopped(own) else run.texts
    report = _weighed(report, product, texts)
    report = _chosen(report, product, texts, degraded=any(result.degraded for result in own))
    misfits = [(host, tuple(hosts.problems(host, _title(report, product), report.measure))) for host in product.hosts if report.measure]
    report = replace(report, hosts=tuple(hosts.verdict(host, found) for host, found in misfits))
    broken = [result.problem for result in own if result.status == "failed" and result.problem]
    judged = [*_judged(report, product, locked=run.locked), *(problem for _, found in misfits for problem in found)]
    problems = tuple(dict.fromkeys([*broken, *judged]))
    if problems or any(result.status == "failed" for result in own):
        return replace(report, status="failed", problems=problems)
    skips = [result.problem for result in own if result.status == "skipped" and result.problem]
    return replace(report, status="ok") if report.measure else replace(report, problems=tuple(dict.fromkeys(skips)))


def _stopped(own: Sequence[Result]) -> bool:
    """Whether the last step that counts, that of the measure, was not reached: what lies on disk is then an earlier build's."""
    return bool(own) and own[-1].verb == "measure" and own[-1].status in {"failed", "skipped"}


def _weighed(report: ArtifactReport, product: Product, texts: Mapping[str, str]) -> ArtifactReport:
    """The report with everything that the measuring step found."""
    text = texts.get(product.measure)
    if not text:
        return report
    measure = parse(Measure, text)
    report = replace(report, measure=measure, unknown_sections=unasked(measure.sections, _expected(product)))
    return replace(report, budget=verdicts(product.artifact.budget, report)) if product.artifact.budget else report


def _expected(product: Product) -> list[str]:
    """Globs of custom sections that somebody asked for: the manifest, or a host."""
    terms = [host.module for host in product.hosts if host.module]
    wanted = [choice.strip() for term in terms for section in term.sections for choice in section.split("|")]
    return [*product.artifact.keep_sections, *wanted, *(pattern for term in terms for pattern in term.reads)]


def _chosen(report: ArtifactReport, product: Product, texts: Mapping[str, str], *, degraded: bool) -> ArtifactReport:
    """The report with the optimizer's choice and the verdicts of the checks."""
    checks = [parse(CheckVerdict, texts[path]) for path in product.verdicts if texts.get(path)]
    text = texts.get(product.select)
    if not text:
        return replace(report, checks=tuple(checks))
    doc = json_text.parse(text)
    notes = load(ChoiceNotes, doc)
    checks = [replace(check, fuel=notes.fuel.get(f"{check.name}/{check.runtime}", check.fuel)) for check in checks]
    return replace(
        report,
        choice=replace(load(Choice, doc), degraded=degraded),
        checks=tuple(checks),
        validation=notes.validation,
        unmatched=notes.unmatched,
        undebugged=notes.undebugged,
    )


def _title(report: ArtifactReport, product: Product) -> str:
    """How messages call it: with the target when it is not the artifact's first."""
    return report.name if report.target == product.artifact.targets[0] else f"{report.name} ({report.target})"


def _judged(report: ArtifactReport, product: Product, *, locked: bool) -> Iterator[Problem]:
    """The problems of a file that was made: checks, hosts and budgets that it fails."""
    name = _title(report, product)
    yield from (_over(name, report.name, v) for v in report.budget if v.status == "over" and judges(v, report.level))
    yield from (_check(name, verdict) for verdict in report.checks if verdict.status != "passed")
    used = report.measure.features if report.measure else {}
    for denied in product.artifact.proposals.deny:
        for feature in features_of(denied):
            if feature in used:
                yield Problem(
                    code="WB303",
                    message=f"{name} uses {feature}, which its proposals deny: {show.escape(used[feature])}",
                    hint=f"compile without it, or take {denied} out of proposals.deny",
                )
    if locked and report.choice is not None and report.choice.degraded:
        yield Problem(
            code="WB190",
            message=f"{name} is degraded: the optimizer ran into a time-out or was stopped, and --locked allows no such result",
            hint="build again when the machine is less busy",
        )


def _over(name: str, artifact: str, verdict: BudgetVerdict) -> Problem:
    unit = unit_of(verdict.metric)
    over, actual, limit = unit.short(verdict.actual - verdict.limit), unit.exact(verdict.actual), unit.exact(verdict.limit)
    return Problem(
        code="WB300",
        message=f"{name} is {over} over its {verdict.metric} budget: {actual}, limit {limit}",
        hint=f"`wbuild size {artifact}` shows where the bytes are; or raise budget.{verdict.metric}",
    )


def _check(name: str, verdict: CheckVerdict) -> Problem:
    label = show.escape(verdict.name)
    if verdict.status == "error":
        return Problem(
            code="WB302",
            message=f'check "{label}" of {name} could not run on {verdict.runtime}',
            hint="a runtime that cannot take this artifact is left out with `runtimes` in the check",
            detail=verdict.message,
        )
    return Problem(
        code="WB301",
        message=f'check "{label}" of {name} failed on {verdict.runtime}',
        hint="the module fails as it was compiled: look at the program or at the check, not at the optimizer",
        detail=verdict.message,
    )
