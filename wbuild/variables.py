"""`env` of an artifact → what its compile steps see beyond what their tools need. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from wbuild.errors import Problem, UsageError
from wbuild.model.planned import Step, Tool, Word
from wbuild.model.written import Artifact, EnvFrom
from wbuild.needs import with_files

__all__ = ["with_variables"]


def with_variables(steps: Sequence[Step], artifact: Artifact, environ: Mapping[str, str], files: Mapping[str, str]) -> list[Step]:
    """The steps that run tools, with the artifact's variables; what a recipe sets stays as it is. `files`: those of needed artifacts.

    Raises UsageError WB236, all at once, for variables to be taken from `environ` that are not set and have no default.
    """
    words = _words(artifact, environ, files)
    return [replace(step, env={**words, **step.env}) if words and isinstance(step.action, Tool) else step for step in steps]


def _words(artifact: Artifact, environ: Mapping[str, str], files: Mapping[str, str]) -> dict[str, Word]:
    found: dict[str, Word] = {}
    problems: list[Problem] = []
    for name, value in sorted(artifact.env.items()):
        text = environ.get(value.from_, value.default) if isinstance(value, EnvFrom) else value
        if text is None:
            problems.append(_unset(artifact, name, value))
        else:
            found[name] = with_files(text, files) if isinstance(value, str) and text else (text,) if text else ()
    if problems:
        raise UsageError.of(tuple(problems))
    return found


def _unset(artifact: Artifact, name: str, value: str | EnvFrom) -> Problem:
    source = value.from_ if isinstance(value, EnvFrom) else name
    return Problem(
        code="WB236",
        message=f"artifact.{artifact.name}.env.{name}: {source} is not set",
        hint=f'set {source}, or give a default: {{ from = "{source}", default = "…" }}',
    )
