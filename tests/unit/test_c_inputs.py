"""What a C or C++ step depends on that no dependency file tells: flags, `inputs`, assembler, names that were looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.plans import make
from tests.unit.engine_world import World, compile_step
from wbuild.drivers.named import named
from wbuild.engine import assembler
from wbuild.engine.depfile import prerequisites
from wbuild.engine.depfile import read as read_depfile
from wbuild.engine.layout import Layout
from wbuild.model.planned import In, Step
from wbuild.steps.tree import Tree
from wbuild.steps.words import Places, expand

HEAD = '[artifact.a]\nlang = "c"\npath = "a"\n'
FILES = [
    "a/src/main.c",
    "a/src/x.def",
    "a/data.bin",
    "a/libx.a",
    "resp/flags.txt",
    "resp/more.txt",
    "inc/deep/y.tbl",
    "lib/libz.a",
    "force.h",
]


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def steps(toml: str, files: Sequence[str] | Mapping[str, str] = FILES) -> dict[str, Step]:
    plan = make(HEAD + toml, files)
    return {step.verb: step for step in plan.steps if step.verb in ("compile", "link")}


def test_names_of_all_files_in_the_folders_of_the_search_order_are_candidates() -> None:
    found = steps('flags = { compile = ["-Iinc"] }')["compile"]
    assert {"a/src/x.def", "a/data.bin", "inc/deep/y.tbl"} <= {*found.candidates}
    assert "lib/libz.a" not in found.candidates
    assert "inc" in found.roots


def test_sources_have_one_tuple_of_candidates() -> None:
    plan = make(HEAD, ["a/src/main.c", "a/src/b.c", "a/src/b.h"])
    first, second = (step for step in plan.steps if step.verb == "compile")
    assert first.candidates is second.candidates


def test_what_inputs_match_is_an_input_by_content_of_every_step() -> None:
    found = steps('inputs = ["data.bin"]')
    assert "a/data.bin" in found["compile"].inputs
    assert "a/data.bin" in found["link"].inputs


@pytest.mark.parametrize(
    ("flag", "file"),
    [
        ("@resp/flags.txt", "resp/flags.txt"),
        ("-includeforce.h", "force.h"),
        ("-include=force.h", "force.h"),
        ("force.h", "force.h"),
        ("-Wl,@resp/flags.txt", "resp/flags.txt"),
        ("-Wl,--symbol-file=force.h,-x", "force.h"),
        ("./a/libx.a", "a/libx.a"),
        ("-fprofile-use=a/data.bin", "a/data.bin"),
    ],
)
def test_files_that_flags_name_are_inputs_of_the_steps_that_get_them(flag: str, file: str) -> None:
    for kind, other in (("compile", "link"), ("link", "compile")):
        found = steps(f'flags = {{ {kind} = ["{flag}"] }}')
        assert file in found[kind].inputs
        assert file not in found[other].inputs


def test_response_files_name_files_too() -> None:
    texts = {"r/1.txt": "-O2 '-Iinc dir' @r/2.txt", "r/2.txt": "a.o", "a.o": "", "inc dir/x.h": ""}
    tree = Tree(names=tuple(sorted(texts)), texts={name: text for name, text in texts.items() if name.endswith(".txt")})
    found = named(["@r/1.txt"], tree)
    assert (found.files, found.folders, found.unread) == (("r/1.txt", "r/2.txt", "a.o"), ("inc dir",), False)
    assert named(["@r/1.txt"], Tree(names=tree.names, texts={"r/1.txt": texts["r/1.txt"]})).unread
    assert named(["@../x", "@/etc/x", "-O2", "-lm", "-DX=1", "--", "", "@"], tree).files == ()


def test_a_response_file_that_names_itself_ends() -> None:
    assert named(["@r"], Tree(names=("r",), texts={"r": "@r @r"})).files == ("r",)


def test_libraries_in_folders_that_the_linker_searches() -> None:
    assert "lib/libz.a" in steps('flags = { link = ["-Llib", "-lz"] }')["link"].inputs


@pytest.mark.parametrize(
    "text",
    [
        '__asm__(".incbin \\"b\\"");',
        "asm volatile (x);",
        "__asm (y)",
        "#define A a##sm\nas ## m",
        "#define I .inc##bin\n incbin",
        "ASM(asm)",
    ],
)
def test_assembler_in_a_source_is_seen(text: str, tmp_path: Path) -> None:
    path = tmp_path / "x.c"
    path.write_text(text)
    assert assembler.look([path], [], []).includes
    path.write_text("int plasma, asmx, wasm_asm_x; /* wasm */")
    assert not assembler.look([path], [], []).includes
    assert assembler.look([path], ["cc", "-DX=__asm__"], []).includes
    assert assembler.look([tmp_path / "boot.S"], [], []).includes


def test_what_assembler_includes_counts_by_content(world: World) -> None:
    step = compile_step("a.c", headers=["x.h", "blob.bin"])
    world.write(a_c='#include "x.h"', x_h='__asm__(".incbin \\"blob.bin\\"");', blob_bin="1")
    assert world.run(step)["app:compile:a.c"].status == "ran"
    assert world.run(step)["app:compile:a.c"].status == "cached"
    world.write(blob_bin="2")
    assert world.run(step)["app:compile:a.c"].reasons == ("inputs blob.bin: changed",)
    world.write(x_h="int x;")
    assert world.run(step)["app:compile:a.c"].status == "ran"
    world.write(blob_bin="3")
    assert world.run(step)["app:compile:a.c"].status == "cached"


def test_assembler_that_speaks_of_a_folder_nobody_looks_into_is_not_kept(world: World) -> None:
    step = compile_step("a.c", headers=["x.h"], apart=("node_modules",))
    world.write(a_c='__asm__(".incbin \\"node_modules/b\\"");', x_h="")
    assert [world.run(step)["app:compile:a.c"].kept for _ in range(2)] == [False, False]


def test_spaces_of_unicode_are_part_of_names_in_dependency_files() -> None:
    names = ("a\u00a0b.h", "c\u3000d.h", "e\u2028f.h", "g\x85h.h", "i j.h")
    text = "a.o: " + " \\\n  ".join(name.replace(" ", "\\ ") for name in names) + "\n"
    assert prerequisites(text) == names


def test_a_source_that_is_called_like_a_response_file_or_an_option() -> None:
    places = Places(scratch="s", root=Path("/p"), base="", tool=Path, shared=Path, state="", late=str, runner=Path, python="py")
    assert expand([("cc",), (In("@x.c"),), (In("-x.c"),), ("-I", In("@inc")), (In("a/@x.c"),)], places) == (
        "cc",
        "./@x.c",
        "./-x.c",
        "-I@inc",
        "a/@x.c",
    )


def test_upward_out_of_a_linked_folder_is_where_the_link_leads(tmp_path: Path) -> None:
    """Two headers of one name: the one beside the real folder was read, not the one beside the link."""
    for name in ("cc/app/main.c", "cc/lib/l.h", "lib/l.h", "own/x.h"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "linked").symlink_to("cc/app")
    layout = Layout(root=tmp_path)
    found = read_depfile("x.o: linked/main.c linked/../lib/l.h own/../lib/l.h linked/../../../away.h", layout, ())
    assert found is not None
    assert found.names == ("cc/lib/l.h", "lib/l.h", "linked/main.c")
    assert found.foreign == ("../away.h",)
