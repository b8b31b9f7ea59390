"""Which artifacts a change concerns."""

from __future__ import annotations

import pytest

from tests.plans import make
from wbuild.changes import concerned

TOML = """
[project]
name = "shop"
[artifact.cart]
lang = "c"
budget = "40 KiB"
[artifact.user]
lang = "c"
[[artifact.user.check]]
stdout-file = "expected.txt"
"""
FILES = ["cart/main.c", "cart/cart.h", "user/main.c", "user/expected.txt", "README.md", "user/lib/a.c"]
PLAN = make(TOML, FILES)


@pytest.mark.parametrize(
    ("names", "artifacts"),
    [
        ([], set()),
        (["README.md"], set()),
        (["cart/main.c"], {"cart"}),
        (["cart/cart.h"], {"cart"}),
        (["user/expected.txt"], {"user"}),
        (["user"], {"user"}),
        (["user/expected"], set()),
        (["cart/main.c", "user/main.c"], {"cart", "user"}),
    ],
)
def test_files(names: list[str], artifacts: set[str]) -> None:
    assert concerned(PLAN, PLAN, names) == artifacts


@pytest.mark.parametrize(
    ("old", "new", "artifacts"),
    [
        ("40 KiB", "41 KiB", {"cart"}),
        ("[artifact.cart]\n", "# a remark\n\n[artifact.cart]\n", set()),
        ("[artifact.cart]\n", '[artifact.cart]\nflags = { compile = ["-DX"] }\n', {"cart"}),
        ("[artifact.user]\n", '[profile.release]\nopt = "speed"\n[artifact.user]\n', {"cart", "user"}),
        ("[artifact.user]\n", '[artifact.third]\nlang = "c"\n[artifact.user]\n', {"third"}),
    ],
)
def test_declarations(old: str, new: str, artifacts: set[str]) -> None:
    after = make(TOML.replace(old, new), [*FILES, "third/main.c"])
    assert concerned(make(TOML, [*FILES, "third/main.c"]), after, []) == artifacts


def test_a_source_that_came_or_went() -> None:
    more = make(TOML, [*FILES, "cart/more.c"])
    assert concerned(PLAN, more, ["cart/more.c"]) == {"cart"}
    assert concerned(more, PLAN, ["cart/more.c"]) == {"cart"}


def test_without_a_plan_before_everything_is_new() -> None:
    assert concerned(None, PLAN, []) == {"cart", "user"}


def test_another_tool_concerns_everything_made_with_it() -> None:
    assert concerned(make(TOML, FILES, platform="macos-arm64"), PLAN, []) == {"cart", "user"}
