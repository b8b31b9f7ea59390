"""Reports, plans and results made by hand, for tests of what comes after the engine."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields as dataclass_fields
from dataclasses import replace
from typing import Any, Final

from tests.modules import module
from wbuild.builtins.measure import measure
from wbuild.errors import Problem
from wbuild.model.happened import ArtifactReport, BudgetVerdict, CheckVerdict, Choice, Measure, Report, Result, Sizes, Status
from wbuild.model.locked import Digest, Pin, PinnedFile
from wbuild.model.planned import JSON, Builtin, Plan, Product, Step
from wbuild.model.written import Artifact, Budget, Level
from wbuild.report.assemble import FinishedRun
from wbuild.toml.from_json import load

OZ = Choice(chosen="Oz", before=50000, compiled=52148, after=41902)


def weighed(name: str, raw: int = 41902, gzip: int = 18637, brotli: int = 16282, **fields: Any) -> ArtifactReport:  # noqa: ANN401
    artifact = ArtifactReport(
        name=name,
        language="c",
        category="compiled",
        toolchain="zig",
        target="wasip1",
        profile="release",
        level="size",
        file=f"dist/release/{name}.wasm",
        status="ok",
        choice=OZ,
    )
    found = {"sizes": Sizes(raw=raw, gzip=gzip, brotli=brotli, zstd=gzip), **{n: fields.pop(n) for n in _MEASURED & {*fields}}}
    return replace(artifact, measure=Measure(**found) if found["sizes"] else None, **fields)


_MEASURED: Final = {field.name for field in dataclass_fields(Measure)}


def measure_of(artifact: ArtifactReport) -> Measure:
    assert artifact.measure is not None
    return artifact.measure


def sizes_of(artifact: ArtifactReport) -> Sizes | None:
    return artifact.measure.sizes if artifact.measure else None


def budget(metric: str, limit: int, actual: int, status: str) -> BudgetVerdict:
    return load(BudgetVerdict, {"metric": metric, "limit": limit, "actual": actual, "status": status})


def report(*artifacts: ArtifactReport) -> Report:
    return Report(project="shop", profile="release", wbuild="0.1.0", artifacts=artifacts)


def everything() -> Report:
    """One artifact of every kind that a table can show."""
    passed = CheckVerdict(name="ten", runtime="wasmtime", status="passed", fuel=12_345_678)
    failed = CheckVerdict(
        name='si"x\x1b[2J', runtime="wasmtime", status="failed", message='stdout differs at line 1:\n  expected "a"\n  actual   "b"'
    )
    errored = CheckVerdict(name="load", runtime="wasmtime", status="error", message="unknown import env.f")
    old = Sizes(raw=52148, gzip=20000, brotli=18000, zstd=19000)
    broken = Problem(code="WB101", message="compile broken src/main.c exited with 1\nsecond line \x1b]0;x\x07")
    return report(
        weighed(
            "add", 214, 180, 150, language="wat", category="wasm-native", target="freestanding", budget=(budget("raw", 512, 214, "ok"),)
        ),
        weighed("near", previous=old, budget=(budget("raw", 46000, 41902, "warn"), budget("gzip", 60 * 1000, 18637, "ok"))),
        weighed("over", previous=replace(old, raw=41800), budget=(budget("gzip", 18125, 18637, "over"),), checks=(passed, failed, errored)),
        weighed("same", previous=replace(old, raw=41902), choice=replace(OZ, checked=False)),
        weighed("dev", level="none", choice=replace(OZ, chosen="unoptimized", why=""), budget=(budget("raw", 40000, 41902, "over"),)),
        weighed("kept", choice=replace(OZ, chosen="unoptimized", why='Oz changed the output of check "ten" on wasmtime', degraded=True)),
        weighed("second", choice=replace(OZ, why="flat failed")),
        weighed("字幕-big", 2_345_678, 901_234, 800_000, language="python", category="scripting"),
        weighed("both", checks=(passed,)),
        weighed("both", target="freestanding", file="dist/release/both.freestanding.wasm"),
        weighed("broken", status="failed", sizes=None, choice=None, problems=(broken,)),
        weighed("later", status="skipped", sizes=None, choice=None, language="go", category="managed"),
    )


ARTIFACT = Artifact(name="hello", lang="c", targets=("wasip1",), budget=Budget(raw=1000))
DATA = module(code=b"\x01" * 50)
PIN = Pin(
    name="zig",
    version="0.17.1",
    platform="linux-x86_64",
    source="pypi",
    package="ziglang",
    files=(PinnedFile(name="z.whl", size=1, digest=Digest(algorithm="sha256", hex="0" * 64)),),
)


def product(artifact: Artifact = ARTIFACT, level: Level = "size", target: str = "wasip1") -> Product:
    return Product(
        artifact=artifact,
        language="c",
        category="compiled",
        toolchain="zig",
        target="wasip1" if target == "wasip1" else "freestanding",
        profile="release",
        level=level,
        metric="raw",
        file="dist/release/hello.wasm",
        measure="m.json",
        select="s.json",
        verdicts=("v.json",),
        steps=("compile", "judge", "measure"),
    )


def plan(*products: Product) -> Plan:
    steps = [
        Step(
            name=name,
            verb=name,
            label="hello",
            artifact="hello",
            action=Builtin(name=name, version=1),
            pins=(PIN,) if name == "compile" else (),
        )
        for name in ("compile", "judge", "measure")
    ]
    return Plan(steps=tuple(steps), products=products)


def texts(data: bytes = DATA, verdict: Mapping[str, JSON] | None = None, **choice: JSON) -> dict[str, str]:
    (measured,) = measure({}, [data])
    doc = {
        "chosen": "Oz",
        "before": 90,
        "compiled": 100,
        "after": len(data),
        "why": "",
        "checked": True,
        "fuel": {"c/wasmtime": 55},
        **choice,
    }
    found = {"name": "c", "runtime": "wasmtime", "status": "passed", "message": "", "fuel": 70, **(verdict or {})}
    return {"m.json": measured.decode(), "s.json": json.dumps(doc), "v.json": json.dumps(found)}


def results(status: Status = "ran", problem: Problem | None = None, *, degraded: bool = False) -> tuple[Result, ...]:
    first = Result(
        step="compile", verb="compile", label="hello", artifact="hello", status=status, seconds=1.5, problem=problem, degraded=degraded
    )
    return (first, replace(first, step="measure", verb="measure", status="cached", seconds=0.25, problem=None, degraded=False))


def run(**fields: Any) -> FinishedRun:  # noqa: ANN401
    return replace(FinishedRun(project="shop", profile="release", wbuild="0.1.0", results=results(), texts=texts(), seconds=2.0), **fields)
