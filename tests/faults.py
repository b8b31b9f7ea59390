"""Which faults of the fault suite have a test: `python -m tests.faults` writes tests/faults.md; a test keeps it fresh."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path

TESTS = Path(__file__).parent
PAGE = TESTS / "faults.md"
_NUMBER = re.compile(r"F(\d{2,3})(?=_)")


def page() -> str:
    """The table of fault numbers and the tests that carry them in their names."""
    found: dict[int, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for number in _NUMBER.findall(node.name):
                    found.setdefault(int(number), []).append(f"`{path.relative_to(TESTS).as_posix()}::{node.name}`")
    lines = ["# Faults with a test", "", "Written by `python -m tests.faults`.", "", "| fault | tests |", "|---|---|"]
    lines += [f"| F{number:02d} | {'<br>'.join(sorted(set(tests)))} |" for number, tests in sorted(found.items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
    sys.stdout.write(f"{PAGE.name}: {page().count('| F')} faults\n")
