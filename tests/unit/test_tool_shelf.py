"""The tools that a command shows: catalogue, lock and store together."""

from __future__ import annotations

import pytest

from tests.unit.session_world import WAT, Shop
from wbuild.errors import UsageError
from wbuild.session.tool_shelf import shelf
from wbuild.session.tool_sizes import download_sizes


def test_inside_of_a_project_the_lock_counts(shop: Shop) -> None:
    shop.lock()
    found = shelf(shop.another())
    pin = found.pin("wasmtime")
    assert pin is not None
    assert pin.version == "45.0.0"
    assert found.pin("zig") is None
    assert [one.name for one in found.pins(("binaryen",))] == ["node", "binaryen"]
    assert {one.name for one in found.pins(())} == {"wasmtime", "node", "binaryen"}


def test_where_this_machine_cannot_have_a_tool_there_is_no_pin(shop: Shop) -> None:
    shop.source.missing.add(("wasmtime", "linux-x86_64"))
    shop.lock()
    assert shelf(shop.another()).pin("wasmtime") is None


def test_outside_of_any_project_there_is_no_lock(shop: Shop) -> None:
    (shop.root / "wbuild.toml").unlink()
    found = shelf(shop.another())
    assert (found.lock, found.pin("zig")) == (None, None)
    with pytest.raises(UsageError) as caught:
        found.pins(())
    assert caught.value.problems[0].code == "WB284"


def test_names(shop: Shop) -> None:
    shop.write("wbuild.toml", WAT + '\n[vendor.lib]\nfrom = "npm:lib"\nversion = "2.0.0"\n')
    shop.lock()
    found = shelf(shop.another())
    recipe = found.recipe("zig")
    assert recipe is not None
    assert recipe.name == "zig"
    assert found.recipe("vendor.lib") is None
    for word, hint in (("zgi", "did you mean zig?"), ("vendor.x", None), ("qqqqqqqqqqq", "there is: ")):
        with pytest.raises(UsageError) as caught:
            found.recipe(word)
        problem = caught.value.problems[0]
        assert problem.code == "WB279"
        assert hint is None or (problem.hint or "").startswith(hint)


def test_a_look_starts_nothing_of_the_project_and_installing_may(shop: Shop) -> None:
    shop.lock()
    assert shelf(shop.another(), looking=True).store.path(shelf(shop.call).pins(("wasmtime",))[0]).parent.name.startswith("store")
    assert shelf(shop.another(), looking=False).lock is not None


def test_bytes_of_a_languages_tools_as_far_as_the_lock_knows(shop: Shop) -> None:
    shop.lock()
    call = shop.another()
    sizes = download_sizes(call, shelf(call).catalog)
    assert set(sizes) == {"wat", "assemblyscript"}
    pin = shelf(call).pin("wasmtime")
    assert pin is not None
    assert sizes["wat"] == pin.size


def test_without_a_lock_nothing_is_known(shop: Shop) -> None:
    call = shop.another()
    assert download_sizes(call, shelf(call).catalog) == {}
