"""`env` of an artifact → what its compile steps see beyond what their tools need. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from wbuild.errors import Problem, UsageError
from wbuild.manifest.needs import with_files
from wbuild.model.planned import Step, Tool, Word
from wbuild.model.written import Artifact, EnvFrom
from wbuild.text.redact import has_userinfo, is_plain

__all__ = ["Surrounding", "hidden_values", "with_variables"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surrounding:
    """The environment that `from` takes values out of."""

    environ: Mapping[str, str]
    plain: tuple[str, ...] = ()
    """Globs of names whose values everybody may see, besides the usual ones."""

    def hides(self, value: str | EnvFrom) -> bool:
        """Whether a value is the user's, and nobody else's to see."""
        return isinstance(value, EnvFrom) and value.from_ in self.environ and not is_plain(value.from_, self.plain)


def with_variables(steps: Sequence[Step], artifact: Artifact, around: Surrounding, files: Mapping[str, str]) -> list[Step]:
    """The steps with the artifact's variables, where they run tools for it; what a recipe sets stays. `files`: those of needed artifacts.

    Raises UsageError, all at once: WB236 for variables to be taken from the environment that are not set and have no default, WB213 for
    addresses with credentials in them.
    """
    words = _words(artifact, around, files)
    hidden = frozenset(name for name, value in artifact.env.items() if around.hides(value))
    return [
        replace(step, env={**words, **step.env}, hidden=hidden - step.env.keys())
        if words and step.artifact and isinstance(step.action, Tool)
        else step
        for step in steps
    ]


def hidden_values(artifacts: Iterable[Artifact], around: Surrounding) -> set[str]:
    """Values that no output shows."""
    values = (value for artifact in artifacts for value in artifact.env.values() if around.hides(value))
    return {around.environ[value.from_] for value in values if isinstance(value, EnvFrom)}


def _words(artifact: Artifact, around: Surrounding, files: Mapping[str, str]) -> dict[str, Word]:
    found: dict[str, Word] = {}
    problems: list[Problem] = []
    for name, value in sorted(artifact.env.items()):
        text = around.environ.get(value.from_, value.default) if isinstance(value, EnvFrom) else value
        if text is None:
            problems.append(_unset(artifact, name, value))
        elif isinstance(value, EnvFrom) and has_userinfo(text):
            message = f"artifact.{artifact.name}.env.{name}: the value of {value.from_} is an address with a name or a password in it"
            problems.append(Problem(code="WB213", message=message, hint="keep credentials out of builds: they never reach build steps"))
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
