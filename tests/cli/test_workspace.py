"""Members: one project, several wbuild.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.toys import Shell, with_toys


@pytest.fixture
def shop(place: Shell) -> Shell:
    """A project with an artifact of its own and two members, locked."""
    with_toys(place, '\n[defaults]\ntags = ["all"]\n\n[artifact.front]\nlang = "toy"\npath = "front"\n')
    place.write("wbuild.toml", place.read("wbuild.toml").replace('name = "toys"\n', 'name = "toys"\nmembers = ["services/*"]\n'))
    place.write("front/front.toy", "say front\n")
    for name in ("api", "web"):
        place.write(f"services/{name}/wbuild.toml", f'[artifact.{name}]\nlang = "toy"\n')
        place.write(f"services/{name}/{name}.toy", f"say {name}\n")
    place.write("services/notes/README.md", "no member\n")
    return place


def built(out: str) -> list[str]:
    return sorted(Path(line).name.removesuffix(".wasm") for line in out.splitlines())


def test_members_share_lock_and_dist(shop: Shell) -> None:
    done = shop.run("build").ends(0)
    assert done.out == "dist/dev/front.wasm\ndist/dev/api.wasm\ndist/dev/web.wasm\n"
    assert {p.name for p in (shop.folder / "services/api").iterdir()} == {"api.toy", "wbuild.toml"}
    assert (shop.folder / "wbuild.lock").is_file()


def test_in_a_member_the_member_is_meant(shop: Shell) -> None:
    inside = shop.folder / "services/api"
    done = shop.run("build", cwd=inside).ends(0)
    assert done.out == "../../dist/dev/api.wasm\n"
    assert built(shop.run("build", "tag:all", cwd=inside).ends(0).out) == ["api", "front", "web"]
    assert built(shop.run("-C", "services/web", "build", "w*", "front").ends(0).out) == ["front", "web"]
    assert not (inside / ".wbuild").exists()


def test_nothing_to_do_in_a_member_until_something_changes(shop: Shell) -> None:
    inside = shop.folder / "services/api"
    shop.run("build", cwd=inside).ends(0)
    states = set((shop.folder / ".wbuild/state").iterdir())
    quick = shop.run("build", cwd=inside, env={"PYTHONVERBOSE": ""}).ends(0)
    assert set((shop.folder / ".wbuild/state").iterdir()) == states
    shop.write("services/new/wbuild.toml", '[artifact.new]\nlang = "toy"\n')
    shop.write("services/new/new.toy", "say new\n")
    assert built(shop.run("build").ends(0).out) == ["api", "front", "new", "web"]
    shop.write("wbuild.toml", shop.read("wbuild.toml").replace('members = ["services/*"]\n', ""))
    alone = shop.run("build", cwd=inside)
    assert alone.code == 2
    assert 'unknown language "toy"' in alone.err
    assert quick.out == "../../dist/dev/api.wasm\n"


def test_problems_of_all_files(shop: Shell) -> None:
    shop.write("services/api/wbuild.toml", '[project]\nname = "x"\n[artifact.api]\nlang = "tyo"\n')
    done = shop.run("build", cwd=shop.folder / "services/web").ends(2)
    assert "--> ../api/wbuild.toml:1:2" in done.err
    assert "--> ../api/wbuild.toml:4:8" in done.err


def test_an_entry_that_matches_nothing(place: Shell) -> None:
    place.write("wbuild.toml", '[project]\nmembers = ["services/*", "**.x"]\n')
    done = place.run("build").ends(2)
    assert done.err.count("error[WB288]") == 2
    assert '2 | members = ["services/*", "**.x"]' in done.err


def test_init_in_a_member_and_for_a_new_one(shop: Shell) -> None:
    shop.run("-C", "services/api", "init", "--lang", "wat", "more").ends(0)
    text = shop.read("services/api/wbuild.toml")
    assert text.startswith('[artifact.api]\npath = "."\nlang = "toy"\n\n[artifact.more]\nlang = "wat"\npath = "more"\n')
    done = shop.run("init", "--lang", "wat", "services/math").ends(0)
    assert shop.read("services/math/wbuild.toml").startswith("#:schema ../../.wbuild/wbuild.schema.json\n\n[artifact.math]\n")
    assert "add" in done.err
    assert not (shop.folder / "services/math/.gitignore").exists()
    taken = shop.run("init", "--lang", "wat", "services/other", "--name", "math").ends(2)
    assert 'services/math, is called "math" too' in taken.err
    assert not (shop.folder / "services/other").exists()


def test_the_first_member(place: Shell) -> None:
    place.write("wbuild.toml", '[project]\nname = "x"\nmembers = ["services/*"]\n')
    place.run("init", "--lang", "wat", "services/math").ends(0)
    assert '[artifact.math]\nlang = "wat"\npath = "."' in place.read("services/math/wbuild.toml")


def test_recipes_of_the_project_serve_its_members(shop: Shell) -> None:
    assert "toy " in shop.run("languages", cwd=shop.folder / "services/api").ends(0).out
