"""What Zig sources say that they read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.plans import context_of, make
from wbuild.drivers.zigsource import look
from wbuild.model.planned import Step

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
    assert step.inputs[0] == "z/src/main.zig"  # files that flags name may follow
    return {*step.candidates, *step.inputs[1:]}


@pytest.mark.parametrize(
    ("main", "expected"),
    [
        ('const std = @import("std"); const o = @import("builtin");', set()),
        ('const a = @import ( "a.zig" ,\n);', {"z/src/a.zig"}),
        ('const d = @import("deep/d.zig");', {"z/src/a.zig", "z/src/b.zig", "z/src/deep/d.zig"}),
        ('const c = @import("c.zon");', {"z/src/c.zon"}),
        ('const t = @embedFile("../notes.txt");', {"z/notes.txt"}),
        ('const t = @embedFile("../no\\x74es.txt");', {"z/notes.txt"}),
        ('const a = @import(\n    // why\n    "a.zig",\n);', {"z/src/a.zig"}),
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
        'const c = @cImport({ @cInclude("x.h"); });',
        'const t = @embedFile("../../../outside");',
    ],
)
def test_what_only_the_compiler_can_tell_is_everything_in_the_folder(main: str) -> None:
    assert reads(main) >= ALL


@pytest.mark.parametrize(
    ("flag", "expected"),
    [
        ("-fsingle-threaded", set()),
        ("-Mx=z/src/deep/d.zig", ALL),
        ("z/src/x.c", ALL),
        ("-Iother", {*ALL, "other/e.zig"}),
        ("other/e.zig", {*ALL, "other/e.zig"}),
        ("-I/usr/include", ALL),
    ],
)
def test_a_flag_may_name_files_and_folders_relative_to_the_root(flag: str, expected: set[str]) -> None:
    manifest = f'{MANIFEST}flags = {{ compile = ["{flag}"] }}\n'
    assert reads("", manifest) == expected


def test_folders_outside_of_the_artifacts_own_are_roots() -> None:
    manifest = f'{MANIFEST}flags = {{ compile = ["-Iother"] }}\n'
    (step,) = (s for s in make(manifest, FILES).steps if s.verb == "compile")
    assert step.roots == ("z", "other")


def test_a_root_source_file_elsewhere_may_read_everything_around_it() -> None:
    manifest = f'{MANIFEST}[artifact.z.zig]\nroot = ["../other/e.zig"]\n'
    files = {**FILES, "other/e.zig": "const t = @embedFile(name);", "other/t.txt": ""}
    (step,) = (s for s in make(manifest, files).steps if s.verb == "compile")
    assert step.roots == ("z", "other")
    assert "other/t.txt" in step.candidates


def test_more_inputs_may_be_named() -> None:
    assert reads("", f'{MANIFEST}inputs = ["*.txt"]\n') == {"z/notes.txt"}


BUILDING = f'{MANIFEST}toolchain = "zig-build"\n'


def built(**files: str) -> dict[str, Step]:
    """The steps of a project with a build.zig, by verb; `z__x` is the file z/x."""
    named = {name.replace("__", "/").replace("_zig", ".zig").replace("_zon", ".zon"): text for name, text in files.items()}
    return {s.verb: s for s in make(BUILDING, {**FILES, "z/build.zig": "", **named}).steps}


def test_a_build_file_may_read_everything_in_its_folder() -> None:
    assert {*built()["compile"].candidates} == {*ALL, "z/src/main.zig"}


def test_path_dependencies_are_read_with_theirs() -> None:
    steps = built(
        z__build_zig_zon='.{ .dependencies = .{\n // .a = .{ .path = "../not" },\n'
        ' .lib = .{ .path = "../lib" } }, .paths = .{"../never"} }',
        lib__build_zig_zon='.{ .dependencies = .{ .deep = .{ .path = "../deep", .lazy = true } } }',
        lib__src__lib_zig="",
        deep__deep_zig="",
        never__x="",
        **{"not": ""},
    )
    assert steps["compile"].roots == ("z", "lib", "deep")
    assert {*steps["compile"].candidates} >= {"lib/src/lib.zig", "deep/deep.zig", "z/build.zig.zon", "lib/build.zig.zon"}
    assert "never/x" not in steps["compile"].candidates
    assert "fetch" not in steps


def test_only_remote_packages_are_fetched_and_that_may_be_one_of_a_dependency() -> None:
    steps = built(
        z__build_zig_zon='.{ .dependencies = .{ .lib = .{ .path = "../lib" } } }',
        lib__build_zig_zon='.{ .dependencies = .{ .far = .{ .url = "https://example.com/far.tar.gz", .hash = "far-1" } } }',
    )
    assert steps["fetch"].inputs == ("z/build.zig.zon", "lib/build.zig.zon")
    assert steps["fetch"].first_use is not None
    assert steps["fetch"].outputs[0] in steps["compile"].inputs


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('m.addAnonymousImport("s", .{ .root_source_file = b.path("../shared/s.zig") });', ["shared/s.zig", "shared/t.txt"]),
        ('.file = b.path("src/../../shared/data.bin")', ["shared/data.bin"]),
        ('.flags = &.{ "-I../shared/include" }', ["shared/include/h.h"]),
        ('.file = b.path("../shared/c/x.c")', ["shared/c/x.c", "shared/c/y.c"]),
        ('b.pathJoin(&.{ "..", "shared" })', ["shared/data.bin", "other/e.zig"]),
        ('.{ .cwd_relative = "shared/data.bin" }', ["shared/data.bin"]),
        ('const v = @embedFile("../shared/data.bin");', ["shared/data.bin"]),
        ('const part = @import("steps/part.zig");', ["shared/data.bin"]),
    ],
)
def test_what_a_build_file_names_outside_of_its_folder_is_read(text: str, expected: list[str]) -> None:
    around = {
        "shared/s.zig": 'const t = @embedFile("t.txt");',
        "shared/t.txt": "",
        "shared/data.bin": "",
        "shared/include/h.h": "",
        "shared/c/x.c": "",
        "shared/c/y.c": "",
        "z/steps/part.zig": 'const path = "../shared/data.bin";',
    }
    compile_ = built(z__build_zig=text, **around)["compile"]
    assert {*expected} <= {*compile_.candidates}
    assert {name for name in compile_.candidates if not name.startswith("z/")} >= {*expected}
    assert any(expected[0] == root or expected[0].startswith(f"{root}/") or root == "." for root in compile_.roots[1:])


def test_what_comments_of_a_build_file_name_is_not_read() -> None:
    assert built(z__build_zig='// see "../shared"\n', shared__x="")["compile"].roots == ("z",)


def test_a_dependency_in_the_folder_of_another_artifact_counts() -> None:
    manifest = f'{BUILDING}[artifact.lib]\nlang = "zig"\npath = "z/lib"\n'
    files = {**FILES, "z/build.zig": "", "z/build.zig.zon": '.{ .dependencies = .{ .lib = .{ .path = "lib" } } }', "z/lib/main.zig": ""}
    (step,) = (s for s in make(manifest, files).steps if s.name == "z.wasip1:compile")
    assert "z/lib/main.zig" in step.candidates


def test_of_an_imported_file_whose_text_is_not_known_everything_around_counts() -> None:
    context = context_of(MANIFEST, {**FILES, "z/src/main.zig": 'const e = @import("out/e.zig");', "z/src/out/e.zig": "", "z/src/out/t": ""})
    texts = {name: text for name, text in context.tree.texts.items() if name != "z/src/out/e.zig"}
    reading = look(replace(context.tree, texts=texts), ["z/src/main.zig"])
    assert not reading.complete
    assert {*reading.folders} == {"z/src", "z/src/out"}


def test_what_a_build_zig_names_in_another_artifacts_folder_or_in_one_that_is_passed_by_counts() -> None:
    manifest = f'{BUILDING}[artifact.y]\nlang = "zig"\npath = "z/y"\n'
    files = {**FILES, "z/build.zig": "", "z/y/src/main.zig": "", "z/y/shared.txt": "", "z/y/other.txt": ""}

    def names(text: str) -> set[str]:
        steps = make(manifest, {**files, "z/build.zig": text}).steps
        (step,) = (s for s in steps if s.artifact == "z" and s.verb == "compile")
        return {name for name in step.candidates if name.startswith("z/y/")}

    assert names("") == set()
    assert names('const t = b.path("y/shared.txt");') == {"z/y/shared.txt"}
    assert names('const t = b.path("y");') == {"z/y/src/main.zig", "z/y/shared.txt", "z/y/other.txt"}
