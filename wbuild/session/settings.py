"""Configuration of the machine, never of the project: flag > WBUILD_* > the user's config.toml > the system's > default."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, ClassVar, Final, TypeAlias, get_args

from wbuild.errors import UsageError
from wbuild.model.locked import SYSTEM
from wbuild.model.tool_recipe import SourceName
from wbuild.text import units
from wbuild.text.nearest import nearest
from wbuild.toml import decode
from wbuild.toml.locate import Path as KeyPath
from wbuild.toml.problems import Faults
from wbuild.toml.shape import FormShape, docs_of, keys_of

Value: TypeAlias = str | int | float | bool
SOURCE_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    **{name: (name,) for name in get_args(SourceName)},
    "registry": tuple(name for name in get_args(SourceName) if name != SYSTEM),
}
"""A word that the setting `sources` may hold → the sources that it means."""
TRUE: Final = frozenset({"1", "true", "yes", "on"})
FREE: Final = "free"
"""The setting of memory that means: as much as the machine has left."""
_NAME: Final = re.compile(r"[A-Za-z0-9_*?]+")
FALSE: Final = frozenset({"", "0", "false", "no", "off"})


# How a setting is written, in a variable as in a file; `SettingsReader.forms` reads these.
Folder = Annotated[Value | None, "path"]
Count = Annotated[Value | None, "count"]
Seconds = Annotated[Value | None, "seconds"]
Bytes = Annotated[Value | None, "size"]
Memory = Annotated[Value | None, "memory"]
Switch = Annotated[Value | None, "bool"]
Sources = Annotated[Value | None, "sources"]
Variables = Annotated[Value | None, "names"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigTable:
    """What a config.toml says; None for a key that it does not have."""

    store: Folder = None
    """Folder where tools are kept."""
    cache: Folder = None
    """Folder of the action cache."""
    work: Folder = None
    """Folder outside of projects for their `.wbuild`; empty: in each project."""
    cache_limit: Bytes = None
    """Bytes that the action cache may have; the least recently used results go."""
    jobs: Count = None
    """Steps that run at the same time."""
    memory: Memory = None
    """Memory for steps that say how much they take, such as "4 GiB"; "free" is what the machine has left."""
    lock_timeout: Seconds = None
    """Seconds to wait for another wbuild that installs the same tool."""
    sources: Sources = None
    """Where tools may come from, the preferred first; empty: as recipes say."""
    plain_env: Variables = None
    """Globs of variables that `env` may take `from` yours and that everybody may see, besides *VERSION*, *COMMIT*, *_SHA and *_REF."""
    offline: Switch = None
    """Open no network connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One key of config.toml; the variable is WBUILD_ and its name."""

    name: str
    kind: str
    """The form of its values, as a word for people and for the table of forms."""
    field: str
    """The name of its field in `ConfigTable`."""

    @property
    def variable(self) -> str:
        """Name of the environment variable."""
        return f"WBUILD_{self.field.upper()}"

    @property
    def doc(self) -> str:
        """What it means, in one phrase."""
        return docs_of(ConfigTable)[self.field]


SETTINGS: Final = tuple(
    Setting(name=key.name, kind=key.shape.form, field=key.field) for key in keys_of(ConfigTable) if isinstance(key.shape, FormShape)
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
        flag = flags.get(setting.field)
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
    faults = Faults(document)
    table = SettingsReader(faults).table(ConfigTable, document.data, ())
    faults.check()
    found = {setting.name: getattr(table, setting.field) for setting in SETTINGS}
    paths = {setting.name for setting in SETTINGS if setting.kind == "path"}
    return {name: _beside(file, value) if name in paths else value for name, value in found.items() if value is not None}


def _beside(file: ConfigFile, value: Value) -> Value:
    """A relative path in a file is relative to the file."""
    return str(Path(file.path).parent / Path(str(value)).expanduser())


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


_PARSERS: Final[Mapping[str, Callable[[object], Value | None]]] = {
    "path": _path,
    "count": _count,
    "seconds": _seconds,
    "size": _size,
    "memory": _memory,
    "bool": _bool,
    "sources": _sources,
    "names": _names,
}
_MEANINGS: Final[Mapping[str, str]] = {
    "path": "a path",
    "count": "a whole number from 1",
    "seconds": "a number of seconds",
    "size": "a size such as 5 GiB",
    "memory": 'a size such as "4 GiB", or "free"',
    "bool": "true or false",
    "names": "a list of variables' names, in which * stands for any letters",
    "sources": f"a list of {', '.join(SOURCE_WORDS)}",
}


def _formed(kind: str, raw: object) -> Value:
    value = _PARSERS[kind](raw)
    if value is None:
        raise units.FormError(f"must be {_MEANINGS[kind]}")
    return value


class SettingsReader(decode.Reader):
    """Reads config.toml; each problem is shown at its key."""

    forms: ClassVar[Mapping[str, Callable[[object], object]]] = {kind: partial(_formed, kind) for kind in _PARSERS}

    def unknown(self, path: KeyPath, name: str, names: Sequence[str]) -> None:
        """Note a key that is no setting."""
        near = nearest(name, names)
        hint = f"did you mean {near!r}?" if near else f"known: {', '.join(names)}"
        self.faults.add("WB263", (*path, name), f"unknown setting {name!r}", hint=hint, part="key")

    def malformed(self, path: KeyPath, error: units.FormError) -> None:
        """Note a value that makes no sense."""
        key = path[-1]
        hint = next(setting.doc for setting in SETTINGS if setting.name == key)
        self.faults.add("WB263", path, f"{key} {error}", hint=hint, part="key")
