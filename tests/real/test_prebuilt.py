"""A module that something else has built is an artifact like all others."""

from __future__ import annotations

import json
from pathlib import Path

from tests.real.machine import Machine

TEXT = """\
(module
  (func $unused (result i32) (i32.const 7))
  (func $doubled (export "twice") (param $n i32) (result i32) (local $m i32)
    (local.set $m (i32.add (local.get $n) (local.get $n))) (local.get $m)))
"""
MAKER = '[artifact.maker]\nlang = "wat"\npath = "maker"\n'
TAKER = """
[artifact.taken]
lang = "prebuilt"
target = "freestanding"
budget = "64 B"

[[artifact.taken.check]]
name = "doubles"
invoke = "twice(21)"
returns = "42"

[artifact.bytes]
lang = "wat"

[artifact.bytes.wat]
source = "m.wasm"
"""


def test_it_is_optimized_checked_weighed_and_judged(tmp_path: Path) -> None:
    machine = Machine.make(tmp_path / "machine")
    here = tmp_path / "here"
    for name in ("maker", "taken", "bytes"):
        (here / name).mkdir(parents=True)
    (here / "maker" / "m.wat").write_text(TEXT)
    (here / "wbuild.toml").write_text(MAKER)
    machine.wbuild("build", cwd=here).succeeds()
    module = (here / "dist/dev/maker.wasm").read_bytes()
    assert b"doubled" in module  # a dev build keeps names
    for folder in ("taken", "bytes"):
        (here / folder / "m.wasm").write_bytes(module)
    (here / "wbuild.toml").write_text(MAKER + TAKER)
    machine.wbuild("build", "--opt", cwd=here).succeeds()
    report = json.loads((here / "dist/release/taken.wasm.report.json").read_text("utf-8"))
    choice = report["choice"]
    assert (report["language"], report["category"], report["toolchain"]) == ("prebuilt", "other", "file")
    assert choice["compiled"] == len(module)
    assert len(module) > choice["before"] > choice["after"]  # names apart, then what optimizing gained
    assert [check["status"] for check in report["checks"]] == ["passed"]
    assert [verdict["status"] for verdict in report["budget"]] == ["ok"]
    assert machine.wbuild("run", "taken", "--invoke", "twice(4)", cwd=here).succeeds().stdout == "8\n"
    assert (here / "dist/release/bytes.wasm").is_file()
    (here / "wbuild.toml").write_text(MAKER + TAKER.replace("64 B", "20 B").replace('"42"', '"43"'))
    failed = machine.wbuild("build", "--opt", cwd=here).ends(3)
    assert "43" in failed.stderr
    assert "20 B" in failed.stderr


def test_its_kind_follows_from_what_it_exports_and_third_party_files_can_be_taken(tmp_path: Path) -> None:
    machine = Machine.make(tmp_path / "machine")
    here = tmp_path / "here"
    (here / "program").mkdir(parents=True)
    (here / "maker").mkdir()
    (here / "maker" / "m.wat").write_text('(module (memory (export "memory") 1) (func (export "_start")))')
    (here / "wbuild.toml").write_text(MAKER.replace('"wat"', '"wat"\ntarget = "wasip1"\nkind = "command"'))
    machine.wbuild("build", cwd=here).succeeds()
    (here / "program" / "p.wasm").write_bytes((here / "dist/dev/maker.wasm").read_bytes())
    (here / "wbuild.toml").write_text(
        '[vendor.grain]\nfrom = "npm:binaryen"\nversion = "132.0.0"\n\n'
        '[artifact.program]\nlang = "prebuilt"\n\n[[artifact.program.check]]\nstdout = ""\n\n'
        '[artifact.none]\nlang = "prebuilt"\npath = "."\n[artifact.none.prebuilt]\nfile = "{vendor.grain}/none.wasm"\n'
    )
    machine.wbuild("build", "--opt", "program", cwd=here).succeeds()
    failed = machine.wbuild("build", "--opt", "none", cwd=here).ends(1)
    assert "No such file" in failed.stderr
