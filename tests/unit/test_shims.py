"""Words in front of programs from Debian, and executables for programs of several words."""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from tests.archives import Member, deb
from tests.doors import Answer, FakeRunner, fake_doors
from tests.provision import FakeSource, digest
from wbuild.doors.archive import SafeArchives
from wbuild.doors.files import RealFiles
from wbuild.errors import UsageError
from wbuild.model.locked import Pin, PinnedFile, Platform
from wbuild.model.planned import Launcher, ToolPath
from wbuild.steps.kit import Kit, command, executable
from wbuild.steps.words import portable
from wbuild.store import Store
from wbuild.store.shims import shims

DEB = deb([Member(b"./usr/bin/tool", b"#!/bin/sh\n", mode=0o755), Member(b"./lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", b"", mode=0o755)])
BIN = {
    "tool": ("{loader}", "{self}/usr/bin/tool", "--root={self}", "it's {{x}}", "--ld={path:link}"),
    "link": ("{loader}", "{self}/usr/bin/tool"),
    "plain": ("{self}/usr/bin/tool",),
    "script": ("{python}", "{self}/x.py"),
}


def pin(platform: Platform = "linux-x86_64") -> Pin:
    file = PinnedFile(name="tool_1_amd64.deb", size=len(DEB), digest=digest(DEB), path="pool/tool_1_amd64.deb")
    return Pin(name="t", version="1", platform=platform, source="fake", package="tool/sid", files=(file,), bin=BIN)


@pytest.mark.parametrize(
    ("platform", "loader"),
    [
        ("linux-x86_64", "usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"),
        ("linux-aarch64", "usr/lib/aarch64-linux-gnu/ld-linux-aarch64.so.1"),
    ],
)
def test_a_program_is_started_by_the_loader_of_its_suite(platform: Platform, loader: str) -> None:
    folder = loader.rpartition("/")[0]
    line = [portable(word) for word in command(pin(platform), "link")]
    assert line == [f"{{t}}/{loader}", "--inhibit-cache", "--library-path", f"{{t}}/{folder}:{{t}}/usr/lib", "{t}/usr/bin/tool"]


def test_one_word_for_who_starts_by_path() -> None:
    assert executable(pin(), "link") == (ToolPath("t", ".shims/link"),)
    assert portable(executable(pin(), "plain")) == "{t}/usr/bin/tool"
    assert portable(command(pin(), "tool")[-1]) == "--ld={t}/.shims/link"
    kit = Kit(platform="linux-x86_64", pins={"t": pin()})
    assert kit.path("t", "link") == executable(pin(), "link")
    (launcher,) = executable(pin(), "script")
    assert isinstance(launcher, Launcher)  # the step that needs it makes one of its own
    assert (launcher.program, launcher.words) == ("script", tuple(command(pin(), "script")))
    with pytest.raises(UsageError, match="no program"):
        executable(pin(), "other")


def test_which_programs_have_one() -> None:
    assert sorted(pin().shims) == ["link", "tool"]
    assert replace(pin(), platform="windows-x86_64").shims == {}
    assert pin().identity != replace(pin(), bin={**BIN, "link": ("{loader}", "{self}/usr/bin/other")}).identity
    assert replace(pin(), bin={"plain": BIN["plain"]}).identity == replace(pin(), bin={}).identity


def test_the_text() -> None:
    assert shims(pin())["tool"].splitlines()[-1] == (
        'exec "$here"/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 --inhibit-cache --library-path'
        ' "$here"/usr/lib/x86_64-linux-gnu:"$here"/usr/lib "$here"/usr/bin/tool --root="$here"'
        """ 'it'"'"'s {x}' --ld="$here"/.shims/link "$@\""""
    )


def test_the_store_writes_them(tmp_path: Path) -> None:
    opened = fake_doors(files=RealFiles(), archives=SafeArchives(), runner=FakeRunner(lambda command: Answer()))
    tool = replace(pin(), bin={name: words for name, words in BIN.items() if name != "script"})
    for name in ("one", "two"):
        store = Store(tmp_path / name, opened, {"fake": FakeSource({"tool_1_amd64.deb": DEB})})
        store.ensure([tool], lambda event: None)
        assert store.damage(tool) == ()
    shim = store.path(tool) / ".shims/link"
    assert os.access(shim, os.X_OK)
    assert shim.read_text() == shims(tool)["link"]
    receipts = [(tmp_path / name / "store-v2" / tool.identity / "receipt.json").read_bytes() for name in ("one", "two")]
    assert receipts[0] == receipts[1]
    shim.chmod(0o644)
    assert store.damage(tool) == (".shims/link (mode changed)",)
    shutil.rmtree(shim.parent)
    assert store.damage(tool) == (".shims/link (missing)", ".shims/tool (missing)")
