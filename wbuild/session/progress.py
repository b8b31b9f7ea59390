"""Events of engine and store → one line for each step that was worth the wait."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar

from wbuild.doors.regular import read
from wbuild.engine import failure
from wbuild.engine.events import Note, StepFinished, StepStarted
from wbuild.model.happened import Result
from wbuild.model.planned import Plan, Product
from wbuild.report.timeline import Moment
from wbuild.store import StoreEvent
from wbuild.terminal.console import Console
from wbuild.text.show import escape, signed_percent
from wbuild.text.units import show_bytes
from wbuild.toml.from_json import parse

SUMMED: Final = frozenset({"check", "optimize", "strip", "features", "order", "select", "judge", "measure", "validate"})
"""Verbs without a line of their own: the line of their artifact says what came of them."""
SPACE: Final = "\u202f"
"""Narrow no-break space between groups of digits."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class OptimizerGain:
    """What is told of the choice of the optimizer, in bytes as `Choice` has them."""

    compiled: int
    before: int
    after: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckStatus:
    """What is told of a verdict."""

    status: str


@dataclass(slots=True, kw_only=True)
class Progress:
    """Listens to one run."""

    console: Console
    root: Path
    plan: Plan = field(default_factory=lambda: Plan(steps=(), products=()))
    explain: bool = False
    begun: dict[tuple[str, str], float] = field(default_factory=dict)
    """(product's file, verb) → when the first step with this verb began to run."""
    judged: Counter[str] = field(default_factory=Counter)
    """Product's file → verdicts that are in."""
    shown: list[object] = field(default_factory=list)
    """Problems that were printed already, so that the end of the build does not repeat them."""
    moments: list[Moment] | None = None
    """Every event with the time at which it came, in seconds of the monotonic clock; None where nobody asked for times."""
    makes: tuple[Plan | None, dict[str, list[Product]]] = (None, {})
    """A plan, and step → what the plan makes with it."""

    def __call__(self, event: object) -> None:
        """Take one event of the engine or the store, and print what people should read about it."""
        if self.moments is not None:
            self.moments.append((time.monotonic(), event))
        match event:
            case StepFinished(result=result):
                self.console.end(result.step)
                self.console.board.count()
                self._finished(result)
            case StepStarted(step=step, reasons=reasons):
                self.console.begin(step.name, step.verb, step.label)
                for product in self._products(step.name):
                    self.begun.setdefault((product.file, step.verb), time.monotonic())
                if (self.explain and step.verb not in SUMMED) or self.console.verbosity > 1:
                    for reason in reasons:
                        self.console.show(f"  because   {escape(f'{step.label}: {reason}')}")
            case Note(message=message):
                self.console.note(message)
            case StoreEvent():
                self._store(event)

    def _store(self, event: StoreEvent) -> None:
        """Tools that come into the store."""
        size = event.pin.size
        name = f"{event.pin.name} {event.pin.version}"
        about = f"{name} ({show_bytes(size)})"
        match event.kind:
            case "download" if self.console.screen is not None:
                self.console.begin(event.pin.identity, "download", name, total=size)
            case "download":
                self.console.step("download", about)
            case "progress":
                self.console.board.sample(event.pin.identity, time.monotonic(), event.arrived)
            case "failed":
                self.console.end(event.pin.identity)
            case "installed":
                self.console.end(event.pin.identity)
                self.console.step("tools", about, "new in the store")
            case "waiting" | "damaged" | "elsewhere":
                self.console.note(str(event))

    def _finished(self, result: Result) -> None:
        if result.problem is not None and result.status == "failed" and result.problem not in self.shown:
            self.shown.append(result.problem)
            self.console.problem(result.problem)
        if self.console.verbosity or (result.verb not in SUMMED and result.status == "ran"):
            right = time_text(result.seconds) if result.status in ("ran", "failed", "none") else result.status
            self.console.step(result.verb, result.label, right)
            if result.log and result.status in ("ran", "cached") and not self.console.quiet:
                self._log(result)
        for product in self._products(result.step):
            if result.verb == "select" and result.status == "ran":
                self._optimized(product)
            elif result.verb == "judge" and result.status in ("ran", "cached"):
                self._judged(product)

    def _log(self, result: Result) -> None:
        """What a tool said although all went well: folded away, or for those who want to know more. A cached step says it again."""
        if not self.console.fold and not self.console.verbosity:
            return
        text = failure.said(self.root / result.log)
        if text.strip() and not self.console.fold:
            self.console.show(text.rstrip("\n"))
        elif text.strip():
            self.console.group(f"output: {result.verb} of {result.label} ({text.count(chr(10)) + 1} lines)", text)

    def _products(self, step: str) -> Sequence[Product]:
        plan, products = self.makes
        if plan is not self.plan:
            products = {}
            for product in self.plan.products:
                for name in product.steps:
                    products.setdefault(name, []).append(product)
            self.makes = self.plan, products
        return products.get(step, ())

    def _span(self, product: Product, verb: str) -> str:
        """Time since the first step with this verb began."""
        begun = self.begun.get((product.file, verb))
        return "" if begun is None else f"  {time_text(time.monotonic() - begun)}"

    def _optimized(self, product: Product) -> None:
        """What the optimizer gained, once its choice is made."""
        choice = self._made(OptimizerGain, product.select) if product.level != "none" else None
        if choice is None:
            return
        title = _title(product, self.plan)
        if choice.before != choice.compiled:
            self.console.step("strip", title, _change(choice.compiled, choice.before))
        self.console.step("optimize", title, _change(choice.before, choice.after) + self._span(product, "optimize"))

    def _judged(self, product: Product) -> None:
        """How the checks went, once all verdicts are in and any of them was new."""
        self.judged[product.file] += 1
        if self.judged[product.file] < len(product.verdicts) or (product.file, "check") not in self.begun:
            return
        verdicts = (self._made(CheckStatus, path) for path in product.verdicts)
        counts = Counter("error" if verdict is None else verdict.status for verdict in verdicts)
        text = ", ".join(f"{count} {status}" for status, count in sorted(counts.items(), reverse=True))
        self.console.step("check", _title(product, self.plan), text + self._span(product, "check"))

    def _made(self, kind: type[T], name: str) -> T | None:
        """What the JSON file of a step says; None for one that is not there, or is damaged."""
        with suppress(OSError, ValueError):
            return parse(kind, read(self.root / name, 16 << 20))
        return None


def _title(product: Product, plan: Plan) -> str:
    """The artifact's name, with the target where it is built for several."""
    several = sum(p.artifact.name == product.artifact.name for p in plan.products) > 1
    return f"{product.artifact.name} ({product.target})" if several else product.artifact.name


def _change(before: int, after: int) -> str:
    return f"{grouped(before)} → {grouped(after)} B  {signed_percent(before, after)}"


def time_text(seconds: float) -> str:
    """Seconds with one decimal."""
    return f"{seconds:.1f} s"


def grouped(number: int) -> str:
    """A number with its digits in groups of three."""
    return f"{number:,}".replace(",", SPACE)
