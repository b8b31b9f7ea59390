"""Report → Markdown for pull requests and job summaries: what failed and what changed first, never longer than it may be.

Every text of the report stands in `<code>` or `<pre>` with all punctuation as character references: references are never read as
Markdown or HTML, and inside these elements nobody is notified by @name and nothing becomes a link.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

from wbuild.builtins.metrics import columns, judges, share, tightest
from wbuild.model.happened import ArtifactReport, Report, Sizes
from wbuild.report.labels import labelled
from wbuild.text import show

__all__ = ["COMMENT_LIMIT", "MARKER", "SUMMARY_LIMIT", "code", "render", "written"]

MARKER: Final = "<!-- made by wbuild: report -->"
"""First line of the one comment of a pull request, by which it is found again."""
COMMENT_LIMIT: Final = 60_000
"""Bytes; GitHub takes 65 536 characters."""
SUMMARY_LIMIT: Final = 900_000
"""Bytes; GitHub takes 1 MiB a step."""

_SAFE: Final = re.compile(r"[^A-Za-z0-9 -]")
_SAFE_IN_PRE: Final = re.compile(r"[^A-Za-z0-9 \n.,:;()+*/=_-]")
_NAME_COLUMNS: Final = 60
_TEXT_COLUMNS: Final = 300
_DETAIL_LINES: Final = 40
_HEAD: Final = (
    f"| artifact | language | target | {' | '.join(metric.name for metric in columns())} | change | budget |\n"
    f"|---|---|---|{'--:|' * len(columns())}--:|---|\n"
)
_RESERVE: Final = 400
"""Bytes kept for saying what was left out."""


@dataclass(slots=True)
class _Page:
    """Text up to a number of bytes."""

    room: int
    parts: list[str] = field(default_factory=list)

    def add(self, text: str) -> bool:
        """Add a whole piece, or nothing of it when it has no room."""
        size = len(text.encode("utf-8"))
        if size > self.room:
            return False
        self.room -= size
        self.parts.append(text)
        return True


def render(report: Report, *, limit: int = SUMMARY_LIMIT, marker: str = "", remarks: Sequence[str] = ()) -> str:
    """The report in at most `limit` bytes. `remarks`: lines of text below the tables."""
    page = _Page(limit - _RESERVE)
    page.add(f"{marker}\n{_title(report)}\n\n" if marker else f"{_title(report)}\n\n")
    ranked = sorted(report.artifacts, key=_rank)
    news = [artifact for artifact in ranked if _news(artifact)]
    same = [artifact for artifact in ranked if not _news(artifact)]
    left = _table(page, news)
    _problems(page, news)
    for remark in remarks:
        page.add(f"- {code(remark, cap=_TEXT_COLUMNS)}\n")
    if same and page.add(f"\n<details><summary>{len(same)} unchanged</summary>\n\n"):
        left += _table(page, same)
        page.parts.append("\n</details>\n")
    if left:
        page.parts.append(f"\n{left} more {'row has' if left == 1 else 'rows have'} no room here; the report of the run has them all.\n")
    return "".join(page.parts)


def written(report: Report, remarks: Sequence[str]) -> str:
    """The format "markdown", as long as a job's summary may be."""
    return render(labelled(report), remarks=remarks)


def code(text: str, *, cap: int = _NAME_COLUMNS) -> str:
    """A text of the report as inline code: nothing in it is read as Markdown, HTML, a name to notify or a link."""
    return f"<code>{_SAFE.sub(_reference, show.escape(text, cap=cap))}</code>" if text else ""


def _reference(match: re.Match[str]) -> str:
    """A character reference; behind @ with a tag that shows nothing, because GitHub finds addresses after references were read."""
    return f"&#{ord(match.group())};{'<wbr>' if match.group() == '@' else ''}"


def _title(report: Report) -> str:
    project = code(report.project)
    of = f" of {project}" if project else ""
    if not report.artifacts:
        return f"### wbuild: no artifact{of} is concerned"
    failed = sum(artifact.status != "ok" for artifact in report.artifacts)
    changed = sum(_changed(artifact) for artifact in report.artifacts)
    new = sum(artifact.status == "ok" and artifact.previous is None for artifact in report.artifacts)
    counts = [f"{number} {word}" for number, word in ((failed, "failed"), (changed, "changed"), (new, "new")) if number]
    return f"### wbuild: {', '.join(counts) or 'nothing changed'} in {_many(len(report.artifacts), 'artifact')}{of}"


def _many(number: int, word: str) -> str:
    return f"{number} {word}{'' if number == 1 else 's'}"


def _changed(artifact: ArtifactReport) -> bool:
    sizes, before = _sizes(artifact), artifact.previous
    return artifact.status == "ok" and sizes is not None and before is not None and sizes != before


def _sizes(artifact: ArtifactReport) -> Sizes | None:
    return artifact.measure.sizes if artifact.measure else None


def _news(artifact: ArtifactReport) -> bool:
    return artifact.status != "ok" or artifact.measure is None or artifact.previous is None or _changed(artifact)


def _rank(artifact: ArtifactReport) -> tuple[int, int, str, str]:
    """Failed first, then what changed most, then new ones, then the rest."""
    name = (artifact.name, artifact.target)
    if artifact.status != "ok":
        return (0 if artifact.status == "failed" else 1, 0, *name)
    if artifact.measure is None or artifact.previous is None:
        return (3, 0, *name)
    difference = abs(artifact.measure.sizes.raw - artifact.previous.raw)
    return (2, -difference, *name) if _changed(artifact) else (4, 0, *name)


def _table(page: _Page, artifacts: Sequence[ArtifactReport]) -> int:
    """A table of artifacts; how many rows had no room."""
    if not artifacts:
        return 0
    if not page.add(_HEAD):
        return len(artifacts)
    for at, artifact in enumerate(artifacts):
        if not page.add(f"| {' | '.join(_cells(artifact))} |\n"):
            return len(artifacts) - at
    return 0


def _cells(artifact: ArtifactReport) -> list[str]:
    row = [code(artifact.name), code(artifact.language), code(artifact.target)]
    if artifact.measure is None:
        return [*row, *("" for _ in columns()), f"**{artifact.status}**", ""]
    numbers = ((metric.unit, metric.read(artifact)) for metric in columns())
    row += ["" if number is None else unit.short(number) for unit, number in numbers]
    return [*row, f"**{artifact.status}**" if artifact.status != "ok" else _change(artifact), _budget(artifact)]


def _change(artifact: ArtifactReport) -> str:
    """Raw, against the earlier report."""
    sizes, before = _sizes(artifact), artifact.previous
    if sizes is None or before is None:
        return "new"
    difference = sizes.raw - before.raw
    if difference == 0:
        return "=" if sizes == before else f"= (gzip {_signed(sizes.gzip - before.gzip)})"
    return f"{_signed(difference)} ({show.signed_percent(before.raw, sizes.raw)})"


def _signed(difference: int) -> str:
    return f"{'+' if difference > 0 else '−'}{show.size(abs(difference))}"


def _budget(artifact: ArtifactReport) -> str:
    """The tightest limit; only said to be exceeded where budgets are judged."""
    verdict = tightest(artifact.budget)
    if verdict is None:
        return ""
    text = share(verdict, code)
    if not judges(verdict, artifact.level):
        return f"({text})"
    return {"over": f"**over**: {text}", "warn": f"near: {text}"}.get(verdict.status, text)


def _problems(page: _Page, artifacts: Sequence[ArtifactReport]) -> None:
    """A list of what is wrong with each artifact, with details below."""
    lines = [line for artifact in artifacts for line in _of_artifact(artifact)]
    if lines:
        page.add("\n")
    for at, line in enumerate(lines):
        if not page.add(line):
            page.parts.append(f"- {_many(len(lines) - at, 'more problem')}\n")
            return


def _of_artifact(artifact: ArtifactReport) -> Iterator[str]:
    for problem in artifact.problems:
        hint = f" – {code(problem.hint, cap=_TEXT_COLUMNS)}" if problem.hint else ""
        yield f"- **{problem.code}** {code(problem.message, cap=_TEXT_COLUMNS)}{hint}\n{_detail(problem.detail)}"
    choice = artifact.choice
    if choice is not None and artifact.status == "ok" and artifact.level != "none" and (not choice.checked or choice.degraded):
        why = "degraded: the optimizer was stopped before its end" if choice.degraded else "unchecked: no check could run"
        yield f"- {code(artifact.name)} {why}\n"


def _detail(text: str) -> str:
    """What a tool or a check said, folded; its end when it is long."""
    lines = [show.escape(line.rstrip("\r"), cap=_TEXT_COLUMNS) for line in text.strip("\n").split("\n")[-_DETAIL_LINES:]]
    if not any(lines):
        return ""
    # Blank lines would end the HTML block of the list item, and what follows would be read as Markdown.
    shown = "&#10;".join(_SAFE_IN_PRE.sub(_reference, line) or " " for line in lines)
    return f"  <details><summary>output</summary><pre>{shown}</pre></details>\n"
