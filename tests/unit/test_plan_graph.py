"""Plans as graphs: which edges there are, and that no name becomes syntax."""

from __future__ import annotations

from wbuild.model.planned import Builtin, Plan, Step
from wbuild.report.plan_graph import to_dot, to_mermaid

ACTION = Builtin(name="b", version=1)
MANY = Plan(
    steps=(
        Step(name="a", verb="compile", label='a "x]\\', artifact="a", action=ACTION, outputs=("o 1", "o;2")),
        Step(name="b", verb="optimize", label="", artifact="a", action=ACTION, inputs=("o 1", "in"), optional=True),
        Step(name="c", verb="select", label="c\n<b>", artifact="a", action=ACTION, inputs=("o 1",), candidates=("o;2",)),
    ),
    products=(),
)
DOT = r"""digraph plan {
  rankdir=LR;
  node [shape=box];
  s0 [label="compile\na \"x]\\"];
  s1 [label="optimize\nb", style=dashed];
  s2 [label="select\nc\\n<b>"];
  s0 -> s1 [label="o 1"];
  s0 -> s2 [label="o 1\no;2"];
}
"""
MERMAID = """flowchart LR
  s0["compile<br>a #34;x#93;#92;"]
  s1["optimize<br>b"]
  s2["select<br>c#92;n#60;b#62;"]
  s0 -.->|"o 1"| s1
  s0 -->|"o 1<br>o#59;2"| s2
"""


def test_dot() -> None:
    assert to_dot(MANY) == DOT


def test_mermaid() -> None:
    assert to_mermaid(MANY) == MERMAID


def test_an_empty_plan() -> None:
    empty = Plan(steps=(), products=())
    assert to_dot(empty).endswith("[shape=box];\n}\n")
    assert to_mermaid(empty) == "flowchart LR\n"
