"""`wbuild cache`, `wbuild tools gc`, `build --stats` and `--trace`, as users see them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.cli.toys import Shell, with_toys
from tests.unit.test_timeline import check_trace

DAY = 86_400


def cache(place: Shell) -> Path:
    return place.home / ".cache/wbuild/cache-v1"


def trees(place: Shell) -> set[str]:
    return {path.name for path in (place.home / ".cache/wbuild/store-v2").iterdir() if not path.name.startswith(".")}


def age(folder: Path, days: float) -> None:
    """As if everything below a folder was last used so long ago."""
    moment = time.time() - days * DAY
    for path in folder.rglob("*"):
        os.utime(path, (moment, moment))


def fresh(place: Shell) -> None:
    """Like a new clone: nothing of wbuild's is in the project."""
    place.run("clean").ends(0)


@contextmanager
def building(place: Shell, *args: str) -> Iterator[subprocess.Popen[str]]:
    """A build that waits for the file `go`."""
    place.write("slow/slow.toy", f"say slow\nwait {place.meeting / 'go'}\n")
    place.write("wbuild.toml", place.read("wbuild.toml") + '\n[artifact.slow]\nlang = "toy"\npath = "slow"\n')
    command, pipe = [sys.executable, "-m", "wbuild", "build", *args], subprocess.PIPE
    process = subprocess.Popen(command, cwd=place.folder, env=place.env, stdout=pipe, stderr=pipe, text=True)
    try:
        log = place.folder / ".wbuild/tmp"
        while process.poll() is None and not any("slow" in path.name for path in log.glob("*")):
            time.sleep(0.02)
        yield process
    finally:
        (place.meeting / "go").write_text("")
        process.communicate(timeout=120)


def test_the_cache_is_shown_shrunk_and_used_again(place: Shell) -> None:
    with_toys(place, one="say one\n", two="say two\n").run("build").ends(0)
    shown = json.loads(place.run("cache", "info", "--format", "json").ends(0).out)
    assert shown["schema"] == "wbuild.cache/1"
    assert shown["path"] == str(cache(place))
    assert shown["limit"] == 5 << 30
    kinds = shown["kinds"]
    assert shown["bytes"] == sum(kind["bytes"] for kind in kinds.values())
    assert kinds["contents"]["files"] == sum(path.is_file() for path in (cache(place) / "cas").rglob("*"))
    page = place.run("cache", "info").ends(0).out
    assert "of its limit, 5 GiB" in page
    would = place.run("cache", "gc", "--max", "0", "--dry-run").ends(0).err
    assert would.startswith(f"would remove {kinds['results']['files'] + kinds['read-sets']['files']} results")
    assert place.run("-v", "build", "--no-check").ends(0).err.count("cached")
    assert place.run("cache", "gc", "--max", "0").ends(0).err.endswith("; 0 B left\n")
    again = place.run("-v", "build").ends(0).err  # nothing-to-do is not claimed: a full run had to run steps
    assert "cached" not in again


def test_a_limit_from_the_environment_is_kept_by_builds(place: Shell) -> None:
    with_toys(place, one="say one\npad 20000\n").run("build").ends(0)
    age(cache(place), 3)
    place.write("one/one.toy", "say two\npad 30000\n")
    place.run("build", env={"WBUILD_CACHE_LIMIT": "40 kB"}).ends(0)
    left = json.loads(place.run("cache", "info", "--format", "json").ends(0).out)
    assert left["bytes"] > 30_000
    assert time.time() - left["oldest"] < DAY  # only what the last build has made or used
    fresh(place)
    assert "0 ran" in place.run("build", "--stats").ends(0).err


@pytest.mark.parametrize(
    ("args", "error"),
    [
        (["cache", "gc", "--max", "5 G"], '"5 G" could mean two sizes'),
        (["cache", "gc", "--older-than", "soon"], "'soon' is not a time; write days (30d), weeks (2w) or hours (12h)"),
        (["tools", "gc", "--older-than", "3y"], "'3y' is not a time"),
    ],
)
def test_sizes_and_times_that_make_no_sense(args: list[str], error: str, place: Shell) -> None:
    assert error in place.run(*args).ends(2).err


def test_older_than_counts_from_the_last_use(place: Shell) -> None:
    with_toys(place, one="say one\n").run("build").ends(0)
    age(cache(place), 40)
    assert place.run("cache", "gc", "--older-than", "41d", "--dry-run").ends(0).err.startswith("would remove 0 ")
    fresh(place)
    assert "0 ran" in place.run("build", "--stats").ends(0).err  # a use
    assert place.run("cache", "gc", "--older-than", "39").ends(0).err.startswith("removed 0 results")


def test_F70_damage_is_named_healed_and_counted(place: Shell) -> None:
    with_toys(place, one="say one\n").run("build").ends(0)
    for path in [path for path in (cache(place) / "cas").rglob("*") if path.is_file()][:2]:
        path.write_bytes(b"damaged")
    done = place.run("cache", "verify").ends(5)
    assert done.err.startswith("error[WB551]: damaged in the cache: ")
    assert "is not what its name says" in done.err
    fresh(place)
    done = place.run("build", "--format", "json", "--stats").ends(0)
    healed = json.loads(done.out)["healed"]
    assert healed >= 2
    assert f"note: {healed} damaged files of the cache were removed" in done.err
    assert f"{healed} damaged files healed" in done.err
    assert " files verified\n" in place.run("cache", "verify").ends(0).err


def test_F70_repair_removes_what_is_damaged(place: Shell) -> None:
    with_toys(place, one="say one\n").run("build").ends(0)
    entry = next(path for path in (cache(place) / "ac").rglob("*") if path.is_file())
    entry.write_bytes(entry.read_bytes()[:-1])
    done = place.run("cache", "verify", "--repair").ends(0)
    assert "is damaged: removed" in done.err
    assert done.err.endswith(", 1 of them damaged and removed\n")
    place.run("cache", "verify").ends(0)
    fresh(place)
    assert "1 ran" in place.run("build", "--stats").ends(0).err


def test_F58_a_damaged_index_is_made_again_and_said(place: Shell) -> None:
    with_toys(place, one="say one\n").run("build").ends(0)
    place.write(".wbuild/index", "damaged")
    done = place.run("-v", "build").ends(0)
    assert "note: .wbuild/index, the record of files, is damaged or not of this user and machine: files are looked at again\n" in done.err
    assert "damaged" not in place.run("-v", "build").ends(0).err


def test_F54_gc_during_a_build_takes_nothing_from_it(place: Shell) -> None:
    with_toys(place, one="say one\n").run("build").ends(0)
    age(cache(place), 3)
    age(place.home / ".cache/wbuild/store-v2/.used", 100)
    fresh(place)
    with building(place) as process:
        assert process.poll() is None
        done = place.run("cache", "gc", "--max", "0").ends(0)
        assert "because a running build may use them" in done.err
        gone = place.run("tools", "gc", "--older-than", "0", "-C", str(place.home)).ends(0)
        assert gone.err.endswith("0 removed (0.0 MB)\n")
        (place.meeting / "go").write_text("")
        out, err = process.communicate(timeout=120)
        assert (process.returncode, "Traceback" in err) == (0, False)
        assert out.splitlines() == ["dist/dev/one.wasm", "dist/dev/slow.wasm"]
    place.run("cache", "verify").ends(0)
    fresh(place)
    assert "0 ran" in place.run("build", "--stats").ends(0).err  # all of the build is still in the cache


def test_unused_tools_go_and_come_back(place: Shell) -> None:
    with_toys(place, one="say one\n").run("build").ends(0)
    installed = trees(place)
    assert installed
    place.run("tools", "gc", "--older-than", "0", "-C", str(place.home)).ends(0)
    assert trees(place) == installed  # used within the last hour
    store = place.home / ".cache/wbuild/store-v2"
    for path in [*store.glob(".used/*"), *store.glob("*/receipt.json")]:
        os.utime(path, (time.time() - 100 * DAY,) * 2)
    assert place.run("tools", "gc").ends(0).err.endswith("0 removed (0.0 MB)\n")  # those of the project's lock stay
    would = place.run("tools", "gc", "--dry-run", "-C", str(place.home)).ends(0).err
    assert "unused for 100 days" in would
    assert trees(place) == installed
    done = place.run("tools", "gc", "-C", str(place.home)).ends(0)
    assert f"{len(installed)} removed" in done.err
    assert trees(place) == set()
    assert not list((store / ".used").iterdir())
    place.write("one/one.toy", "say other\n")
    place.run("build").ends(0)
    assert trees(place) <= installed != set()


def test_F79_what_a_tool_said_is_said_again(place: Shell) -> None:
    with_toys(place, one="say one\nwarn odd \x1b[31mred\x1b[0m thing\n").run("lock").ends(0)
    first = place.run("-v", "build").ends(0).err
    fresh(place)
    second = place.run("-v", "build").ends(0).err
    said = [line for line in first.splitlines() if "odd" in line]
    assert said == ["odd \\x1b[31mred\\x1b[0m thing"]
    assert [line for line in second.splitlines() if "odd" in line] == said
    fresh(place)
    assert "odd" not in place.run("build").ends(0).err


def test_stats_and_trace(place: Shell) -> None:
    with_toys(place, one="say one\n", two="say two\n", locked=False)
    first = place.run("build", "--stats", "--trace", "out/trace.json").ends(0)
    assert "0 from the cache" in first.err
    assert "critical path" in first.err
    assert "slowest steps" in first.err
    assert "downloaded" in first.err
    assert first.out.splitlines() == ["dist/dev/one.wasm", "dist/dev/two.wasm"]
    document = json.loads(place.read("out/trace.json"))
    check_trace(document)
    names = [event["name"] for event in document["traceEvents"]]
    assert "compile one one/one.toy" in names or "compile one" in names
    assert any(event["ph"] == "X" and event["cat"] == "install" for event in document["traceEvents"])
    second = place.run("build", "--stats", "--trace", "out/trace.json").ends(0)  # not the nothing-to-do path
    assert "0 ran" in second.err
    assert "100 % hits" in second.err
    events = json.loads(place.read("out/trace.json"))["traceEvents"]
    assert {event["cat"] for event in events if event["ph"] == "i"} == {"cached"}


def test_the_trace_of_a_failed_build_is_written(place: Shell) -> None:
    with_toys(place, one="fail no\n").run("build", "--trace", "t.json").ends(1)
    events = json.loads(place.read("t.json"))["traceEvents"]
    assert "failed" in [event["args"].get("status") for event in events if event["ph"] == "X"]
