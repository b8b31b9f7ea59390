"""The builtin `validate`: a module or component without what is dropped, and whether a validator takes it, or what else that means."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

from wbuild.builtins.strip import strip
from wbuild.errors import ArtifactError, BugError
from wbuild.model.happened import Validation
from wbuild.model.planned import JSON
from wbuild.text import show
from wbuild.toml.from_json import parse
from wbuild.wasm.custom import function_names
from wbuild.wasm.features import features
from wbuild.wasm.module import Component, Module
from wbuild.wasm.reader import read, read_module

__all__ = ["judged", "validate"]

_UNREADABLE: Final = re.compile(r"\b(?:illegal|malformed|unexpected|unknown|invalid)\b.*\b(?:opcode|byte|flags?|type|value|section)\b")
"""How a validator says that it does not know the form of something, rather than that types do not fit."""
_SHOWN: Final = 200
"""Columns of a validator's message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValidatorAnswer:
    """A line of `runners/validate.py`."""

    status: Literal["valid", "invalid", "unable"]
    message: str
    """The reason why the module is wrong, without its place."""
    offset: int | None
    """The offset in the file at which it is wrong; None where the validator names none."""


def validate(args: Mapping[str, JSON], inputs: Sequence[bytes | None], ask: Callable[[bytes], bytes]) -> Sequence[bytes | None]:
    """Builtin: [module, or None from a step that said no] → [what `strip` makes of it, JSON about that], or twice None.

    `args`: those of `strip`; `artifact`, for messages; `by`, the validator's name; `knows`, the features of its proposals; `must`, whether
    an invalid module is an error. The JSON has the fields of `Validation`. Raises ArtifactError: what `strip` raises, and WB340 for what
    is invalid and must not be.
    """
    (compiled,), (data,) = inputs, strip(args, inputs)
    if data is None or compiled is None:
        return [None, None]
    known = args["knows"]
    assert isinstance(known, list)
    found, offset = judged(data, ask(data), by=str(args["by"]), knows=frozenset(map(str, known)))
    if found.status == "invalid" and args["must"]:
        hint = "what made it is wrong: a source in the text format, a tool that wrote it, or one of its flags; nothing of it is shipped"
        where = "" if offset is None else _place(data, compiled, offset)
        raise ArtifactError("WB340", f"{args['artifact']} is no valid WebAssembly: {found.why}{where}", hint=hint)
    return [data, json.dumps(asdict(found), sort_keys=True).encode()]


def judged(data: bytes, answer: bytes, *, by: str, knows: frozenset[str]) -> tuple[Validation, int | None]:
    """What a validator's answer means, and the offset of what it found. Raises BugError WB932 for an answer in another form."""
    try:
        said = parse(ValidatorAnswer, answer)
    except ValueError as error:
        raise BugError("WB932", f"a validator's answer has another form: {error!r}") from None
    message = show.escape(said.message, cap=_SHOWN)
    if said.status == "valid":
        return Validation(status="valid", by=by), None
    lacking = _lacking(data, knows)
    if said.status == "unable" or (lacking and _UNREADABLE.search(message)):
        why = f"{by} does not know {', '.join(lacking)}" if lacking else f"{by} says: {message}"
        return Validation(status="unknown", by=by, why=why), said.offset
    return Validation(status="invalid", by=by, why=message), said.offset


def _lacking(data: bytes, knows: frozenset[str]) -> list[str]:
    """Features of a file that a validator does not know; none when the file cannot be read here either."""
    try:
        return sorted(features(data).used - knows)
    except ArtifactError:
        return []


def _place(data: bytes, named: bytes, offset: int) -> str:
    """Where an offset of a file lies: the function, by index and by its name in `named`, and the offset itself."""
    try:
        module = _holding(read(data), offset)
        bodies = module.bodies if module else ()
        first = len(module.imported("func")) if module else 0
        index = next((first + number for number, body in enumerate(bodies) if body.start <= offset < body.end), None)
        name = function_names(_same(named, module, data)).get(index, "") if module and index is not None else ""
    except ArtifactError:
        index, name = None, ""
    function = "" if index is None else f", in function {index}" + (f" ({show.escape(name, cap=80)})" if name else "")
    return f"{function} at offset {offset:#x}"


def _holding(item: Module | Component, offset: int) -> Module | None:
    """The core module in which an offset lies."""
    if isinstance(item, Module):
        return item
    inner = next((span for span in item.modules if span.start <= offset < span.end), None)
    if inner is not None:
        return read_module(item.data, inner.start, inner.end)
    return next((found for nested in item.components if (found := _holding(nested, offset))), None)


def _same(named: bytes, module: Module, data: bytes) -> Module:
    """A core module as compiled, where names still are: sections that were stripped do not change what functions it has."""
    if module.start or named == data:
        return module
    compiled = read(named)
    return compiled if isinstance(compiled, Module) and len(compiled.bodies) == len(module.bodies) else module
