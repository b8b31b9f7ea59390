"""What the user has said once about a project, and that a project cannot say it about itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.doors import FakeFiles
from tests.unit.session_world import WAT, Shop
from tests.unit.test_git_index import index
from wbuild.errors import MachineError, UsageError
from wbuild.session.trusted import RECORD, Trust, Word, digest_of, links_of, recipes_digest, tracked_of, trusted_recipes


@pytest.fixture
def trust(shop: Shop) -> Trust:
    return Trust(environ=shop.environ, start=shop.root)


def test_a_word_is_kept_for_one_project_alone(trust: Trust, shop: Shop, tmp_path: Path) -> None:
    word = Word(links={"dist": "/elsewhere"}, recipes=("d1",), tracked=("dist",))
    assert trust.about(shop.root) == Word()
    trust.remember(shop.root, word, FakeFiles())
    assert Trust(environ=shop.environ, start=shop.root).about(shop.root) == word
    assert trust.about(tmp_path) == Word()
    assert (trusted_recipes(trust, shop.root, "d1"), trusted_recipes(trust, shop.root, "d2")) == (True, False)


def test_an_empty_word_is_forgotten(trust: Trust, shop: Shop) -> None:
    trust.remember(shop.root, Word(recipes=("d1",)), FakeFiles())
    trust.remember(shop.root, Word(), FakeFiles())
    assert trust.words() == {}


def test_a_further_link_joins_what_was_said(trust: Trust, shop: Shop) -> None:
    trust.remember(shop.root, Word(recipes=("d1",)), FakeFiles())
    trust.add_link(shop.root, ".wbuild", "/work", FakeFiles())
    assert trust.about(shop.root) == Word(links={".wbuild": "/work"}, recipes=("d1",))
    files = FakeFiles()
    trust.add_link(shop.root, ".wbuild", "/work", files)
    assert files.written == []


@pytest.mark.parametrize("damage", [b"", b"0\n{}", b"\xff"])
def test_a_record_that_the_users_key_did_not_bind_is_nobodys_word(damage: bytes, trust: Trust, shop: Shop) -> None:
    trust.remember(shop.root, Word(recipes=("d1",)), FakeFiles())
    path = trust.path
    assert path is not None
    body = path.read_bytes().partition(b"\n")[2]
    path.write_bytes(damage + b"\n" + body)
    assert trust.about(shop.root) == Word()


def test_a_home_inside_of_the_project_remembers_nothing(shop: Shop) -> None:
    trust = Trust(environ={"HOME": str(shop.root / "home")}, start=shop.root)
    assert trust.path == shop.root / "home/.local/share/wbuild" / RECORD
    with pytest.raises(MachineError) as caught:
        trust.remember(shop.root, Word(recipes=("d1",)), FakeFiles())
    assert caught.value.problems[0].code == "WB615"
    assert trust.words() == {}


def test_the_digest_of_recipes_follows_names_and_contents(shop: Shop) -> None:
    texts = {"a.toml": "x", "b.toml": "y"}
    assert recipes_digest(texts) == recipes_digest(dict(reversed(texts.items())))
    others = [{"a.toml": "xb", "b.toml": "y"}, {"a.toml": "x"}, {"c.toml": "x", "b.toml": "y"}, {"a.tomlx": "", "b.toml": "y"}]
    assert len({recipes_digest(one) for one in (texts, *others)}) == 5
    assert digest_of(shop.open()) == ""
    shop.write("wbuild.toml", WAT.replace("[project]", '[project]\nrecipes = ["own.toml"]'))
    shop.write(
        "own.toml",
        'type = "tool"\nname = "own"\nsummary = "x"\n\n[[route]]\nsource = "pypi"\npackage = "own"\nbin = { own = ["{self}/own"] }\n',
    )
    before = digest_of(shop.open())
    shop.write("own.toml", shop.read("own.toml") + "# more\n")
    assert before
    assert before != digest_of(shop.open())


def test_files_of_git_are_refused_until_the_user_has_said_that_they_are_meant(trust: Trust, shop: Shop) -> None:
    shop.write(".git/index", index(["dist/dev/a.wasm", ".wbuild/x"]))
    shop.write("dist/dev/a.wasm", "")
    shop.write(".wbuild/x", "")
    assert tracked_of(shop.root) == (".wbuild", "dist")
    with pytest.raises(UsageError) as caught:
        trust.refuse_tracked(shop.root, "dist")
    problem = caught.value.problems[0]
    assert problem.message.startswith("dist/dev/a.wasm is tracked by git: wbuild writes and removes files in dist")
    assert problem.hint is not None
    assert "`git rm -r --cached dist`" in problem.hint
    trust.remember(shop.root, Word(tracked=("dist",)), FakeFiles())
    trust.refuse_tracked(shop.root, "dist")
    with pytest.raises(UsageError, match=r"\.wbuild/x is tracked by git"):
        trust.refuse_tracked(shop.root, "dist", ".wbuild")


def test_links_at_places_where_one_may_be_meant(shop: Shop, tmp_path: Path) -> None:
    for name in ("work", "out", "dev"):
        (tmp_path / name).mkdir()
    (shop.root / ".wbuild").symlink_to(tmp_path / "work")
    (shop.root / "dist").mkdir()
    (shop.root / "dist/dev").symlink_to(tmp_path / "dev")
    (shop.root / "dist/plain").mkdir()
    assert links_of(shop.root) == {".wbuild": str(tmp_path / "work"), "dist/dev": str(tmp_path / "dev")}
