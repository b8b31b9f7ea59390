"""templates/ → the files of a new project or artifact. Pure: the command decides where they go and writes them.

A *starter* is one folder of templates: `template.toml` says what it makes, `manifest.toml.j2` is the artifact's part of
wbuild.toml, every other `*.j2` is a file of the artifact's folder.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from posixpath import normpath
from typing import Final, cast

import tomli

from wbuild.errors import Problem, UsageError
from wbuild.model.language_recipe import LanguageRecipe
from wbuild.model.written import Kind, Target
from wbuild.text.names import name_problem, quoted
from wbuild.text.project_names import WORK
from wbuild.text.toml_key import key

SCHEMA_FILE: Final = f"{WORK}/wbuild.schema.json"
SCHEMA_LINE: Final = f"#:schema {SCHEMA_FILE}"
"""First line of a manifest; editors that know TOML schemas complete from it."""
_PARTS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """One folder of templates."""

    language: str
    """Folder of the language below templates/."""
    name: str
    summary: str
    kind: Kind
    targets: tuple[Target, ...]
    """The first is the default."""
    manifest: str
    files: Mapping[str, str]
    """Path in the artifact's folder → template."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What `init` was asked for; "" stands for the default."""

    language: LanguageRecipe
    name: str
    """Name of the artifact."""
    path: str
    """Folder of the artifact, relative to wbuild.toml."""
    target: str = ""
    kind: str = ""
    template: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProjectDraft:
    """One artifact to be written."""

    block: str
    """The part of wbuild.toml that declares the artifact."""
    files: Mapping[str, str]
    """Path relative to wbuild.toml → content."""


def starters(templates: Mapping[str, str]) -> tuple[Starter, ...]:
    """Every starter in `templates` (`c/hello/template.toml` → text)."""
    found = []
    for path, text in templates.items():
        parts = path.split("/")
        if len(parts) == _PARTS and parts[2] == "template.toml":
            folder = f"{parts[0]}/{parts[1]}/"
            about = tomli.loads(text)
            files = {p.removeprefix(folder): t for p, t in templates.items() if p.startswith(folder)}
            found.append(
                Starter(
                    language=parts[0],
                    name=parts[1],
                    summary=about["summary"],
                    kind=about["kind"],
                    targets=tuple(about["targets"]),
                    manifest=files["manifest.toml.j2"],
                    files={p.removesuffix(".j2"): t for p, t in files.items() if p not in ("template.toml", "manifest.toml.j2")},
                )
            )
    return tuple(found)


def choose(available: Sequence[Starter], wish: Wish) -> Starter:
    """The starter for a wish: by name, else the language's own kind first. Raises UsageError with what there is."""
    language = wish.language
    own = [s for s in available if s.language == (language.template or language.name)]
    own.sort(key=lambda s: (s.kind != language.kind, s.name))
    fitting = [
        s
        for s in own
        if (not wish.template or s.name == wish.template)
        and (not wish.kind or s.kind == wish.kind)
        and (not wish.target or wish.target in s.targets)
    ]
    if fitting:
        return fitting[0]
    if not own:
        message = f"{language.title} has no starter: it begins with a file that is there already"
        raise UsageError("WB264", message, hint=f'declare it: [artifact.{key(wish.name)}] with lang = "{language.name}", in wbuild.toml')
    asked = ", ".join(f"{what} {value!r}" for what, value in _asked(wish) if value)
    there = "; ".join(f"{s.name} ({s.kind}: {', '.join(s.targets)})" for s in own)
    raise UsageError("WB264", f"{language.title} has no template for {asked or 'this'}", hint=f"there is: {there}")


def _asked(wish: Wish) -> tuple[tuple[str, str], ...]:
    return ("template", wish.template), ("kind", wish.kind), ("target", wish.target)


def draft(starter: Starter, wish: Wish) -> ProjectDraft:
    """The files and the part of wbuild.toml of one artifact."""
    from jinja2 import Environment, StrictUndefined

    environment = Environment(keep_trailing_newline=True, undefined=StrictUndefined, autoescape=False)  # noqa: S701 - not HTML
    environment.filters |= {"key": key, "text": json.dumps}
    values = {"name": wish.name, "path": wish.path, "target": wish.target or starter.targets[0], "kind": starter.kind}
    files = {normpath(f"{wish.path}/{p}"): environment.from_string(t).render(values) for p, t in starter.files.items()}
    return ProjectDraft(block=environment.from_string(starter.manifest).render(values), files=files)


def project_text(name: str, blocks: Iterable[str]) -> str:
    """The whole text of a new wbuild.toml with these artifacts."""
    head = f"{SCHEMA_LINE}\n\n[project]\nname = {json.dumps(name, ensure_ascii=False)}\n"
    return "\n".join([head, *blocks])


def with_blocks(text: str, blocks: Iterable[str]) -> str:
    """An existing wbuild.toml with artifacts at its end; everything in it stays as it is, line ends included."""
    end = "\r\n" if "\r\n" in text else "\n"
    joined = "".join("\n" + block for block in blocks).replace("\n", end)
    return text + ("" if text.endswith("\n") or not text else end) + joined


def with_line(text: str, after: int, line: str) -> str:
    """`text` with a line after line `after` (1-based)."""
    lines = text.splitlines(keepends=True)
    end = "\r\n" if lines[after - 1].endswith("\r\n") else "\n"
    if not lines[after - 1].endswith("\n"):
        lines[after - 1] += end
    lines.insert(after, line + end)
    return "".join(lines)


def checked_name(name: str, what: str) -> str:
    """`name`, if it can be an artifact's and a folder's name. Raises UsageError."""
    problem = name_problem(name)
    if problem:
        raise UsageError("WB265", f"{what} {quoted(name)} cannot be used: {problem}", hint="choose another with --name")
    return name


def refuse_existing(paths: Sequence[str]) -> None:
    """Raise UsageError that lists files which are already there; nothing when there are none."""
    if paths:
        problems = [Problem(code="WB266", message=f"{quoted(path)} exists already") for path in paths[:-1]]
        hint = "init writes only new files, and has changed nothing; choose another folder"
        last = Problem(code="WB266", message=f"{quoted(paths[-1])} exists already", hint=hint)
        raise cast("UsageError", UsageError.of((*problems, last)))
