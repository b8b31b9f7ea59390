"""`wbuild plan --format dot|mermaid`: the steps as nodes; an edge where a step reads what another one makes.

Nodes have numbers for names, and labels are escaped, so no name of a step or file can become syntax.
"""

from __future__ import annotations

from collections.abc import Iterator

from wbuild.model.planned import Plan, Step
from wbuild.text.show import escape

__all__ = ["to_dot", "to_mermaid"]


def to_dot(plan: Plan) -> str:
    """The plan as a digraph of Graphviz. Optional steps are dashed; edges name the files."""
    lines = ["digraph plan {", "  rankdir=LR;", "  node [shape=box];"]
    for number, step in enumerate(plan.steps):
        style = ", style=dashed" if step.optional else ""
        lines.append(f"  s{number} [label={_dot(*_label(step))}{style}];")
    lines += [f"  s{maker} -> s{reader} [label={_dot(*files)}];" for maker, reader, files in _edges(plan)]
    return "\n".join([*lines, "}"]) + "\n"


def to_mermaid(plan: Plan) -> str:
    """The plan as a flowchart of Mermaid. Edges of optional steps are dotted; edges name the files."""
    lines = ["flowchart LR"]
    lines += [f"  s{number}[{_mermaid(*_label(step))}]" for number, step in enumerate(plan.steps)]
    for maker, reader, files in _edges(plan):
        arrow = "-.->" if plan.steps[reader].optional else "-->"
        lines.append(f"  s{maker} {arrow}|{_mermaid(*files)}| s{reader}")
    return "\n".join(lines) + "\n"


def _edges(plan: Plan) -> Iterator[tuple[int, int, list[str]]]:
    """(step that makes, step that reads, the files), in the order of the readers."""
    makers = {path: number for number, step in enumerate(plan.steps) for path in step.outputs}
    for reader, step in enumerate(plan.steps):
        files: dict[int, list[str]] = {}
        for path in dict.fromkeys((*step.inputs, *step.candidates)):
            if makers.get(path, reader) != reader:
                files.setdefault(makers[path], []).append(path)
        yield from ((maker, reader, read) for maker, read in files.items())


def _label(step: Step) -> tuple[str, ...]:
    return step.verb, step.label or step.name


def _dot(*lines: str) -> str:
    quoted = (escape(line).replace("\\", "\\\\").replace('"', '\\"') for line in lines)
    return '"' + "\\n".join(quoted) + '"'


def _mermaid(*lines: str) -> str:
    """Everything but letters, digits and harmless signs as an entity code: markup and Markdown have no chance."""
    quoted = ("".join(c if c.isalnum() or c in " ./-+_:(),=" else f"#{ord(c)};" for c in escape(line)) for line in lines)
    return '"' + "<br>".join(quoted) + '"'
