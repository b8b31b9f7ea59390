"""Sources whose content is swapped under every time stamp and by every common command: the module is that of the content.

Each language takes some of the ways, so that all are taken in a run of the tests. All ways in all languages, by hand: `WBUILD_SWAPS=all`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.real.machine import Machine

_GIT: Final = ("git", "-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false")
_OLD: Final = time.time() - 86400


@dataclass(frozen=True)
class Case:
    """A program of one language that prints what one of its files says."""

    files: Mapping[str, str]
    source: str
    text: str
    """The content of that file; `{}` is what it says."""


CASES: Final = {
    "rust": Case(
        files={
            "Cargo.toml": '[package]\nname = "a"\nversion = "0.1.0"\nedition = "2021"\n',
            "Cargo.lock": 'version = 4\n\n[[package]]\nname = "a"\nversion = "0.1.0"\n',
            "src/main.rs": 'mod v;\nfn main() { println!("{}", v::V) }\n',
        },
        source="src/v.rs",
        text='pub const V: &str = "{}";\n',
    ),
    "go": Case(
        files={"go.mod": "module a\n\ngo 1.22\n", "main.go": 'package main\n\nimport "a/v"\n\nfunc main() { println(v.V()) }\n'},
        source="v/v.go",
        text="package v\n\nimport {}\n",
    ),
    "zig": Case(
        files={"src/main.zig": 'pub fn main() void {\n    @import("std").debug.print("{s}", .{@import("v.zig").text});\n}\n'},
        source="src/v.zig",
        text='pub const text = "{}";\n',
    ),
    "assemblyscript": Case(
        files={
            "package.json": '{"name": "a", "devDependencies": {"assemblyscript": "0.28.20"}}\n',
            "assembly/index.ts": 'import { text } from "./v";\nexport function f(i: i32): i32 { return text.charCodeAt(i); }\n',
        },
        source="assembly/v.ts",
        text='export const text = "{}";\n',
    ),
}
GO: Final = '"os"\n\nfunc V() string { return os.DevNull[:0] + "%s" }', '"io"\n\nfunc V() string { return io.EOF.Error()[:0] + "%s" }'


def content(language: str, word: str, number: int) -> str:
    """A content of the file that says a word. All are equally long, and in Go import another package."""
    text = CASES[language].text
    if language != "go":
        return text.format(word)
    made = text.format(GO[number % 2] % word)
    return made + " " * (120 - len(made)) + "\n"


def _mv(target: Path, text: str) -> None:
    saved = target.parent.parent / "saved"
    saved.write_text(text)
    os.utime(saved, (_OLD, _OLD))
    subprocess.run(["mv", saved, target], check=True)


def _cp_p(target: Path, text: str) -> None:
    saved = target.parent.parent / "saved"
    saved.write_text(text)
    os.utime(saved, (_OLD, _OLD))
    subprocess.run(["cp", "-p", saved, target], check=True)
    saved.unlink()


def _rsync(target: Path, text: str) -> None:
    """What `rsync -t` does: a file aside with the time of the original, renamed."""
    aside = target.with_name(".aside")
    aside.write_text(text)
    os.utime(aside, (_OLD, _OLD))
    aside.replace(target)


def _tar(target: Path, text: str) -> None:
    away = target.parent.parent / "away"
    away.mkdir()
    (away / target.name).write_text(text)
    os.utime(away / target.name, (_OLD, _OLD))
    subprocess.run(["tar", "cf", away / "a.tar", "-C", away, target.name], check=True)
    subprocess.run(["tar", "xf", away / "a.tar", "-C", target.parent], check=True)
    shutil.rmtree(away)


def _same_inode(target: Path, text: str) -> None:
    times = target.stat()
    with target.open("r+") as file:
        file.write(text)
    os.utime(target, ns=(times.st_atime_ns, times.st_mtime_ns))


def _future(target: Path, text: str) -> None:
    target.write_text(text)
    later = time.time() + 86400
    os.utime(target, (later, later))


def _git_checkout(target: Path, text: str) -> None:
    home = target.parent.parent
    subprocess.run(["git", "init", "-q", home], check=True)
    subprocess.run([*_GIT, "-C", home, "commit", "-q", "--allow-empty", "-m", "none"], check=True)
    shutil.copy2(target, home / "kept")
    target.write_text(text)
    subprocess.run([*_GIT, "-C", home, "add", target], check=True)
    subprocess.run([*_GIT, "-C", home, "commit", "-q", "-m", "one"], check=True)
    (home / "kept").replace(target)
    subprocess.run([*_GIT, "-C", home, "checkout", "-q", "--", target], check=True)
    shutil.rmtree(home / ".git")


def _git_stash(target: Path, text: str) -> None:
    home = target.parent.parent
    before = target.read_text()
    subprocess.run(["git", "init", "-q", home], check=True)
    target.write_text(text)
    subprocess.run([*_GIT, "-C", home, "add", target], check=True)
    subprocess.run([*_GIT, "-C", home, "commit", "-q", "-m", "one"], check=True)
    target.write_text(before)
    subprocess.run([*_GIT, "-C", home, "stash", "-q"], check=True)
    shutil.rmtree(home / ".git")


SWAPS: Final[Mapping[str, Callable[[Path, str], None]]] = {
    "mv": _mv,
    "cp -p": _cp_p,
    "rsync -t": _rsync,
    "tar": _tar,
    "same inode, size and time": _same_inode,
    "future": _future,
    "git checkout": _git_checkout,
    "git stash": _git_stash,
}
HARDEST: Final = "same inode, size and time"


def ways(language: str) -> Mapping[str, Callable[[Path, str], None]]:
    """How the source of a language is swapped: all ways when they are asked for; else the hardest, and its share of the others."""
    if os.environ.get("WBUILD_SWAPS") == "all":
        return SWAPS
    number = list(CASES).index(language)
    return {how: swap for place, (how, swap) in enumerate(SWAPS.items()) if how == HARDEST or place % len(CASES) == number}


def test_the_languages_take_all_ways_together() -> None:
    assert {how for language in CASES for how in ways(language)} == {*SWAPS}


@pytest.mark.parametrize("language", CASES)
def test_content_decides_however_it_came(tmp_path: Path, language: str) -> None:
    machine = Machine.make(tmp_path / "machine")
    here, case = tmp_path / "project", CASES[language]
    words = {how: f"{language}{number:02}" for number, how in enumerate(ways(language), 1)}
    target = "freestanding" if language == "assemblyscript" else "wasip1"
    manifest = f'[artifact.a]\nlang = "{language}"\ntarget = "{target}"\npath = "."\n'
    for name, text in {**case.files, case.source: content(language, f"{language}00", 0), "wbuild.toml": manifest}.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)
    machine.wbuild("build", cwd=here).succeeds()
    for number, (how, swap) in enumerate(ways(language).items(), 1):
        swap(here / case.source, content(language, words[how], number))
        machine.wbuild("build", cwd=here).succeeds()
        made = (here / "dist/dev/a.wasm").read_bytes()
        assert words[how].encode() in made or words[how].encode("utf-16-le") in made, how
