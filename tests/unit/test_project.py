"""A project as it is found on disk: the nearest manifest, members, recipes, and how paths are shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.session_world import TEXT, WAT, Shop
from wbuild.errors import UsageError
from wbuild.session.project import (
    catalog_of,
    content_of,
    find,
    home,
    member_to_be,
    members,
    members_of,
    readable_catalog,
    shown,
    text_of,
)
from wbuild.session.record import Watch
from wbuild.session.shipped_data import data_folder, pages, recipe_texts, template_texts
from wbuild.session.snapshot import look, own, places

TOOL = 'type = "tool"\nname = "{name}"\nsummary = "x"\n\n[[route]]\nsource = "pypi"\npackage = "t"\nbin = {{ t = ["{{self}}/t"] }}\n'
GROUP = '[project]\nname = "shop"\nmembers = ["apps/*"]\n'


@pytest.fixture
def group(shop: Shop) -> Shop:
    """A project with two members."""
    shop.write("wbuild.toml", GROUP)
    for name in ("one", "two"):
        shop.write(f"apps/{name}/wbuild.toml", f'[artifact.{name}]\nlang = "wat"\n')
        shop.write(f"apps/{name}/{name}.wat", TEXT)
    return shop


def test_the_nearest_manifest_above_decides(shop: Shop) -> None:
    shop.write("src/deep/x", "")
    assert find(shop.root / "src/deep") == shop.root
    with pytest.raises(UsageError) as caught:
        find(shop.folder)
    problem = caught.value.problems[0]
    assert (problem.code, problem.message) == ("WB270", "no wbuild.toml in .. or above")


def test_in_a_member_the_project_around_it_is_meant(group: Shop) -> None:
    watch = Watch()
    assert home(group.root / "apps/one", watch) == (group.root, "apps/one")
    assert str(group.root / "wbuild.toml") in watch.files
    assert home(group.root / "apps") == (group.root, "")
    group.start = group.root / "apps/two"
    project = group.open()
    assert (project.folder, project.member) == (group.root, "apps/two")
    assert [product.artifact.name for product in group.prepare().plan.products] == ["two"]


def test_members_are_folders_with_a_manifest_inside_of_the_project(group: Shop) -> None:
    group.write("apps/plain/file", "")
    group.write("node_modules/x/wbuild.toml", "")
    group.write("dist/x/wbuild.toml", "")
    (group.folder / "outside").mkdir()
    (group.folder / "outside/wbuild.toml").write_text("")
    (group.root / "apps/link").symlink_to(group.folder / "outside")
    found, unmatched = members(group.root, ("apps/*", "node_modules/*", "dist/*", "no/*", "."))
    assert found == (group.root / "apps/one", group.root / "apps/two")
    assert unmatched == ("node_modules/*", "dist/*", "no/*", ".")


def test_members_of_a_project_that_cannot_be_read(group: Shop) -> None:
    assert len(members_of(group.root)) == 2
    group.write("wbuild.toml", "[")
    assert members_of(group.root) == ()
    assert members_of(group.folder) == ()


def test_a_folder_that_would_be_a_member(group: Shop) -> None:
    assert member_to_be(group.root, group.root / "apps/new")
    assert not member_to_be(group.root, group.root / "lib")
    assert not member_to_be(group.root, group.root)


def test_a_root_above_the_manifest(shop: Shop) -> None:
    (shop.folder / ".git").mkdir()
    shop.write("wbuild.toml", WAT.replace("[project]", '[project]\nroot = ".."'))
    project = shop.open()
    assert (project.folder, project.root) == (shop.root, shop.folder)
    assert project.named(shop.root / "add.wat") == "shop/add.wat"
    assert own(project) == {".wbuild", "shop/.wbuild", "shop/dist"}
    assert [product.file for product in shop.prepare().plan.products] == ["shop/dist/dev/add.wasm"]


def test_recipes_of_a_project_join_the_catalogue_inside_of_it(shop: Shop) -> None:
    shop.write("wbuild.toml", WAT.replace("[project]", '[project]\nrecipes = ["own/*.toml"]'))
    with pytest.raises(UsageError) as caught:
        shop.open()
    assert caught.value.problems[0].code == "WB274"
    shop.write("own/t.toml", TOOL.format(name="t"))
    assert shop.open().recipes == (shop.root / "own/t.toml",)
    assert "t" in catalog_of(shop.root).tools
    assert "t" not in catalog_of(shop.folder).tools


def test_a_catalogue_as_far_as_it_can_be_read(shop: Shop) -> None:
    shop.write("wbuild.toml", WAT.replace("[project]", '[project]\nrecipes = ["own/*.toml"]'))
    shop.write("own/good.toml", TOOL.format(name="good"))
    assert readable_catalog(shop.root)[1] == ()
    shop.write("own/bad.toml", "type = 1\n")
    catalog, problems = readable_catalog(shop.root)
    assert "good" in catalog.tools
    assert problems
    shop.write("wbuild.toml", "[")
    catalog, _ = readable_catalog(shop.root)
    assert "good" not in catalog.tools
    assert "zig" in catalog.tools


def test_what_is_no_file_or_too_large(shop: Shop) -> None:
    shop.write("large", "x" * 11)
    assert content_of(shop.root / "large", 11) == b"x" * 11
    for path, limit in ((shop.root / "large", 10), (shop.root, 10)):
        with pytest.raises(UsageError) as caught:
            content_of(path, limit)
        assert caught.value.problems[0].code == "WB201"
    shop.write("odd", b"\xff")
    assert text_of(shop.root / "odd") == "\udcff"


def test_paths_as_people_would_type_them(shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shown(shop.root / "a/b") == "a/b"
    assert shown(tmp_path) == ".."
    far = Path("/usr")
    assert shown(far) == "/usr"
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert shown(shop.root) == str(shop.root)


def test_where_the_keys_of_an_artifact_stand(group: Shop) -> None:
    project = group.open()
    where = places(project)
    artifact = next(artifact for artifact in project.manifest.artifacts if artifact.name == "two")
    found = where(artifact, ("lang",))
    assert found is not None
    assert (found.file, found.line) == ("apps/two/wbuild.toml", 2)
    itself = where(artifact, ())
    assert itself is not None
    assert itself.line == 1


def test_links_of_a_project(shop: Shop) -> None:
    shop.write("real/x.wat", TEXT)
    (shop.root / "inside").symlink_to("real")
    (shop.root / "outside").symlink_to(shop.folder)
    (shop.root / "dangling").symlink_to("nowhere")
    watch = Watch()
    found = look(shop.files, shop.root, watch=watch)
    assert found.links == {"inside": "real", "outside": str(shop.folder)}
    assert "real/x.wat" in found.tree.names
    assert found.tree.kind("inside") == "folder"
    assert found.tree.kind("real/x.wat") == "file"
    assert found.tree.kind("none") == ""
    assert "outside" in found.tree.astray


def test_what_comes_with_wbuild() -> None:
    assert "toolchains/tools/zig.toml" in recipe_texts()
    assert "c/hello/src/main.c.j2" in template_texts()
    assert data_folder("templates").is_dir()
    assert "WB270" in pages()
