"""What a check asks for: REQUEST.json, read strictly."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Final, Literal, Union, get_args, get_origin, get_type_hints

SCHEMA: Final = 1


class BadRequestError(Exception):
    """The request does not say what it must; the message names the key."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What one run may use."""

    seconds: float = 10.0
    """From the first instruction to the last."""
    compile: float = 300.0
    """Seconds for turning the module into code of this machine."""
    fuel: int | None = None
    """Engine's units, about one per instruction."""
    memory: int = 1 << 30
    """Bytes of one linear memory."""
    output: int = 1 << 24
    """Bytes of standard output, and as many of standard error."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One run. Keys and meanings are those of the file; only `schema` and `module` must be there."""

    module: str
    mode: Literal["command", "invoke"] = "command"
    """`command`: `_start` or wasi:cli/run; `invoke`: the call in `invoke`."""
    invoke: str | None = None
    name: str = "main.wasm"
    """The program's name, as it sees it in front of its arguments."""
    args: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)
    dirs: Mapping[str, str] = field(default_factory=dict)
    """Guest path → folder; the guest cannot change it."""
    stdin: str | None = None
    """File of standard input; without it and `stdin_text` the input is empty."""
    stdin_text: Annotated[str, _any_text] | None = None
    """Standard input itself; bytes that are no UTF-8 stand as lone surrogates."""
    limits: Limits = field(default_factory=Limits)
    features: tuple[str, ...] = ()
    imports: Literal["trap", "zero"] | None = None
    """`trap` or `zero`: stubs for imports that the runtime does not have."""
    virtual: bool = True
    """Clock and randomness are the same in every run."""


def read_request(path: Path) -> Request:
    """Raises BadRequestError with every unknown key or the first bad value."""
    try:
        given = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BadRequestError(f"cannot read the request: {error}") from None
    if not isinstance(given, dict) or given.pop("schema", None) != SCHEMA:
        raise BadRequestError(f"the request is not of schema {SCHEMA}")
    limits = given.pop("limits", {})
    if not isinstance(limits, dict):
        raise BadRequestError("`limits` is no table")
    if "module" not in given:
        raise BadRequestError("`module` is missing")
    request = Request(**_checked(given, Request, but=("limits",)), limits=Limits(**_checked(limits, Limits)))
    _consistent(request)
    return request


def _consistent(request: Request) -> None:
    if (request.mode == "invoke") != (request.invoke is not None):
        raise BadRequestError("`invoke` and mode `invoke` belong together")
    for place, folder in request.dirs.items():
        if not Path(folder).is_dir():
            raise BadRequestError(f"`dirs`: {place} is to be {folder}, which is no folder")
    if request.stdin is not None and request.stdin_text is not None:
        raise BadRequestError("`stdin` and `stdin_text` exclude each other")
    if request.stdin is not None and not Path(request.stdin).is_file():
        raise BadRequestError(f"`stdin`: {request.stdin} is no file")


def _checked(given: Mapping[str, Any], model: type, but: tuple[str, ...] = ()) -> dict[str, Any]:
    """Values for the fields of a record, each of the form that its type asks for; `but`: fields that are read elsewhere."""
    hints = get_type_hints(model, include_extras=True)
    keys = {name: _form(hint) for name, hint in hints.items() if name not in but}
    unknown = [key for key in given if key not in keys]
    if unknown:
        raise BadRequestError(f"unknown keys: {', '.join(unknown)}")
    for key, value in given.items():
        if not keys[key](value):
            raise BadRequestError(f"`{key}`: {json.dumps(value)[:80]} does not fit")
    return {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}


def _text(value: object) -> bool:
    """Text that a C string can carry: no NUL, no half of a surrogate pair."""
    return isinstance(value, str) and re.search("[\0\ud800-\udfff]", value) is None


def _any_text(value: object) -> bool:
    return isinstance(value, str)


def _texts(value: object) -> bool:
    return isinstance(value, list) and all(map(_text, value))


def _table(value: object) -> bool:
    return isinstance(value, dict) and all(_text(key) and _text(text) for key, text in value.items())


def _count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 62


def _seconds(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e6


def _optional(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or check(value)


def _form(hint: Any) -> Callable[[Any], bool]:  # noqa: ANN401 - a type
    """What values of a type must be. An annotation says it itself where that is more than the type."""
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return _optional(_form(args[0]))
    if origin is Annotated:
        form: Callable[[Any], bool] = args[1]
        return form
    if origin is Literal:
        return lambda value: value in args
    return _FORMS[hint]


_FORMS: Final[Mapping[Any, Callable[[Any], bool]]] = {
    str: _text,
    bool: lambda value: isinstance(value, bool),
    int: _count,
    float: _seconds,
    tuple[str, ...]: _texts,
    Mapping[str, str]: _table,
}
