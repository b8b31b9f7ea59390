"""What a builtin writes is a function of its version: a changed golden file means that its version must go up."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence

from tests.goldens import golden
from tests.modules import module
from tests.unit.test_judge import outcome
from wbuild.builtins.features import features
from wbuild.builtins.judge import judge
from wbuild.builtins.measure import measure
from wbuild.builtins.rank import rank
from wbuild.builtins.select import select
from wbuild.builtins.strip import strip
from wbuild.builtins.table import builtin
from wbuild.builtins.validate import validate
from wbuild.model.planned import JSON

COMPILED = module(
    exports=("run", "b"),
    imports=[("env", "f")],
    code=b"\x41\x00\xc0\x1a" + b"\x01" * 40,
    memory=(1, 2),
    customs={"name": b"\0", "target_features": b"\x01+\x0bbulk-memory"},
)
SMALL = module(exports=("run", "b"), imports=[("env", "f")], memory=(1, 2))
BASE = b"".join(part or b"" for part in strip({"keep": []}, [COMPILED]))
SELECT: Mapping[str, JSON] = {"metric": "raw", "names": ["Oz", "flat"], "checks": [["c", "wasmtime"]]}
VALIDATE: Mapping[str, JSON] = {"keep": ["name"], "artifact": "hello", "by": "Wasmtime", "knows": [], "must": False}
ANSWER = b'{"status": "unable", "message": "feature required", "offset": 9}'
RANKED = rank(SELECT, [COMPILED, BASE, SMALL, None])
SELECTED = [COMPILED, BASE, SMALL, None, *RANKED, outcome(), outcome(fuel=9), None]


def shown(name: str, outputs: Sequence[bytes | None]) -> str:
    lines = [f"{name} {builtin(name).version}"]
    for output in outputs:
        assert output is not None
        text = output.decode() if output.startswith(b"{") else f"{len(output)} bytes, sha256 {hashlib.sha256(output).hexdigest()}"
        lines.append(f"    {text}")
    return "\n".join(lines) + "\n"


def without_compressed(output: bytes | None) -> bytes:
    """Compressed sizes depend on the libraries."""
    assert output is not None
    doc = json.loads(output)
    doc["sizes"] = {"raw": doc["sizes"]["raw"]}
    return json.dumps(doc, sort_keys=True).encode()


def test_outputs_change_with_the_version_only() -> None:
    golden(
        "builtins.txt",
        shown("features", features({"words": {"sign-ext": ["--a"], "bulk-memory": ["--b"]}}, [COMPILED]))
        + shown("strip", strip({"keep": ["name"]}, [COMPILED]))
        + shown("rank", RANKED)
        + shown("select", select(SELECT, SELECTED))
        + shown("judge", judge({"name": "c", "runtime": "wasmtime", "stdout": "x\n"}, [outcome(stdout=b"y\n", exit=1)]))
        + shown("validate", validate(VALIDATE, [COMPILED], lambda _: ANSWER))
        + shown("measure", [without_compressed(one) for one in measure({}, [COMPILED])]),
    )
