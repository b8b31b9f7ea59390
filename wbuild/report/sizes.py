"""`wbuild size`: where the bytes of one artifact are, and the difference between two measures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields

from wbuild.model.happened import ArtifactReport, SectionSize, Sizes
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
    sizes = artifact.sizes
    if sizes is None:
        return ""
    rows = [[Cell("size", "head"), Cell("bytes", "head", right=True), Cell("", "head"), Cell("of raw", "head", right=True)]]
    for field in fields(Sizes):
        number = getattr(sizes, field.name)
        rows.append([Cell(field.name), *_amount(number), Cell(_share(number, sizes.raw), "dim", right=True)])
    return render(rows, style) + _history(artifact, style) + "\n" + sections(artifact, style)


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


def sections(artifact: ArtifactReport, style: Style = plain) -> str:
    """Every part of the file with its offset, bytes and share; the last line is their sum, which is the file."""
    whole = sum(part.size for part in artifact.sections)
    rows = [
        [
            Cell("section", "head"),
            Cell("offset", "head", right=True),
            Cell("bytes", "head", right=True),
            Cell(""),
            Cell("share", "head", right=True),
        ]
    ]
    rows += [_section(part, whole) for part in artifact.sections]
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
    metrics = tuple(Delta(name=field.name, before=_number(before, field.name), after=_number(after, field.name)) for field in fields(Sizes))
    old, new = _by_name(before.sections), _by_name(after.sections)
    names = [*new, *(name for name in old if name not in new)]
    return metrics, tuple(Delta(name=name, before=old.get(name), after=new.get(name)) for name in names)


def _number(artifact: ArtifactReport, metric: str) -> int | None:
    return None if artifact.sizes is None else int(getattr(artifact.sizes, metric))


def _by_name(parts: tuple[SectionSize, ...]) -> Mapping[str, int]:
    found: dict[str, int] = {}
    for part in parts:
        found[part.name] = found.get(part.name, 0) + part.size
    return found


def render_difference(before: ArtifactReport, after: ArtifactReport, style: Style = plain) -> str:
    """Both measures side by side; sections that did not change are left out."""
    metrics, parts = difference(before, after)
    head = [Cell("size", "head"), *(Cell(title, "head", right=True) for title in ("before", "after", "change", ""))]
    changed = [part for part in parts if part.before != part.after]
    rows = [head, *map(_delta, metrics)]
    if changed:
        rows += [[Cell("section", "head")], *map(_delta, changed)]
    surface = "".join(f" {line}\n" for line in _surface(before, after))
    return render(rows, style) + surface


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


def _surface(before: ArtifactReport, after: ArtifactReport) -> Iterator[str]:
    """What came and went of imports, exports and features."""
    for what, old, new in (
        ("import", before.imports, after.imports),
        ("export", before.exports, after.exports),
        ("feature", tuple(before.features), tuple(after.features)),
    ):
        for name in sorted({*old, *new}):
            if (name in old) != (name in new):
                yield f"{'+' if name in new else '−'} {what} {show.escape(name, cap=100)}"
