"""The engine against a model: random graphs, edits and damage. After each build the outputs equal a clean build's,
and no step ran whose action had been done before."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.engine_world import World, builtin_step, compile_step
from wbuild.model.planned import Plan, Step, Tool

SOURCES = ("a.c", "b.c", "c.c")
HEADERS = ("x.h", "y.h")
TEXTS = st.sampled_from(["", "one", "two // comment", "two", '#include "x.h"', '#include "y.h"'])

edits = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.sampled_from(SOURCES), TEXTS),
        st.tuples(st.just("write"), st.sampled_from(HEADERS), st.sampled_from(["h1", "h2"])),
        st.tuples(st.just("damage"), st.integers(0, 30), st.sampled_from(["edit", "delete"])),
        st.tuples(st.just("flag"), st.sampled_from(["-D1", "-D2"]), st.just("")),
        st.tuples(st.just("index"), st.just(""), st.just("")),
    ),
    max_size=3,
)
graphs = st.lists(st.sets(st.integers(0, 7), min_size=1, max_size=3), min_size=1, max_size=5)


def steps_of(graph: list[set[int]], flag: str) -> list[Step]:
    """A compile step for each source, then builtins that read any earlier outputs."""
    made = [compile_step(source, flag, headers=HEADERS) for source in SOURCES]
    outputs = [step.outputs[0] for step in made]
    for number, reads in enumerate(graph):
        inputs = sorted({outputs[index % len(outputs)] for index in reads})
        made.append(builtin_step(f"b{number}", inputs, [f"out/b{number}"], {"text": f"<{number}>"}, does="join"))
        outputs.append(f"out/b{number}")
    return made


def expected(world: World, steps: list[Step], flag: str) -> tuple[dict[str, str], dict[str, object]]:
    """Contents of all outputs, and the action of each step, as a person would say them."""
    contents: dict[str, str] = {}
    actions: dict[str, object] = {}
    for step in steps:
        read = [contents.get(path, "") if path in contents else world.read(path) for path in step.inputs]
        if isinstance(step.action, Tool):
            headers = {name: world.read(name) for name in HEADERS if f'"{name}"' in read[0]}
            text = read[0].partition("//")[0]
            for name, content in headers.items():
                text = text.replace(f'#include "{name}"', content)
            contents[step.outputs[0]] = flag + text
            actions[step.name] = (step.name, flag, read[0], tuple(headers.items()))
        else:
            contents[step.outputs[0]] = "".join(read) + str(step.action.args["text"])
            actions[step.name] = (step.name, step.inputs, tuple(read))
    return contents, actions


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(graph=graphs, history=st.lists(edits, min_size=1, max_size=5))
def test_outputs_equal_a_clean_build_and_nothing_is_done_twice(graph: list[set[int]], history: list[list[tuple[str, object, str]]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder))
        for name in (*SOURCES, *HEADERS):
            world.put(name, "h1" if name in HEADERS else "one")
        flag, done = "-D1", set[object]()
        for changes in [[], *history]:
            for kind, what, how in changes:
                if kind == "write":
                    world.put(str(what), how)
                elif kind == "flag":
                    flag = str(what)
                elif kind == "index":
                    (world.root / ".wbuild/index").write_text("damaged")
                else:
                    damage(world, int(str(what)), how)
            steps = steps_of(graph, flag)
            contents, actions = expected(world, steps, flag)
            forecast = world.engine().forecast(Plan(steps=tuple(steps), products=()))
            results = world.run(*steps)
            assert {path: world.read(path) for path in contents} == contents
            ran = {name for name, result in results.items() if result.status == "ran"}
            assert ran == {name for name, action in actions.items() if action not in done}
            assert all(forecast[name] for name, result in results.items() if result.status == "ran" or result.reasons)
            done |= set(actions.values())


def damage(world: World, number: int, how: str) -> None:
    """Edit or delete one output."""
    outputs = sorted((world.root / "out").glob("*"))
    if outputs:
        path = outputs[number % len(outputs)]
        path.unlink() if how == "delete" else path.write_text("edited by hand")
