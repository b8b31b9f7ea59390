"""Which artifacts a command means."""

from __future__ import annotations

import pytest

from wbuild.catalog import load as catalogs
from wbuild.errors import UsageError
from wbuild.manifest.boundary import BoundaryFacts
from wbuild.manifest.load import load
from wbuild.model.shipped import Catalog
from wbuild.model.written import Manifest
from wbuild.session.selection import choose_targets, is_file, select
from wbuild.session.shipped_data import recipe_texts

TEXT = """
[project]
name = "shop"
[artifact.api-cart]
lang = "c"
tags = ["edge"]
targets = ["wasip1", "freestanding"]
kind = "reactor"
[artifact.api-user]
lang = "zig"
[artifact.math]
lang = "wat"
tags = ["edge", "small"]
"""


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return catalogs.load(recipe_texts(), {})


@pytest.fixture(scope="module")
def manifest(catalog: Catalog) -> Manifest:
    return load(TEXT, "wbuild.toml", BoundaryFacts(), catalog)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ((), ("api-cart", "api-user", "math")),
        (("math",), ("math",)),
        (("math", "api-cart"), ("api-cart", "math")),
        (("api-*",), ("api-cart", "api-user")),
        (("lang:c",), ("api-cart",)),
        (("category:compiled",), ("api-cart", "api-user")),
        (("category:wasm-native",), ("math",)),
        (("tag:edge",), ("api-cart", "math")),
        (("target:freestanding",), ("api-cart", "math")),
        (("tag:small", "lang:zig"), ("api-user", "math")),
    ],
)
def test_words(words: tuple[str, ...], names: tuple[str, ...], manifest: Manifest, catalog: Catalog) -> None:
    assert select(manifest, catalog, words) == names


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("api-crat", 'did you mean "api-cart"?'),
        ("zzz", "there is: api-cart, api-user, math"),
        ("nothing-*", "there is: api-cart, api-user, math"),
        ("tag:egde", 'did you mean "tag:edge"?'),
        ("lang:rust", "there is: lang:c, lang:zig, lang:wat"),
    ],
)
def test_nothing_matches(word: str, hint: str, manifest: Manifest, catalog: Catalog) -> None:
    with pytest.raises(UsageError) as caught:
        select(manifest, catalog, (word, "math", "qqq"))
    assert [p.code for p in caught.value.problems] == ["WB267", "WB267"]
    assert caught.value.problems[0].message == f'no artifact matches "{word}"'
    assert caught.value.problems[0].hint == hint


def test_no_artifact_at_all(catalog: Catalog) -> None:
    with pytest.raises(UsageError, match="declares no artifact"):
        select(load("", "wbuild.toml", BoundaryFacts(), catalog), catalog, ())


def test_targets_are_declared_ones(manifest: Manifest) -> None:
    assert choose_targets(manifest, ("api-cart",), ()) == ()
    assert choose_targets(manifest, ("api-cart",), ("freestanding",)) == ("freestanding",)
    with pytest.raises(UsageError) as caught:
        choose_targets(manifest, ("api-cart",), ("web",))
    assert caught.value.problems[0].hint == "declared: wasip1, freestanding"


FILES = [("x.wasm", True), ("./x", True), ("a/b", True), ("x.wat", True), ("x", False), ("x.y", False)]


@pytest.mark.parametrize(("word", "expected"), FILES)
def test_what_is_a_file(word: str, expected: bool) -> None:
    assert is_file(word) is expected
