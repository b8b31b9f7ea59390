"""Two builds compared: the first section that differs, and the cause that its bytes point to."""

from __future__ import annotations

import pytest

from tests.modules import component, module
from tests.unit.wasm_samples import function_module, wat
from wbuild.report.difference import ADVICE, CAUSES, ComparedBuild, compare, dated, tied

NOW = 1_790_000_000


def built(data: bytes, number: int = 1) -> ComparedBuild:
    return ComparedBuild(
        where=f"build {number}",
        data=data,
        paths=(f"/somewhere/wbuild-x/{number}",),
        surroundings={"TZ": "AAA-14" if number == 1 else "BBB+12"},
        began=NOW,
        ended=NOW + 60,
    )


def holding(text: str) -> bytes:
    return wat(f'(module (memory 1) (data (i32.const 0) "first\\00{text}"))')


def custom(payload: bytes, name: str = "about") -> bytes:
    return module(customs={name: payload})


CASES = {
    "path": (
        holding("/somewhere/wbuild-x/1/main.c"),
        holding("/somewhere/wbuild-x/2/main.c"),
        "path",
        "data section",
        "/somewhere/wbuild-x/1, ",
    ),
    "path in two bytes a character": (
        custom("/somewhere/wbuild-x/1/a".encode("utf-16-le")),
        custom("/somewhere/wbuild-x/2/a".encode("utf-16-le")),
        "path",
        'custom section "about"',
        "/somewhere/wbuild-x/1, ",
    ),
    "zone": (holding("AAA-14"), holding("BBB+12"), "surroundings", "data section", "AAA-14, TZ in build 1"),
    "date": (holding("2026-11-25 00:01:02"), holding("2026-11-25 00:01:07"), "time", "data section", "2026-11-25 00:01:02"),
    "__DATE__": (holding("Nov 25 2026"), holding("Nov 26 2026"), "time", "data section", "Nov 25 2026"),
    "seconds in digits": (custom(b"1790000001"), custom(b"1790000031"), "time", 'custom section "about"', "17900000"),
    "nanoseconds in digits": (custom(b"at 1790000001000000001"), custom(b"at 1790000031000000001"), "time", "custom", "17900000"),
    "seconds in four bytes": (
        custom((NOW + 1).to_bytes(4, "little")),
        custom((NOW + 30).to_bytes(4, "little")),
        "time",
        "custom",
        f"{NOW + 1} and {NOW + 30}, seconds",
    ),
    "seconds in four bytes, big end first": (
        custom((NOW + 1).to_bytes(4, "big")),
        custom((NOW + 300).to_bytes(4, "big")),
        "time",
        "custom",
        f"{NOW + 1} and {NOW + 300}, seconds",
    ),
    "build id": (custom(b"\1\2\3", "build_id"), custom(b"\3\2\2", "build_id"), "id", 'custom section "build_id"', "build_id"),
    "uuid": (
        holding("0f0e0d0c-1111-4222-8333-444455556666"),
        holding("aabbccdd-1111-4222-8333-444455556666"),
        "id",
        "data section",
        "0f0e0d0c-1111-4222-8333-444455556666",
    ),
    "order of strings": (holding("one\\00two\\00"), holding("two\\00one\\00"), "order", "data section", "another order"),
    "order of sections": (module(customs={"a": b"x", "b": b"y"}), module(customs={"b": b"y", "a": b"x"}), "order", "custom", ""),
    "hash seed": (
        custom(b"table \x51\x02\xfe\x93\x10\xaa\x7c\x01 of words"),
        custom(b"table \x8e\xd1\x03\x29\x10\x5b\xc4\x77 of words"),
        "random",
        'custom section "about"',
        "8 bytes are others, and everything around them is the same",
    ),
    "a longer text": (custom(b"x" * 90), custom(b"y" * 90), "unknown", "custom", ""),
    "nothing known": (function_module(b"\x41\1\x1a"), function_module(b"\x41\2\x1a"), "unknown", "code section", ""),
    "one more section": (custom(b"x"), module(), "unknown", 'custom section "about"', ""),
    "no Wasm": (b"some bytes", b"some other text", "unknown", "file", ""),
    "in a component": (
        component(module(), custom(b"x")),
        component(module(), custom(b"y")),
        "unknown",
        'core module 1, custom section "',
        "",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_section_and_the_cause(name: str) -> None:
    first, second, cause, section, evidence = CASES[name]
    found = compare(built(first, 1), built(second, 2))
    assert found is not None
    assert (found.cause, first[: found.offset] == second[: found.offset]) == (cause, True)
    assert section in found.section
    assert evidence in found.evidence
    assert found.excerpts[0] != found.excerpts[1]


def test_order_of_functions() -> None:
    one, two = "(func (drop (i32.const 1)))", "(func (drop (f32.const 2)))"
    found = compare(built(wat(f"(module {one}{two})"), 1), built(wat(f"(module {two}{one})"), 2))
    assert found is not None
    assert (found.section, found.cause) == ("code section", "order")


def test_the_same_bytes_do_not_differ() -> None:
    assert compare(built(holding("x"), 1), built(holding("x"), 2)) is None


def test_a_path_that_both_hold_says_nothing() -> None:
    both = "AAA-14 BBB+12 /somewhere/wbuild-x/1 /somewhere/wbuild-x/2"
    found = compare(built(holding(f"{both}a"), 1), built(holding(f"{both}b"), 2))
    assert found is not None
    assert found.cause == "unknown"


def test_a_folder_that_every_build_on_this_machine_holds() -> None:
    folders = {"/store/zig-1": "the folder of zig", "/store/go-1": "the folder of go"}
    found = tied(built(holding("/store/zig-1/lib/libc.c")), folders)
    assert found is not None
    assert (found.section, found.cause, found.evidence) == ("data section", "path", "/store/zig-1, the folder of zig")
    assert "/store/zig-1/lib" in found.excerpts[0]
    assert tied(built(custom("/store/go-1".encode("utf-16-le"))), folders) is not None
    assert tied(built(holding("/store/zig-2/lib/libc.c")), folders) is None


@pytest.mark.parametrize("text", ["2026-09-21", "2026/09/21", "Sep 21 2026", "21 Sep 2026"])
def test_the_day_of_the_build(text: str) -> None:
    assert dated(built(holding(f"on {text}")), given=0) == text
    assert dated(built(holding(f"on {text}")), given=NOW) == ""
    assert dated(built(holding(f"on {text.replace('21', '20')}")), given=0) == ""


def test_what_stands_there_is_safe_to_show() -> None:
    found = compare(built(holding("\\1b[2Ja"), 1), built(holding("\\1b[2Jb"), 2))
    assert found is not None
    assert all("\\x1b[2J" in text and text.isprintable() for text in found.excerpts)


def test_every_cause_has_words() -> None:
    assert set(CAUSES) == set(ADVICE)
