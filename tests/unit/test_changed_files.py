"""Which files of a change are no more, so that a plan must be asked for them by their old names."""

from __future__ import annotations

from pathlib import Path

from wbuild.plan.affected import Change
from wbuild.session.changed_files import gone


def test_a_link_that_leads_to_no_file_of_the_project_is_none(tmp_path: Path) -> None:
    root = tmp_path / "p"
    (root / "folder").mkdir(parents=True)
    (root / "file").write_text("x")
    (tmp_path / "outside").write_text("x")
    links = {"inside": "file", "to-folder": "folder", "out": "../outside", "device": "/dev/null", "dangling": "nothing", "round": "round"}
    for name, target in links.items():
        (root / name).symlink_to(target)
    files = frozenset({"file", "folder", "missing", *links})
    assert gone(root, Change(files=files)) == ("dangling", "device", "missing", "out", "round")
