"""The builtins `rank` and `challenge`: which of what the optimizer made can still win, best first, and which of them is checked next.

A candidate must decode, export the same, and import and need nothing more than before; it must not be larger by the metric than the
module without it. Checks are run for the best of those that are left, for the next only when it has failed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import get_args

from wbuild.builtins.custom_sections import is_signed, missing
from wbuild.builtins.measure import size_of
from wbuild.builtins.outcome import Outcome, changed, read
from wbuild.errors import ArtifactError
from wbuild.model.happened import Validation
from wbuild.model.planned import JSON
from wbuild.model.written import SizeMetric
from wbuild.text import show
from wbuild.toml.from_json import parse
from wbuild.wasm.features import features
from wbuild.wasm.module import Component, Module
from wbuild.wasm.reader import read as read_wasm

__all__ = ["Contender", "Ranking", "challenge", "comparable", "rank"]

Export = tuple[str, str]
"""Name and kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One candidate that was made."""

    name: str
    objection: str = ""
    """Why it may not win, in words, whatever checks say; "" when it may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """All of them."""

    contenders: tuple[Contender, ...] = ()
    """Best first: the smallest by the metric, ties by raw size, then by the order of the recipe."""
    failed: tuple[str, ...] = ()
    """Names of those that were not made."""
    veto: str = ""
    """Why none may win, in words; "" when one may."""

    @property
    def challengers(self) -> tuple[str, ...]:
        """Names of those that may win, best first."""
        return () if self.veto else tuple(one.name for one in self.contenders if not one.objection)


@dataclass(frozen=True, kw_only=True)
class _Ring:
    """What candidates are compared with."""

    metric: SizeMetric
    compiled: bytes
    base: bytes

    @cached_property
    def size(self) -> int:
        """Of the module without any candidate, by the metric."""
        return size_of(self.base, self.metric)

    @cached_property
    def interface(self) -> tuple[frozenset[Export], frozenset[tuple[str, ...]]]:
        return _interface(read_wasm(self.base))

    @cached_property
    def allowed(self) -> frozenset[str]:
        """Features used or declared by the compiled module."""
        return features(self.compiled).names


def rank(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    """Builtin: [compiled, base, candidates…, validations of candidates…] → [JSON of `Ranking`, the best that may win or None].

    `base` is the module as compiled without what goes of it. `args`: `metric`; `names` of the candidates; `known`, the features for which
    the optimizer has words; `validated`, whether there are validations; `checked`, whether there are checks: without them there is one
    output. Raises ArtifactError when the compiled module does not decode.
    """
    names, metric = args.get("names"), args.get("metric")
    assert isinstance(names, list)
    compiled, base, *rest = inputs
    assert compiled is not None
    assert base is not None
    ring = _Ring(metric=next(one for one in get_args(SizeMetric) if one == metric), compiled=compiled, base=base)
    made = {str(name): data for name, data in zip(names, rest, strict=False) if data is not None}
    said = dict(zip(map(str, names), rest[len(names) :], strict=True)) if args.get("validated") else {}
    order = {name: (size_of(data, ring.metric), len(data)) for name, data in made.items()}
    ranking = Ranking(
        contenders=tuple(
            Contender(name=name, objection=next(_objections(ring, name, made[name], order[name][0], said.get(name)), ""))
            for name in sorted(made, key=order.__getitem__)
        ),
        failed=tuple(str(name) for name in names if name not in made),
        veto=_veto(args, compiled),
    )
    best = next(iter(ranking.challengers), "")
    text = json.dumps(asdict(ranking), sort_keys=True).encode()
    return [text, made.get(best)] if args.get("checked") else [text]


def challenge(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    """Builtin: [JSON of `rank`, candidates…, outcomes of base…, outcomes of the best…, of the second…, …] → [the next, or None].

    `args`: `names` of the candidates, in the order of inputs; `checks`, how many outcomes each has. Nobody is next when one before has
    passed, when all that may win have been checked, or when no check could compare.
    """
    names, checks = args["names"], args["checks"]
    assert isinstance(names, list)
    assert isinstance(checks, int)
    text, *rest = inputs
    assert text is not None
    candidates = dict(zip(map(str, names), rest, strict=False))
    rows = [tuple(rest[at : at + checks]) for at in range(len(names), len(rest), checks)]
    before, *tried = rows
    known = tuple(map(read, before))
    at = comparable(known)
    next_one = parse(Ranking, text).challengers[len(tried) :]
    passed = any(_same(known, row, at) for row in tried)
    return [candidates[next_one[0]] if next_one and at and not passed else None]


def comparable(outcomes: Sequence[Outcome]) -> tuple[int, ...]:
    """Checks that say something: the module as compiled ran to an end of its own."""
    return tuple(at for at, outcome in enumerate(outcomes) if outcome.error is None and outcome.limit is None)


def _same(before: Sequence[Outcome], after: Sequence[bytes | None], at: Sequence[int]) -> bool:
    return not any(changed(before[index], None if (data := after[index]) is None else read(data)) for index in at)


def _veto(args: Mapping[str, JSON], compiled: bytes) -> str:
    known = args.get("known")
    if not args.get("names"):
        return ""
    foreign = sorted(features(compiled).used - {*map(str, known)}) if isinstance(known, list) else []
    if foreign:
        return f"needs {', '.join(foreign)}, which the optimizer does not know"
    return "it is signed, and any change would break the signature" if is_signed(compiled) else ""


def _objections(ring: _Ring, name: str, data: bytes, size: int, validation: bytes | None) -> Iterator[str]:
    """Why a candidate may not be taken, in words, the cheapest tests first."""
    if size > ring.size:
        by = "" if ring.metric == "raw" else f" after {ring.metric}"
        yield f"{name} was {show.size(size - ring.size)} larger{by}"
    found = parse(Validation, validation) if validation is not None else None
    if found is not None and found.status == "invalid":
        yield f"{name} is no valid module: {show.escape(found.why)}"
        return
    try:
        item = read_wasm(data)
        exports, imports = _interface(item)
        added = features(item).used - ring.allowed
    except ArtifactError as error:
        yield f"{name} is no valid module: {show.escape(error.problems[0].message)}"
        return
    had_exports, had_imports = ring.interface
    for what, names in (("dropped", had_exports - exports), ("added", exports - had_exports)):
        if names:
            yield f"{name} {what} the export {show.escape(min(names)[0])}"
    lost = missing(ring.base, data)
    if lost:
        yield f"{name} lost the custom section {show.escape(lost)}"
    if imports - had_imports:
        yield f"{name} added the import {show.escape('.'.join(min(imports - had_imports)[:-1]))}"
    if added:
        yield f"{name} needs {', '.join(sorted(added))}, which the compiled module does not"


def _interface(item: Module | Component) -> tuple[frozenset[Export], frozenset[tuple[str, ...]]]:
    """Exports and imports, each with its kind; an import that nothing uses may go, an export never."""
    exports = frozenset((entry.name, entry.kind) for entry in item.exports)
    if isinstance(item, Module):
        return exports, frozenset((entry.module, entry.name, entry.kind) for entry in item.imports)
    return exports, frozenset((entry.name, entry.kind) for entry in item.imports)
