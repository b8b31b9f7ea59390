"""The builtin `select`: of what the optimizer made, the best that is surely the same program; else the module as compiled.

`rank` has said which may win, best first; the first of them that behaves the same in every check does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from wbuild.builtins.custom_sections import nameless
from wbuild.builtins.outcome import Outcome, changed, read
from wbuild.builtins.rank import Ranking, comparable
from wbuild.builtins.strip import rules
from wbuild.model.happened import Choice, Validation
from wbuild.model.planned import JSON
from wbuild.text import show
from wbuild.toml.from_json import load, parse

__all__ = ["UNOPTIMIZED", "select"]

UNOPTIMIZED = "unoptimized"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Contest:
    """The module as compiled, its candidates, and what checks say of those that were tried."""

    compiled: bytes
    base: bytes
    """As compiled, without what goes of it."""
    candidates: Mapping[str, bytes | None]
    ranking: Ranking
    checks: tuple[tuple[str, str], ...]
    """The name and the runtime of each check."""
    before: tuple[Outcome, ...]
    """Outcomes of the checks for the base."""
    tried: tuple[tuple[Outcome | None, ...], ...]
    """Outcomes for the best that may win, the second, …; None where a check was not run."""
    validations: Mapping[str, Validation | None]
    """What a validator says of each candidate, and of the base under ""."""
    unvalidated: Validation | None
    """What the report says about the winner when no validator has looked."""


def select(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    """Builtin: [compiled, base, candidates…, JSON of `rank`, outcomes…, validations…] → [winner, JSON, copies…].

    Outcomes are those of the base, then of the best that may win, the second, … `args`: `names` of the candidates (without any there is
    no JSON of `rank`); `checks`, [name, runtime] for each outcome; `copies`, how many more times the winner is an output; `validated`,
    whether there are validations, of base and candidates; `debug`, `keep`, `drop` as `strip` has them; `unvalidated`, what to say of the
    winner where there are none.

    The JSON has the fields of `Choice`, `fuel`: "check/runtime" → instructions of the winner, `validation`, and `unmatched` and
    `undebugged` as a report has them. Raises ArtifactError when the compiled module does not decode.
    """
    contest = _contest(args, inputs)
    winner, outcomes, reasons = _best(contest)
    data = contest.candidates[winner] if winner else contest.base
    assert data is not None
    choice = Choice(
        chosen=winner or UNOPTIMIZED,
        before=len(contest.base),
        compiled=len(contest.compiled),
        after=len(data),
        why="; ".join(reasons),
        checked=bool(comparable(contest.before)),
    )
    fuel = {
        f"{name}/{runtime}": outcome.fuel
        for (name, runtime), outcome in zip(contest.checks, outcomes, strict=True)
        if outcome is not None and outcome.fuel is not None
    }
    copies = args.get("copies", 0)
    assert isinstance(copies, int)
    validation = contest.validations[winner] if contest.validations else contest.unvalidated
    own = rules(args)
    said: dict[str, JSON] = {"validation": asdict(validation)} if validation else {}
    if unmatched := [f"{key}: {pattern}" for key, pattern in own.unmatched(contest.compiled)]:
        said["unmatched"] = [*unmatched]
    if lacking := nameless(data, own.debug):
        said["undebugged"] = lacking
    return [data, json.dumps({**asdict(choice), "fuel": fuel, **said}, sort_keys=True).encode(), *[data] * copies]


def _contest(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> _Contest:
    names, checks = args.get("names"), args.get("checks")
    assert isinstance(names, list)
    assert isinstance(checks, list)
    compiled, base, *rest = inputs
    assert compiled is not None
    assert base is not None
    each, slots = len(checks), len(names) if checks else 0
    candidates = dict(zip(map(str, names), rest, strict=False))
    ranked = rest[len(names)] if names else None
    told = rest[len(names) + bool(names) :]
    rows = [tuple(told[at * each : (at + 1) * each]) for at in range(1 + slots)]
    validations = told[each * (1 + slots) :]
    assert len(validations) == (1 + len(names) if args.get("validated") else 0)
    return _Contest(
        compiled=compiled,
        base=base,
        candidates=candidates,
        ranking=parse(Ranking, ranked) if ranked is not None else Ranking(),
        checks=tuple((str(check[0]), str(check[1])) for check in checks if isinstance(check, list)),
        before=tuple(map(read, rows[0])),
        tried=tuple(tuple(None if one is None else read(one) for one in row) for row in rows[1:]),
        validations={
            name: None if one is None else parse(Validation, one) for name, one in zip(("", *candidates), validations, strict=False)
        },
        unvalidated=load(Validation, args["unvalidated"]) if args.get("unvalidated") else None,
    )


def _best(contest: _Contest) -> tuple[str, tuple[Outcome | None, ...], list[str]]:
    """The winner's name, "" for the base; its outcomes; why better ones were not taken."""
    ranking, at = contest.ranking, comparable(contest.before)
    if ranking.veto:
        return "", contest.before, [ranking.veto]
    failed = [f"{name} failed" for name in ranking.failed]
    if contest.checks and contest.candidates and not at:
        return "", contest.before, [*failed, "no check ran to its end on the module as compiled, so none could compare"]
    reasons: list[str] = []
    tried = iter(contest.tried)
    for one in ranking.contenders:
        if one.objection:
            reasons.append(one.objection)
            continue
        outcomes = next(tried, ())
        difference = next(filter(None, (_difference(contest, one.name, index, outcomes[index]) for index in at)), "")
        if not difference:
            return one.name, outcomes, reasons
        reasons.append(difference)
    return "", contest.before, [*reasons, *failed]


def _difference(contest: _Contest, name: str, index: int, after: Outcome | None) -> str:
    """How a candidate behaved otherwise in one check, in words; "" when it did not."""
    found = changed(contest.before[index], after)
    check, runtime = contest.checks[index]
    return f'{name} {found} check "{show.escape(check)}" on {runtime}' if found else ""
