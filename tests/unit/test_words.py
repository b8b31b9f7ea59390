"""Templates become typed words; words become strings and portable text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from wbuild.errors import BugError
from wbuild.model.planned import In, Late, Out, Python, Root, RunnerPath, Scratch, SharedCache, State, ToolPath
from wbuild.steps.words import Places, TemplateError, expand, fill, fill_all, placeholders, portable

PLACES = Places(
    scratch=".wbuild/tmp/x",
    tool=lambda pin: Path("/store") / pin,
    shared=lambda name: Path("/shared") / name,
    state=".wbuild/state-dirs/z",
    late=lambda late: ["--a", "--b"] if late.field == "words" else "one",
    runner=lambda file: Path("/runners") / file,
    python="/usr/bin/python",
    root=Path("/project"),
)


def test_a_placeholder_inside_a_word_is_joined_with_its_text() -> None:
    assert fill("-I{value}/x", {"value": In("inc")}) == [("-I", In("inc"), "/x")]


def test_a_list_takes_the_place_of_the_whole_word() -> None:
    assert fill_all(["cc", "{level}", "-o"], {"level": [("-O2",), ("-g",)]}) == (("cc",), ("-O2",), ("-g",), ("-o",))


def test_an_empty_list_leaves_nothing() -> None:
    assert fill_all(["a", "{x}"], {"x": []}) == (("a",),)


def test_a_longer_list_inside_a_longer_word_is_refused() -> None:
    with pytest.raises(TemplateError, match="cannot be part"):
        fill("-I{x}", {"x": [("a",), ("b",)]})


def test_a_list_of_at_most_one_word_may_be_part_of_a_word() -> None:
    assert fill("{x}/{y}.wasm", {"x": [("a", In("b"))], "y": []}) == [("a", In("b"), "/.wasm")]


def test_the_root_is_absolute_and_no_part_of_a_key() -> None:
    word = fill("{root}/{scratch}/cc", {"root": Root(), "scratch": Scratch()})[0]
    assert (expand([word], PLACES), portable(word)) == (("/project/.wbuild/tmp/x/cc",), "{root}/{scratch}/cc")


def test_unknown_placeholder_and_lone_brace_are_refused() -> None:
    with pytest.raises(TemplateError, match=r"unknown placeholder \{y\}"):
        fill("{y}", {})
    with pytest.raises(TemplateError, match="lone"):
        placeholders("a}b")


def test_doubled_braces_are_braces() -> None:
    assert fill("{{x}}", {}) == [("{x}",)]
    assert placeholders("{{x}}{y}") == ("y",)


def test_expansion_of_every_kind_of_part() -> None:
    words = (
        (ToolPath("zig", "zig"),),
        ("-I", In("a b")),
        (Out("o.wasm"),),
        (Scratch("d"),),
        (Scratch(),),
        (State("c"),),
        (State(),),
        (SharedCache("zig"),),
        (ToolPath("zig"),),
        (RunnerPath("wasmtime.py"),),
        (Python(),),
        (Late("f.json", "words"),),
        ("x=", Late("f.json", "one")),
        (In("-rf.c"),),
    )
    expected = "/store/zig/zig|-Ia b|.wbuild/tmp/x/out/o.wasm|.wbuild/tmp/x/d|.wbuild/tmp/x|.wbuild/state-dirs/z/c|.wbuild/state-dirs/z|"
    expected += "/shared/zig|/store/zig|/runners/wasmtime.py|/usr/bin/python|--a|--b|x=one|./-rf.c"
    assert "|".join(expand(words, PLACES)) == expected


def test_portable_text_names_nothing_of_the_machine() -> None:
    words = ((ToolPath("zig", "zig"),), (Out("o"),), (SharedCache("z"),), (Late("f.json", "words"),), (RunnerPath("r.py"),), (Python(),))
    assert [portable(w) for w in words] == ["{zig}/zig", "{out}/o", "{cache:z}", "<words of f.json>", "{runner}/r.py", "{python}"]


def test_a_late_list_inside_a_longer_word_is_a_bug() -> None:
    with pytest.raises(BugError):
        expand([("-x", Late("f", "words"))], PLACES)


@pytest.mark.parametrize(
    ("folder", "text"),
    [("/it's a/project", "/it's a/project"), ('/a"b\\c', '/a\\"b\\\\c'), ("/line\nend\x7f", "/line\\u000aend\\u007f")],
)
def test_F63_a_path_in_a_string_of_toml_is_escaped(folder: str, text: str) -> None:
    word = fill('linker="{toml.root}/{toml.scratch}/cc"', {"root": Root(), "scratch": Scratch()})[0]
    assert expand([word], replace(PLACES, root=Path(folder))) == (f'linker="{text}/.wbuild/tmp/x/cc"',)
    assert portable(word) == 'linker="{root}/{scratch}/cc"'
