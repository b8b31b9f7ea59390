"""`wbuild lock TOOL@VERSION`: the version in [tools], as text, so that comments and line ends stay."""

from __future__ import annotations

import pytest

from tests.unit.session_world import WAT, Shop
from wbuild.doors.files import RealFiles
from wbuild.errors import UsageError
from wbuild.session.lock_edit import names, set_versions, with_version


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", '\n[tools]\nzig = "2"\n'),
        ("[project]", '[project]\n\n[tools]\nzig = "2"\n'),
        ("[project]\r\n", '[project]\r\n\r\n[tools]\r\nzig = "2"\r\n'),
        ("[tools]", '[tools]\nzig = "2"\n'),
        ("[tools]\n# mine\n", '[tools]\nzig = "2"\n# mine\n'),
        ('[tools]\nzig = "1" # why\nwasmtime = "3"\n', '[tools]\nzig = "2" # why\nwasmtime = "3"\n'),
        ("[ tools ] # all\n  'zig' = '1'\n[x]\nzig = \"1\"\n", '[ tools ] # all\n  \'zig\' = "2"\n[x]\nzig = "1"\n'),
        ('[x]\nzig = "1"\n[tools]\nno = "1"\n', '[x]\nzig = "1"\n[tools]\nzig = "2"\nno = "1"\n'),
    ],
)
def test_a_version_is_written_where_people_would(text: str, expected: str) -> None:
    assert with_version(text, "zig", "2") == expected


def test_words_are_tools_of_the_catalogue(shop: Shop) -> None:
    assert names(shop.open(), ["wasmtime", "binaryen@124.0.0"]) == ("wasmtime", "binaryen")


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("wasmtme", 'unknown tool "wasmtme"', "did you mean wasmtime?"),
        ("qqqqqqqqqq", 'unknown tool "qqqqqqqqqq"', "there is: "),
        ("zig@>=1", '"zig@>=1": ">=1" is not one exact version', "write such as binaryen@133.0.0"),
        ("vendor.lib@2", '"vendor.lib@2" is no tool', "set the version in [vendor.lib] of wbuild.toml"),
    ],
)
def test_words_that_are_none(word: str, message: str, hint: str, shop: Shop) -> None:
    shop.write("wbuild.toml", WAT + '\n[vendor.lib]\nfrom = "npm:lib"\nversion = "1.0.0"\n')
    with pytest.raises(UsageError) as caught:
        names(shop.open(), [word])
    problem = caught.value.problems[0]
    assert (problem.code, problem.message) == ("WB279", message)
    assert (problem.hint or "").startswith(hint)


def test_the_manifest_is_written_only_when_it_changes(shop: Shop) -> None:
    edit = set_versions(shop.open(), ["wasmtime@45.0.0", "binaryen"])
    assert edit.project.manifest.tools == {"wasmtime": "45.0.0"}
    assert shop.read("wbuild.toml") == WAT
    edit.write(RealFiles(), shop.call.console)
    assert shop.read("wbuild.toml") == WAT + '\n[tools]\nwasmtime = "45.0.0"\n'
    assert shop.err == 'note: wbuild.toml: [tools] now has wasmtime = "45.0.0"\n'
    shop.another()
    again = set_versions(shop.open(), ["wasmtime@45.0.0"])
    assert again.changed == {}
    again.write(RealFiles(), shop.call.console)
    assert shop.err == ""


def test_a_table_that_is_spelt_otherwise_is_left_to_people(shop: Shop) -> None:
    shop.write("wbuild.toml", 'tools = { wasmtime = "44.0.0" }\n' + WAT)
    with pytest.raises(UsageError) as caught:
        set_versions(shop.open(), ["wasmtime@45.0.0"])
    problem = caught.value.problems[0]
    assert problem.message == "[tools] is spelt in a way that cannot be edited here for wasmtime"
    assert problem.hint == "set 45.0.0 there yourself"
