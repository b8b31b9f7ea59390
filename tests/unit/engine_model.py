"""The engine as a person would say it: what each step of a project makes, and what its result follows from. Nothing here is wbuild's."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from tests.doors import Answer
from tests.unit.engine_world import builtin_step, compile_step, compiler, pin, tool_step
from wbuild.doors.interfaces import Command
from wbuild.model.planned import JSON, Builtin, In, Late, Out, State, Step, Tool

SOURCES = ("a.c", "b.c", "c.c")
HEADERS = ("first/x.h", "first/y.h", "second/x.h", "second/y.h", "x.h", "y.h")
GENERATED = "gen/g.h"

Kind: TypeAlias = Literal["join", "make", "pair", "maybe", "late", "state"]
Contents: TypeAlias = dict[str, "str | None"]
"""File → text; None for an output that an optional step did not make."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """Steps of one kind that read some of the outputs before them."""

    kind: Kind
    reads: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Knobs:
    """What changes besides files."""

    flag: str = "-D1"
    version: str = "1.0"
    """Of the compiler."""
    epoch: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Foretold:
    """What must become of a step."""

    key: object = None
    """All that its result follows from; None for a step that cannot start."""
    made: Mapping[str, str | None] = field(default_factory=dict)
    """Output → text; {} where it fails."""
    said: str = ""
    """Its status where nothing is made: failed, skipped, none."""


def steps_of(graph: Sequence[Node], files: Mapping[str, str], knobs: Knobs) -> list[Step]:
    """The plan of a project: a generated header, a compilation of each source, then the graph on top."""
    candidates = sorted({*(name for name in HEADERS if name in files), GENERATED})
    steps = [builtin_step("gen", ["g.txt"], [GENERATED], {"text": "g"}, does="join")]
    steps += [compile_step(source, knobs.flag, headers=candidates, pins=(pin(version=knobs.version),)) for source in SOURCES]
    outputs = [step.outputs[0] for step in steps]
    for number, node in enumerate(graph):
        inputs = sorted({outputs[index % len(outputs)] for index in node.reads})
        made = _steps(f"n{number}", node.kind, inputs)
        steps += made
        outputs += made[-1].outputs
    return steps


def _steps(name: str, kind: Kind, inputs: Sequence[str]) -> list[Step]:
    out = f"out/{name}"
    if kind == "join":
        return [builtin_step(name, inputs, [out], {"text": f"<{name}>"}, does="join")]
    if kind == "late":
        facts = builtin_step(f"{name}:facts", inputs, [f"{out}.json"], does="facts")
        words = ((Late(f"{out}.json", "words"),), ("--n=", Late(f"{out}.json", "n")))
        return [facts, tool_step(name, [], [out], ["late", *words, (Out(out),)])]
    outs = [out, f"{out}.y"] if kind == "pair" else [out]
    state: tuple[tuple[State], ...] = ((State("runs"),),) if kind == "state" else ()
    argv = [kind, *state, *((Out(path),) for path in outs), *((In(path),) for path in inputs)]
    return [tool_step(name, inputs, outs, argv, optional=kind == "maybe", state=f"s/{name}" if state else "")]


def facts(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    """The builtin that late words are read from."""
    return [_facts([None if data is None else data.decode() for data in inputs]).encode()]


def _facts(inputs: Sequence[str | None]) -> str:
    text = "".join(data or "absent" for data in inputs)
    return json.dumps({"words": ["--one"] * ("one" in text), "n": len(text) % 3})


def program(command: Command) -> Answer:
    """The tools of the graph; the compiler for everything else."""
    kind, words = command.argv[0], list(command.argv[1:])
    if kind == "late":
        return Answer(files={words[-1]: " ".join(words[:-1])})
    if kind not in ("make", "pair", "maybe", "state"):
        return compiler(command)
    files = {}
    if kind == "state":
        runs = command.cwd / words.pop(0)
        files[str(runs.relative_to(command.cwd))] = (runs.read_text() if runs.exists() else "") + "."
    count = 2 if kind == "pair" else 1
    made = _made(kind, [(command.cwd / name).read_text() for name in words[count:]])
    return Answer(code=1) if made is None else Answer(files={**files, **dict(zip(words[:count], made, strict=True))})


def _made(kind: str, inputs: Sequence[str]) -> list[str] | None:
    """What such a tool writes; None when it fails."""
    text = "|".join(inputs)
    if kind == "pair":
        return [text, text[:3]]
    return None if ("two" if kind == "maybe" else "h3") in text else [f"[{text}]"]


def foretell(steps: Sequence[Step], files: Mapping[str, str], knobs: Knobs, blocked: frozenset[str] = frozenset()) -> dict[str, Foretold]:
    """What must become of each step. `files`: sources and headers. `blocked`: outputs where a folder stands in the way."""
    found: dict[str, Foretold] = {}
    present: Contents = dict(files)
    lost = set[str]()
    for step in steps:
        told = found[step.name] = _foretell(step, present, lost, knobs)
        stuck = any(path in blocked and text is not None for path, text in told.made.items())
        if stuck or not told.made:
            found[step.name] = replace(told, made={}, said=told.said or "failed")
            lost.update(step.outputs)
        else:
            present.update(told.made)
    return found


def _foretell(step: Step, present: Contents, lost: set[str], knobs: Knobs) -> Foretold:
    late = f"{step.outputs[0]}.json" if isinstance(step.action, Tool) and step.action.argv[0] == ("late",) else ""
    if not lost.isdisjoint({*step.inputs, *step.candidates, late}) or not present.keys() >= set(step.inputs):
        return Foretold(said="failed" if lost.isdisjoint({*step.inputs, *step.candidates, late}) else "skipped")
    inputs = [present[path] for path in step.inputs]
    if isinstance(step.action, Builtin):
        text = _facts(inputs) if step.action.name == "facts" else "".join(data or "" for data in inputs) + str(step.action.args["text"])
        return Foretold(key=(step.outputs, tuple(inputs)), made={step.outputs[0]: text})
    if None in inputs:
        return Foretold(made=dict.fromkeys(step.outputs), said="none") if step.optional else Foretold(said="failed")
    if late:
        found = json.loads(present[late] or "")
        words = (*found["words"], f"--n={found['n']}")
        return Foretold(key=(step.outputs, words, knobs.epoch), made={step.outputs[0]: " ".join(words)})
    return _compiled(step, present, knobs) if step.depfile else _joined(step, inputs, knobs)


def _joined(step: Step, inputs: Sequence[str | None], knobs: Knobs) -> Foretold:
    assert isinstance(step.action, Tool)
    made = _made(str(step.action.argv[0][0]), [text or "" for text in inputs])
    key = (step.outputs, tuple(inputs), knobs.epoch)
    if made is None:
        return Foretold(key=key, made=dict.fromkeys(step.outputs) if step.optional else {}, said="none" if step.optional else "failed")
    return Foretold(key=key, made=dict(zip(step.outputs, made, strict=True)))


def _compiled(step: Step, present: Contents, knobs: Knobs) -> Foretold:
    """The names of all candidates count, and the contents of those that are read."""
    read: dict[str, str | None] = {}
    text = _preprocess(step.inputs[0], present, read)
    key = (step.outputs, knobs, step.candidates, tuple(sorted(read.items())))
    failed = text is None or "#error" in text
    return Foretold(key=key, said="failed") if failed else Foretold(key=key, made={step.outputs[0]: f"{knobs.flag}{text}"})


def _preprocess(name: str, present: Contents, read: dict[str, str | None]) -> str | None:
    content = present.get(name)
    if content is None:
        return None
    read[name] = content
    text = re.sub("//.*", "", content)
    for found in re.findall(r'#include "(.*?)"', text):
        place = next((path for folder in ("first/", "second/") if present.get(path := folder + found) is not None), found)
        inner = _preprocess(place, present, read)
        if inner is None:
            return None
        text = text.replace(f'#include "{found}"', inner)
    return text
