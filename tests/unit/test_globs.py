"""Patterns: what they match, held against a slow and simple reading of the rules, and that they end."""

from __future__ import annotations

import random
import re
import time

import pytest

from wbuild.steps.tree import Tree
from wbuild.text.globs import compiled, set_problem
from wbuild.text.names import glob_form
from wbuild.text.units import FormError

_SET = r"\[[!^]?(?:\][^\]/]*|[^\]/]+)\]"


def slow(pattern: str, name: str, *, begins: bool = True) -> bool:
    """The rules, one character at a time. `begins`: the pattern is at the beginning of a part."""
    if not pattern:
        return not name
    if pattern.startswith("**/") and begins:
        head, slash, tail = name.partition("/")
        return slow(pattern[3:], name) or bool(head and slash and slow(pattern, tail))
    if pattern.startswith("**"):
        return any(slow(pattern[2:], name[cut:], begins=False) for cut in range(len(name) + 1))
    if pattern[0] == "*":
        return any(slow(pattern[1:], name[cut:], begins=False) for cut in range(len(name.partition("/")[0]) + 1))
    found = re.match(_SET, pattern)
    taken = found.group() if found else pattern[0]
    if not name:
        return False
    plain = name[0] == taken
    right = (plain if taken != "?" else name[0] != "/") if found is None else name[0] != "/" and _among(taken[1:-1], name[0])
    return right and slow(pattern[len(taken) :], name[1:], begins=taken == "/")


def _among(body: str, sign: str) -> bool:
    """Whether a set takes a sign; these sets have ranges of a and b alone."""
    negated = body[0] in "!^"
    signs = body[negated:].replace("a-b", "ab").replace("b-a", "")
    return (sign in signs) != negated


PARTS = ["**/", "*", "?", "a", "b", "/", "[ab]", "[!a]", "[b-a]", "[", "]", ".", "*a", "a*b/"]


def test_patterns_mean_what_the_rules_say() -> None:
    chance = random.Random(10)
    for _ in range(3_000):
        pattern = "".join(chance.choice(PARTS) for _ in range(chance.randrange(1, 8))).strip("/")
        pattern = re.sub(r"\*{3,}|/{2,}", "", re.sub(r"[^/]\*\*/|\*\*/?\*", "", pattern))
        name = "/".join("".join(chance.choice("ab.") for _ in range(chance.randrange(1, 4))) for _ in range(chance.randrange(1, 5)))
        if not pattern or "**" in re.sub(r"(^|/)\*\*/", "", pattern):
            continue
        read = compiled(pattern)
        expected = slow(pattern, name)
        assert read.matches(name) is expected, (pattern, name)
        assert (len(read.tokens) in read.after(name)) is expected, (pattern, name)
        if expected:
            assert all(read.after(name[:cut]) for cut in range(len(name))), (pattern, name)


@pytest.mark.parametrize(
    "pattern",
    ["**/" * 14 + "x.c", "**/a/" * 14 + "x.c", "*a" * 30 + "b", "**a" * 20 + "b", "?*" * 40 + "/b", "**/*" * 20, "[!b]*" * 20 + "b"],
)
def test_a_pattern_ends_whatever_it_holds(pattern: str) -> None:
    names = ("/".join(["a" * 30] * 30), "a/" * 1000 + "y.c", "a" * 4000)
    began = time.monotonic()
    for name in names:
        compiled(pattern).matches(name)
    Tree(names=names).glob([pattern], exclude=[pattern + "/z"])
    assert time.monotonic() - began < 2


def test_a_set_that_is_empty_is_an_error_with_a_hint() -> None:
    assert set_problem("src/[a-c]*.c") == ""
    assert set_problem("[]a-c]") == ""
    with pytest.raises(FormError, match=r"\[z-a\] is an empty set: z comes after a"):
        glob_form("src/[z-a].c")
    assert not compiled("[z-a]").matches("z")


def test_a_set_never_takes_a_slash_and_signs_in_it_mean_themselves() -> None:
    assert not compiled("src[!a]main.c").matches("src/main.c")
    assert compiled("[&&^-[]").matches("&")
    assert compiled("[]x]").matches("]")
