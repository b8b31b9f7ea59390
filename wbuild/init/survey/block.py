"""A guess → its part of wbuild.toml, with what is guessed in comments. What recipes cannot do yet stands there as a comment too."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from posixpath import join, normpath
from typing import Final

from wbuild.init.survey.deploy import Implied
from wbuild.init.survey.guess import Guess, stays
from wbuild.manifest.artifact import makes
from wbuild.model.language_recipe import LanguageRecipe
from wbuild.model.written import Kind, OptionValue, Target
from wbuild.text.show import escape
from wbuild.text.toml_key import key

__all__ = ["block"]

WIDEST: Final = 110
"""Columns of a list on one line."""


def block(guess: Guess, wishes: Sequence[Implied], language: LanguageRecipe | None, *, name: str, path: str) -> str:
    """The table of one artifact; `name` is what it is called, `path` the folder that was looked at, relative to wbuild.toml."""
    said = escape(guess.why)
    lines = [*_table(guess, wishes, language, name, path)]
    notes = [f"# note: {escape(note)}" for note in guess.notes]
    if language is None:
        head = f"# this wbuild has no language {json.dumps(guess.lang)}; guessed by `wbuild init` from {said}"
        return "\n".join([head, *notes, *(f"# {line}" if line else "#" for line in lines)]) + "\n"
    return "\n".join([f"# guessed by `wbuild init` from {said}", *notes, *lines]) + "\n"


def _table(guess: Guess, wishes: Sequence[Implied], language: LanguageRecipe | None, name: str, path: str) -> Iterator[str]:
    kind = guess.kind or (language.kind if language else "command")
    wanted = (*(target for wish in wishes for target in wish.host.targets), *guess.targets)
    target = _target(wanted, kind, language)
    yield f"[artifact.{key(name)}]"
    yield f"lang = {json.dumps(guess.lang)}"
    yield f"path = {json.dumps(normpath(join(path, guess.folder)))}"
    yield from _target_lines(guess, wishes, language, target)
    if not (guess.told and language is not None and language.project):
        yield f"kind = {json.dumps(kind)}"
    yield from _host_lines(wishes, target)
    for wish in wishes:
        if wish.module:
            yield f"# out = {json.dumps(normpath(join(path, wish.module)))}  # where the tools of {wish.host.title} look for the module"
    known, unknown = _options(guess.options, language)
    if known:
        yield ""
        yield f"[artifact.{key(name)}.{guess.lang}]"
        yield from known
    yield from unknown


def _target(wanted: Sequence[Target], kind: Kind, language: LanguageRecipe | None) -> Target:
    """The first target that is asked for and can be made; else a command's usual one, else the language's first."""
    if language is None:
        return wanted[0] if wanted else "wasip1"
    usual: Sequence[Target] = ("wasip1", *language.targets) if kind == "command" else language.targets
    possible = [t for t in (*wanted, *usual) if t in language.targets and any(makes(c, t, kind) for c in language.toolchains)]
    return next(iter(possible), language.targets[0])


def _target_lines(guess: Guess, wishes: Sequence[Implied], language: LanguageRecipe | None, target: Target) -> Iterator[str]:
    """The target, and what was wanted first when that cannot be."""
    first = next(((wish.host.targets[0], wish.why) for wish in wishes), None)
    if first is None and guess.targets:
        first = (guess.targets[0], "the project's own settings ask for it")
    if first is not None and first[0] != target and language is not None:
        yield f"# target = {json.dumps(first[0])}  # {escape(first[1])}, but nothing here builds such {language.title} for it"
    why = f"  # {first[1]}" if first is not None and not wishes and first[0] == target else ""
    yield f"target = {json.dumps(target)}{why}"


def _host_lines(wishes: Sequence[Implied], target: Target) -> Iterator[str]:
    fitting = [wish for wish in wishes if target in wish.host.targets]
    if fitting:
        why = "; ".join(dict.fromkeys(escape(wish.why) for wish in fitting))
        yield f"hosts = {json.dumps([wish.host.name for wish in fitting])}  # {why}"
    for wish in wishes:
        if wish not in fitting:
            takes = ", ".join(wish.host.targets)
            yield f"# hosts = {json.dumps([wish.host.name])}  # {escape(wish.why)}; it takes {takes}"


def _options(options: Mapping[str, OptionValue], language: LanguageRecipe | None) -> tuple[list[str], list[str]]:
    """(lines of the language's own table, comments about what its recipe does not have and about values that cannot be)."""
    declared = {option.name for option in language.options} if language else set(options)
    known = {name: value for name, value in options.items() if name in declared and _usable(value)}
    return [f"{name} = {_value(value)}" for name, value in known.items()], [
        f"# {name} = {json.dumps(value)}" for name, value in options.items() if name not in known
    ]


def _usable(value: OptionValue) -> bool:
    """Whether a foreign value may stand in a manifest: no control characters, and no path that leaves the project."""
    entries = value if isinstance(value, tuple) else (value,)
    return all(not isinstance(entry, str) or (stays(entry) and "\\" not in entry) for entry in entries)


def _value(value: OptionValue) -> str:
    if not isinstance(value, tuple):
        return json.dumps(value)
    line = f"[{', '.join(json.dumps(entry) for entry in value)}]"
    if len(line) <= WIDEST:
        return line
    return "[\n" + "".join(f"    {json.dumps(entry)},\n" for entry in value) + "]"
