"""Values of components as text, as in WAVE, in the shape that the library takes and gives.

`"text"`, `'c'`, `[1, 2]`, `{x: 1}`, `(1, 2)`, `some(1)`, `none`, `ok(1)`, `err`, `{read, write}`.
A type is an object of the library; the name of its class says which type it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Final

from wasmtime import component

from .wasmtime_values import WIDTHS, BadValueError, Reader, Value, floating, integer, shortest

_STRING = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_CHAR = re.compile(r"'(?:[^'\\]|\\[^u]|\\u\{[0-9a-fA-F]+\})'", re.DOTALL)


def name_of(kind: Value) -> str:
    return type(kind).__name__


def cases(kind: Value) -> dict[str, Value]:
    """Case name → type of its payload, or None; the library offers it for its own conversions only."""
    return dict(kind._cases())  # noqa: SLF001


def tagged(kind: Value) -> bool:
    """Whether the library wraps values of this variant, because their classes alone do not tell the cases apart."""
    return bool(kind._tagged())  # noqa: SLF001


def read(reader: Reader, kind: Value) -> Value:
    """The next value of `kind`; raises BadValueError when the text does not fit or the type has no text form (resources, streams)."""
    name = name_of(kind)
    if name in WIDTHS:
        return integer(reader.word("an integer"), name)
    if name in ("F32", "F64"):
        return floating(reader.word("a number"), name)
    if name not in _READ:
        raise BadValueError(f"a value of type {show_type(kind)} cannot be given in text")
    return _READ[name](reader, kind)


def _one_of(reader: Reader, choices: dict[str, Value]) -> Value:
    word = reader.word(f"one of {', '.join(choices)}")
    if word not in choices:
        raise BadValueError(f"`{word}` is not one of {', '.join(choices)}")
    return choices[word]


def _unescape(quoted: str) -> str:
    plain = re.sub(r"\\u\{([0-9a-fA-F]{1,6})\}", lambda code: chr(int(code[1], 16)), quoted).replace("\\'", "'")
    try:
        return str(json.loads(plain, strict=False))
    except ValueError:
        raise BadValueError(f"{quoted} holds an escape that is not known") from None


def _char(reader: Reader, _kind: Value) -> str:
    inner = reader.match(_CHAR, "a character in single quotes")[1:-1]
    return _unescape('"\\""' if inner == '"' else f'"{inner}"')


def _list(reader: Reader, kind: Value) -> Value:
    items = []
    reader.expect("[")
    while not reader.take("]"):
        items.append(read(reader, kind.element))
        if reader.peek() != "]":
            reader.expect(",")
    return bytes(items) if name_of(kind.element) == "U8" else items


def _tuple(reader: Reader, kind: Value) -> Value:
    items = []
    reader.expect("(")
    for place, element in enumerate(kind.elements):
        if place:
            reader.expect(",")
        items.append(read(reader, element))
    reader.expect(")")
    return tuple(items)


def _record(reader: Reader, kind: Value) -> Value:
    fields, record = dict(kind.fields), component.Record()
    reader.expect("{")
    while not reader.take("}"):
        name = _one_of(reader, {field: field for field in fields})
        reader.expect(":")
        setattr(record, name, read(reader, fields[name]))
        if reader.peek() != "}":
            reader.expect(",")
    missing = [field for field in fields if not hasattr(record, field)]
    if missing:
        raise BadValueError(f"the record lacks {', '.join(missing)}")
    return record


def _flags(reader: Reader, kind: Value) -> Value:
    chosen: set[str] = set()
    reader.expect("{")
    while not reader.take("}"):
        chosen.add(_one_of(reader, {flag: flag for flag in kind.names}))
        if reader.peek() != "}":
            reader.expect(",")
    return chosen


def _case(reader: Reader, kind: Value) -> Value:
    known = cases(kind)
    tag = _one_of(reader, {case: case for case in known})
    payload = None
    if known[tag] is not None:
        reader.expect("(")
        payload = read(reader, known[tag])
        reader.expect(")")
    return component.Variant(tag, payload) if tagged(kind) else payload


_READ: Final[dict[str, Callable[[Reader, Value], Value]]] = {
    "Bool": lambda reader, _: _one_of(reader, {"true": True, "false": False}),
    "String": lambda reader, _: _unescape(reader.match(_STRING, "a text in double quotes")),
    "Char": _char,
    "EnumType": lambda reader, kind: _one_of(reader, {case: case for case in kind.names}),
    "ListType": _list,
    "TupleType": _tuple,
    "RecordType": _record,
    "FlagsType": _flags,
    "VariantType": _case,
    "OptionType": _case,
    "ResultType": _case,
}


def show_type(kind: Value) -> str:
    """A type in the words of WIT, as far as its shape goes (a record or a variant has no name here)."""
    name = name_of(kind)
    if name in ("ListType", "OptionType"):
        return f"{name[:-4].lower()}<{show_type(kind.element if name == 'ListType' else kind.payload)}>"
    if name == "TupleType":
        return f"tuple<{', '.join(show_type(element) for element in kind.elements)}>"
    if name == "ResultType":
        ok, err = (None if inner is None else show_type(inner) for inner in (kind.ok, kind.err))
        if err is None:
            return "result" if ok is None else f"result<{ok}>"
        return f"result<{ok or '_'}, {err}>"
    return name.removesuffix("Type").lower()


def show(value: Value, kind: Value) -> str:
    """The text of a result; `read` takes it back."""
    name = name_of(kind)
    if name in _SHOW:
        return _SHOW[name](value, kind)
    return str(value).lower() if isinstance(value, bool) else str(value)


def _show_char(value: str) -> str:
    return {"'": "'\\''", '"': "'\"'"}.get(value, f"'{json.dumps(value, ensure_ascii=False)[1:-1]}'")


def _show_record(value: Value, kind: Value) -> str:
    return f"{{{', '.join(f'{field}: {show(getattr(value, field), inner)}' for field, inner in kind.fields)}}}"


def _show_case(value: Value, kind: Value) -> str:
    known = cases(kind)
    tag, payload = (value.tag, value.payload) if tagged(kind) else (_untagged(value, known), value)
    return str(tag) if known[tag] is None else f"{tag}({show(payload, known[tag])})"


def _untagged(value: Value, known: dict[str, Value]) -> str:
    for tag, kind in known.items():
        classes: set[type] = set()
        if kind is not None:
            kind.add_classes(classes)
        if (kind is None and value is None) or isinstance(value, tuple(classes)):
            return tag
    raise BadValueError("the result fits no case of its type")


_SHOW: Final[dict[str, Callable[[Value, Value], str]]] = {
    "F32": lambda value, _: shortest(value, narrow=True),
    "F64": lambda value, _: shortest(value, narrow=False),
    "String": lambda value, _: json.dumps(value, ensure_ascii=False),
    "Char": lambda value, _: _show_char(value),
    "ListType": lambda value, kind: f"[{', '.join(show(item, kind.element) for item in value)}]",
    "TupleType": lambda value, kind: f"({', '.join(map(show, value, kind.elements))})",
    "RecordType": _show_record,
    "FlagsType": lambda value, kind: f"{{{', '.join(flag for flag in kind.names if flag in value)}}}",
    "VariantType": _show_case,
    "OptionType": _show_case,
    "ResultType": _show_case,
}


_SAMPLES: Final[dict[str, Callable[[Value], str]]] = {
    "Bool": lambda _: "true",
    "String": lambda _: '"text"',
    "Char": lambda _: "'c'",
    "F32": lambda _: "1.5",
    "F64": lambda _: "1.5",
    "ListType": lambda _: "[]",
    "FlagsType": lambda _: "{}",
    "EnumType": lambda kind: str(kind.names[0]),
    "TupleType": lambda kind: f"({', '.join(map(sample, kind.elements))})",
    "RecordType": lambda kind: f"{{{', '.join(f'{field}: {sample(inner)}' for field, inner in kind.fields)}}}",
}


def sample(kind: Value) -> str:
    """A value for a first try; `…` where none can be made up."""
    name = name_of(kind)
    if name in _SAMPLES:
        return _SAMPLES[name](kind)
    if name in ("VariantType", "OptionType", "ResultType"):
        tag, payload = next(iter(cases(kind).items()))
        return tag if payload is None else f"{tag}({sample(payload)})"
    return "1" if name in WIDTHS else "…"
