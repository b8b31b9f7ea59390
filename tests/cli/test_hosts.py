"""Hosts from the command line."""

from __future__ import annotations

import json

from tests.cli.toys import Shell, with_toys

TOY_HOST = """type = "host"
name = "playground"
title = "The Playground"
targets = ["wasip1"]
source = ["made up"]
date = "2026-08"
[module]
exports = ["_start"]
[module.imports]
"""


def test_list_and_one(place: Shell) -> None:
    assert "cosmwasm" in place.run("hosts").ends(0).out
    assert "a module must export: allocate, deallocate, interface_version_*" in place.run("hosts", "cosmwasm").ends(0).out
    found = json.loads(place.run("hosts", "envoy", "--format", "json").ends(0).out)
    assert (found["schema"], [host["name"] for host in found["hosts"]]) == ("wbuild.hosts/1", ["envoy"])
    assert place.run("hosts", "evoy").ends(2).err == 'error[WB285]: unknown host "evoy"\nhint: did you mean "envoy"?\n'


def test_files(place: Shell) -> None:
    (place.folder / "x.wasm").write_bytes(b"\0asm\1\0\0\0")
    done = place.run("check", "x.wasm", "--host", "near", "--host", "cosmwasm").ends(3)
    assert "x.wasm fits NEAR\n" in done.err
    assert "error[WB311]: x.wasm lacks exports that CosmWasm asks for: allocate, deallocate, interface_version_*\n" in done.err
    found = json.loads(place.run("check", "x.wasm", "--host", "near", "--format", "json").ends(0).out)
    assert found["files"][0]["hosts"] == [{"host": "near", "status": "fits", "reasons": []}]
    assert place.run("check", "x.wasm").ends(2).err.startswith("error[WB290]")
    assert place.run("check", "x.wasm", "--host", "nowhere").ends(2).err.startswith("error[WB285]")


def test_artifacts(place: Shell) -> None:
    manifest = '\n[artifact.a]\nlang = "toy"\npath = "a"\nhosts = ["playground"]\n\n[artifact.b]\nlang = "toy"\npath = "b"\n'
    with_toys(place, manifest)
    place.write("a/a.toy", "say a\n")
    place.write("b/b.toy", "say b\n")
    place.write("recipes/playground.toml", TOY_HOST)
    done = place.run("build").ends(0)
    assert done.out == "dist/dev/a.wasm\ndist/dev/b.wasm\n"
    report = json.loads(place.read("dist/dev/a.wasm.report.json"))
    assert report["hosts"] == [{"host": "playground", "status": "fits", "reasons": []}]
    place.write("recipes/playground.toml", TOY_HOST.replace('["_start"]', '["start", "memory"]'))
    refused = place.run("build").ends(3)
    assert "error[WB311]: a lacks exports that The Playground asks for: start, memory\n" in refused.err
    assert refused.out == "dist/dev/b.wasm\n"
    place.write("recipes/playground.toml", TOY_HOST.replace("[module]", 'denied = ["bulk-memory"]\n[module]'))
    assert "error[WB312]: a uses bulk-memory, which The Playground refuses: a passive data segment at " in place.run("build").ends(3).err
    checked = place.run("check", "b", "--host", "playground").ends(3)
    assert "refused b host playground" in " ".join(checked.err.split())
    assert place.run("check", "b").ends(0)
