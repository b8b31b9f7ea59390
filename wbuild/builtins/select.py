"""The builtin `select`: of what the optimizer made, the smallest that is surely the same program; else the module as compiled.

A candidate must decode, export the same, import and need nothing more than before, and behave the same in every check; then the
smallest by metric wins, ties by raw size, then by the order of the recipe. It must not be larger than the module without it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Final, get_args

from wbuild.builtins.custom_sections import is_signed, missing, nameless
from wbuild.builtins.measure import size_of
from wbuild.builtins.outcome import Outcome, read
from wbuild.builtins.strip import rules
from wbuild.errors import ArtifactError
from wbuild.model.happened import Choice, Validation
from wbuild.model.planned import JSON
from wbuild.model.written import SizeMetric
from wbuild.text import show
from wbuild.toml.from_json import load, parse
from wbuild.wasm.features import features
from wbuild.wasm.module import Component, Module
from wbuild.wasm.reader import read as read_wasm

__all__ = ["UNOPTIMIZED", "select"]

UNOPTIMIZED: Final = "unoptimized"


@dataclass(frozen=True, kw_only=True)
class _Field:
    """Everything that takes part: the module as compiled, without custom sections, and the candidates."""

    metric: SizeMetric
    compiled: bytes
    base: bytes
    names: tuple[str, ...]
    candidates: tuple[bytes | None, ...]
    checks: tuple[tuple[str, str], ...]
    """The name and the runtime of each check."""
    base_outcomes: tuple[Outcome, ...]
    outcomes: tuple[tuple[Outcome | None, ...], ...]
    """The outcomes of the checks for each candidate; None where one was not run."""
    known: frozenset[str] | None
    """Features that the optimizer has words for; None: not said."""
    validations: tuple[Validation | None, ...]
    """What a validator says of the base and of each candidate; () where there is none."""
    unvalidated: Validation | None
    """What the report says about the winner when no validator has looked."""

    @cached_property
    def interface(self) -> tuple[frozenset[tuple[str, str]], frozenset[tuple[str, ...]]]:
        return _interface(read_wasm(self.base))

    @cached_property
    def allowed(self) -> frozenset[str]:
        """Features used or declared by the compiled module."""
        return features(self.compiled).names

    @cached_property
    def comparable(self) -> tuple[int, ...]:
        """Checks that say something: the module as compiled ran to an end of its own."""
        return tuple(at for at, outcome in enumerate(self.base_outcomes) if outcome.error is None and outcome.limit is None)


def select(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    """Builtin: [compiled, base, candidates…, outcomes of base…, outcomes of each candidate…, validations…] → [winner, JSON, copies…].

    `args`: `metric`; `names` of the candidates; `checks`, [name, runtime] for each outcome; `known`, the features for which the
    optimizer has words; `copies`, how many more times the winner is an output; `validated`, whether there are validations, of base and
    candidates; `debug`, `keep`, `drop` as `strip` has them; `unvalidated`, what to say of the winner where there are none.

    The JSON has the fields of `Choice`, `fuel`: "check/runtime" → instructions of the winner, `validation`, and `unmatched` and
    `undebugged` as a report has them. Raises ArtifactError when the compiled module does not decode.
    """
    field = _field(args, inputs)
    winner, reasons = _best(field)
    data = field.base if winner is None else field.candidates[winner]
    assert data is not None
    outcomes = field.base_outcomes if winner is None else field.outcomes[winner]
    choice = Choice(
        chosen=UNOPTIMIZED if winner is None else field.names[winner],
        before=len(field.base),
        compiled=len(field.compiled),
        after=len(data),
        why="; ".join(reasons),
        checked=bool(field.comparable),
    )
    fuel = {
        f"{name}/{runtime}": outcome.fuel
        for (name, runtime), outcome in zip(field.checks, outcomes, strict=True)
        if outcome is not None and outcome.fuel is not None
    }
    copies = args.get("copies", 0)
    assert isinstance(copies, int)
    validation = field.validations[0 if winner is None else winner + 1] if field.validations else field.unvalidated
    own = rules(args)
    said: dict[str, JSON] = {"validation": asdict(validation)} if validation else {}
    if unmatched := [f"{key}: {pattern}" for key, pattern in own.unmatched(field.compiled)]:
        said["unmatched"] = [*unmatched]
    if lacking := nameless(data, own.debug):
        said["undebugged"] = lacking
    return [data, json.dumps({**asdict(choice), "fuel": fuel, **said}, sort_keys=True).encode(), *[data] * copies]


def _field(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> _Field:
    names, checks, metric, known = (args.get(key) for key in ("names", "checks", "metric", "known"))
    assert isinstance(names, list)
    assert isinstance(checks, list)
    compiled, base, *rest = inputs
    assert compiled is not None
    assert base is not None
    count, each = len(names), len(checks)
    validations = rest[-1 - count :] if args.get("validated") else []
    outcomes = rest[count : len(rest) - len(validations)]
    assert len(outcomes) == each * (1 + count)
    return _Field(
        metric=next(one for one in get_args(SizeMetric) if one == metric),
        compiled=compiled,
        base=base,
        names=tuple(map(str, names)),
        candidates=tuple(rest[:count]),
        checks=tuple((str(check[0]), str(check[1])) for check in checks if isinstance(check, list)),
        base_outcomes=tuple(map(read, outcomes[:each])),
        outcomes=tuple(
            tuple(None if one is None else read(one) for one in outcomes[each * at : each * (at + 1)]) for at in range(1, count + 1)
        ),
        known=frozenset(map(str, known)) if isinstance(known, list) else None,
        validations=tuple(None if one is None else parse(Validation, one) for one in validations),
        unvalidated=load(Validation, args["unvalidated"]) if args.get("unvalidated") else None,
    )


def _best(field: _Field) -> tuple[int | None, list[str]]:
    """The winner, None for the base, and why better ones were not taken."""
    foreign = sorted(features(field.compiled).used - field.known) if field.known is not None and field.names else []
    if foreign:
        return None, [f"needs {', '.join(foreign)}, which the optimizer does not know"]
    if field.names and is_signed(field.compiled):
        return None, ["it is signed, and any change would break the signature"]
    failed = [f"{name} failed" for name, data in zip(field.names, field.candidates, strict=True) if data is None]
    if field.checks and field.names and not field.comparable:
        return None, [*failed, "no check ran to its end on the module as compiled, so none could compare"]
    limit = _rank(field, field.base)
    reasons: list[str] = []
    made = [(_rank(field, data), at, data) for at, data in enumerate(field.candidates) if data is not None]
    for rank, at, data in sorted(made, key=lambda entry: entry[:2]):
        if rank[0] > limit[0]:
            reasons.append(_larger(field, at, rank[0] - limit[0]))
            continue
        objections = next(_objections(field, at, data), None)
        if objections is None:
            return at, reasons
        reasons.append(objections)
    return None, [*reasons, *failed]


def _rank(field: _Field, data: bytes) -> tuple[int, int]:
    return size_of(data, field.metric), len(data)


def _larger(field: _Field, at: int, more: int) -> str:
    by = "" if field.metric == "raw" else f" after {field.metric}"
    return f"{field.names[at]} was {show.size(more)} larger{by}"


def _objections(field: _Field, at: int, data: bytes) -> Iterator[str]:
    """Why a candidate may not be taken, in words, the cheapest tests first."""
    name = field.names[at]
    validation = field.validations[at + 1] if field.validations else None
    if validation is not None and validation.status == "invalid":
        yield f"{name} is no valid module: {show.escape(validation.why)}"
        return
    for index in field.comparable:
        difference = _changed(field.base_outcomes[index], field.outcomes[at][index])
        if difference:
            check, runtime = field.checks[index]
            yield f'{name} {difference} check "{show.escape(check)}" on {runtime}'
    try:
        item = read_wasm(data)
        exports, imports = _interface(item)
        added = features(item).used - field.allowed
    except ArtifactError as error:
        yield f"{name} is no valid module: {show.escape(error.problems[0].message)}"
        return
    had_exports, had_imports = field.interface
    for what, names in (("dropped", had_exports - exports), ("added", exports - had_exports)):
        if names:
            yield f"{name} {what} the export {show.escape(min(names)[0])}"
    lost = missing(field.base, data)
    if lost:
        yield f"{name} lost the custom section {show.escape(lost)}"
    if imports - had_imports:
        yield f"{name} added the import {show.escape('.'.join(min(imports - had_imports)[:-1]))}"
    if added:
        yield f"{name} needs {', '.join(sorted(added))}, which the compiled module does not"


def _interface(item: Module | Component) -> tuple[frozenset[tuple[str, str]], frozenset[tuple[str, ...]]]:
    """Exports and imports, each with its kind; an import that nothing uses may go, an export never."""
    exports = frozenset((entry.name, entry.kind) for entry in item.exports)
    if isinstance(item, Module):
        return exports, frozenset((entry.module, entry.name, entry.kind) for entry in item.imports)
    return exports, frozenset((entry.name, entry.kind) for entry in item.imports)


def _changed(before: Outcome, after: Outcome | None) -> str:
    """What is different in words that fit before the name of a check; "" when it is the same."""
    if after is None or after.error is not None:
        return "could not be run in"
    if after.limit is not None:
        return f"ran into the limit of {show.escape(after.limit, cap=40)} in"
    trapped = before.trap is not None, after.trap is not None
    differences = (
        (trapped == (False, True), "trapped in"),
        (trapped == (True, False), "no longer trapped in"),
        (before.stdout != after.stdout, "changed the output of"),
        (before.exit != after.exit, "changed the exit code of"),
        (before.returns != after.returns, "changed the returned value of"),
        (not any(trapped) and before.stderr != after.stderr, "changed the error output of"),
    )
    return next((words for differs, words in differences if differs), "")
