"""Opening a project: which artifacts a command line means, what is made beside the manifest, what nobody is shown."""

from __future__ import annotations

import pytest

from tests.unit.session_world import WAT, Shop
from tests.unit.test_git_index import index
from wbuild.errors import UsageError
from wbuild.session.asked import Asked
from wbuild.session.opened import Opened, opened
from wbuild.session.record import Watch
from wbuild.session.settings import Origin


def opening(shop: Shop, **asked: object) -> Opened:
    return opened(shop.another(), Asked(**asked), Watch())  # type: ignore[arg-type]


def test_a_command_that_writes_makes_the_folder_for_editors_and_git(shop: Shop) -> None:
    found = opening(shop)
    assert (found.chosen, found.names, found.project.manifest.project.name) == (("add",), ("add",), "shop")
    assert shop.read(".wbuild/.gitignore") == "*\n"
    assert '"$schema"' in shop.read(".wbuild/wbuild.schema.json")


def test_a_command_that_only_looks_writes_nothing_and_starts_nothing_of_the_project(shop: Shop) -> None:
    found = opening(shop, write=False)
    assert sorted(path.name for path in shop.root.iterdir()) == ["add.wat", "wbuild.toml"]
    assert found.world.doors.looking == shop.root


def test_what_an_artifact_needs_is_opened_with_it(shop: Shop) -> None:
    shop.write("wbuild.toml", WAT + '\n[artifact.page]\nlang = "wat"\npath = "."\nneeds = ["add"]\n')
    found = opening(shop, words=("page",))
    assert (found.chosen, set(found.names)) == (("page",), {"add", "page"})


def test_an_unknown_artifact_is_refused_before_anything_is_written(shop: Shop) -> None:
    with pytest.raises(UsageError) as caught:
        opening(shop, words=("ad",))
    assert [(p.code, p.hint) for p in caught.value.problems] == [("WB267", 'did you mean "add"?')]
    assert not (shop.root / ".wbuild").exists()


@pytest.mark.parametrize(("ci", "said", "may"), [(False, None, True), (True, None, False), (True, False, True), (False, True, False)])
def test_locks_may_be_made_unless_a_flag_or_ci_forbids_it(ci: bool, said: bool | None, may: bool, shop: Shop) -> None:
    shop.ci = ci
    assert opening(shop, locked=said).may_lock is may


def test_a_value_taken_from_the_environment_is_never_shown(shop: Shop) -> None:
    shop.environ |= {"BUILD_WORD": "canary-7", "APP_VERSION": "1.2.3-rc"}
    shop.write("wbuild.toml", WAT + 'env = { WORD = { from = "BUILD_WORD" }, V = { from = "APP_VERSION" } }\n')
    found = opening(shop)
    found.console.show("it is canary-7 in 1.2.3-rc")
    assert "canary" not in shop.err
    assert "in 1.2.3-rc" in shop.err


def test_flags_of_the_command_line_are_settings(shop: Shop) -> None:
    assert opening(shop, flags={"jobs": "7"}).world.settings["jobs"] == Origin(value=7, origin="flag")


def test_moments_are_noted_only_for_those_who_ask_for_times(shop: Shop) -> None:
    assert opening(shop).progress.moments is None
    assert opening(shop, timed=True).progress.moments == []


def test_what_git_tracks_is_not_written_over(shop: Shop) -> None:
    shop.write(".git/index", index(["dist/dev/add.wasm"]))
    shop.write("dist/dev/add.wasm", "committed")
    with pytest.raises(UsageError) as caught:
        opening(shop)
    assert caught.value.problems[0].code == "WB249"
    assert opening(shop, write=False).chosen == ("add",)
