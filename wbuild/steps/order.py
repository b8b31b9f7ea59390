"""How the steps of a plan hang together: one maker for each file, and an order in which all of them can run. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

from wbuild.errors import Problem
from wbuild.model.planned import Late, Step, Tool
from wbuild.steps.words import late_words
from wbuild.text.names import quoted

__all__ = ["late_parts", "reads", "tangles", "waits_for"]


def reads(step: Step) -> tuple[str, ...]:
    """Every file that a step may read, and every folder."""
    return (*step.inputs, *step.candidates, *(part.path for part in late_parts(step)))


def late_parts(step: Step) -> tuple[Late, ...]:
    """What earlier steps must have found before a step can start: its late words, and the files that it runs for one by one."""
    words = [*step.action.argv, *step.env.values()] if isinstance(step.action, Tool) else []
    return (*late_words(words), *((step.spread,) if step.spread else ()))


def waits_for(step: Step) -> tuple[str, ...]:
    """Every file and folder that must be made before a step starts, if another step makes it."""
    return (*reads(step), *step.after)


def tangles(steps: Sequence[Step]) -> Iterator[Problem]:
    """Files that two steps make, on systems that ignore case too, and files in the place of folders (F72); else a cycle with its path."""
    makers = _makers(steps)
    problems = [_both(made[0], made[1], quoted(path)) for path, made in makers.items() if len(made) > 1]
    seen: dict[str, str] = {}
    for path in makers:
        twin = seen.setdefault(path.casefold(), path)
        if twin != path:
            what = f"{quoted(twin)} and {quoted(path)}, which differ in case only"
            problems.append(_both(makers[twin][0], makers[path][0], what))
    for name, below in _folders(seen).items():
        over = seen.get(name) or seen.get(f"{name}/")
        if over:
            what = f"{quoted(over)} and something below it"
            problems.append(_both(makers[over][0], makers[seen[below]][0], what))
    yield from problems or _cycle(steps, {path: made[0] for path, made in makers.items()})


def _folders(paths: Iterable[str]) -> dict[str, str]:
    """Every folder that a path is in → one of the paths."""
    found: dict[str, str] = {}
    for path in paths:
        folder = path.rstrip("/").rpartition("/")[0]
        while folder and folder not in found:
            found[folder] = path
            folder = folder.rpartition("/")[0]
    return found


def _makers(steps: Sequence[Step]) -> dict[str, list[Step]]:
    makers: dict[str, list[Step]] = {}
    for step in steps:
        for path in step.outputs:
            makers.setdefault(path, []).append(step)
    return makers


def _both(one: Step, other: Step, what: str) -> Problem:
    names = f"{one.verb} of {one.label} and {other.verb} of {other.label}"
    return Problem(code="WB258", message=f"{names} would both write {what}", hint="rename a source, an artifact or an `out`")


def _in_order(graph: Mapping[str, Iterable[str]]) -> bool:
    """Whether nothing is before what it reads, as in most plans: then there is no cycle."""
    seen = set[str]()
    for name, before in graph.items():
        if not seen.issuperset(before):
            return False
        seen.add(name)
    return True


def _cycle(steps: Sequence[Step], makers: Mapping[str, Step]) -> Iterator[Problem]:
    """The first cycle, told as a path of steps, each after the one that it reads from."""
    graph = {step.name: [makers[path].name for path in waits_for(step) if path in makers] for step in steps}
    if _in_order(graph):
        return
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        named = {step.name: f"{step.verb} of {step.label}" for step in steps}
        path = " → ".join(named[name] for name in error.args[1])
        hint = "one of them reads what another makes out of it: correct `inputs` or `needs`"
        yield Problem(code="WB257", message=f"steps wait for each other: {path}", hint=hint)
