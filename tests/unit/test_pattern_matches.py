"""Patterns of members and recipes."""

from __future__ import annotations

import time
from pathlib import Path

from wbuild.session.pattern_matches import matching


def found(root: Path, glob: str) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in matching(root, glob))


def test_members_and_recipes(tmp_path: Path) -> None:
    for name in ("services/a/wbuild.toml", "services/b/x", "node_modules/m/wbuild.toml", "recipes/t.toml", "target/c/wbuild.toml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "services/loop").symlink_to("..")
    assert found(tmp_path, "services/*") == ["services/a", "services/b", "services/loop"]
    assert found(tmp_path, "recipes/*.toml") == ["recipes/t.toml"]
    assert found(tmp_path, "./target/c") == ["target/c"]
    assert "node_modules/m" not in found(tmp_path, "**/*")
    assert found(tmp_path, "node_modules/*") == ["node_modules/m"]
    assert found(tmp_path, "[z-a]") == []


def test_a_pattern_ends_whatever_it_holds(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["a"] * 30)
    deep.mkdir(parents=True)
    (deep / "up").symlink_to(tmp_path)
    began = time.monotonic()
    assert found(tmp_path, "**/" * 14 + "x") == []
    assert found(tmp_path, "**/a/" * 14 + "x") == []
    assert time.monotonic() - began < 20
