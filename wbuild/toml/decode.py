"""TOML → frozen dataclasses: generic over `model/`, every problem at once.

How a field is spelled in TOML: underscores are hyphens, a trailing underscore is dropped, and a tuple of dataclasses is an array of
tables in the singular (`checks` → `[[check]]`). Texts annotated with a form (`Size`, `Seconds`, `RelativePath` …) are read by `FORMS`.
A dataclass with `SHORT` may be written as the value of that field alone (`opt = "size"`).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar, Final, TypeVar

import tomli

from wbuild.errors import Place, UsageError
from wbuild.text.names import glob_form, path_form, quoted
from wbuild.text.units import FormError, count, duration, share, size
from wbuild.toml.locate import Path, deepest, index, place
from wbuild.toml.problems import Document, Faults, dotted
from wbuild.toml.shape import (
    ChoiceShape,
    FormShape,
    ListShape,
    MappingShape,
    RowShape,
    ScalarShape,
    Shape,
    TableShape,
    UnionShape,
    accepts,
    names_of,
    shape_of,
    short_key,
)

__all__ = ["FORMS", "MISFIT", "Document", "Faults", "Reader", "read"]

LARGEST: Final = 4 << 20
"""Bytes of a manifest, lock or recipe; a larger file is a mistake."""
NESTED: Final = 100
"""Levels of arrays and inline tables that a message calls too deep."""
FORMS: Final[Mapping[str, Callable[[object], object]]] = {
    "size": size,
    "duration": duration,
    "count": count,
    "share": share,
    "path": path_form,
    "glob": glob_form,
}
MISFIT: Final = object()
"""Stands for a value that could not be decoded; the problem is noted."""

T = TypeVar("T")

_SURROGATE = re.compile(r"[\ud800-\udfff]")
_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)\Z")
_DUPLICATE = re.compile(r"Cannot (overwrite|declare|mutate|redefine)|Duplicate")
_SYNTAX_HINTS = {
    "Invalid value": 'texts stand in quotes, such as "wasip1"',
    "Expected newline": "one key and value a line",
    "Invalid initial character for a key part": "a key is made of letters, digits, '-' and '_', or stands in quotes",
    "Expected '='": 'keys are written `key = "value"`, tables `[table]`',
}


def read(content: bytes | str, file: str) -> Document:
    """Parse a TOML text (UTF-8; CRLF and a byte order mark are accepted). Raises UsageError with the place."""
    if len(content) > LARGEST:
        at = Place(file=file, line=1, column=1)
        raise UsageError("WB201", f"{file} is {len(content) >> 20} MiB; wbuild reads at most {LARGEST >> 20} MiB", place=at)
    text = _text(content, file).removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        return Document(file=file, text=text, data=tomli.loads(text))
    except tomli.TOMLDecodeError as error:
        raise _syntax_error(str(error), text, file) from None
    except RecursionError:
        raise _nesting_error(text, file) from None
    except ValueError as error:
        raise UsageError("WB200", f"not valid TOML: {error}", place=place(text, file, (0, 0))) from None


def _text(content: bytes | str, file: str) -> str:
    if isinstance(content, str):
        if _SURROGATE.search(content) is None:
            return content
        content = content.encode("utf-8", "surrogatepass")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        begin = before.rfind(b"\n") + 1
        stop = content.find(b"\n", error.start)
        line = content[begin : stop if stop >= 0 else len(content)].decode("utf-8", "replace").rstrip("\r")
        at = Place(file=file, line=before.count(b"\n") + 1, column=len(before[begin:].decode("utf-8")) + 1, text=line)
        raise UsageError("WB201", f"{file} is not UTF-8 text", hint="save the file as UTF-8", place=at) from None


def _syntax_error(message: str, text: str, file: str) -> UsageError:
    position = _POSITION.search(message)
    what = message[: position.start()] if position else message
    if _DUPLICATE.match(what):
        for path, first, second in index(text).repeats:
            line = place(text, file, first).line
            return UsageError(
                "WB202", f"{dotted(path)} is given twice", hint=f"the first is in line {line}", place=place(text, file, second)
            )
    hint = next((hint for start, hint in _SYNTAX_HINTS.items() if what.startswith(start)), "")
    at = place(text, file, (_offset(text, position), _offset(text, position)))
    return UsageError("WB200", f"not valid TOML: {what[:1].lower()}{what[1:]}", hint=hint, place=at)


def _offset(text: str, position: re.Match[str] | None) -> int:
    if position is None or position.group(1) is None:
        return len(text.rstrip("\n"))
    start = 0
    for _ in range(int(position.group(1)) - 1):
        start = text.find("\n", start) + 1
    return start + int(position.group(2)) - 1


def _nesting_error(text: str, file: str) -> UsageError:
    at = deepest(text, NESTED)
    return UsageError(
        "WB201", f"{file} is nested too deep", hint="no key of wbuild is deeper than a few levels", place=place(text, file, (at, at))
    )


class Reader:
    """Decodes parts of one document and notes what is wrong in `faults`.

    A kind of document with codes and words of its own overrides `forms` and what notes problems: `unknown`, `lacking`, `mistyped`,
    `none_of`, `malformed`.
    """

    forms: ClassVar[Mapping[str, Callable[[object], object]]] = FORMS
    """How values with a form are read; each raises FormError."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults

    def unknown(self, path: Path, name: str, names: Sequence[str]) -> None:
        """Note a key that the table at `path` does not have; `names` are those that it has."""
        self.faults.add("WB203", (*path, name), f"unknown key {quoted(name)}{_within(path)}", near=(name, names), part="key")

    def lacking(self, path: Path, name: str) -> None:
        """Note that the table at `path` has no key `name`."""
        message = f"{dotted(path) or self.faults.document.file} lacks the key {quoted(name)}"
        self.faults.add("WB206", path, message, hint=f"add {name} = …", part="key")

    def mistyped(self, path: Path, expected: str, raw: object, hint: str = "") -> None:
        """Note a value of another kind."""
        if not hint and expected == _NAMES[str] and isinstance(raw, bool | int | float):
            hint = "write it in quotes"
        elif not hint and expected in (_NAMES[int], _NAMES[float], _NAMES[bool]) and isinstance(raw, str):
            hint = "write it without quotes"
        self.faults.add("WB205", path, f"{dotted(path)}: expected {expected}, got {_NAMES.get(type(raw), 'a date or time')}", hint=hint)

    def none_of(self, path: Path, word: str, choices: Sequence[str]) -> None:
        """Note a text that is none of those which may stand there."""
        self.faults.add("WB207", path, f"{dotted(path)}: {quoted(word)} is none of {', '.join(choices)}", near=(word, choices))

    def malformed(self, path: Path, error: FormError) -> None:
        """Note a value that is not written as its form asks."""
        self.faults.add(error.code, path, f"{dotted(path)}: {error}", hint=error.hint)

    def table(
        self, model: type[T], data: object, path: Path, *, given: Mapping[str, object] | None = None, ignore: AbstractSet[str] = frozenset()
    ) -> T | None:
        """`data` as a `model`; None when it cannot be made. `given` are fields that are not keys, `ignore` keys that the caller reads."""
        if not isinstance(data, Mapping):
            self.mistyped(path, _NAMES[dict], data)
            return None
        given = given or {}
        keys = {name: key for name, key in names_of(model).items() if key.field not in given} if given else names_of(model)
        values: dict[str, object] = dict(given)
        for name in data:
            if name not in keys and name not in ignore:
                self.unknown(path, name, [*keys, *sorted(ignore)])
        missing = False
        for key in keys.values():
            if key.name in data:
                value = self.shaped(key.shape, data[key.name], (*path, key.name))
                if value is not MISFIT:
                    values[key.field] = value
                elif key.required:
                    missing = True
            elif key.required:
                self.lacking(path, key.name)
                missing = True
        return None if missing else model(**values)

    def value(self, hint: object, raw: object, path: Path) -> Any:  # noqa: ANN401 - of the annotated type
        """`raw` as the annotated type `hint`; MISFIT when it does not fit."""
        return self.shaped(shape_of(hint), raw, path)

    def shaped(self, shape: Shape, raw: object, path: Path) -> object:  # noqa: PLR0911 - one line for each kind of type
        """`raw` as a value of this shape; MISFIT when it does not fit."""
        match shape:
            case FormShape():
                return self._form(shape, raw, path)
            case UnionShape(members=members):
                return self._union(members, raw, path)
            case ChoiceShape(choices=choices):
                return self._choice(choices, raw, path)
            case ListShape(item=item):
                return self._array(item, raw, path)
            case RowShape(items=items):
                return self._row(items, raw, path)
            case MappingShape(item=item):
                return self._mapping(item, raw, path)
            case TableShape(model=model):
                return self._model(model, raw, path)
            case ScalarShape(type=kind):
                return self._scalar(kind, raw, path)

    def _form(self, shape: FormShape, raw: object, path: Path) -> object:
        if shape.form not in self.forms:
            return raw if isinstance(raw, shape.base) else self._misfit(path, _NAMES[shape.base], raw)
        try:
            return self.forms[shape.form](raw)
        except FormError as error:
            self.malformed(path, error)
            return MISFIT

    def _union(self, members: tuple[Shape, ...], raw: object, path: Path) -> object:
        if len(members) == 1:
            return self.shaped(members[0], raw, path)
        for member in members:
            if accepts(member, raw):
                return self.shaped(member, raw, path)
        return self._misfit(path, " or ".join(map(_kind, members)), raw)

    def _choice(self, choices: tuple[str, ...], raw: object, path: Path) -> object:
        shown = [c for c in choices if c != ""]
        if not isinstance(raw, str):
            return self._misfit(path, "a string", raw)
        if raw in shown:
            return raw
        self.none_of(path, raw, shown)
        return MISFIT

    def _array(self, item: Shape, raw: object, path: Path) -> object:
        if not isinstance(raw, list):
            hint = f"write [{quoted(raw)}]" if isinstance(raw, str) else ""
            if isinstance(item, TableShape) and isinstance(raw, Mapping):
                hint = f"write [[{dotted(path)}]]"
            return self._misfit(path, "an array", raw, hint)
        return self._items(((item, entry) for entry in raw), path)

    def _row(self, items: tuple[Shape, ...], raw: object, path: Path) -> object:
        if not isinstance(raw, list) or len(raw) != len(items):
            return self._misfit(path, f"an array of {len(items)}", raw)
        return self._items(zip(items, raw, strict=True), path)

    def _items(self, items: Iterable[tuple[Shape, object]], path: Path) -> object:
        values = [self.shaped(item, entry, (*path, i)) for i, (item, entry) in enumerate(items)]
        return MISFIT if any(v is MISFIT for v in values) else tuple(values)

    def _mapping(self, item: Shape, raw: object, path: Path) -> object:
        if not isinstance(raw, Mapping):
            return self._misfit(path, "a table", raw)
        values = {str(name): self.shaped(item, entry, (*path, name)) for name, entry in raw.items()}
        return MISFIT if any(v is MISFIT for v in values.values()) else values

    def _model(self, model: Any, raw: object, path: Path) -> object:  # noqa: ANN401 - a dataclass
        key = short_key(model)
        if key is not None and not isinstance(raw, Mapping):
            value = self.shaped(key.shape, raw, path)
            return MISFIT if value is MISFIT else model(**{key.field: value})
        table = self.table(model, raw, path)
        return MISFIT if table is None else table

    def _scalar(self, kind: type, raw: object, path: Path) -> object:
        if kind is float and isinstance(raw, int) and not isinstance(raw, bool):
            return float(raw)
        if not accepts(ScalarShape(kind), raw):
            return self._misfit(path, _NAMES[kind], raw)
        if isinstance(raw, str) and "\0" in raw:
            self.faults.add("WB208", path, f"{dotted(path)} holds a NUL character")
            return MISFIT
        if isinstance(raw, float) and not math.isfinite(raw):
            self.faults.add("WB208", path, f"{dotted(path)} is not a finite number")
            return MISFIT
        return raw

    def _misfit(self, path: Path, expected: str, raw: object, hint: str = "") -> object:
        self.mistyped(path, expected, raw, hint)
        return MISFIT


_NAMES: Final[Mapping[type, str]] = {
    str: "a string",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    dict: "a table",
    list: "an array",
}


def _kind(shape: Shape) -> str:
    """The kind of value that a shape expects, in words of TOML."""
    match shape:
        case TableShape() | MappingShape():
            return _NAMES[dict]
        case ListShape() | RowShape():
            return _NAMES[list]
        case ChoiceShape():
            return _NAMES[str]
        case ScalarShape(type=kind) | FormShape(base=kind):
            return _NAMES[kind]
        case UnionShape(members=members):
            return " or ".join(map(_kind, members))


def _within(path: Path) -> str:
    return f" in {dotted(path)}" if path else ""
