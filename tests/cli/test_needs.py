"""`needs`: artifacts that are inputs of others."""

from __future__ import annotations

import pytest

from tests.cli.toys import Shell, with_toys

MANIFEST = """
[artifact.app]
lang = "toy"
path = "app"
needs = ["plugin"]
env = { PLUGIN = "{artifact.plugin}" }

[artifact.plugin]
lang = "toy"
path = "plugin"
inputs = ["**"]
out = "plugin/plugin.wasm"

[artifact.other]
lang = "toy"
path = "other"
"""


@pytest.fixture
def shop(place: Shell) -> Shell:
    """An app that includes the bytes of its plugin, and an artifact that has nothing to do with them."""
    with_toys(place, MANIFEST)
    place.write("app/app.toy", "say app\nembed PLUGIN\n")
    place.write("plugin/plugin.toy", "say one\n")
    place.write("other/other.toy", "say other\n")
    return place


def said(shop: Shell, name: str, profile: str = "dev") -> bytes:
    return (shop.folder / f"dist/{profile}/{name}.wasm").read_bytes()


def compiled(shop: Shell, *args: str) -> list[str]:
    """What a build compiles."""
    lines = shop.run("build", "--explain", *args).ends(0).err.splitlines()
    return [line.split()[1] for line in lines if line.startswith("  compile ")]


def test_what_is_needed_is_built_first_and_is_an_input(shop: Shell) -> None:
    done = shop.run("build", "app").ends(0)
    assert done.out == "dist/dev/app.wasm\n"
    assert said(shop, "plugin") in said(shop, "app")
    assert not (shop.folder / "dist/dev/other.wasm").exists()
    assert shop.run("run", "app").out.startswith("app\n")
    assert compiled(shop) == ["other"]
    shop.write("plugin/plugin.toy", "say two\n")
    assert compiled(shop) == ["plugin", "app"]
    assert b"two" in said(shop, "app")
    assert said(shop, "plugin") in said(shop, "app")
    for expected in (["plugin", "app", "other"], []):  # the copy of a release build is no source, though `inputs` matches it
        assert sorted(compiled(shop, "--opt")) == sorted(expected)
    assert (shop.folder / "plugin/plugin.wasm").read_bytes() == said(shop, "plugin", "release")
    shop.write("plugin/plugin.toy", "fail broken\n")
    done = shop.run("build", "--keep-going").ends(1)
    assert "compile of plugin failed" in done.err
    assert done.out == "dist/dev/other.wasm\n"


def test_F72_all_cycles_are_told_at_once_with_their_path(shop: Shell) -> None:
    text = shop.read("wbuild.toml").replace('path = "plugin"', 'path = "plugin"\nneeds = ["other"]')
    shop.write("wbuild.toml", text.replace('path = "other"', 'path = "other"\nneeds = ["app", "other", "plugni"]'))
    done = shop.run("build").ends(2)
    assert "error[WB257]: artifacts need each other: app → plugin → other → app\n --> wbuild.toml:8:10\n" in done.err
    assert "error[WB257]: artifacts need each other: other → other\n --> wbuild.toml:21:17\n" in done.err
    assert 'error[WB256]: artifact.other.needs[3]: no artifact is called "plugni"' in done.err
    assert 'did you mean "plugin"?' in done.err
