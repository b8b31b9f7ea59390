from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wbuild.errors import Problem, UsageError
from wbuild.model.written import Seconds, Share, Size, Text
from wbuild.text.nearest import suggestion
from wbuild.toml.decode import LARGEST, Reader, read
from wbuild.toml.problems import Faults
from wbuild.toml.shape import keys_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    SHORT: ClassVar[str] = "size"

    size: Size
    other_key: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    name: str
    parts: tuple[Part, ...] = ()
    main: Part | None = None
    mode: Literal["", "fast", "slow"] = ""
    words: tuple[str, ...] = ()
    table: Mapping[str, str | Part] = field(default_factory=dict)
    mixed: str | int | bool | tuple[str, ...] | None = None
    wait: Seconds = 1.0
    ratio: float = 0.5
    share: Share = 0.9
    text: Text = ""
    from_: str = ""


def decode(text: str) -> tuple[Whole | None, tuple[Problem, ...]]:
    document = read(text, "w.toml")
    faults = Faults(document)
    return Reader(faults).table(Whole, document.data, ()), faults.problems()


def messages(text: str) -> list[tuple[str, str, int]]:
    return [(p.code, p.message, p.place.line if p.place else 0) for p in decode(text)[1]]


def test_everything_decodes() -> None:
    whole, problems = decode("""
        name = "n"
        main = "2 KiB"
        mode = "fast"
        words = ["a", "b"]
        table = { a = "text", b = { size = 5, other-key = 4 } }
        mixed = true
        wait = "500ms"
        ratio = 2
        share = "75 %"
        text = "nul \\u0000"
        from = "x"
        [[part]]
        size = 1
    """)
    assert problems == ()
    assert whole == Whole(
        name="n",
        main=Part(size=2048),
        mode="fast",
        words=("a", "b"),
        table={"a": "text", "b": Part(size=5, other_key=4)},
        mixed=True,
        wait=0.5,
        ratio=2.0,
        share=0.75,
        text="nul \0",
        from_="x",
        parts=(Part(size=1),),
    )


def test_keys_are_spelled_as_in_toml() -> None:
    assert [key.name for key in keys_of(Whole)][:3] == ["name", "part", "main"]
    assert [key.name for key in keys_of(Whole)][-1] == "from"
    assert [key.name for key in keys_of(Part)] == ["size", "other-key"]


@pytest.mark.parametrize(
    ("line", "code", "message"),
    [
        ("words = 'a'", "WB205", "words: expected an array, got a string"),
        ("words = [1]", "WB205", "words[1]: expected a string, got an integer"),
        ("mode = 'fats'", "WB207", 'mode: "fats" is none of fast, slow'),
        ("mode = ''", "WB207", 'mode: "" is none of fast, slow'),
        ("mixed = 1.5", "WB205", "mixed: expected a string or an integer or true or false or an array, got a number"),
        ("ratio = true", "WB205", "ratio: expected a number, got true or false"),
        ("ratio = nan", "WB208", "ratio is not a finite number"),
        ("from = '''x\\u0000'''", "", ""),
        ('from = "x\\u0000"', "WB208", "from holds a NUL character"),
        ("wait = 10", "WB208", "10 is not a duration"),
        ("table = []", "WB205", "table: expected a table, got an array"),
        ("main = { other-key = 1 }", "WB206", 'main lacks the key "size"'),
        ("main = 1979-05-27", "WB208", "this is not a size"),
        ("part = { size = 1 }", "WB205", "part: expected an array, got a table"),
        ("unknown-key = 1", "WB203", 'unknown key "unknown-key"'),
        ("table.a = 1", "WB205", "table.a: expected a string or a table, got an integer"),
    ],
)
def test_one_problem(line: str, code: str, message: str) -> None:
    found = messages(f"name = 'n'\n{line}\n")
    assert [c for c, _, _ in found] == ([code] if code else [])
    assert not found or found[0][1].endswith(message)
    assert all(at == 2 for _, _, at in found)


def test_all_problems_at_once_sorted_by_place() -> None:
    found = messages("main = 'x'\nwords = 3\nmoed = 1\n")
    assert [(code, line) for code, _, line in found] == [("WB206", 1), ("WB208", 1), ("WB205", 2), ("WB203", 3)]


def test_many_problems_are_cut_and_counted() -> None:
    problems = decode("name = 'n'\n" + "".join(f"k{i} = 1\n" for i in range(500)))[1]
    assert len(problems) == 101
    assert problems[-1].message == "400 more problems in w.toml"


def test_crlf_and_byte_order_mark_are_accepted() -> None:
    document = read('\ufeffname = 3\r\nmode = "fats"\r\n'.encode(), "w.toml")
    faults = Faults(document)
    Reader(faults).table(Whole, document.data, ())
    places = [p.place for p in faults.problems() if p.place]
    assert [(p.line, p.column, p.text) for p in places] == [(1, 8, "name = 3"), (2, 8, 'mode = "fats"')]


def refused(content: bytes | str) -> Problem:
    with pytest.raises(UsageError) as caught:
        read(content, "w.toml")
    (problem,) = caught.value.problems
    assert problem.place is not None
    return problem


@pytest.mark.parametrize(
    ("content", "code", "line", "column"),
    [
        ("a = 1\nb =\n", "WB200", 2, 4),
        ("a = wasip1\n", "WB200", 1, 5),
        ("a = 1\n[x\n", "WB200", 2, 3),
        ('a = "x', "WB200", 1, 7),
        ("a = 1\nb = 2\na = 3\n", "WB202", 3, 1),
        ("[a]\nx = 1\n[a]\ny = 1\n", "WB202", 3, 2),
        ("a.b = 1\na.b = 2\n", "WB202", 2, 3),
        ("a = { b = 1, b = 2 }\n", "WB202", 1, 14),
        ("[a]\nb = 1\n[a.b]\n", "WB202", 3, 4),
        ("a = 'x\0'\n", "WB200", 1, 7),
        (b"a = 1\nb = 'caf\xe9'\n", "WB201", 2, 9),
        (b"\xff\xfea\0", "WB201", 1, 1),
        (b"a = 1\nb = 'caf\xe9'\n".decode("utf-8", "surrogateescape"), "WB201", 2, 9),
        ("a = " + "[" * 1000 + "]" * 1000, "WB201", 1, 105),
        ("a = " + "{a=" * 1000 + "1" + "}" * 1000, "WB201", 1, 305),
        ("a = " + "9" * 5000, "WB200", 1, 1),
        ("a" + ".a" * 5000 + " = 1", "WB201", 1, 1),
        (b"#" * (LARGEST + 1), "WB201", 1, 1),
        ("<<<<<<< ours\na = 1\n", "WB200", 1, 1),
    ],
)
def test_F111_what_is_not_toml_is_one_located_problem(content: bytes | str, code: str, line: int, column: int) -> None:
    problem = refused(content)
    assert problem.place is not None
    assert (problem.code, problem.place.line, problem.place.column) == (code, line, column)


@given(st.binary(max_size=200))
def test_any_bytes_give_a_document_or_one_problem(content: bytes) -> None:
    problems: tuple[Problem, ...] = ()
    try:
        read(content, "w.toml")
    except UsageError as error:
        problems = error.problems
    assert len(problems) <= 1
    assert all(problem.place for problem in problems)


@given(
    st.recursive(
        st.one_of(st.booleans(), st.integers(), st.floats(), st.text(max_size=3)),
        lambda i: st.lists(i) | st.dictionaries(st.text(max_size=3), i),
    )
)
def test_any_value_gives_a_value_or_problems(value: object) -> None:
    faults = Faults(read("", "w.toml"))
    for key in keys_of(Whole):
        Reader(faults).shaped(key.shape, value, (key.name,))


@pytest.mark.parametrize(
    ("word", "names", "hint"),
    [
        ("binaryn", ["binaryen", "node"], 'did you mean "binaryen"?'),
        ("RUST", ["rust", "go"], 'did you mean "rust"?'),
        ("xyz", ["a", "b"], "possible: a, b"),
        ("xyz", [str(n) for n in range(50)], ""),
        ("xyz", [], ""),
    ],
)
def test_suggestions(word: str, names: list[str], hint: str) -> None:
    assert suggestion(word, names) == hint
