"""Keys: everything that can change the outputs of a step, and nothing else.

Two levels. The *coarse* digest covers what is known before a step runs, with the names of all files that it may read; it leads
to the sets of files that earlier runs really read. The *action* digest covers the contents of exactly one such set:
it is the digest of an `Action` of the Remote Execution API v2 (`wbuild.cache.reapi`), so that any server of that API can be asked with
it. What the parts of a step become there:

- words that stand for places (`{zig}/zig`, `{out}/a.o`) stay in braces; `{out}` and `{scratch}` are folders of the input root,
  the rest is what a worker that has a store of wbuild's puts in;
- a builtin is the program `{builtin}`, given its arguments, its inputs in order and its outputs;
- standard input and outputs that a tool leaves elsewhere have no field there: words in front of the program say them;
- tools and the machine are platform properties, not input trees; what the step reads of the project is the input tree, with the
  step's own small files below `{scratch}`. A file that is absent is not in the tree;
- the names of all files that a compiler might have read, where it tells which it has, are a platform property: among other names
  it might have read others, however alike those contents are that it did read.

A key holds no absolute path, user or time. "Why did this run?" is the difference of two keys.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from wbuild.cache import reapi
from wbuild.cache.reapi import BlobDigest, FileNode

SCHEMA: Final = 2
"""Salt of every key: raised when the engine runs steps in another way that can change outputs."""
ABSENT: Final = "absent"
"""Stands for the digest of an input that an optional step did not make."""
SCRATCH: Final = "{scratch}"
"""Folder of the input root with the step's own small files."""
OUT: Final = "{out}"
"""Folder of the input root where a program writes its outputs."""
ABOVE: Final = "{above}"
"""Folder of the input root for configuration above the project: `{above}/1` is the folder around it."""
BUILTIN: Final = "{builtin}"
KEYED: Final = "keyed:"
"""In front of a hash that stands for a value which is not shown; only this user can make it."""
YOURS: Final = "never shown; results made with it stay yours, but for names in the setting plain-env"
_SHOWN: Final = 8

Evidence = Mapping[str, object]
"""The action's JSON: what its digest is made from. A content in it is a `blob_name`, or ABSENT."""


def canonical(value: object) -> bytes:
    """JSON with one spelling."""
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def digest(data: bytes) -> str:
    """The SHA-256 of some bytes, in hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()


def blob_name(content: str, size: int) -> str:
    """A content's SHA-256 (hex) and size in bytes, spelled as the Remote Execution API names blobs."""
    return f"{content}/{size}"


@dataclass(frozen=True, slots=True, kw_only=True)
class StepKey:
    """What is known about a step before it runs. Words are in portable form."""

    action: tuple[str, ...]
    """The command line, or name, version and arguments of a builtin; late words already replaced by their values."""
    env: Mapping[str, str]
    texts: Mapping[str, str]
    """Name → content of the step's own small files."""
    stdin: str
    tools: Mapping[str, str]
    """Pin → identity; runner → digest of the program."""
    platform: str
    """"" for a builtin, whose result is the same everywhere."""
    outputs: tuple[str, ...]
    inputs: tuple[tuple[str, str], ...]
    """Files surely read, in the step's order, with content (`blob_name`, or ABSENT)."""
    results: Mapping[str, str] = field(default_factory=dict)
    """Output → where the tool leaves it, when that is not where outputs are expected."""
    candidates: tuple[str, ...] = ()
    """Files that may be read, sorted."""
    depfile: str = ""
    keep: tuple[str, ...] = ()
    """Globs of what stays of folders among the outputs."""
    links: Mapping[str, str] = field(default_factory=dict)
    """Symbolic links on the way to inputs and candidates, with where they point."""

    @property
    def names(self) -> str:
        """Digest of `names_text`, part of the evidence of a step that tells what it has read; "" for others."""
        return _names_digest(self.candidates) if self.depfile else ""

    def names_text(self) -> bytes:
        """The names of all candidates, as JSON."""
        return canonical(self.candidates)

    def coarse(self) -> str:
        """Digest that leads to remembered read sets."""
        return digest(canonical({**self._common(), "names": _names_digest(self.candidates), "depfile": self.depfile}))

    def evidence(self, read: Mapping[str, str]) -> Evidence:
        """The action over one read set: file → content. A set that a program has told is the right one only among the same names."""
        names = {"names": self.names} if self.depfile else {}
        return {**self._common(), **names, "read": dict(read)}

    def _common(self) -> dict[str, object]:
        return {
            "schema": SCHEMA,
            "action": list(self.action),
            "env": dict(self.env),
            "texts": {name: _blob(text.encode("utf-8", "surrogateescape")) for name, text in self.texts.items()},
            "stdin": self.stdin,
            "tools": dict(self.tools),
            "platform": self.platform,
            "outputs": list(self.outputs),
            "results": dict(self.results),
            "inputs": [list(pair) for pair in self.inputs],
            **({"links": dict(self.links)} if self.links else {}),
            **({"keep": list(self.keep)} if self.keep else {}),
        }


@lru_cache(maxsize=256)
def _names_digest(names: tuple[str, ...]) -> str:
    """All steps of a folder have the same candidates, which may be thousands."""
    return digest(canonical(names))


def _blob(data: bytes) -> str:
    return blob_name(digest(data), len(data))


def action_digest(evidence: Evidence) -> str:
    """The action digest: what the action cache is asked with. The evidence must be one that a key has made."""
    made: Any = evidence
    platform = reapi.platform(_properties(made))
    outputs = [f"{OUT}/{path}".rstrip("/") for path in made["outputs"]]
    command = reapi.command(_arguments(made, outputs), made["env"], outputs, platform)
    root = reapi.directory(reapi.folder(_tree(made)))
    return reapi.digest_of(reapi.action(command, root, salt=f"wbuild-{made['schema']}".encode(), platform=platform)).hash


def proves(evidence: object, action: str) -> bool:
    """Whether `evidence` from a cache gives this action digest; False for anything that no key has made."""
    try:
        return isinstance(evidence, dict) and action_digest(evidence) == action
    except (ValueError, LookupError, TypeError, AttributeError, ArithmeticError, RecursionError, MemoryError):
        return False


def _arguments(made: Any, outputs: Sequence[str]) -> list[str]:  # noqa: ANN401 - JSON
    if made["action"][:1] == [BUILTIN]:
        return [*made["action"], "--", *(path for path, _ in made["inputs"]), *outputs]
    stdin = [f"{{stdin}}={made['stdin']}"] if made["stdin"] else []
    moved = [f"{{result}}={place}={path}" for path, place in sorted(made["results"].items())]
    kept = [f"{{keep}}={glob}" for glob in made.get("keep", ())]
    return [*stdin, *moved, *kept, *made["action"]]


def _properties(made: Any) -> dict[str, str]:  # noqa: ANN401 - JSON
    found = {f"wbuild-tool:{name}": identity for name, identity in made["tools"].items()}
    if "names" in made:
        found["wbuild-candidates"] = made["names"]
    if "links" in made:
        found["wbuild-links"] = digest(canonical(made["links"]))
    return {**found, "wbuild-platform": made["platform"]} if made["platform"] else found


def _tree(made: Any) -> dict[str, FileNode]:  # noqa: ANN401 - JSON
    """Files by path. All of them may be started: the bit differs between systems and checkouts, and no tool's output follows from it."""
    texts = {f"{SCRATCH}/{name}": content for name, content in made["texts"].items()}
    files: dict[str, FileNode] = {}
    for path, content in (*made["inputs"], *made["read"].items(), *texts.items()):
        if content != ABSENT:
            name, _, size = content.partition("/")
            files[_inside(path)] = FileNode(BlobDigest(name, int(size)), executable=True)
    return files


def _inside(path: str) -> str:
    """A file in a folder above the project's root has a place in the input root too."""
    if path.endswith("/"):  # a folder that a step has made, by the list of what is in it
        return f"{path}{{list}}"
    if not path.startswith("../"):
        return path
    parts = path.split("/")
    height = parts.count("..")
    return "/".join((ABOVE, str(height), *parts[height:]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """A key as it is remembered, to explain a later run."""

    evidence: Evidence
    candidates: tuple[str, ...] | None
    """Files that might have been read; None when that is no longer known."""


def difference(before: Remembered, after: Remembered) -> tuple[str, ...]:
    """What changed between two keys, in words; () for equal keys."""
    old, new = before.evidence, after.evidence
    if old.get("schema") != new.get("schema"):
        return ("another wbuild, which makes keys in another way",)
    found = [
        *_words("argv", _strings(old.get("action")), _strings(new.get("action"))),
        *_values("env", _mapping(old.get("env")), _mapping(new.get("env")), shown=True),
        *_tools(old, new),
        *_names(before.candidates, after.candidates),
        *_values("inputs", {**dict(_files(old)), **_mapping(old.get("read"))}, {**dict(_files(new)), **_mapping(new.get("read"))}),
        *_values("links", _mapping(old.get("links")), _mapping(new.get("links")), shown=True),
        *_values("texts", _mapping(old.get("texts")), _mapping(new.get("texts"))),
        *(f"{name}: changed" for name in ("platform", "stdin", "outputs", "results", "keep") if old.get(name) != new.get(name)),
    ]
    if len(found) > _SHOWN:
        found[_SHOWN:] = [f"and {len(found) - _SHOWN} more"]
    return tuple(found)


def _words(what: str, old: Sequence[str], new: Sequence[str]) -> Iterator[str]:
    if old == new:
        return
    from difflib import SequenceMatcher  # noqa: PLC0415 - only when there is something to explain

    for tag, start, end, first, last in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = " ".join(old[start:end]), " ".join(new[first:last])
        if tag == "replace":
            yield f"{what}: {_short(gone)} → {_short(come)}"
        elif tag != "equal":
            yield f"{what}: {_short(come)} added" if come else f"{what}: {_short(gone)} removed"


def _values(what: str, old: Mapping[str, str], new: Mapping[str, str], *, shown: bool = False) -> Iterator[str]:
    for name in sorted({*old, *new}):
        if name not in new:
            yield f"{what} {name}: removed"
        elif name not in old:
            yield f"{what} {name}: added" + (f" ({YOURS})" if new[name].startswith(KEYED) else "")
        elif old[name] != new[name]:
            secret = any(value.startswith(KEYED) for value in (old[name], new[name]))
            change = f"{_short(old[name])} → {_short(new[name])}" if shown and not secret else "changed"
            yield f"{what} {name}: {change}" + (f" ({YOURS})" if secret else "")


def _tools(old: Evidence, new: Evidence) -> Iterator[str]:
    before, after = _mapping(old.get("tools")), _mapping(new.get("tools"))
    for name in sorted({*before, *after}):
        if before.get(name) != after.get(name):
            was, now = _version(name, before.get(name, "")), _version(name, after.get(name, ""))
            yield f"tools {name}: {was} → {now}" if was != now else f"tools {name}: other files of the same version"


def _version(tool: str, identity: str) -> str:
    """The version in an identity `name-version-system-machine-digest`."""
    if not identity:
        return "none"
    parts = identity.removeprefix(f"{tool}-").split("-")
    return "-".join(parts[:-3]) if len(parts) > 3 else identity[:12]


def _names(old: Sequence[str] | None, new: Sequence[str] | None) -> Iterator[str]:
    if old is None or new is None:
        return
    before, after = set(old), set(new)
    yield from (f"candidates {name}: added" for name in sorted(after - before))
    yield from (f"candidates {name}: removed" for name in sorted(before - after))


def _files(evidence: Evidence) -> list[tuple[str, str]]:
    pairs = evidence.get("inputs")
    found = pairs if isinstance(pairs, list) else []
    return [(str(pair[0]), str(pair[1])) for pair in found if isinstance(pair, (list, tuple)) and len(pair) == 2]


def _mapping(value: object) -> dict[str, str]:
    return {str(k): str(v) for k, v in value.items()} if isinstance(value, dict) else {}


def _strings(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}…"
