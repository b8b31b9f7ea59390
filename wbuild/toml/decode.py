"""TOML → frozen dataclasses: generic over `model/`, every problem at once.

How a field is spelled in TOML: underscores are hyphens, a trailing underscore is dropped, and a tuple of dataclasses is an array of
tables in the singular (`checks` → `[[check]]`). Texts annotated with a form (`Size`, `Seconds`, `RelativePath` …) are read by `FORMS`.
A dataclass with `SHORT` may be written as the value of that field alone (`opt = "size"`).
"""

# ruff: noqa: ANN401 - annotations are values here, and Any is what they are
from __future__ import annotations

import math
import re
import types
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import cache
from typing import Annotated, Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import tomli

from wbuild.errors import Place, UsageError
from wbuild.text.names import glob_form, path_form, quoted
from wbuild.text.units import FormError, count, duration, share, size
from wbuild.toml.locate import Path, deepest, index, place
from wbuild.toml.problems import Document, Faults, dotted

__all__ = ["FORMS", "MISFIT", "Document", "Faults", "Reader", "TableKey", "keys_of", "read"]

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


@dataclass(frozen=True, slots=True, kw_only=True)
class TableKey:
    """One key of a table."""

    field: str
    """Name of the dataclass field."""
    name: str
    """Spelling in TOML."""
    type: Any
    required: bool
    default: object
    """MISSING when required."""


def keys_of(model: Any) -> tuple[TableKey, ...]:
    """The keys of a table that decodes to the dataclass `model`, in the order of the fields; not fields whose metadata say `given`."""
    return _keys(model)


@cache
def _keys(model: Any) -> tuple[TableKey, ...]:
    hints = get_type_hints(model, include_extras=True)
    found: list[TableKey] = []
    for field in fields(model):
        if field.metadata.get("given"):
            continue
        default = field.default_factory() if field.default_factory is not MISSING else field.default
        spelled = field.name.rstrip("_").replace("_", "-")
        if _is_array_of_tables(hints[field.name]):
            spelled = spelled.removesuffix("s")
        found.append(TableKey(field=field.name, name=spelled, type=hints[field.name], required=default is MISSING, default=default))
    return tuple(found)


def _is_array_of_tables(hint: object) -> bool:
    return get_origin(hint) is tuple and is_dataclass(get_args(hint)[0])


class Reader:
    """Decodes parts of one document and notes what is wrong in `faults`."""

    def __init__(self, faults: Faults) -> None:
        self.faults = faults

    def table(
        self, model: type[T], data: object, path: Path, *, given: Mapping[str, object] | None = None, ignore: AbstractSet[str] = frozenset()
    ) -> T | None:
        """`data` as a `model`; None when it cannot be made. `given` are fields that are not keys, `ignore` keys that the caller reads."""
        if not isinstance(data, Mapping):
            self._mistyped(path, "a table", data)
            return None
        given = given or {}
        keys = {key.name: key for key in keys_of(model) if key.field not in given}
        values: dict[str, object] = dict(given)
        for name in data:
            if name not in keys and name not in ignore:
                message = f"unknown key {quoted(name)}{_within(path)}"
                self.faults.add("WB203", (*path, name), message, near=(name, [*keys, *sorted(ignore)]), part="key")
        missing = False
        for key in keys.values():
            if key.name in data:
                value = self.value(key.type, data[key.name], (*path, key.name))
                missing = missing or (value is MISFIT and key.required)
                values |= {} if value is MISFIT else {key.field: value}
            elif key.required:
                message = f"{dotted(path) or self.faults.document.file} lacks the key {quoted(key.name)}"
                self.faults.add("WB206", path, message, hint=f"add {key.name} = …", part="key")
                missing = True
        return None if missing else model(**values)

    def value(self, hint: Any, raw: object, path: Path) -> Any:  # noqa: PLR0911 - one line for each kind of type
        """`raw` as the annotated type `hint`; MISFIT when it does not fit."""
        origin, args = get_origin(hint), get_args(hint)
        if origin is Annotated:
            return self._form(hint, raw, path)
        if origin in (Union, types.UnionType):
            return self._union(args, raw, path)
        if origin is Literal:
            return self._choice(args, raw, path)
        if origin is tuple:
            return self._array(args[0], raw, path)
        if origin is not None and issubclass(origin, Mapping):
            return self._mapping(args[1], raw, path)
        if is_dataclass(hint):
            return self._model(hint, raw, path)
        return self._scalar(hint, raw, path)

    def _form(self, hint: Any, raw: object, path: Path) -> object:
        base, form = get_args(hint)[:2]
        if form not in FORMS:
            return raw if isinstance(raw, base) else self._mistyped(path, _NAMES[base], raw)
        try:
            return FORMS[form](raw)
        except FormError as error:
            self.faults.add(error.code, path, f"{dotted(path)}: {error}", hint=error.hint)
            return MISFIT

    def _union(self, members: tuple[Any, ...], raw: object, path: Path) -> object:
        some = [m for m in members if m is not types.NoneType]
        if len(some) == 1:
            return self.value(some[0], raw, path)
        for member in some:
            if _takes(member, raw):
                return self.value(member, raw, path)
        return self._mistyped(path, " or ".join(_kind(m) for m in some), raw)

    def _choice(self, choices: tuple[Any, ...], raw: object, path: Path) -> object:
        shown = [c for c in choices if c != ""]
        if not isinstance(raw, str):
            return self._mistyped(path, "a string", raw)
        if raw in shown:
            return raw
        self.faults.add("WB207", path, f"{dotted(path)}: {quoted(raw)} is none of {', '.join(shown)}", near=(raw, shown))
        return MISFIT

    def _array(self, item: Any, raw: object, path: Path) -> object:
        if not isinstance(raw, list):
            hint = f"write [{quoted(raw)}]" if isinstance(raw, str) else ""
            if is_dataclass(item) and isinstance(raw, Mapping):
                hint = f"write [[{dotted(path)}]]"
            return self._mistyped(path, "an array", raw, hint)
        values = [self.value(item, entry, (*path, i)) for i, entry in enumerate(raw)]
        return MISFIT if any(v is MISFIT for v in values) else tuple(values)

    def _mapping(self, item: Any, raw: object, path: Path) -> object:
        if not isinstance(raw, Mapping):
            return self._mistyped(path, "a table", raw)
        values = {str(name): self.value(item, entry, (*path, name)) for name, entry in raw.items()}
        return MISFIT if any(v is MISFIT for v in values.values()) else values

    def _model(self, model: Any, raw: object, path: Path) -> object:
        short = getattr(model, "SHORT", "")
        if short and not isinstance(raw, Mapping):
            key = next(k for k in keys_of(model) if k.field == short)
            value = self.value(key.type, raw, path)
            return MISFIT if value is MISFIT else model(**{short: value})
        table = self.table(model, raw, path)
        return MISFIT if table is None else table

    def _scalar(self, hint: Any, raw: object, path: Path) -> object:
        if hint is float and isinstance(raw, int) and not isinstance(raw, bool):
            return float(raw)
        if not _takes(hint, raw):
            return self._mistyped(path, _NAMES[hint], raw)
        if isinstance(raw, str) and "\0" in raw:
            self.faults.add("WB208", path, f"{dotted(path)} holds a NUL character")
            return MISFIT
        if isinstance(raw, float) and not math.isfinite(raw):
            self.faults.add("WB208", path, f"{dotted(path)} is not a finite number")
            return MISFIT
        return raw

    def _mistyped(self, path: Path, expected: str, raw: object, hint: str = "") -> object:
        if not hint and expected == _NAMES[str] and isinstance(raw, bool | int | float):
            hint = "write it in quotes"
        elif not hint and expected in (_NAMES[int], _NAMES[float], _NAMES[bool]) and isinstance(raw, str):
            hint = "write it without quotes"
        self.faults.add("WB205", path, f"{dotted(path)}: expected {expected}, got {_kind(type(raw))}", hint=hint)
        return MISFIT


_NAMES: Final[Mapping[Any, str]] = {
    str: "a string",
    bool: "true or false",
    int: "an integer",
    float: "a number",
    dict: "a table",
    list: "an array",
}


def _kind(hint: Any) -> str:
    """A type in words of TOML."""
    if is_dataclass(hint):
        return "a table"
    base = get_args(hint)[0] if get_origin(hint) is Annotated else get_origin(hint) or hint
    return "an array" if base is tuple else _NAMES.get(base, "a date or time")


def _takes(hint: Any, raw: object) -> bool:
    """Whether a value of TOML can be meant by a member of a union."""
    if is_dataclass(hint):
        return isinstance(raw, Mapping)
    base = get_args(hint)[0] if get_origin(hint) is Annotated else get_origin(hint) or hint
    if base is tuple:
        return isinstance(raw, list)
    return isinstance(raw, base) and (base is bool or not isinstance(raw, bool))


def _within(path: Path) -> str:
    return f" in {dotted(path)}" if path else ""
