"""How much of a download is there."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.provision import pinned
from tests.unit.test_store import ZIG, Bench
from wbuild.errors import ProvisionError
from wbuild.model.locked import Digest, Pin, PinnedFile
from wbuild.store import User, download_progress
from wbuild.store.download_progress import arrived, watched


def pin(**sizes: int) -> Pin:
    files = tuple(
        PinnedFile(name=f"{name}.deb", size=size, digest=Digest(algorithm="sha256", hex="0" * 64)) for name, size in sizes.items()
    )
    return Pin(name="tool", version="1", platform="linux-x86_64", source="debian", package="tool", files=files)


def test_a_single_file_may_have_any_name(tmp_path: Path) -> None:
    (tmp_path / "pip-1").mkdir()
    (tmp_path / "pip-1" / "partial.whl").write_bytes(bytes(70))
    (tmp_path / "pip-1" / "copy").write_bytes(bytes(30))
    (tmp_path / "pip-1" / "log-0.txt").write_bytes(bytes(90))
    assert arrived(pin(one=100), tmp_path) == 70
    (tmp_path / "one.deb").write_bytes(bytes(150))
    assert arrived(pin(one=100), tmp_path) == 100
    assert arrived(pin(one=100), tmp_path / "nothing") == 0


def test_several_files_are_told_by_their_names(tmp_path: Path) -> None:
    (tmp_path / "partial").mkdir()
    (tmp_path / "partial" / "one.deb").write_bytes(bytes(10))
    (tmp_path / "two.deb").write_bytes(bytes(5))
    (tmp_path / "lists").write_bytes(bytes(999))
    (tmp_path / "partial" / "three.deb").symlink_to("/dev/null")
    assert arrived(pin(one=100, two=5, three=7), tmp_path) == 15


def test_only_changes_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download_progress, "PERIOD", 0.01)
    told: list[int] = []
    with watched(pin(one=100), tmp_path, told.append):
        (tmp_path / "one.deb").write_bytes(bytes(40))
        end = time.monotonic() + 10
        while not told and time.monotonic() < end:
            time.sleep(0.01)
        time.sleep(0.05)
    assert told == [40]


def test_a_store_says_how_far_it_is_only_when_asked(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "store")
    bench.store = bench.another(user=User(watch=True))
    zig = pinned("zig", ZIG)
    bench.ensure(zig)
    assert bench.kinds == ["download", "progress", "installed"]
    assert bench.said[1].arrived == zig.size


def test_a_download_that_fails_ends(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "store")
    zig = replace(pinned("zig", ZIG), source="nowhere")
    with pytest.raises((ProvisionError, KeyError)):
        bench.ensure(zig)
    assert bench.kinds == ["download", "failed"]
