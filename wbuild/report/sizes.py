"""`wbuild size`: where the bytes of one artifact are, and the difference between two measures."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from wbuild.builtins.metrics import BYTES, METRICS, Metric
from wbuild.model.happened import ArtifactReport, Measure, SectionSize
from wbuild.report.table import Cell, Style, plain, render
from wbuild.text import show

__all__ = ["Delta", "difference", "render_difference", "sections", "summary"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """One line of a difference. `None`: not there."""

    name: str
    before: int | None
    after: int | None

    @property
    def change(self) -> int:
        """Bytes, negative when it shrank."""
        return (self.after or 0) - (self.before or 0)


def summary(artifact: ArtifactReport, style: Style = plain) -> str:
    """Sizes in every metric, how they came to be, then the sections."""
    measure = artifact.measure
    if measure is None:
        return ""
    rows = [[Cell("size", "head"), Cell("bytes", "head", right=True), Cell("", "head"), Cell("of raw", "head", right=True)]]
    rows += [_weight(metric, number, measure) for metric in METRICS if (number := metric.read(artifact)) is not None]
    return render(rows, style) + _history(artifact, style) + "\n" + sections(measure, style)


def _weight(metric: Metric, number: int, measure: Measure) -> list[Cell]:
    """One metric: exact, for people where that is shorter, and what compressing left of the file."""
    if metric.unit is not BYTES:
        return [Cell(metric.name), Cell(str(number), right=True), Cell(metric.unit.name, "dim")]
    return [Cell(metric.name), *_amount(number), Cell(_share(number, measure.sizes.raw), "dim", right=True)]


def _history(artifact: ArtifactReport, style: Style) -> str:
    """Compiled → without custom sections → optimized."""
    choice = artifact.choice
    if choice is None or choice.compiled == choice.after:
        return ""
    stages = [f"compiled {choice.compiled} B"]
    if choice.before != choice.compiled:
        stages.append(f"stripped {choice.before} B")
    if choice.chosen != "unoptimized":
        stages.append(f"{show.escape(choice.chosen)} {choice.after} B")
    total = show.signed_percent(choice.compiled, choice.after)
    return f" {style('dim', ' → '.join(stages) + f'  ({total})')}\n"


def sections(measure: Measure, style: Style = plain) -> str:
    """Every part of the file with its offset, bytes and share; the last line is their sum, which is the file."""
    whole = sum(part.size for part in measure.sections)
    rows = [
        [
            Cell("section", "head"),
            Cell("offset", "head", right=True),
            Cell("bytes", "head", right=True),
            Cell(""),
            Cell("share", "head", right=True),
        ]
    ]
    rows += [_section(part, whole) for part in measure.sections]
    rows.append([Cell("total", "name"), Cell(""), *_amount(whole), Cell(_share(whole, whole), "dim", right=True)])
    return render(rows, style)


def _section(part: SectionSize, whole: int) -> list[Cell]:
    offset = Cell(f"{part.offset:#x}", "dim", right=True)
    return [Cell(show.escape(part.name, cap=60)), offset, *_amount(part.size), Cell(_share(part.size, whole), "dim", right=True)]


def _amount(number: int) -> tuple[Cell, Cell]:
    """Exact, and for people where that is shorter."""
    return Cell(str(number), right=True), Cell(show.size(number) if number >= 1024 else "", "dim", right=True)


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


def difference(before: ArtifactReport, after: ArtifactReport) -> tuple[tuple[Delta, ...], tuple[Delta, ...]]:
    """Metrics, and sections by name in the order of the new file (equal names add up); those that went come last."""
    metrics = tuple(Delta(name=metric.name, before=metric.read(before), after=metric.read(after)) for metric in METRICS)
    old, new = (_by_name(one.measure.sections if one.measure else ()) for one in (before, after))
    names = [*new, *(name for name in old if name not in new)]
    return metrics, tuple(Delta(name=name, before=old.get(name), after=new.get(name)) for name in names)


def _by_name(parts: tuple[SectionSize, ...]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for part in parts:
        found[part.name] = found.get(part.name, 0) + part.size
    return found


def render_difference(before: ArtifactReport, after: ArtifactReport, style: Style = plain) -> str:
    """A table with both measures side by side; sections that did not change are left out."""
    metrics, parts = difference(before, after)
    head = [Cell("size", "head"), *(Cell(title, "head", right=True) for title in ("before", "after", "change", ""))]
    changed = [part for part in parts if part.before != part.after]
    rows = [head, *map(_delta, metrics)]
    if changed:
        rows += [[Cell("section", "head")], *map(_delta, changed)]
    surface = "".join(f" {line}\n" for line in _surface(before.measure, after.measure))
    return render(rows, style) + surface


_SURFACE: Final[Mapping[str, Callable[[Measure], Collection[str]]]] = {
    "import": lambda found: found.imports,
    "export": lambda found: found.exports,
    "feature": lambda found: found.features.keys(),
}


def _delta(delta: Delta) -> list[Cell]:
    role = "dim" if not delta.change else "warn" if delta.change > 0 else "good"
    sign = "+" if delta.change > 0 else "−" if delta.change < 0 else ""
    if delta.before is None or delta.after is None:
        share = "gone" if delta.after is None else "new"
    else:
        share = show.signed_percent(delta.before, delta.after)
    shown = [Cell("" if number is None else str(number), right=True) for number in (delta.before, delta.after)]
    return [
        Cell(show.escape(delta.name, cap=60)),
        *shown,
        Cell(f"{sign}{abs(delta.change)}", role, right=True),
        Cell(share, role, right=True),
    ]


def _surface(before: Measure | None, after: Measure | None) -> Iterator[str]:
    """The imports, exports and features that came and that went."""
    for what, names in _SURFACE.items():
        old, new = (names(one) if one else () for one in (before, after))
        for name in sorted({*old, *new}):
            if (name in old) != (name in new):
                yield f"{'+' if name in new else '−'} {what} {show.escape(name, cap=100)}"
