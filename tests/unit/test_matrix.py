"""Cells, and how they become the jobs of a CI system."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.goldens import golden
from tests.plans import pin, shipped_catalog
from wbuild.ci import jobs
from wbuild.ci.matrix import LIMITS, Job, LeftOut, Matrix, MatrixCell, MatrixGroup, MatrixRequest, cells, make_matrix, parse_group
from wbuild.errors import UsageError
from wbuild.manifest.load import BoundaryFacts, load
from wbuild.model.locked import Pin, Platform, Unavailable
from wbuild.steps.kit import Kit

CATALOG = shipped_catalog()
SHOP = """
[project]
name = "shop"
[artifact.cart]
lang = "c"
targets = ["wasip1", "freestanding"]
kind = "reactor"
[artifact.user]
lang = "zig"
[artifact.math]
lang = "wat"
"""


def kit(platform: Platform, **lacking: str) -> Kit:
    pins: dict[str, Pin | Unavailable] = {name: pin(tool, CATALOG, platform) for name, tool in CATALOG.tools.items()}
    return Kit(platform=platform, pins=pins | {name: Unavailable(reason=why) for name, why in lacking.items()})


def shop(
    profiles: Sequence[str] = ("release",),
    platforms: Sequence[Platform] = ("linux-x86_64",),
    seconds: Mapping[tuple[str, str, str], float] | None = None,
) -> tuple[MatrixCell, ...]:
    wanted = MatrixRequest(
        artifacts=("cart", "user", "math"),
        profiles=tuple(profiles),
        kits={platform: kit(platform) for platform in platforms},
        seconds=seconds or {},
    )
    found, left_out = cells(load(SHOP, "wbuild.toml", BoundaryFacts(), CATALOG), CATALOG, wanted)
    assert left_out == ()
    return found


def cell(name: str, seconds: float | None = None, platform: Platform = "linux-x86_64") -> MatrixCell:
    return MatrixCell(
        artifact=name,
        target="wasip1",
        profile="release",
        platform=platform,
        language="c",
        category="compiled",
        toolchain="zig",
        compiler="zig",
        seconds=seconds,
    )


def many(count: int, platform: Platform = "linux-x86_64") -> list[MatrixCell]:
    return [cell(f"a{number}", platform=platform) for number in range(count)]


def held(found: Sequence[Job]) -> dict[str, tuple[str, ...]]:
    return {job.id: job.artifacts for job in found}


def test_cells_are_artifact_by_target_by_profile_by_platform() -> None:
    found = shop(("dev", "release"), ("linux-x86_64", "macos-arm64"))
    assert len(found) == (2 + 1 + 1) * 2 * 2
    assert len({cell.id for cell in found}) == len(found)
    assert found[0].id == "cart/wasip1/dev/linux-x86_64"
    assert {c.compiler for c in found} == {"zig", "wasmtime"}


def test_a_compiler_is_installed_by_one_job_of_a_platform() -> None:
    found = make_matrix(shop(("dev", "release"), ("linux-x86_64", "macos-arm64")), MatrixGroup(by="lang"))
    assert held(found) == {
        "zig-linux-x86_64": ("cart", "user"),
        "zig-macos-arm64": ("cart", "user"),
        "wasmtime-linux-x86_64": ("math",),
        "wasmtime-macos-arm64": ("math",),
    }
    assert {job.profiles for job in found} == {("dev", "release")}


def test_a_job_for_each_artifact() -> None:
    found = make_matrix(shop(), MatrixGroup(by="artifact"))
    assert held(found) == {"cart-linux-x86_64": ("cart",), "math-linux-x86_64": ("math",), "user-linux-x86_64": ("user",)}


def test_the_longest_job_starts_first() -> None:
    remembered = {("math", "freestanding", "release"): 60.0, ("cart", "wasip1", "release"): 1.0, ("cart", "freestanding", "release"): 0.0}
    found = make_matrix(shop(seconds=remembered), MatrixGroup(by="artifact"))
    usual = 30.5  # the median of what is known; a cell that took nothing came from a cache
    assert [(job.id, job.seconds) for job in found] == [
        ("math-linux-x86_64", 60.0),
        ("cart-linux-x86_64", 1.0 + usual),
        ("user-linux-x86_64", usual),
    ]


def test_shards_are_balanced_by_what_cells_took() -> None:
    heavy = [cell("slow", 100.0), *(cell(f"quick{number}", 10.0) for number in range(20))]
    found = make_matrix(heavy, MatrixGroup(by="shard", shards=3))
    assert 80.0 <= min(job.seconds for job in found) <= max(job.seconds for job in found) <= 110.0


@pytest.mark.parametrize(("system", "count"), [("github", 257), ("gitlab", 201), ("github", 4000), ("gitlab", 4000)])
def test_F99_no_matrix_has_more_jobs_than_its_system_takes(system: str, count: int) -> None:
    limit = LIMITS[system]  # type: ignore[index]
    found = make_matrix(many(count), MatrixGroup(by="artifact"), limit)
    assert len(found) == limit
    assert sorted(name for job in found for name in job.artifacts) == sorted(f"a{number}" for number in range(count))
    assert max(len(job.cells) for job in found) <= count // limit + 2
    matrix = Matrix(project="big", jobs=found)
    if system == "github":
        assert len(jobs.github(matrix)["include"]) == limit  # type: ignore[arg-type]
    else:
        assert len(json.loads(jobs.gitlab(matrix))["build"]["parallel"]["matrix"]) == limit


def test_at_the_limit_nothing_is_joined() -> None:
    assert all(len(job.cells) == 1 for job in make_matrix(many(256), MatrixGroup(by="artifact"), 256))


def test_every_platform_has_its_share_of_the_limit() -> None:
    found = make_matrix([*many(400), *many(3, "macos-arm64")], MatrixGroup(by="artifact"), 200)
    on = Counter(job.platform for job in found)
    assert len(found) <= 200
    assert on["macos-arm64"] >= 1
    assert on["linux-x86_64"] > 150


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1000), max_size=60), st.integers(1, 30), st.sampled_from([None, 5, 20]))
def test_every_cell_is_in_exactly_one_job(seconds: list[float], count: int, limit: int | None) -> None:
    found = [cell(f"a{number}", value) for number, value in enumerate(seconds)]
    made = make_matrix(found, MatrixGroup(by="shard", shards=count), limit)
    assert Counter(c.id for job in made for c in job.cells) == Counter(c.id for c in found)
    assert len(made) <= min(count, limit or count)
    assert len({job.id for job in made}) == len(made)
    assert made == make_matrix(found, MatrixGroup(by="shard", shards=count), limit)


def test_most_cells_stay_in_their_shard_when_one_goes() -> None:
    group = MatrixGroup(by="shard", shards=8)
    before = {name: job.id for job in make_matrix(many(200), group) for name in job.artifacts}
    after = {name: job.id for job in make_matrix(many(199), group) for name in job.artifacts}
    moved = sum(before[name] != shard for name, shard in after.items())
    assert moved < 20


def test_what_a_platform_cannot_have_is_left_out() -> None:
    manifest = load(SHOP, "wbuild.toml", BoundaryFacts(), CATALOG)
    kits = {"linux-x86_64": kit("linux-x86_64"), "windows-x86_64": kit("windows-x86_64", zig="nobody offers it")}
    found, left_out = cells(manifest, CATALOG, MatrixRequest(artifacts=("user", "math"), kits=kits))  # type: ignore[arg-type]
    assert [c.id for c in found] == [
        "user/wasip1/release/linux-x86_64",
        "math/freestanding/release/linux-x86_64",
        "math/freestanding/release/windows-x86_64",
    ]
    reason = "zig cannot be had on windows-x86_64: nobody offers it"
    assert left_out == (LeftOut(artifact="user", platform="windows-x86_64", reason=reason),)


def test_an_unknown_profile_is_refused() -> None:
    with pytest.raises(UsageError, match='no profile "fast"'):
        shop(("fast",))


@pytest.mark.parametrize("text", ["lang", "artifact", "shard=1", "shard=256"])
def test_groups(text: str) -> None:
    group = parse_group(text)
    assert f"{group.by}={group.shards}" == text if group.by == "shard" else group.by == text


@pytest.mark.parametrize(
    "text", ["", "langs", "lang=2", "shard", "shard=", "shard=0", "shard=-1", "shard=x", "shard=99999999999", "shard=²"]
)
def test_no_groups(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_group(text)
    assert caught.value.problems[0].code == "WB299"


def whole() -> Matrix:
    left = LeftOut(artifact="user", platform="macos-arm64", reason="nobody offers it")
    found = make_matrix(shop(("dev", "release"), ("linux-x86_64", "macos-arm64")), MatrixGroup(by="lang"))
    return Matrix(project="shop", jobs=found, left_out=(left,))


@pytest.mark.parametrize(
    ("name", "text"), [("matrix.json", jobs.render(whole())), ("github.txt", jobs.outputs(whole())), ("gitlab.json", jobs.gitlab(whole()))]
)
def test_forms(name: str, text: str) -> None:
    golden(f"matrix/{name}", text, exact=True)


def test_the_empty_matrix() -> None:
    empty = Matrix(project="shop", jobs=())
    assert jobs.outputs(empty) == 'matrix={"include":[]}\nany=false\ncount=0\n'
    assert json.loads(jobs.gitlab(empty)) == {"wbuild": {"script": ["echo nothing to build"]}}
    assert json.loads(jobs.render(empty))["count"] == 0


def test_a_job_is_told_only_targets_that_it_has() -> None:
    manifest = load(SHOP, "wbuild.toml", BoundaryFacts(), CATALOG)
    kits: dict[Platform, Kit] = {"linux-x86_64": kit("linux-x86_64")}
    wanted = MatrixRequest(artifacts=("cart", "user", "math"), targets=("wasip1", "freestanding"), kits=kits)
    matrix = Matrix(
        project="shop", jobs=make_matrix(cells(manifest, CATALOG, wanted)[0], MatrixGroup(by="artifact")), targets=wanted.targets
    )
    entries: Any = jobs.github(matrix)["include"]
    assert {entry["args"] for entry in entries} == {
        "cart --target=wasip1 --target=freestanding",
        "user --target=wasip1",
        "math --target=freestanding",
    }


def test_names_of_jobs_and_words_are_safe_everywhere() -> None:
    for job in whole().jobs:
        assert re.fullmatch(r"[A-Za-z0-9._-]+", job.id)
    entries: Any = jobs.github(whole())["include"]
    for entry in entries:
        assert re.fullmatch(r"[A-Za-z0-9._= -]+", entry["args"])
    assert max(map(len, jobs.outputs(whole()).splitlines())) == len(jobs.outputs(whole()).splitlines()[0])
