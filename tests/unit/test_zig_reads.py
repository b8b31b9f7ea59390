"""What Zig sources say that they read."""

from __future__ import annotations

import pytest

from tests.plans import make

MANIFEST = '[artifact.z]\nlang = "zig"\npath = "z"\n'
FILES = {
    "z/src/main.zig": 'const a = @import("a.zig");\nconst std = @import("std");\n',
    "z/src/a.zig": "",
    "z/src/b.zig": "",
    "z/src/c.zon": "",
    "z/src/deep/d.zig": 'const a = @import("../a.zig"); const b = @import("../b.zig");',
    "z/notes.txt": "",
    "z/README.md": "",
    "z/include/x.h": "",
    "other/e.zig": "",
}
ALL = {"z/src/a.zig", "z/src/b.zig", "z/src/c.zon", "z/src/deep/d.zig", "z/notes.txt", "z/README.md", "z/include/x.h"}


def reads(main: str, manifest: str = MANIFEST, **more: str) -> set[str]:
    """Names of the files that may be read besides src/main.zig."""
    (step,) = (s for s in make(manifest, {**FILES, "z/src/main.zig": main, **more}).steps if s.verb == "compile")
    assert step.inputs == ("z/src/main.zig",)
    return {*step.candidates}


@pytest.mark.parametrize(
    ("main", "expected"),
    [
        ('const std = @import("std"); const o = @import("builtin");', set()),
        ('const a = @import ( "a.zig" ,\n);', {"z/src/a.zig"}),
        ('const d = @import("deep/d.zig");', {"z/src/a.zig", "z/src/b.zig", "z/src/deep/d.zig"}),
        ('const c = @import("c.zon");', {"z/src/c.zon"}),
        ('const t = @embedFile("../notes.txt");', {"z/notes.txt"}),
        ('const t = @embedFile("../../other/e.zig");', {"other/e.zig"}),
        ('const t = @embedFile("gone.txt");', {"z/src/gone.txt"}),
        ('const m = @import("main.zig");', set()),
        (
            'const t = @embedFile("deep/d.zig"); const d = @import("deep/d.zig");',
            {"z/src/a.zig", "z/src/b.zig", "z/src/deep/d.zig"},
        ),
        ('// const a = @import("a.zig");\nconst t =\n    \\\\ @embedFile("b.zig")\n;', set()),
        (
            'const q = \'"\'; // "\nconst a = @import("a.zig"); const u = "http://x"; const b = @import("b.zig");',
            {"z/src/a.zig", "z/src/b.zig"},
        ),
    ],
)
def test_only_what_is_imported_or_embedded_is_read(main: str, expected: set[str]) -> None:
    assert reads(main) == expected


@pytest.mark.parametrize(
    "main",
    [
        'const t = @embedFile("../notes" ++ ".txt");',
        "const t = @embedFile(name);",
        'const t = @embedFile("../no\\x74es.txt");',
        'const c = @cImport({ @cInclude("x.h"); });',
        'const t = @embedFile("../../../outside");',
    ],
)
def test_what_only_the_compiler_can_tell_is_everything_in_the_folder(main: str) -> None:
    assert reads(main) >= ALL


@pytest.mark.parametrize(("flag", "everything"), [("-fsingle-threaded", False), ("-Mx=src/b.zig", True), ("src/x.c", True), ("-I.", True)])
def test_a_flag_may_name_files(flag: str, everything: bool) -> None:
    manifest = f'{MANIFEST}flags = {{ compile = ["{flag}"] }}\n'
    assert reads("", manifest) == (ALL if everything else set())


def test_more_inputs_may_be_named() -> None:
    assert reads("", f'{MANIFEST}inputs = ["*.txt"]\n') == {"z/notes.txt"}


def test_a_build_file_may_read_everything_in_its_folder() -> None:
    files = {**FILES, "z/build.zig": ""}
    (step,) = (s for s in make(f'{MANIFEST}toolchain = "zig-build"\n', files).steps if s.verb == "compile")
    assert {*step.candidates} == {*ALL, "z/src/main.zig"}
