from __future__ import annotations

from collections.abc import Iterator

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

from wbuild.toml.locate import Path, deepest, index, place

SAMPLE = '''\
top = 1  # a comment with "quotes"
"quoted key" . inner = "x]y"
[a]
b.c = [1, [2, "three"], { d = 4, e.f = 5 }]
text = """
several [lines]
"""
literal = \'\'\'raw 'text' with "\'\'\'
when = 1979-05-27 07:32:00
empty = []
[[a.list]]
n = 1
[[a.list]]
n = 2
sub.deep = { x = "}" }
[a.list.more]
y = 'z'
'''


def leaves(data: object, path: Path = ()) -> Iterator[tuple[Path, object]]:
    if isinstance(data, dict):
        for key, value in data.items():
            yield from leaves(value, (*path, key))
    elif isinstance(data, list):
        for position, value in enumerate(data):
            yield from leaves(value, (*path, position))
    else:
        yield path, data


def assert_located(text: str) -> None:
    """The text at every leaf's span reads as the leaf."""
    spots = index(text)
    for path, value in leaves(tomli.loads(text)):
        start, end = spots.values[path]
        assert tomli.loads(f"x = {text[start:end]}")["x"] == value
        start, end = spots.span(path, "key")
        if isinstance(path[-1], str):
            assert tomli.loads(f"{text[start:end]} = 1") == {path[-1]: 1}


def test_every_leaf_of_a_sample_is_found() -> None:
    assert_located(SAMPLE)


values = st.recursive(
    st.one_of(
        st.integers(-9, 99).map(str),
        st.booleans().map(lambda b: str(b).lower()),
        st.text("ab]}#=,'.[{ é", max_size=6).map(lambda t: f'"{t}"'),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3).map(lambda items: f"[{', '.join(items)}]"),
        st.lists(inner, max_size=3).map(lambda items: f"[ # comment ]\n{','.join(items)}\n]"),
        st.lists(inner, max_size=3).map(lambda items: "{ " + ", ".join(f"k{i} = {v}" for i, v in enumerate(items)) + " }"),
    ),
    max_leaves=8,
)


@given(st.lists(st.tuples(st.sampled_from(["[t{n}]", "[[list]]", "[list.in{n}]", "# nothing"]), st.lists(values, max_size=3)), max_size=5))
def test_every_leaf_of_any_document_is_found(tables: list[tuple[str, list[str]]]) -> None:
    text = "".join(
        header.format(n=n) + "\n" + "".join(f"key-{n}-{i} = {value}\n" for i, value in enumerate(entries))
        for n, (header, entries) in enumerate(tables)
    )
    try:
        tomli.loads(text)
    except tomli.TOMLDecodeError:
        index(text)
        return
    assert_located(text)


@given(st.text("ab[]{}=.,\"'#\n\\ \t1", max_size=60))
def test_any_text_is_indexed(text: str) -> None:
    index(text)
    deepest(text, 3)


def test_places_count_characters_from_one() -> None:
    text = 'a = 1\nkey = { "é" = 1, b = "value" }\n'
    where = place(text, "f.toml", index(text).span(("key", "b"), "value"))
    assert (where.line, where.column, where.width, where.text) == (2, 22, 7, 'key = { "é" = 1, b = "value" }')


def test_a_span_of_several_lines_is_underlined_on_the_first() -> None:
    text = "list = [\n 1,\n]\n"
    where = place(text, "f.toml", index(text).span(("list",), "value"))
    assert (where.line, where.column, where.width) == (1, 8, 1)


@pytest.mark.parametrize(
    ("path", "line"),
    [(("a", "list", 1, "n"), 14), (("a", "list", 1), 13), (("a", "list", 1, "nothing"), 13), (("a", "nothing"), 3), (("nothing",), 1)],
)
def test_what_is_missing_is_shown_at_what_is_around_it(path: Path, line: int) -> None:
    assert place(SAMPLE, "f", index(SAMPLE).span(path, "value")).line == line


def test_deep_values_are_passed_over() -> None:
    text = f"a = {'[' * 300}{']' * 300}\nb = 2\n"
    assert place(text, "f", index(text).span(("b",), "value")).line == 2
    assert deepest(text, 100) == 4 + 100
