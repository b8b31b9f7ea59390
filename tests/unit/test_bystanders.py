"""What lies among sources and is read by nobody starts nothing."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from tests.plans import context_of
from wbuild.drivers.bystanders import without
from wbuild.plan.plan import BuildRequest, make_plan

CRATE = {"Cargo.toml": '[package]\nname = "a"\nversion = "0.1.0"\nedition = "2021"\n', "Cargo.lock": "", "src/main.rs": ""}
MODULE = {"go.mod": "module example.org/a\n\ngo 1.23\n", "main.go": "package main\n\nfunc main() {}\n"}
SWAP = (".main.c.swp", ".main.c.swo", "src/.x.swpx", "main.c~", "src/#x.c#", ".#main.h", "4913")


def candidates(lang: str, files: Mapping[str, str], more: str = "") -> set[str]:
    plan = make_plan(context_of(f'[artifact.a]\nlang = "{lang}"\npath = "."\n{more}', files), BuildRequest(artifacts=("a",), profile="dev"))
    names = {name for step in plan.steps if step.verb == "compile" for name in (*step.inputs, *step.candidates)}
    return {name for name in names if not name.startswith(".wbuild/")}


def test_what_editors_leave() -> None:
    assert without((*SWAP, "main.c", "swp", "a.swift", "x/4913/y"), documents=True) == ("main.c", "swp", "a.swift", "x/4913/y")


@pytest.mark.parametrize(("lang", "files"), [("c", {"main.c": ""}), ("rust", CRATE), ("go", MODULE)])
def test_neither_editors_files_nor_documentation_count(lang: str, files: Mapping[str, str]) -> None:
    given = {**files, **dict.fromkeys((*SWAP, "README.md", "doc/index.rst"), ""), "data.bin": ""}
    assert candidates(lang, given) == {*files, "data.bin"}
    named = candidates(lang, given, 'inputs = ["README.md", "4913"]\n')
    assert {"README.md", "4913"} <= named


def test_documentation_counts_where_it_may_be_read() -> None:
    embedding = {**MODULE, "main.go": 'package main\n\nimport _ "embed"\n\n//go:embed *.md\nvar text string\n\nfunc main() {}\n'}
    assert "README.md" in candidates("go", {**embedding, "README.md": ""})
    assert {"README.md", ".main.rs.swp"} <= candidates("rust", {**CRATE, "build.rs": "", "README.md": "", ".main.rs.swp": ""})
