"""What wbuild keeps beside a manifest, where the user's setting says: `.wbuild`, the schema for editors, the line in .gitignore."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.doors import FakeFiles
from tests.unit.session_world import Shop
from wbuild.doors.files import RealFiles
from wbuild.errors import MachineError, UsageError
from wbuild.session.outside_work import MARK, keep_outside
from wbuild.session.work_folder import ignore_dist, locked, prepare, schema_text


def test_the_folder_is_written_once(shop: Shop) -> None:
    files, catalog = FakeFiles(), shop.open().catalog
    prepare(shop.root, files, catalog, nullcontext())
    assert sorted(path.name for path in files.written) == [".gitignore", "schema-made-by", "wbuild.schema.json"]
    assert shop.read(".wbuild/wbuild.schema.json") == schema_text(catalog)
    files.written.clear()
    prepare(shop.root, files, catalog, nullcontext())
    assert files.written == []
    shop.write(".wbuild/.gitignore", "")
    prepare(shop.root, files, catalog, nullcontext())
    assert [path.name for path in files.written] == [".gitignore"]


@pytest.mark.parametrize(
    ("before", "done", "after"),
    [
        (None, "add", "/dist/\n"),
        ("", "edit", "/dist/\n"),
        ("*.o", "edit", "*.o\n/dist/\n"),
        ("*.o\n", "edit", "*.o\n/dist/\n"),
        ("*.o\n  dist/\n", "", "*.o\n  dist/\n"),
        ("/dist/*\n", "", "/dist/*\n"),
        ("distance\n", "edit", "distance\n/dist/\n"),
    ],
)
def test_git_ignores_dist(before: str | None, done: str, after: str, shop: Shop) -> None:
    if before is not None:
        shop.write(".gitignore", before)
    assert ignore_dist(shop.root, FakeFiles()) == done
    assert shop.read(".gitignore") == after


def test_bytes_that_are_no_text_stay_in_gitignore(shop: Shop) -> None:
    shop.write(".gitignore", b"\xff\n")
    ignore_dist(shop.root, RealFiles())
    assert (shop.root / ".gitignore").read_bytes() == b"\xff\n/dist/\n"


def test_whoever_has_the_lock_is_alone_with_the_project(shop: Shop) -> None:
    shop.settings["lock-timeout"] = 0.0
    call = shop.another()
    with locked(call.world(), call.console, shop.root, "build"), pytest.raises(MachineError, match="build this project"):
        locked(call.world(), call.console, shop.root, "build").__enter__()


def outside(shop: Shop, work: Path | str) -> None:
    shop.settings["work"] = str(work)
    call = shop.another()
    keep_outside(shop.root, "my shop", call.world(), call.console)


def test_without_the_setting_nothing_happens(shop: Shop) -> None:
    outside(shop, "")
    assert not (shop.root / ".wbuild").exists()


def test_a_link_leads_to_the_projects_own_folder(shop: Shop, tmp_path: Path) -> None:
    outside(shop, tmp_path / "work")
    (target,) = (tmp_path / "work").iterdir()
    assert target.name.startswith("my-shop-")
    assert (shop.root / ".wbuild").readlink() == target
    assert (target / MARK).is_file()
    assert shop.another().world().trust.about(shop.root).links == {".wbuild": str(target)}
    outside(shop, tmp_path / "work")
    assert [path.name for path in (tmp_path / "work").iterdir()] == [target.name]


def test_a_link_that_led_elsewhere_is_said_and_mended(shop: Shop, tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (shop.root / ".wbuild").symlink_to(tmp_path / "old")
    outside(shop, tmp_path / "work")
    assert f".wbuild was a link to {tmp_path / 'old'}: it leads to" in shop.err
    assert (shop.root / ".wbuild").resolve().parent == tmp_path / "work"


def test_a_folder_that_is_there_is_used_as_it_is(shop: Shop, tmp_path: Path) -> None:
    (shop.root / ".wbuild").mkdir()
    outside(shop, tmp_path / "work")
    assert ".wbuild is a folder, and is used as it is" in shop.err
    assert not (tmp_path / "work").exists()


def test_a_folder_inside_of_the_project_is_refused(shop: Shop) -> None:
    with pytest.raises(UsageError, match="which is inside of the project"):
        outside(shop, shop.root / "work")


def test_somebody_elses_folder_is_not_taken(shop: Shop, tmp_path: Path) -> None:
    outside(shop, tmp_path / "work")
    (target,) = (tmp_path / "work").iterdir()
    (target / MARK).write_text("forged")
    with pytest.raises(UsageError, match="is no folder that your wbuild made for this project"):
        outside(shop, tmp_path / "work")
