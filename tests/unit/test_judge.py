from __future__ import annotations

import base64
import json
from collections.abc import Mapping

import pytest

from wbuild.builtins.judge import judge
from wbuild.builtins.outcome import read
from wbuild.errors import BugError
from wbuild.model.happened import CheckVerdict
from wbuild.model.planned import JSON
from wbuild.toml.from_json import parse


def outcome(*, stdout: bytes = b"", stderr: bytes = b"", **fields: JSON) -> bytes:
    doc: dict[str, JSON] = {
        "schema": "wbuild.outcome/1",
        "runtime": "wasmtime",
        "version": "50.0.0",
        "exit": 0,
        "stdout": base64.b64encode(stdout).decode(),
        "stderr": base64.b64encode(stderr).decode(),
        "returns": None,
        "trap": None,
        "limit": None,
        "fuel": 1234,
        "memory_pages": 2,
        "error": None,
    }
    return json.dumps({**doc, **fields}).encode()


def judged(check: Mapping[str, JSON], got: bytes | None, *files: bytes | None) -> CheckVerdict:
    (made,) = judge({"name": "c", "runtime": "wasmtime", **check}, [got, *files])
    return parse(CheckVerdict, made.decode())


@pytest.mark.parametrize(
    ("check", "got"),
    [
        ({}, outcome(stdout=b"anything")),
        ({"stdout": "90\n"}, outcome(stdout=b"90\n")),
        ({"stdout": ""}, outcome()),
        ({"exit": 2, "stderr": "usage\n"}, outcome(exit=2, stderr=b"usage\n")),
        ({"traps": True}, outcome(exit=None, trap="unreachable")),
        ({"traps": True, "stdout": "before\n"}, outcome(exit=None, trap="unreachable", stdout=b"before\n")),
        ({"invoke": "add(1, 2)", "returns": "3"}, outcome(exit=None, returns=["3"])),
        ({"invoke": "pair()", "returns": "1, 2"}, outcome(exit=None, returns=["1", "2"])),
        ({"invoke": "f()", "returns": ""}, outcome(exit=None, returns=[])),
        ({"invoke": "half()", "returns": "0.50"}, outcome(exit=None, returns=["0.5"])),
        ({"invoke": "mask()", "returns": "0xff"}, outcome(exit=None, returns=["255"])),
        ({"invoke": "odd()", "returns": "nan"}, outcome(exit=None, returns=["nan"])),
        ({"invoke": "words()", "returns": '["a, b"]'}, outcome(exit=None, returns=['["a, b"]'])),
    ],
)
def test_what_passes(check: Mapping[str, JSON], got: bytes) -> None:
    verdict = judged(check, got)
    assert (verdict.status, verdict.message) == ("passed", "")
    assert verdict.fuel == 1234


@pytest.mark.parametrize(
    ("check", "got", "message"),
    [
        ({"exit": 1}, outcome(), "exit code 0, expected 1"),
        ({}, outcome(exit=3, stderr=b"oh\nno\n\n"), 'exit code 3, expected 0 (stderr ends: "no")'),
        ({}, outcome(exit=None, trap="out of bounds"), "trapped: out of bounds"),
        ({"traps": True}, outcome(), "expected a trap, but it ended with exit code 0"),
        ({"traps": True, "invoke": "f()"}, outcome(exit=None, returns=["1"]), "expected a trap, but it returned"),
        ({"invoke": "f()", "returns": "4"}, outcome(exit=None, returns=["5"]), "returned 5, expected 4"),
        ({"invoke": "f()", "returns": "4"}, outcome(exit=None, returns=[]), "returned nothing, expected 4"),
        (
            {"invoke": "big()", "returns": "9007199254740993"},
            outcome(exit=None, returns=["9007199254740992"]),
            "returned 9007199254740992, expected 9007199254740993",
        ),
        ({"invoke": "s()", "returns": "a"}, outcome(exit=None, returns=["b"]), "returned b, expected a"),
        (
            {"stdout": "a\nb\nc\n"},
            outcome(stdout=b"a\nB\nc\n"),
            'stdout differs at line 2:\n  expected "b"\n  actual   "B"',
        ),
        ({"stdout": "a\nb\n"}, outcome(stdout=b"a\n"), 'stdout differs at line 2:\n  expected "b"\n  actual   (nothing more)'),
        ({"stdout": "a\n"}, outcome(stdout=b"a\nb\n"), 'stdout differs at line 2:\n  expected (nothing more)\n  actual   "b"'),
        (
            {"stdout": "a\n"},
            outcome(stdout=b"a\r\n"),
            'stdout differs at line 1:\n  expected "a\\n"  (the line ends differ)\n  actual   "a\\r\\n"  (the line ends differ)',
        ),
        (
            {"stdout": "a"},
            outcome(stdout=b"\x1b[31m\xff\n"),
            'stdout differs at line 1:\n  expected "a"\n  actual   "\\x1b[31m\\\\xff"',
        ),
        (
            {"stdout": "x" * 200 + "\n"},
            outcome(stdout=b"x" * 150 + b"y" * 50 + b"\n"),
            f'stdout differs at line 1:\n  expected …"{"x" * 71}…"\n  actual   …"{"x" * 36}{"y" * 35}…"',
        ),
        (
            {"exit": 1, "stderr": "e\n"},
            outcome(stderr=b"f\n"),
            'exit code 0, expected 1 (stderr ends: "f")\nstderr differs at line 1:\n  expected "e"\n  actual   "f"',
        ),
    ],
)
def test_what_fails_says_what_differs(check: Mapping[str, JSON], got: bytes, message: str) -> None:
    verdict = judged(check, got)
    assert verdict.status == "failed"
    assert verdict.message == message


@pytest.mark.parametrize(
    ("limit", "check", "message"),
    [
        ("time", {"timeout": 2.5}, "stopped at the limit of time: it ran longer than 2500ms"),
        ("time", {}, "stopped at the limit of time: it ran longer than it may"),
        ("fuel", {"fuel": 12_000_000}, "stopped at the limit of fuel: it executed more than 12M instructions"),
        ("memory", {"memory": 64 << 20}, "stopped at the limit of memory: it needed more than 64 MiB"),
        ("output", {"output": 8 << 20}, "stopped at the limit of output: it wrote more than 8 MiB"),
        ("output", {"stdout": "x"}, "stopped at the limit of output: it wrote more than it may"),
        ("stack", {"traps": True}, "stopped at the limit of stack"),
    ],
)
def test_a_limit_is_named(limit: str, check: Mapping[str, JSON], message: str) -> None:
    verdict = judged(check, outcome(exit=None, limit=limit))
    assert (verdict.status, verdict.message) == ("failed", message)


def test_a_runtime_error_is_no_failure_of_the_artifact() -> None:
    verdict = judged({}, outcome(exit=None, error="unknown import env.f"))
    assert (verdict.status, verdict.message) == ("error", "unknown import env.f")
    assert judged({}, None).status == "error"


def test_stdout_may_be_a_file() -> None:
    assert judged({}, outcome(stdout=b"\xff\n"), b"\xff\n").status == "passed"
    assert judged({}, outcome(stdout=b"\xff\n"), b"").status == "failed"
    assert judged({"stdout": "x"}, outcome(stdout=b"x"), None).status == "passed"


@pytest.mark.parametrize(
    "text", [b"", b"[]", b'{"schema": "wbuild.outcome/2"}', b'{"runtime": "w", "exit": "0"}', b'{"runtime": "w", "stdout": "*"}']
)
def test_another_form_of_outcome_is_a_bug(text: bytes) -> None:
    with pytest.raises(BugError):
        read(text)
