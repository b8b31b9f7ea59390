"""The builtin `strip`: a module or component without the custom sections that go, and without a count that nothing asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final, get_args

from wbuild.builtins.custom_sections import BOUND, Rules, is_signed
from wbuild.builtins.entry import check_entry
from wbuild.errors import ArtifactError
from wbuild.model.planned import JSON
from wbuild.model.written import Debug
from wbuild.wasm import writer
from wbuild.wasm.features import features
from wbuild.wasm.sections import frame, kind_of

__all__ = ["rules", "strip"]

_DATA_COUNT: Final = 12
_SOURCE_MAP: Final = "sourceMappingURL"


def rules(args: Mapping[str, JSON]) -> Rules:
    """The rules that arguments of a builtin say: `debug`, `keep`, `drop`."""
    keep, drop = (args.get(key, []) for key in ("keep", "drop"))
    assert isinstance(keep, list)
    assert isinstance(drop, list)
    debug: Debug = next((one for one in get_args(Debug) if one == args.get("debug")), "none")
    return Rules(debug=debug, keep=tuple(map(str, keep)), drop=tuple(map(str, drop)))


def strip(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    """Builtin: [module, or None from a step that said no] → [the same without the custom sections that go, or None].

    `args`: `debug`, `keep` and `drop` say which go; `entry`, of the module as compiled: its kind, and `artifact` and `exporting` for
    messages; `changed`, of a candidate: sections about places in the code go too. The data count section of a module goes when no
    instruction needs it: some tools write it whenever bulk memory is allowed, and engines without it refuse it. A signed file stays as it
    is. Raises ArtifactError for a file that is no Wasm, or one whose kind promises what it lacks.
    """
    data = inputs[0]
    if data is None:
        return [None]
    check_entry(args, data)
    found = rules(args)
    if is_signed(data) and not found.drop:
        return [data]
    if args.get("changed"):
        found = replace(found, drop=(*found.drop, *BOUND))
    stripped = writer.strip(data, found)
    return [stripped if _SOURCE_MAP in found and _mapped(stripped) else _without_idle_count(stripped)]


def _mapped(data: bytes) -> bool:
    """Whether it has a source map: places in it count from the beginning of the file."""
    return kind_of(data) == "module" and any(one.id == 0 and one.name == _SOURCE_MAP for one in frame(data, 0, len(data), "module"))


def _without_idle_count(data: bytes) -> bytes:
    if kind_of(data) != "module":
        return data
    count = next((one for one in frame(data, 0, len(data), "module") if one.id == _DATA_COUNT), None)
    if count is None:
        return data
    rest = data[: count.start] + data[count.end :]
    try:
        return data if "bulk-memory" in features(rest).used else rest
    except ArtifactError:  # an instruction asks for it
        return data
