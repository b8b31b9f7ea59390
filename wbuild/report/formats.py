"""The forms in which a report is written. A further one is a module with a renderer, and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Final, TypeAlias

from wbuild.model.happened import Report

__all__ = ["FORMATS", "JSON_FORMAT", "SCREEN", "OutputFormat", "Renderer"]

Renderer: TypeAlias = "Callable[[Report, Sequence[str]], str]"
"""A report, and remarks about it that no field of it holds (files that could not be read) → the text, with a newline at its end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputFormat:
    """One form of a report."""

    module: str
    """The module whose `written` is the renderer; it is loaded when it is first used."""
    ending: str
    """The ending of files in this form."""
    media: str
    """Media type, as servers and CI systems ask for it."""

    @property
    def render(self) -> Renderer:
        """The function that writes a report in this form; its module is loaded now."""
        renderer: Renderer = import_module(self.module).written
        return renderer


SCREEN: Final = "text"
"""The form for people at a terminal: there it has colours, and goes to standard error."""
JSON_FORMAT: Final = "json"
FORMATS: Final[Mapping[str, OutputFormat]] = {
    SCREEN: OutputFormat(module="wbuild.report.text", ending=".txt", media="text/plain"),
    "markdown": OutputFormat(module="wbuild.report.markdown", ending=".md", media="text/markdown"),
    JSON_FORMAT: OutputFormat(module="wbuild.report.to_json", ending=".json", media="application/json"),
}
