from __future__ import annotations

import pytest

from tests.catalogs import TEXTS, made_up
from tests.goldens import golden
from wbuild.catalog import load as catalog
from wbuild.errors import Place, Problem, UsageError
from wbuild.manifest import load as manifest
from wbuild.manifest.load import BoundaryFacts, Member
from wbuild.report.problem import WIDEST, render
from wbuild.text.show import width

HELLO = '[artifact.hello]\nlang = "c"\n'
CASES: dict[str, str | bytes] = {
    "syntax": "[artifact.hello]\nlang = c\n",
    "duplicate-key": HELLO + 'lang = "cpp"\n',
    "not-utf-8": HELLO.encode() + b'tags = ["caf\xe9"]\n',
    "nested-too-deep": "a = " + "[" * 1000,
    "unknown-key": HELLO + 'bugdet = "60 KiB"\n',
    "unknown-table": "[artefact.hello]\n",
    "unknown-language": '[artifact.hello]\nlang = "cp"\n',
    "alias-as-language": '[artifact.hello]\nlang = "c++"\n',
    "wrong-type": HELLO + 'flags.compile = "-O2"\n',
    "missing-key": "[artifact.hello]\n",
    "no-choice": HELLO + 'target = "wasi"\n',
    "ambiguous-size": HELLO + 'budget = "60 KB"\n',
    "duration": HELLO + "[[artifact.hello.check]]\ntimeout = 10\n",
    "path-leaves": HELLO + '[[artifact.hello.check]]\nstdin-file = "../data.txt"\n',
    "path-absolute": HELLO + 'path = "/src"\n',
    "machine-key": "jobs = 8\n" + HELLO,
    "bad-name": '[artifact."$(id)"]\nlang = "c"\npath = "."\n',
    "colliding-names": HELLO + '[artifact.Hello]\nlang = "c"\n',
    "refused-variable": HELLO + 'env = { LD_PRELOAD = "x.so" }\n',
    "credential": HELLO + 'env = { A = { from = "GITHUB_TOKEN" } }\n',
    "requires-wbuild": '[project]\nrequires-wbuild = ">=9"\n' + HELLO,
    "target-of-language": HELLO + 'target = "web"\n',
    "kind-for-target": HELLO + 'target = "freestanding"\nkind = "command"\n',
    "unknown-toolchain": HELLO + 'toolchain = "bigger"\n',
    "unknown-tool": '[tools]\nmakr = "1"\n' + HELLO,
    "vendor-form": HELLO + '[vendor.lua]\nfrom = "lua"\nversion = "5.4.7"\n',
    "contradiction": HELLO + '[[artifact.hello.check]]\nstdin = ""\nstdin-file = "x"\n',
    "profile-cycle": HELLO + '[profile.a]\ninherits = "b"\n[profile.b]\ninherits = "a"\n',
    "unknown-vendor": HELLO + 'c.include = ["{vendor.lau}/src"]\n[vendor.lua]\nfrom = "npm:lua"\nversion = "5.4.7"\n',
    "out-of-range": HELLO + "[[artifact.hello.check]]\nexit = 300\n",
    "unknown-proposal": HELLO + 'proposals.allow = ["smid"]\n',
    "table-of-another-language": HELLO + '[artifact.hello.cpp]\nstd = "c++20"\n',
    "unknown-host": HELLO + 'hosts = ["gaet"]\n',
    "host-of-another-target": HELLO + 'target = "freestanding"\nkind = "reactor"\nhosts = ["gate"]\n',
    "wrong-default": '[defaults]\nhosts = ["gaet"]\n[defaults.c]\nstd = "c11"\n' + HELLO + '[artifact.other]\nlang = "c"\n',
    "many": 'jobs = 8\n[artifact.a]\nlang = "cp"\nbugdet = "1 KB"\nkind = "comand"\n[artifact.A]\nlang = "c"\nc = { stdd = "c11" }\n',
}


def rendered(error: UsageError) -> str:
    return "\n\n".join(render(problem) for problem in error.problems) + "\n"


@pytest.mark.parametrize("name", CASES)
def test_messages_of_manifests(name: str) -> None:
    facts = BoundaryFacts(folder="/src/shop", repository="/src", version="0.1.0")
    with pytest.raises(UsageError) as caught:
        manifest.load(CASES[name], "wbuild.toml", facts, made_up())
    golden(f"errors/{name}.txt", rendered(caught.value))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("recipe-without-type", 'name = "x"\nsummary = "X"\n'),
        (
            "recipe-reference",
            'type = "runtime"\nname = "x"\ntitle = "X"\ntool = "makr"\ntargets = []\nmodes = []\ncheck = []\nrun = []\n',
        ),
        (
            "recipe-placeholder",
            'type = "runtime"\nname = "x"\ntitle = "X"\ntool = "maker"\ntargets = []\nmodes = []\ncheck = ["{reqest}"]\nrun = []\n',
        ),
    ],
)
def test_messages_of_recipes(name: str, text: str) -> None:
    with pytest.raises(UsageError) as caught:
        catalog.load(TEXTS, {"recipes/x.toml": text})
    golden(f"errors/{name}.txt", rendered(caught.value))


def test_a_member_that_is_more() -> None:
    member = Member(folder="a", file="a/wbuild.toml", content='[project]\nname = "a"\n' + HELLO)
    with pytest.raises(UsageError) as caught:
        manifest.load('[project]\nmembers = ["a", "b/*"]\n', "wbuild.toml", BoundaryFacts(unmatched=("b/*",)), made_up(), [member])
    golden("errors/member.txt", rendered(caught.value))


def test_unknown_profile() -> None:
    found = manifest.load(HELLO, "wbuild.toml", BoundaryFacts(), made_up())
    with pytest.raises(UsageError) as caught:
        manifest.resolve_profile(found, found.artifacts[0], "relase")
    golden("errors/unknown-profile.txt", rendered(caught.value))


def test_without_a_place() -> None:
    assert render(Problem(code="WB100", message="it failed", detail="tool says\nno\n", hint="fix it")) == (
        "error[WB100]: it failed\ntool says\nno\nhint: fix it"
    )


def problem(text: str, column: int, width_: int = 1) -> Problem:
    return Problem(code="WB200", message="m", place=Place(file="f", line=1234, column=column, text=text, width=width_))


def test_the_caret_stands_below_wide_characters_and_tabs() -> None:
    assert render(problem("\t日本 = x", 7, 1)).splitlines()[2:] == ["1234 |  日本 = x", "     |         ^"]


def test_what_a_terminal_would_obey_is_escaped() -> None:
    text = render(problem("a\x1b[2J\u202eb = x", 11))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert text.splitlines()[2:] == ["1234 | a\\x1b[2J\\u202eb = x", "     | " + " " * 18 + "^"]


@pytest.mark.parametrize("column", [1, 500, 999, 1000])
def test_long_lines_are_cut_around_the_caret(column: int) -> None:
    shown = render(problem("x" * 1000, column, 400)).splitlines()[2:]
    assert all(width(line) <= WIDEST + 10 for line in shown)
    assert "^" in shown[1]


def test_an_empty_line_is_not_shown() -> None:
    assert render(problem("", 1)) == "error[WB200]: m\n --> f:1234:1"
