"""What makes a step run again, with real compilers: a file that is really read does, wherever it is; its neighbour does not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real.machine import Machine

RUST = {
    "wbuild.toml": '[artifact.app]\nlang = "rust"\npath = "app"\n',
    "app/Cargo.toml": '[package]\nname = "app"\nversion = "0.1.0"\nedition = "2021"\n[dependencies]\nlib = { path = "../lib" }\n',
    "app/Cargo.lock": 'version = 3\n\n[[package]]\nname = "app"\nversion = "0.1.0"\ndependencies = [\n "lib",\n]\n\n'
    '[[package]]\nname = "lib"\nversion = "0.1.0"\n',
    "app/build.rs": 'fn main() {\n    println!("cargo:rerun-if-changed=asked.txt");\n'
    '    println!("cargo:rustc-env=ASKED={}", std::fs::read_to_string("asked.txt").unwrap());\n}\n',
    "app/asked.txt": "1",
    "app/text.txt": "2",
    "app/README.md": "",
    "app/src/main.rs": 'fn main() {\n    println!("{} {} {}", env!("ASKED"), include_str!("../text.txt"), lib::number());\n}\n',
    "lib/Cargo.toml": '[package]\nname = "lib"\nversion = "0.1.0"\nedition = "2021"\n',
    "lib/src/lib.rs": "pub fn number() -> u32 {\n    3\n}\n",
    "other/notes.rs": "",
}
GO = {
    "wbuild.toml": '[artifact.app]\nlang = "go"\npath = "app"\n',
    "app/go.mod": "module example.org/app\n\ngo 1.23\n\nrequire example.org/lib v0.0.0\n\nreplace example.org/lib => ../lib\n",
    "app/main.go": 'package main\n\nimport (\n\t_ "embed"\n\t"fmt"\n\n\t"example.org/lib"\n)\n\n//go:embed text.txt\nvar text string\n\n'
    "func main() { fmt.Println(text, lib.Number) }\n",
    "app/main_test.go": "package main\n",
    "app/text.txt": "2",
    "lib/go.mod": "module example.org/lib\n\ngo 1.23\n",
    "lib/lib.go": "package lib\n\nconst Number = 3\n",
    "other/notes.go": "package other\n",
}
ZIG = {
    "wbuild.toml": '[artifact.app]\nlang = "zig"\npath = "app"\n',
    "app/src/main.zig": 'const std = @import("std");\nconst number = @import("deep/number.zig").number;\n'
    'const text = @embedFile("text.txt");\n'
    "pub fn main(init: std.process.Init) !void {\n"
    '    try std.Io.File.stdout().writeStreamingAll(init.io, text ++ std.fmt.comptimePrint(" {d}\\n", .{number}));\n}\n',
    "app/src/deep/number.zig": "pub const number = 3;\n",
    "app/src/text.txt": "2",
    "app/src/deep/notes.zig": "",
    "app/src/README.md": "",
}
C = {
    "wbuild.toml": '[artifact.app]\nlang = "c"\npath = "app"\n',
    "app/main.c": '#include <stdio.h>\n#include "../lib/number.h"\nconst char text[] = {\n#include "text.def"\n};\n'
    'int main(void) { printf("%s %d\\n", text, NUMBER); }\n',
    "app/text.def": "'2', 0",
    "app/unread.h": "",
    "lib/number.h": "#define NUMBER 3\n",
    "lib/notes.h": "",
}


@dataclass(frozen=True)
class Case:
    files: Mapping[str, str]
    said: str
    """What the program says."""
    edits: Mapping[str, tuple[str, str]]
    """File that is read → its other text, and what the program says then."""
    unread: tuple[str, ...]
    """Files of the same folders that no step reads."""
    perhaps: tuple[str, ...] = ()
    """Files that a program of the project may read, though this one does not: they are compiled for, and change nothing."""


CASES = {
    "rust": Case(
        RUST,
        "1 2 3\n",
        {
            "app/asked.txt": ("4", "4 2 3\n"),
            "app/text.txt": ("5", "4 5 3\n"),
            "lib/src/lib.rs": ("pub fn number() -> u32 {\n    6\n}\n", "4 5 6\n"),
        },
        ("other/notes.rs",),
        ("app/README.md",),
    ),
    "go": Case(
        GO,
        "2 3\n",
        {"app/text.txt": ("5", "5 3\n"), "lib/lib.go": ("package lib\n\nconst Number = 6\n", "5 6\n")},
        ("other/notes.go", "app/main_test.go"),
    ),
    "zig": Case(
        ZIG,
        "2 3\n",
        {"app/src/text.txt": ("5", "5 3\n"), "app/src/deep/number.zig": ("pub const number = 6;\n", "5 6\n")},
        ("app/src/deep/notes.zig", "app/src/README.md"),
    ),
    "c": Case(
        C,
        "2 3\n",
        {"app/text.def": ("'5', 0", "5 3\n"), "lib/number.h": ("#define NUMBER 6\n", "5 6\n")},
        ("lib/notes.h", "app/unread.h"),
    ),
}


@pytest.mark.parametrize("language", CASES)
def test_F67_what_is_read_rebuilds_and_its_neighbour_does_not(language: str, tmp_path: Path) -> None:
    case = CASES[language]
    machine = Machine.make(tmp_path / "machine")
    here = tmp_path / "project"
    for name, text in case.files.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text, "utf-8")
    assert machine.wbuild("run", "app", cwd=here).succeeds().stdout == case.said
    for name in case.unread:
        (here / name).write_text(f"{case.files[name]}\n\n", "utf-8")
        assert "because" not in machine.wbuild("plan", "--explain", cwd=here).succeeds().stdout, name
    for name in case.perhaps:
        (here / name).write_text("edited", "utf-8")
        assert f"inputs {name}: changed" in machine.wbuild("plan", "--explain", cwd=here).succeeds().stdout
        assert machine.wbuild("run", "app", cwd=here).succeeds().stdout == case.said
    for name, (text, said) in case.edits.items():
        (here / name).write_text(text, "utf-8")
        assert f"inputs {name}: changed" in machine.wbuild("plan", "--explain", cwd=here).succeeds().stdout
        assert machine.wbuild("run", "app", cwd=here).succeeds().stdout == said
