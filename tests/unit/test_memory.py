"""How much memory steps may take unless told: what the system and its control groups say."""

from __future__ import annotations

from pathlib import Path

import pytest

from wbuild.doors.memory import free_memory

MIB = 1 << 20


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A machine with 8 GiB to spare."""
    put(tmp_path, "proc/meminfo", "MemTotal:       16777216 kB\nMemFree:         1048576 kB\nMemAvailable:    8388608 kB\n")
    return tmp_path


def put(system: Path, name: str, text: str) -> None:
    path = system / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def group(system: Path, path: str, limit: str, used: int, cached: int = 0) -> None:
    """A control group of version 2."""
    folder = f"sys/fs/cgroup/{path}"
    put(system, f"{folder}/memory.max", f"{limit}\n")
    put(system, f"{folder}/memory.current", f"{used}\n")
    put(system, f"{folder}/memory.stat", f"anon 1\nfile 2\nactive_file 3\ninactive_file {cached}\n")


def test_what_the_system_has_left(system: Path) -> None:
    assert free_memory(system) == 8192 * MIB


def test_nobody_knows(tmp_path: Path) -> None:
    assert free_memory(tmp_path) is None


def test_the_limit_of_a_container(system: Path) -> None:
    put(system, "proc/self/cgroup", "0::/\n")
    group(system, "", str(2048 * MIB), 512 * MIB)
    assert free_memory(system) == 1536 * MIB


def test_what_only_caches_files_is_free(system: Path) -> None:
    put(system, "proc/self/cgroup", "0::/\n")
    group(system, "", str(2048 * MIB), 2000 * MIB, cached=1500 * MIB)
    assert free_memory(system) == 1548 * MIB


def test_the_closest_limit_of_all_groups_counts(system: Path) -> None:
    put(system, "proc/self/cgroup", "1:name=systemd:/x\n0::/user.slice/build.scope\n")
    group(system, "user.slice/build.scope", "max", 100 * MIB)
    group(system, "user.slice", str(1024 * MIB), 900 * MIB)
    group(system, "", str(4096 * MIB), 1000 * MIB)
    assert free_memory(system) == 124 * MIB


def test_a_full_group_leaves_nothing(system: Path) -> None:
    put(system, "proc/self/cgroup", "0::/\n")
    group(system, "", str(100 * MIB), 200 * MIB)
    assert free_memory(system) == 0


@pytest.mark.parametrize("controllers", ["memory", "cpu,memory", "memory,hugetlb"])
@pytest.mark.parametrize("path", ["docker/abc", ""])
def test_groups_of_the_first_version(system: Path, controllers: str, path: str) -> None:
    put(system, "proc/self/cgroup", f"9:name=systemd:/\n4:{controllers}:/docker/abc\n3:cpuset:/\n0::/\n")
    folder = f"sys/fs/cgroup/memory/{path}"
    put(system, f"{folder}/memory.limit_in_bytes", f"{1024 * MIB}\n")
    put(system, f"{folder}/memory.usage_in_bytes", f"{600 * MIB}\n")
    put(system, f"{folder}/memory.stat", f"inactive_file 1\ntotal_inactive_file {200 * MIB}\n")
    assert free_memory(system) == 624 * MIB
