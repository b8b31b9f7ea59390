"""`wbuild init`: where the artifact goes, what is proposed for code that is there, and that all is written or nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doors import FakeFiles
from tests.unit.session_world import TEXT, WAT, FakeCall, Shop
from wbuild.doors.files import RealFiles
from wbuild.errors import MachineError, UsageError
from wbuild.init import files
from wbuild.init.files import Destination, Writing, arrange, confirm, locate, proposal, show, write
from wbuild.init.scaffold import ProjectDraft
from wbuild.model.shipped import Catalog
from wbuild.session.project import catalog_of
from wbuild.terminal.console import Console

C = "int main(void) { return 0; }\n"
WHOLE = ProjectDraft(block='[artifact.app]\nlang = "wat"\n', files={"app.wat": TEXT})


@pytest.fixture
def empty(shop: Shop) -> Shop:
    """A folder with nothing in it."""
    for name in ("wbuild.toml", "add.wat"):
        (shop.root / name).unlink()
    return shop


def catalog(shop: Shop) -> Catalog:
    return catalog_of(shop.root)


def proposed(shop: Shop, directory: str | None = None) -> dict[str, str]:
    """Name → part of the manifest."""
    place = locate(shop.root, directory, "", new=False)
    return {name: draft.block for name, draft in proposal(place, catalog(shop), RealFiles()).items()}


def refused(code: str, shop: Shop, directory: str | None, *, name: str = "", new: bool = False) -> str:
    with pytest.raises(UsageError) as caught:
        locate(shop.root, directory, name, new=new)
    problem = caught.value.problems[0]
    assert problem.code == code
    return problem.message


def test_a_new_project_in_this_folder_or_in_a_new_one(empty: Shop) -> None:
    assert locate(empty.root, None, "", new=False) == Destination(folder=empty.root, path=".", name="shop", text=None)
    assert locate(empty.root, ".", "other", new=False).name == "other"
    assert locate(empty.root, "app", "", new=False) == Destination(folder=empty.root / "app", path=".", name="app", text=None)
    whole = str(empty.folder / "elsewhere")
    assert locate(empty.root, whole, "", new=False).folder == Path(whole)


def test_one_more_artifact_of_the_project_around(shop: Shop) -> None:
    assert locate(shop.root, "apps/two", "", new=False) == Destination(folder=shop.root, path="apps/two", name="two", text=WAT)
    assert locate(shop.root, "two", "", new=True) == Destination(folder=shop.root / "two", path=".", name="two", text=None)


def test_a_folder_of_the_members_is_a_new_member(shop: Shop) -> None:
    shop.write("wbuild.toml", '[project]\nname = "shop"\nmembers = ["apps/*"]\n')
    found = locate(shop.root, "apps/two", "", new=False)
    assert (found.folder, found.path, found.fresh) == (shop.root / "apps/two", ".", True)
    assert found.text == "#:schema ../../.wbuild/wbuild.schema.json\n"


def test_folders_that_may_not_be(empty: Shop) -> None:
    assert "leads upward" in refused("WB265", empty, "../x")
    assert "is not one folder's name" in refused("WB265", empty, "a/b")
    refused("WB265", empty, "con")
    refused("WB265", empty, None, name="a/b")
    (empty.folder / "there").mkdir()
    (empty.root / "link").symlink_to(empty.folder / "there")
    assert "is a symbolic link" in refused("WB265", empty, "link")
    empty.write("file", "")
    refused("WB266", empty, "file")


def test_a_folder_outside_of_the_project_around(shop: Shop) -> None:
    assert "is outside of the project" in refused("WB265", shop, str(shop.folder / "other"))


@pytest.mark.parametrize(("folder", "name"), [("my shop", "my-shop"), ("été", "t"), ("--", "app"), ("con", "app")])
def test_a_folder_with_an_odd_name_gives_a_fit_one(folder: str, name: str, empty: Shop) -> None:
    place = empty.folder / folder
    place.mkdir()
    assert locate(place, None, "", new=False).name == name


def test_code_that_is_there_is_proposed(empty: Shop) -> None:
    empty.write("src/main.c", C)
    (block,) = proposed(empty).values()
    assert 'lang = "c"' in block


def test_outputs_of_other_tools_and_projects_below_are_no_code(empty: Shop) -> None:
    empty.write("Cargo.toml", '[package]\nname = "app"\nversion = "0.1.0"\n')
    empty.write("src/main.rs", "fn main() {}\n")
    empty.write("target/debug/build/x.c", C)
    empty.write("other/wbuild.toml", WAT)
    empty.write("other/main.c", C)
    (block,) = proposed(empty).values()
    assert 'lang = "rust"' in block


def test_what_is_declared_is_not_proposed_again(shop: Shop) -> None:
    shop.write("wbuild.toml", WAT + 'path = "add"\n')
    shop.write("add/add.wat", TEXT)
    (shop.root / "add.wat").unlink()
    with pytest.raises(UsageError, match=r"everything in \. is declared already"):
        proposed(shop)
    shop.write("tool/main.c", C)
    assert ['lang = "c"' in block for block in proposed(shop).values()] == [True]


def test_members_belong_to_the_project_around_them(shop: Shop) -> None:
    shop.write("wbuild.toml", '[project]\nname = "shop"\nmembers = ["m"]\n')
    (shop.root / "add.wat").unlink()
    shop.write("m/wbuild.toml", '[artifact.x]\nlang = "wat"\n')
    shop.write("m/x.wat", TEXT)
    shop.write("own/main.c", C)
    assert ['lang = "c"' in block for block in proposed(shop).values()] == [True]


def test_no_code_at_all(empty: Shop) -> None:
    with pytest.raises(UsageError, match=r"no language was named, and \. holds no code"):
        proposed(empty)
    with pytest.raises(UsageError, match="no language was named, and new holds no code"):
        proposed(empty, "new")


def test_code_that_nothing_here_builds(empty: Shop) -> None:
    empty.write("pyproject.toml", '[project]\nname = "tool"\n')
    empty.write("tool/__main__.py", "print()\n")
    with pytest.raises(UsageError) as caught:
        proposed(empty)
    problem = caught.value.problems[0]
    assert (problem.code, problem.message) == ("WB291", ". holds code that this wbuild cannot build")
    assert problem.detail is not None
    assert "python" in problem.detail


def test_very_much_code_is_read_up_to_a_limit(empty: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "READ_ALTOGETHER", 1)
    for number in range(3):
        empty.write(f"a{number}/main.c", C)
    assert proposed(empty)


class Answering(Console):
    """A console at which somebody has answered."""

    said: bool | None = True

    def ask(self, question: str) -> bool | None:
        self.show(question)
        return self.said


@pytest.mark.parametrize(("said", "why"), [(False, "not wanted"), (None, "there is no terminal to ask at")])
def test_a_proposal_that_nobody_accepts(said: bool | None, why: str, empty: Shop) -> None:
    place = locate(empty.root, None, "", new=False)
    console = Answering(out=empty.call.console.out, err=empty.call.console.err)
    console.said = said
    with pytest.raises(UsageError, match=f"nothing was written: {why}"):
        confirm(place, {"app": WHOLE}, console)
    assert '[project]\nname = "shop"\n' in empty.out
    console.said = True
    confirm(place, {"app": WHOLE}, console)
    assert "write this to wbuild.toml?" in empty.err


def arranged(shop: Shop, drafts: dict[str, ProjectDraft], directory: str | None = None) -> Writing:
    return arrange(locate(shop.root, directory, "", new=False), drafts, catalog(shop))


def test_a_new_project_is_written_with_all_that_it_needs(empty: Shop) -> None:
    call = empty.another()
    write(arranged(empty, {"app": WHOLE}), catalog(empty), call)
    assert empty.read("wbuild.toml").endswith(WHOLE.block)
    assert empty.read("app.wat") == TEXT
    assert empty.read(".gitignore") == "/dist/\n"
    assert (empty.root / ".wbuild/wbuild.schema.json").is_file()
    assert empty.err == ("  add       app.wat\n  add       wbuild.toml\n  add       .gitignore (ignores dist/)\nnext: wbuild build --opt\n")


def test_a_further_artifact_joins_the_manifest_and_the_first_keeps_its_folder(shop: Shop) -> None:
    shop.write(".gitignore", "dist\n")
    plan = arranged(shop, {"app": ProjectDraft(block='[artifact.app]\nlang = "wat"\npath = "app"\n', files={"app/app.wat": TEXT})}, "app")
    assert plan.notes == ('wbuild.toml: path = "." is written out for add, whose default changes with a second artifact',)
    write(plan, catalog(shop), shop.another())
    assert (
        shop.read("wbuild.toml")
        == WAT.replace("[artifact.add]\n", '[artifact.add]\npath = "."\n') + '\n[artifact.app]\nlang = "wat"\npath = "app"\n'
    )
    assert "  edit      wbuild.toml\n" in shop.err
    assert {product.artifact.name for product in shop.prepare().plan.products} == {"add", "app"}


def test_a_new_member_is_written_below_the_project(shop: Shop) -> None:
    shop.write("wbuild.toml", '[project]\nname = "shop"\nmembers = ["apps/*"]\n')
    write(arranged(shop, {"app": WHOLE}, "apps/app"), catalog(shop), shop.another())
    assert shop.read("apps/app/wbuild.toml").startswith("#:schema ../../.wbuild/")
    assert "next: cd apps/app && wbuild build --opt\n" in shop.err
    assert [artifact.member for artifact in shop.open().manifest.artifacts] == ["apps/app"]


def test_files_in_the_way_are_all_named(empty: Shop) -> None:
    empty.write("app.wat", "mine")
    with pytest.raises(UsageError, match="exists already"):
        arranged(empty, {"app": WHOLE})
    assert empty.read("app.wat") == "mine"


def test_a_name_that_is_taken(shop: Shop) -> None:
    with pytest.raises(UsageError) as caught:
        arranged(shop, {"add": ProjectDraft(block='[artifact.add]\nlang = "wat"\n', files={})}, "more")
    problem = caught.value.problems[0]
    assert (problem.code, problem.message) == ("WB266", 'wbuild.toml has an artifact "add" already')


def test_a_dry_run_shows_what_would_be(shop: Shop) -> None:
    call = shop.another()
    show(arranged(shop, {"app": ProjectDraft(block='[artifact.app]\nlang = "wat"\n', files={"app/app.wat": TEXT})}, "app"), call.console)
    assert shop.err == "  would add app/app.wat\n  would edit wbuild.toml\n"
    assert "[artifact.app]" in shop.out
    assert shop.read("wbuild.toml") == WAT


class Full(FakeFiles):
    """A disk on which the manifest finds no room."""

    def write(self, path: Path, data: bytes | str, *, durable: bool = True, program: bool = False) -> None:
        if path.name == "wbuild.toml":
            raise MachineError("WB602", "no space left")
        super().write(path, data, durable=durable, program=program)


def test_where_the_machine_refuses_nothing_is_left(empty: Shop) -> None:
    plan = arranged(empty, {"app": WHOLE}, "app")
    call: FakeCall = empty.another()
    empty.files = Full()
    with pytest.raises(MachineError):
        write(plan, catalog(empty), call)
    assert list(empty.root.iterdir()) == []
