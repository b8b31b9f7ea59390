"""`[defaults]` and `[defaults.LANG]`: keys that artifacts get when they do not set them. Pure.

What an artifact is decoded from is one table: its own keys over those of its language over those of all. Tables merge key by key,
everything else replaces as a whole (lists too, and each variable of `env`). A problem with a value is reported where it was written,
once, however many artifacts got it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from wbuild.model.shipped import Catalog
from wbuild.model.written import Artifact, Target
from wbuild.text.names import quoted
from wbuild.toml.decode import Reader
from wbuild.toml.locate import Part, Path
from wbuild.toml.problems import Document, Faults, dotted
from wbuild.toml.shape import keys_of

TABLE: Final = "defaults"
_GIVEN: Final[Mapping[str, object]] = {"name": "", "line": 0, "member": "", "options": {}}
_TARGETS: Final = frozenset({"target", "targets"})

Raw: TypeAlias = "Mapping[str, object]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Defaults:
    """The tables that were written, without the values that cannot be decoded."""

    faults: Faults
    """The problems of the file that holds the tables."""
    common: Raw = field(default_factory=dict)
    languages: Mapping[str, Raw] = field(default_factory=dict)

    @classmethod
    def of(cls, reader: Reader, document: Document, catalog: Catalog) -> Defaults:
        """The default tables of a document; problems are noted."""
        raw = document.data.get(TABLE, {})
        if not isinstance(raw, Mapping):
            reader.value(Mapping[str, str], raw, (TABLE,))
            return cls(faults=reader.faults)
        languages = {name: table for name, table in raw.items() if name in catalog.languages}
        common = {name: value for name, value in raw.items() if name not in languages}
        known: dict[str, Raw] = {}
        for name, table in languages.items():
            if isinstance(table, Mapping):
                known[name] = _decodable(reader, table, (TABLE, name), catalog, name)
            else:
                reader.value(Mapping[str, str], table, (TABLE, name))
        return cls(faults=reader.faults, common=_decodable(reader, common, (TABLE,), catalog), languages=known)

    def under(self, own: object) -> object:
        """An artifact's table with what it gets; anything but a table stays as it is."""
        if not isinstance(own, Mapping):
            return own
        lang = own.get("lang", self.common.get("lang"))
        table: Raw = {}
        for _, layer in reversed(list(self._layers(lang))):
            table = _over(layer, table)
        return _over(own, table)

    def at(self, path: Path, own: Faults, raw: object) -> Faults:
        """Where problems of the artifact at `path`, whose own table is `raw`, are noted."""
        lang = raw.get("lang", self.common.get("lang")) if isinstance(raw, Mapping) else None
        return _SharedProblems(own, self.faults, path, [(path, raw), *self._layers(lang)])

    def _layers(self, lang: object) -> Iterator[tuple[Path, Raw]]:
        """(path, table) of what an artifact of a language gets, strongest first."""
        if isinstance(lang, str) and lang in self.languages:
            yield (TABLE, lang), self.languages[lang]
        yield (TABLE,), self.common


class _SharedProblems(Faults):
    """Problems of one artifact; those of values that it got from defaults go where these were written."""

    def __init__(self, own: Faults, defaults: Faults, path: Path, layers: Iterable[tuple[Path, object]]) -> None:
        super().__init__(own.document)
        self._own = own
        self._defaults = defaults
        self._path = path
        self._layers = list(layers)

    def add(
        self, code: str, path: Path, message: str, *, hint: str = "", near: tuple[str, Iterable[str]] = ("", ()), part: Part = "value"
    ) -> None:
        """See `Faults.add`."""
        length = len(self._path)
        origin = self._path
        if path[:length] == self._path:
            origin, _ = max(self._layers, key=lambda layer: _depth(layer[1], path[length:]))
        if origin == self._path:
            self._own.add(code, path, message, hint=hint, near=near, part=part)
            return
        said = message.replace(f"{dotted(self._path)}.", f"{dotted(origin)}.")
        self._defaults.add(code, (*origin, *path[length:]), said, hint=hint, near=near, part=part)


def _depth(table: object, path: Path) -> int:
    """How many parts of a path lead somewhere in a table."""
    for depth, part in enumerate(path):
        known = len(table) if isinstance(table, list) else 0
        inside = part in table if isinstance(table, Mapping) else isinstance(part, int) and part < known
        if not inside:
            return depth
        table = table[part]  # type: ignore[index]
    return len(path)


def _over(above: Raw, below: Raw) -> dict[str, object]:
    """`above` with what only `below` has."""
    merged = dict(below)
    if _TARGETS & above.keys():
        merged = {name: value for name, value in merged.items() if name not in _TARGETS}
    for name, value in above.items():
        other = merged.get(name)
        if isinstance(value, Mapping) and isinstance(other, Mapping):
            merged[name] = {**other, **value} if name == "env" else _over(value, other)
        else:
            merged[name] = value
    return merged


def _decodable(reader: Reader, table: Raw, path: Path, catalog: Catalog, language: str = "") -> Raw:
    """The keys whose values are of the right form; problems of the others are noted."""
    found: dict[str, object] = {}
    for name, value in table.items():
        before = len(reader.faults)
        if name == "target":
            reader.value(Target, value, (*path, name))
        elif language and name in catalog.languages:
            _check_options(reader, (*path, name), language)
        elif language and name not in _KEYS and name in {option.name for option in catalog.languages[language].options}:
            message = f"{dotted(path)} has keys of every artifact, and {quoted(name)} is an option of {catalog.languages[language].title}"
            reader.faults.add("WB203", (*path, name), message, hint=f"write it in [{dotted((*path, language))}]", part="key")
        else:
            given = _GIVEN if name == "lang" else {**_GIVEN, "lang": ""}
            ignore = {"target", *([language] if language else catalog.languages)}
            reader.table(Artifact, {name: value}, path, given=given, ignore=ignore)
        if len(reader.faults) == before:
            found[name] = value
    return found


def _check_options(reader: Reader, path: Path, language: str) -> None:
    """A table named like a language, within the defaults of a language: its options."""
    if path[-1] != language:
        message = f"{dotted(path)}: these defaults are for {quoted(language)} only"
        reader.faults.add("WB227", path, message, hint=f"move it to [{dotted((TABLE, path[-1], path[-1]))}]", part="key")


_KEYS: Final = frozenset(key.name for key in keys_of(Artifact) if key.field not in _GIVEN)
