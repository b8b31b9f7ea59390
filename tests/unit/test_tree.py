"""Globs over a snapshot of names."""

from __future__ import annotations

import pytest

from wbuild.steps.tree import Tree, is_glob

TREE = Tree(
    names=("Makefile", "a.c", "inc/a.h", "src/b.c", "src/deep/c.c", "src/deep/d.h", "src/x[1].c"),
    vendor={"lua": ("src/lapi.c", "src/lua.h", "doc/x.html")},
)


@pytest.mark.parametrize(
    ("patterns", "base", "expected"),
    [
        (["*.c"], "", "a.c"),
        (["src/**/*.c"], "", "src/b.c src/deep/c.c src/x[1].c"),
        (["**/*.h"], "", "inc/a.h src/deep/d.h"),
        (["*.c"], "src", "src/b.c src/x[1].c"),
        (["../*.c"], "src", "a.c"),
        (["src/[a-c].c"], "", "src/b.c"),
        (["src/[!b]*.c"], "", "src/x[1].c"),
        (["?.c", "Makefile"], "", "Makefile a.c"),
        (["src/**"], "", "src/b.c src/deep/c.c src/deep/d.h src/x[1].c"),
        (["nothing/*"], "", ""),
    ],
)
def test_glob(patterns: list[str], base: str, expected: str) -> None:
    assert " ".join(TREE.glob(patterns, base=base)) == expected


def test_exclude_is_relative_to_the_base_too() -> None:
    assert TREE.glob(["**/*.c"], base="src", exclude=["deep/*"]) == ("src/b.c", "src/x[1].c")


def test_vendor_and_below() -> None:
    assert TREE.glob_vendor("lua", "src/*.c") == ("src/lapi.c",)
    assert TREE.below("src/deep") == ("src/deep/c.c", "src/deep/d.h")
    assert TREE.below(".") == TREE.names


def test_is_glob() -> None:
    assert is_glob("a*")
    assert not is_glob("a/b.c")


def test_a_folder_that_is_called_like_a_pattern() -> None:
    tree = Tree(names=("we[i]rd/a.c", "we[i]rd/b.c", "weird/a.c"))
    assert tree.glob(["*.c"], base="we[i]rd", exclude=["b.*"]) == ("we[i]rd/a.c",)
    assert tree.glob(["we[i]rd/*.c"]) == ("weird/a.c",)
    assert tree.glob(["we[i]rd/a.c"]) == ("we[i]rd/a.c", "weird/a.c")
