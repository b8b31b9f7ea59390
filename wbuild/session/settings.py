"""Configuration of the machine, never of the project: flag > WBUILD_* > the user's config.toml > the system's > default."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal, TypeAlias, get_args

from wbuild.errors import Problem, UsageError
from wbuild.model.locked import SYSTEM
from wbuild.model.tool_recipe import SourceName
from wbuild.text import units
from wbuild.text.nearest import nearest
from wbuild.toml import decode, locate

Value: TypeAlias = "str | int | float | bool"
Kind = Literal["path", "count", "seconds", "size", "memory", "bool", "sources", "names"]
SOURCE_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: (name,) for name in get_args(SourceName)},
    "registry": tuple(name for name in get_args(SourceName) if name != SYSTEM),
}
"""What `sources` may name → the sources meant."""
TRUE: Final = frozenset({"1", "true", "yes", "on"})
FREE: Final = "free"
"""The setting of memory that means: as much as the machine has left."""
_NAME: Final = re.compile(r"[A-Za-z0-9_*?]+")
FALSE: Final = frozenset({"", "0", "false", "no", "off"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key of config.toml; the variable is WBUILD_ and its name."""

    name: str
    kind: Kind
    doc: str

    @property
    def variable(self) -> str:
        """Name of the environment variable."""
        return f"WBUILD_{self.name.replace('-', '_').upper()}"


SETTINGS: Final[tuple[Setting, ...]] = (
    Setting(name="store", kind="path", doc="Folder where tools are kept."),
    Setting(name="cache", kind="path", doc="Folder of the action cache."),
    Setting(name="work", kind="path", doc="Folder outside of projects for their `.wbuild`; empty: in each project."),
    Setting(name="cache-limit", kind="size", doc="Bytes that the action cache may have; the least recently used results go."),
    Setting(name="jobs", kind="count", doc="Steps that run at the same time."),
    Setting(
        name="memory",
        kind="memory",
        doc='Memory for steps that say how much they take, such as "4 GiB"; "free" is what the machine has left.',
    ),
    Setting(name="lock-timeout", kind="seconds", doc="Seconds to wait for another wbuild that installs the same tool."),
    Setting(name="sources", kind="sources", doc="Where tools may come from, the preferred first; empty: as recipes say."),
    Setting(
        name="plain-env",
        kind="names",
        doc="Globs of variables that `env` may take `from` yours and that everybody may see, besides *VERSION*, *COMMIT*, *_SHA and *_REF.",
    ),
    Setting(name="offline", kind="bool", doc="Open no network connection."),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """A value and where it came from."""

    value: Value
    origin: str
    """"flag", the variable's name, the file's path, or "default"."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigFile:
    """A config.toml that exists."""

    path: str
    text: bytes | str


def resolve(
    flags: Mapping[str, object], environ: Mapping[str, str], files: Sequence[ConfigFile], defaults: Mapping[str, Value]
) -> Mapping[str, Origin]:
    """Every setting with its origin. `files` in order of precedence. Raises UsageError for values that make no sense."""
    read = [(file, _read(file)) for file in files]
    found: dict[str, Origin] = {}
    for setting in SETTINGS:
        flag = flags.get(setting.name.replace("-", "_"))
        written = environ.get(setting.variable)
        if flag is not None:
            found[setting.name] = Origin(value=_from_text(setting, str(flag), f"--{setting.name}"), origin="flag")
        elif written is not None and (written or setting.kind == "bool"):
            found[setting.name] = Origin(value=_from_text(setting, written, setting.variable), origin=setting.variable)
        else:
            origin = next((Origin(value=values[setting.name], origin=file.path) for file, values in read if setting.name in values), None)
            found[setting.name] = origin or Origin(value=defaults[setting.name], origin="default")
    return found


def _from_text(setting: Setting, text: str, origin: str) -> Value:
    value = _PARSERS[setting.kind](text.strip())
    if value is None:
        raise UsageError("WB262", f"{origin}: {text!r} is not {_MEANINGS[setting.kind]}", hint=setting.doc)
    return value


def _read(file: ConfigFile) -> Mapping[str, Value]:
    """Values of a config.toml. Raises UsageError with every problem in it."""
    document = decode.read(file.text, file.path)
    known = {setting.name: setting for setting in SETTINGS}
    problems: list[Problem] = []
    values: dict[str, Value] = {}
    for key, raw in document.data.items():
        where = locate.place(document.text, file.path, locate.index(document.text).span((key,), "key"))
        if key not in known:
            problems.append(Problem(code="WB263", message=f"unknown setting {key!r}", hint=_nearest(key, known), place=where))
            continue
        setting = known[key]
        value = _PARSERS[setting.kind](raw)
        if value is None:
            problems.append(Problem(code="WB263", message=f"{key} must be {_MEANINGS[setting.kind]}", hint=setting.doc, place=where))
        else:
            values[key] = _beside(file, value) if setting.kind == "path" else value
    if problems:
        raise UsageError.of(tuple(problems))
    return values


def _beside(file: ConfigFile, value: Value) -> Value:
    """A relative path in a file is relative to the file."""
    return str(Path(file.path).parent / Path(str(value)).expanduser())


def _nearest(word: str, known: Mapping[str, Setting]) -> str:
    near = nearest(word, known)
    return f"did you mean {near!r}?" if near else f"known: {', '.join(known)}"


def _path(raw: object) -> Value | None:
    return raw if isinstance(raw, str) and raw and "\0" not in raw else None


def _count(raw: object) -> Value | None:
    if isinstance(raw, str) and raw.isascii() and raw.isdigit() and len(raw) < 6:
        raw = int(raw)
    return raw if isinstance(raw, int) and not isinstance(raw, bool) and raw >= 1 else None


def _seconds(raw: object) -> Value | None:
    if isinstance(raw, bool) or not isinstance(raw, (str, int, float)):
        return None
    try:
        value = float(raw.removesuffix("s") if isinstance(raw, str) else raw)
    except ValueError:
        return None
    return value if 0 <= value < 1e9 else None


def _size(raw: object) -> Value | None:
    try:
        return units.size_of_text(raw) if isinstance(raw, str) else units.size(raw)
    except units.FormError:
        return None


def _memory(raw: object) -> Value | None:
    return FREE if raw == FREE else _size(raw)


def _bool(raw: object) -> Value | None:
    if isinstance(raw, bool):
        return raw
    word = raw.lower() if isinstance(raw, str) else "?"
    return True if word in TRUE else False if word in FALSE else None


def sources_of(text: str) -> tuple[str, ...]:
    """The sources in a list with commas; `registry` stands for every package registry."""
    return tuple(dict.fromkeys(name for word in text.split(",") if word for name in SOURCE_WORDS[word]))


def _sources(raw: object) -> Value | None:
    words = raw.split(",") if isinstance(raw, str) else raw
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return None
    named = [word.strip() for word in words if word.strip()]
    return ",".join(named) if all(word in SOURCE_WORDS for word in named) else None


def _names(raw: object) -> Value | None:
    words = raw.split(",") if isinstance(raw, str) else raw
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        return None
    named = [word.strip() for word in words if word.strip()]
    return ",".join(named) if all(_NAME.fullmatch(word) for word in named) else None


_PARSERS: Final[Mapping[Kind, Callable[[object], Value | None]]] = {
    "path": _path,
    "count": _count,
    "seconds": _seconds,
    "size": _size,
    "memory": _memory,
    "bool": _bool,
    "sources": _sources,
    "names": _names,
}
_MEANINGS: Final[Mapping[Kind, str]] = {
    "path": "a path",
    "count": "a whole number from 1",
    "seconds": "a number of seconds",
    "size": "a size such as 5 GiB",
    "memory": 'a size such as "4 GiB", or "free"',
    "bool": "true or false",
    "names": "a list of variables' names, in which * stands for any letters",
    "sources": f"a list of {', '.join(SOURCE_WORDS)}",
}
