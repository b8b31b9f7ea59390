"""Texts of files that drivers read while they plan: each read once, when it is asked for, and watched from then on."""

from __future__ import annotations

from pathlib import Path

import pytest

from wbuild.errors import UsageError
from wbuild.session import project
from wbuild.session.project_texts import FileTexts
from wbuild.session.record import Watch


@pytest.fixture
def root(tmp_path: Path) -> Path:
    found = tmp_path / "above/p"
    found.mkdir(parents=True)
    (found / "go.mod").write_bytes(b"\xef\xbb\xbfmodule x\r\n\r\ngo 1\r\n")
    (tmp_path / "above/.config").write_text("key\n")
    return found


def test_a_text_is_read_when_it_is_asked_for(root: Path) -> None:
    watch = Watch()
    texts = FileTexts(root, ["go.mod", "gone.mod"], watch)
    assert watch.files == {}
    assert (sorted(texts), len(texts), "go.mod" in texts, "x" in texts) == (["go.mod", "gone.mod"], 2, True, False)
    assert texts["go.mod"] == "module x\n\ngo 1\n"
    assert list(watch.files) == [str(root / "go.mod")]
    (root / "go.mod").write_text("other")
    assert texts["go.mod"].startswith("module")
    with pytest.raises(KeyError):
        texts["x"]


def test_configuration_above_the_root_is_found_and_watched_where_it_might_come(root: Path) -> None:
    watch = Watch()
    texts = FileTexts(root, [], watch, [".config"])
    assert texts.above == ("../.config",)
    assert (texts["../.config"], "../.config" in texts) == ("key\n", True)
    assert str(root / "../../.config") in watch.files


def test_what_cannot_be_read_is_an_error_for_project_files_and_empty_for_sources(root: Path) -> None:
    for name in ("go.mod", "main.go", "lib.rs", "a.zig", "a.h"):
        (root / name).unlink(missing_ok=True)
        (root / name).mkdir()
    texts = FileTexts(root, ["go.mod", "main.go", "lib.rs", "a.zig", "a.h"], Watch())
    assert [texts[name] for name in ("main.go", "lib.rs", "a.zig", "a.h")] == ["", "", "", ""]
    with pytest.raises(UsageError):
        texts["go.mod"]
    assert project.TEXT > 1 << 20
