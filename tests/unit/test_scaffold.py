"""Starters: every one of them makes a manifest that loads, for each of its targets."""

from __future__ import annotations

import pytest

from tests.plans import make
from wbuild.catalog import load as catalogs
from wbuild.errors import UsageError
from wbuild.init.scaffold import Starter, Wish, checked_name, choose, draft, project_text, refuse_existing, starters, with_blocks, with_line
from wbuild.manifest.boundary import BoundaryFacts
from wbuild.manifest.load import load
from wbuild.session.shipped_data import recipe_texts, template_texts
from wbuild.text.toml_key import key

CATALOG = catalogs.load(recipe_texts(), {})
STARTERS = starters(template_texts())
EVERY = [(s, target) for s in STARTERS for target in s.targets]


def wish(language: str, **more: str) -> Wish:
    return Wish(language=CATALOG.languages[language], name=more.pop("name", "hello"), path=more.pop("path", "."), **more)


def test_every_language_has_a_starter() -> None:
    assert {s.language for s in STARTERS} == {name for name, language in CATALOG.languages.items() if language.category != "other"}


def test_what_takes_a_file_that_is_there_is_declared_by_hand() -> None:
    with pytest.raises(UsageError) as caught:
        choose(STARTERS, wish("prebuilt"))
    problem = caught.value.problems[0]
    assert problem.message == "Prebuilt module has no starter: it begins with a file that is there already"
    assert problem.hint == 'declare it: [artifact.hello] with lang = "prebuilt", in wbuild.toml'


@pytest.mark.parametrize(("starter", "target"), EVERY, ids=lambda v: f"{v.language}-{v.name}" if isinstance(v, Starter) else str(v))
def test_starters_make_manifests_that_load(starter: Starter, target: str) -> None:
    made = draft(starter, wish(starter.language, name="my.app", path="apps/my.app", target=target))
    text = project_text("shop", [made.block])
    manifest = load(text, "wbuild.toml", BoundaryFacts(), CATALOG)
    (artifact,) = manifest.artifacts
    assert (artifact.name, artifact.path, artifact.targets) == ("my.app", "apps/my.app", (target,))
    if CATALOG.languages[starter.language].project:
        (product,) = make(text, made.files).products
        artifact = product.artifact
    assert artifact.kind == starter.kind
    assert artifact.checks
    assert artifact.budget is not None
    assert made.files
    assert all(path.startswith("apps/my.app/") and "{{" not in content for path, content in made.files.items())
    assert text.startswith("#:schema .wbuild/wbuild.schema.json\n")


def test_the_first_choice_is_the_languages_own_kind() -> None:
    assert choose(STARTERS, wish("c")).name == "hello"
    assert choose(STARTERS, wish("wat")).name == "library"
    assert choose(STARTERS, wish("c", kind="reactor")).name == "library"
    assert choose(STARTERS, wish("zig", target="freestanding")).name == "library"
    assert choose(STARTERS, wish("wat", template="hello")).name == "hello"


def test_no_such_starter_lists_what_there_is() -> None:
    with pytest.raises(UsageError) as caught:
        choose(STARTERS, wish("c", template="web", target="wasip1"))
    problem = caught.value.problems[0]
    assert problem.message == "C has no template for template 'web', target 'wasip1'"
    assert problem.hint == "there is: hello (command: wasip1); library (reactor: freestanding, wasip1)"


@pytest.mark.parametrize("name", ["../x", "-rf", "con", "a/b", "LPT1.txt", "pаypal", "x\u202e", "", "a" * 101, "dot."])
def test_F115_bad_names(name: str) -> None:
    """F115."""
    with pytest.raises(UsageError) as caught:
        checked_name(name, "the name")
    assert caught.value.problems[0].code == "WB265"


def test_existing_files_are_all_listed() -> None:
    refuse_existing([])
    with pytest.raises(UsageError) as caught:
        refuse_existing(["a", "b"])
    assert [p.message for p in caught.value.problems] == ['"a" exists already', '"b" exists already']
    assert not caught.value.problems[0].hint


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[project] # mine\n", "[project] # mine\n\n[b]\nx = 1\n"),
        ("[project]", "[project]\n\n[b]\nx = 1\n"),
        ("a = 1\r\n# end\r\n", "a = 1\r\n# end\r\n\r\n[b]\r\nx = 1\r\n"),
        ("", "\n[b]\nx = 1\n"),
    ],
)
def test_blocks_are_appended_as_text(text: str, expected: str) -> None:
    assert with_blocks(text, ["[b]\nx = 1\n"]) == expected


def test_a_line_is_put_in() -> None:
    assert with_line("a\nb\n", 1, "x") == "a\nx\nb\n"
    assert with_line("a\r\nb", 2, "x") == "a\r\nb\nx\n"


def test_keys() -> None:
    assert [key(name) for name in ("a-b_1", "a.b")] == ["a-b_1", '"a.b"']
