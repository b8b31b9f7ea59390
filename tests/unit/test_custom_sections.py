"""Custom sections: debris goes, everything else stays and is told; what the manifest says wins."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from tests.modules import component, module
from tests.reports import ARTIFACT, measure_of, plan, product, run, texts, weighed
from tests.unit.wasm_samples import wat
from wbuild.builtins.custom_sections import customs, missing, nameless, unasked
from wbuild.builtins.rank import rank
from wbuild.builtins.select import select
from wbuild.builtins.strip import strip
from wbuild.errors import ArtifactError
from wbuild.model.happened import ArtifactReport, SectionSize
from wbuild.model.host_recipe import HostModule, HostRecipe
from wbuild.model.planned import JSON
from wbuild.report.assemble import assemble
from wbuild.report.hosts import problems
from wbuild.report.text import notes

DEBRIS = (
    *("name", "producers", "target_features", ".debug_info", ".debug_str", "reloc.CODE", "linking", "sourceMappingURL"),
    *("external_debug_info", "build_id", "go:buildid"),
)
OTHERS = (
    *("dylink.0", "component-type:world", "icp:public candid:service", "icp:private x", "contractspecv0", "contractenvmetav0"),
    *("contractmetav0", "cw_migrate_version", "string.consts", "import_namespace", "metadata.code.branch_hint", "runtime_version", "x y/z"),
)
NAMES = b"\x01\x06\x01\x00\x03fix"


def left(names: tuple[str, ...], **args: JSON) -> tuple[str, ...]:
    (made,) = strip(args, [module(customs={name: name.encode() for name in names})])
    assert made is not None
    return tuple(name for name, contents in customs(made) if contents == name.encode())


def test_C17_without_debug_the_known_debris_goes_and_nothing_else() -> None:
    assert left((*DEBRIS, *OTHERS), debug="none") == OTHERS


def test_C17_names_keep_names_and_dwarf_keeps_all() -> None:
    assert left((*DEBRIS, *OTHERS), debug="names") == ("name", "producers", "target_features", *OTHERS)
    assert left((*DEBRIS, *OTHERS), debug="dwarf") == (*DEBRIS, *OTHERS)


def test_C17_globs_of_the_manifest_win_and_dropping_wins_over_keeping() -> None:
    assert left((*DEBRIS, "foo"), debug="none", keep=[".debug_*", "build_id"]) == (".debug_info", ".debug_str", "build_id", "foo")
    assert left(("name", "cw_a", "cw_b", "foo"), debug="names", drop=["cw_*"], keep=["cw_a"]) == ("name", "foo")


def test_C17_sections_inside_a_component_follow_the_same_rules() -> None:
    inner = module(customs={"linking": b"", "contractspecv0": b"1"})
    assert strip({"debug": "none"}, [component(inner)]) == [component(module(customs={"contractspecv0": b"1"}))]


def test_what_says_something_about_places_in_the_code_goes_when_the_code_changes() -> None:
    hinted = ("metadata.code.branch_hint", "foo")
    assert left(hinted, debug="none") == hinted
    assert left(hinted, debug="none", changed=True) == ("foo",)


def test_F120_a_signed_module_stays_as_it_is() -> None:
    data = module(code=b"\x01" * 9, customs={"name": b"\0", "signature": b"1"})
    assert strip({"debug": "none"}, [data]) == [data]
    winner, why = selected(data, module(customs={"signature": b"1"}))
    assert (winner, why) == (data, "it is signed, and any change would break the signature")


def selected(base: bytes, candidate: bytes, **more: JSON) -> tuple[bytes | None, JSON]:
    args: dict[str, JSON] = {"metric": "raw", "names": ["Oz"], "checks": [], **more}
    (ranking,) = rank(args, [base, base, candidate])
    winner, text = select(args, [base, base, candidate, ranking])
    assert text is not None
    return winner, json.loads(text)["why"]


@pytest.mark.parametrize("after", [{}, {"foo": b"2"}, {"fo": b"1"}])
def test_F120_a_candidate_that_lost_a_section_is_dropped(after: Mapping[str, bytes]) -> None:
    base = module(code=b"\x01" * 99, customs={"foo": b"1"})
    assert selected(base, module(customs=after)) == (base, "Oz lost the custom section foo")
    kept = module(customs={"foo": b"1"})
    assert selected(base, kept) == (kept, "")


def test_names_and_debug_information_may_be_rewritten_but_not_lost() -> None:
    before = module(customs={"name": b"1", ".debug_info": b"1", "dylink.0": b"1"})
    assert missing(before, module(customs={"name": b"2", ".debug_info": b"2", "dylink.0": b"3"})) == ""
    assert missing(before, module(customs={"name": b"2", "dylink.0": b"3"})) == ".debug_info"


def test_C17_a_glob_that_matches_nothing_is_told() -> None:
    data = module(customs={"icp:public a": b""})
    _, text = select({"metric": "raw", "names": [], "checks": [], "keep": ["icp:*", "icq:*"], "drop": ["x"]}, [data, data])
    assert text is not None
    assert json.loads(text)["unmatched"] == ["keep-sections: icq:*", "drop-sections: x"]


def built(data: bytes, *hosts: HostRecipe) -> ArtifactReport:
    made = replace(product(replace(ARTIFACT, keep_sections=("mine*",))), hosts=hosts)
    (report,) = assemble(plan(made), run(texts=texts(data))).artifacts
    return report


SOROBAN = HostRecipe(
    name="s", title="S", targets=("freestanding",), source=("x",), date="2026",
    module=HostModule(imports={}, sections=("contractenvmetav0 | other",), reads=("contractspec*",)),
)  # fmt: skip


def test_C17_sections_that_nobody_asked_for_are_named_with_their_bytes() -> None:
    data = module(customs={"foo": b"12", "mine.1": b"", "contractspecv0": b"", "dylink.0": b"", "name": NAMES})
    assert [part.name for part in built(data).unknown_sections] == ["foo", "contractspecv0"]
    assert [part.name for part in built(data, SOROBAN).unknown_sections] == ["foo"]
    report = weighed("x", unknown_sections=(SectionSize(name="foo\x1b", offset=0, size=8),), unmatched=("keep-sections: a*",))
    text = notes(replace(assemble(plan(product()), run()), artifacts=(report,)))
    assert "x: keeps custom sections that wbuild does not know: foo\\x1b (8 B)\n" in text
    assert "x: keep-sections: a* matches no custom section\n" in text


def test_sections_inside_a_component_are_named_by_their_place() -> None:
    parts = [SectionSize(name=name, offset=0, size=1) for name in ("header", "module 0/code", "component 1/module 0/x/y", "module 0/name")]
    assert [part.name for part in unasked(parts, ())] == ["component 1/module 0/x/y"]
    assert unasked(parts, ("x/*",)) == ()


@pytest.mark.parametrize(("customs", "code"), [({}, ["WB314"]), ({"contractenvmetav0": b""}, []), ({"other": b""}, [])])
def test_C17_a_host_that_asks_for_a_section_refuses_a_module_without_it(customs: Mapping[str, bytes], code: list[str]) -> None:
    found = built(module(customs=customs))
    assert [problem.code for problem in problems(SOROBAN, "hello", measure_of(found))] == code


@pytest.mark.parametrize(
    ("debug", "customs", "lacks"),
    [
        ("none", {}, ""),
        ("names", {}, "no names of functions"),
        ("names", {"name": b"\x00\x02\x01a"}, "no names of functions"),
        ("names", {"name": NAMES}, ""),
        ("dwarf", {"name": NAMES}, "no .debug_info"),
        ("dwarf", {".debug_info": b"1"}, "no names of functions"),
        ("dwarf", {".debug_info": b"1", "name": NAMES}, ""),
    ],
)
def test_C18_the_file_is_asked_for_what_debug_promises(debug: str, customs: Mapping[str, bytes], lacks: str) -> None:
    data = module(customs=customs)
    _, text = select({"metric": "raw", "names": [], "checks": [], "debug": debug}, [data, data])
    assert text is not None
    assert json.loads(text).get("undebugged", "") == lacks
    assert nameless(component(data), "dwarf") == ""


def test_C18_an_idle_data_count_goes_whatever_debug_says() -> None:
    text = '(module (memory 1) (func (export "f")) (data (i32.const 0) "a"))'
    plain = wat(text)
    counted = plain[: plain.index(b"\x0a\x04")] + b"\x0c\x01\x01" + plain[plain.index(b"\x0a\x04") :]
    assert strip({"debug": "dwarf"}, [counted]) == [plain]
    mapped = counted + module(customs={"sourceMappingURL": b"\x01a"})[len(module()) :]
    assert strip({"debug": "dwarf"}, [mapped]) == [mapped]  # places in a source map count from the beginning of the file


def entered(data: bytes, kind: str) -> str:
    """The code and message of what is wrong with what a compiler made; "" for nothing."""
    try:
        strip({"debug": "none", "entry": kind, "artifact": "hello", "exporting": "`export f`"}, [data])
    except ArtifactError as error:
        return f"{error.problems[0].code} {error.problems[0].message} | {error.problems[0].hint}"
    return ""


LIBC = """(module (memory (export "memory") 1) (func $ctors)
  (func $main {main}) (func $abort unreachable)
  (func $main_void (result i32) (call $main (i32.const 0) (i32.const 0)))
  (func (export "_start") (call $ctors) (if (call $main_void) (then (call $abort)))))"""


def test_C16_a_command_without_main_is_an_error_in_plain_words() -> None:
    stub = entered(wat(LIBC.format(main="(param i32 i32) (result i32) unreachable")), "command")
    assert stub.startswith("WB341 hello is a command, and has no `main`: it could only trap | write a main function")
    assert "`export f`" in stub
    assert entered(wat(LIBC.format(main="(param i32 i32) (result i32) (call $abort) unreachable")), "command") == ""
    assert entered(wat('(module (func (export "f")))'), "command").startswith("WB341 hello is a command, and has no `_start`")


@pytest.mark.parametrize(
    ("text", "fine"),
    [
        ('(module (memory (export "memory") 1) (func (export "_initialize")))', False),
        ("(module)", False),
        ('(module (memory (export "memory") 1) (func $s) (start $s))', True),
        ('(module (func (export "add")))', True),
        ('(module (global (export "g") i32 (i32.const 1)))', True),
    ],
)
def test_C16_a_reactor_that_exports_nothing_is_an_error(text: str, fine: bool) -> None:
    assert (entered(wat(text), "reactor") == "") == fine


def test_C16_an_archive_is_told_as_one() -> None:
    assert entered(b"!<arch>\n" + bytes(60), "command").startswith("WB343 hello: the compiler made a library of object code")


def test_components_and_artifacts_of_no_kind_are_not_asked() -> None:
    assert entered(component(module()), "command") == entered(module(), "") == ""
