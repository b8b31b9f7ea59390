"""Typed words of a command line: from recipe templates to words, from words to strings.

Grammar of a template: literal text with placeholders in braces, `{name}` or `{name:argument}`; `{{` and `}}` are braces.
A *scope* maps placeholder → value. A value that is one word stands anywhere in a template; a value that is several words
(or none) must be the whole template and takes its place. What a placeholder means is decided by who makes the scope;
this module knows only how templates are read, filled in, shown and expanded. `{toml.name}` is `{name}` for the inside of a
basic string of TOML ("…"): quotes and backslashes in a path of this machine are escaped. `{name|SEPARATOR}` is all words of a list as
one, with the separator between them: `{in|:}`, `-tags={option.tags|,}`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

from wbuild.errors import BugError
from wbuild.model.planned import (
    Each,
    In,
    JoinedWords,
    Late,
    Launcher,
    Out,
    Part,
    Python,
    Root,
    RunnerPath,
    Scratch,
    SharedCache,
    State,
    Toml,
    ToolPath,
    Word,
)

Value: TypeAlias = "str | Part | Word | list[Word]"
"""Text, a part, one word, or a list of words."""
Scope: TypeAlias = "Mapping[str, Value]"

TOML = "toml."
"""How a placeholder begins whose value is put into a string of TOML."""
JOIN = "|"
"""Between the name of a list and what stands between its words when they are one."""
LAUNCHERS = "launchers"
"""Folder below the scratch folder with the executables of `Launcher` parts."""
_TOKEN = re.compile(r"\{\{|\}\}|\{([^{}]*)\}|([^{}]+)|([{}])")


class TemplateError(ValueError):
    """A template that cannot be read or filled in; the message names the template."""


def placeholders(template: str) -> tuple[str, ...]:
    """Names in a template, in order, without `toml.` and separators. Raises TemplateError for a lone brace."""
    return tuple(name.removeprefix(TOML).partition(JOIN)[0] for text, name in _tokens(template) if text is None)


def fill(template: str, scope: Scope) -> list[Word]:
    """The words that a template stands for; a list of at most one word may be part of a longer one.

    Raises TemplateError for an unknown placeholder or a longer list inside a longer word.
    """
    parts: list[Part] = []
    tokens = _tokens(template)
    for text, name in tokens:
        if text is not None:
            parts.append(text)
            continue
        plain, joined, separator = name.removeprefix(TOML).partition(JOIN)
        if plain not in scope:
            raise TemplateError(f"unknown placeholder {{{name}}} in {template!r}")
        value = _quoted(scope[plain]) if name.startswith(TOML) else scope[plain]
        if joined:
            value = JoinedWords(_list(value), separator)
        if isinstance(value, list):
            if len(tokens) == 1:
                return value
            if len(value) > 1:
                raise TemplateError(f"{{{name}}} is a list of words and cannot be part of the word {template!r}")
            value = value[0] if value else ""
        parts.extend(value if isinstance(value, tuple) else (value,))
    return [_merge(parts)]


def fill_all(templates: Iterable[str], scope: Scope) -> tuple[Word, ...]:
    """The words of a whole command line. Raises TemplateError."""
    return tuple(word for template in templates for word in fill(template, scope))


def _list(value: Value) -> tuple[Word, ...]:
    if isinstance(value, list):
        return tuple(value)
    return (value if isinstance(value, tuple) else (value,),)


def _quoted(value: Value) -> Value:
    """A value whose parts are put into strings of TOML."""
    if isinstance(value, list):
        return [tuple(Toml(part) for part in word) for word in value]
    return tuple(Toml(part) for part in value) if isinstance(value, tuple) else (Toml(value),)


@lru_cache(maxsize=4096)
def _tokens(template: str) -> tuple[tuple[str | None, str], ...]:
    """(text, "") for text, (None, name) for a placeholder."""
    found: list[tuple[str | None, str]] = []
    for match in _TOKEN.finditer(template):
        name, text, lone = match.groups()
        if lone:
            raise TemplateError(f"lone {lone!r} in {template!r}; write {lone * 2!r} for a brace")
        if name is not None:
            found.append((None, name))
        else:
            found.append((text if text is not None else match.group()[0], ""))
    return tuple(found)


def _merge(parts: Sequence[Part]) -> Word:
    merged: list[Part] = []
    for part in parts:
        if isinstance(part, str) and merged and isinstance(merged[-1], str):
            merged[-1] += part
        else:
            merged.append(part)
    return tuple(merged) or ("",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Where typed words are on this machine, for one step."""

    scratch: str
    """The step's private folder, relative to the root (POSIX)."""
    tool: Callable[[str], Path]
    """Store folder of a pin, by the pin's name."""
    shared: Callable[[str], Path]
    """Folder of a shared cache."""
    state: str
    """The step's state directory, relative to the root; "" without one."""
    late: Callable[[Late], str | list[str]]
    """Value of a late word."""
    runner: Callable[[str], Path]
    """A program of wbuild/runners."""
    python: str
    """The interpreter that runs wbuild."""
    root: Path = Path()
    """The project's root; the current folder outside of any."""
    base: str = ""
    """What the outputs' paths begin with, all of them: it has no folders below `out`."""


def common_base(outputs: Sequence[str]) -> str:
    """The folder that all outputs are in, with a slash; "" when it is the root."""
    folder = posixpath.commonpath([posixpath.dirname(path.rstrip("/")) for path in outputs]) if outputs else ""
    return f"{folder}/" if folder else ""


OUT_FOLDER = "out"
"""Folder below the scratch folder where outputs are written before they are moved into place."""


def expand(words: Iterable[Word], places: Places) -> tuple[str, ...]:
    """The strings that the system gets."""
    line: list[str] = []
    for word in words:
        if len(word) == 1 and isinstance(word[0], Late):
            value = places.late(word[0])
            line.extend(value if isinstance(value, list) else [value])
        else:
            line.append(_unlike_an_option(word, "".join(_text(part, places) for part in word)))
    return tuple(line)


def _unlike_an_option(word: Word, text: str) -> str:
    """A file whose name begins like an option, or like a response file, is named by its folder."""
    return f"./{text}" if text[:1] in ("@", "-") and word and isinstance(word[0], In) else text


def _text(part: Part, places: Places) -> str:  # noqa: C901, PLR0911, PLR0912 - one line for each kind of part
    match part:
        case str():
            return part
        case In(path):
            return _relative(path)
        case Out(path):
            return f"{places.scratch}/{OUT_FOLDER}/{path.removeprefix(places.base)}".rstrip("/")
        case Scratch(name):
            return f"{places.scratch}/{name}" if name else places.scratch
        case State(name):
            return f"{places.state}/{name}" if name else places.state
        case SharedCache(name):
            return str(places.shared(name))
        case Root():
            return str(places.root)
        case ToolPath(pin, member):
            return str(places.tool(pin) / member) if member else str(places.tool(pin))
        case RunnerPath(file):
            return str(places.runner(file))
        case Python():
            return places.python
        case Toml(inner):
            return _basic(_text(inner, places))
        case JoinedWords(words, separator):
            return separator.join(expand(words, places))
        case Each(what):
            raise BugError("WB900", f"{what} of each file in a step that is one")
        case Launcher(program, _):
            return f"{places.root}/{places.scratch}/{LAUNCHERS}/{program}"
        case Late(path, field):
            value = places.late(part)
            if isinstance(value, list):
                raise BugError("WB900", f"late word {field} of {path} is a list inside a longer word")
            return value


def _relative(path: str) -> str:
    """A file whose name begins with a hyphen must not look like an option."""
    return f"./{path}" if path.startswith("-") else path


def portable(word: Word) -> str:
    """One word as text without anything of this machine, for keys and for `wbuild plan`."""
    if len(word) == 1:  # nearly every word
        return _portable(word[0])
    return "".join(_portable(part) for part in word)


def _portable(part: Part) -> str:  # noqa: C901, PLR0911, PLR0912 - one line for each kind of part
    match part:
        case str():
            return part
        case In(path):
            return _relative(path)
        case Out(path):
            return f"{{out}}/{path}"
        case Scratch(name):
            return f"{{scratch}}/{name}" if name else "{scratch}"
        case State(name):
            return f"{{state}}/{name}" if name else "{state}"
        case SharedCache(name):
            return f"{{cache:{name}}}"
        case Root():
            return "{root}"
        case ToolPath(pin, member):
            return f"{{{pin}}}/{member}" if member else f"{{{pin}}}"
        case RunnerPath(file):
            return f"{{runner}}/{file}"
        case Python():
            return "{python}"
        case Toml(inner):
            return _basic(_portable(inner))
        case JoinedWords(words, separator):
            return separator.join(map(portable, words))
        case Each(what):
            return f"{{{what}}}"
        case Launcher(program, words):
            return f"{{launcher:{program}={' '.join(map(portable, words))}}}"
        case Late(path, field):
            return f"<{field} of {path}>"


def _basic(text: str) -> str:
    """The inside of a basic string of TOML."""
    return "".join(f"\\u{ord(sign):04x}" if sign < " " or sign == "\x7f" else f"\\{sign}" if sign in '\\"' else sign for sign in text)


def parts(words: Iterable[Word]) -> Iterator[Part]:
    """All parts of words, in order, and those that stand within others."""
    for word in words:
        for part in word:
            yield part
            if isinstance(part, Toml):
                yield from parts([(part.part,)])
            elif isinstance(part, JoinedWords | Launcher):
                yield from parts(part.words)


def mapped(words: Iterable[Word], change: Callable[[Part], Part]) -> tuple[Word, ...]:
    """Words with each part changed, those that stand within others too."""

    def deep(part: Part) -> Part:
        if isinstance(part, Toml):
            return Toml(deep(part.part))
        if isinstance(part, JoinedWords):
            return JoinedWords(mapped(part.words, change), part.separator)
        if isinstance(part, Launcher):
            return Launcher(part.program, mapped(part.words, change))
        return change(part)

    return tuple(tuple(map(deep, word)) for word in words)


def late_words(words: Iterable[Word]) -> tuple[Late, ...]:
    """The late parts of a command line, in order."""
    return tuple(part for part in parts(words) if isinstance(part, Late))
