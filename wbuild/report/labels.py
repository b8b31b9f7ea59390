"""What tells artifacts of one report apart: names with profile and platform, where there are several. Pure."""

from __future__ import annotations

from dataclasses import replace

from wbuild.model.happened import Report

__all__ = ["labelled"]


def labelled(report: Report) -> Report:
    """The report with profile and platform in the names of artifacts, where it has several of them."""
    profiles = len({a.profile for a in report.artifacts}) > 1
    platforms = len({a.platform for a in report.artifacts}) > 1
    made = []
    for artifact in report.artifacts:
        more = [*([artifact.profile] if profiles else []), *([artifact.platform] if platforms else [])]
        made.append(replace(artifact, name=f"{artifact.name} [{', '.join(more)}]") if more else artifact)
    return replace(report, artifacts=tuple(made))
