"""What an answer of a validator means for an artifact."""

from __future__ import annotations

import json

import pytest

from tests.modules import component, module
from wbuild.builtins.strip import strip
from wbuild.builtins.validate import validate
from wbuild.errors import ArtifactError, BugError
from wbuild.model.planned import JSON

CODE = module(imports=[("env", "f")], code=b"\x41\x00\x1a")
LEGACY = module(code=b"\x06\x40\x0b")
NAMED = module(imports=[("env", "f")], code=b"\x41\x00\x1a", customs={"name": b"\x01\x06\x01\x01\x03fix"})


def answer(status: str, message: str = "type mismatch", offset: int | None = None) -> bytes:
    return json.dumps({"status": status, "message": message, "offset": offset}).encode()


def validated(compiled: bytes, said: bytes, *, must: bool = True) -> dict[str, JSON]:
    args: dict[str, JSON] = {"keep": [], "artifact": "hello", "by": "Engine", "knows": ["mutable-globals"], "must": must}
    data, text = validate(args, [compiled], lambda _: said)
    assert (data, text) != (None, None)
    assert data == strip({"keep": []}, [compiled])[0]
    doc = json.loads(text or b"")
    assert isinstance(doc, dict)
    return doc


def test_valid() -> None:
    assert validated(CODE, answer("valid", "")) == {"status": "valid", "by": "Engine", "why": ""}
    assert validate({"keep": []}, [None], lambda data: data) == [None, None]


def test_what_is_judged_is_what_is_shipped() -> None:
    asked: list[bytes] = []

    def ask(question: bytes) -> bytes:
        asked.append(question)
        return answer("valid")

    args: dict[str, JSON] = {"keep": [], "artifact": "hello", "by": "Engine", "knows": [], "must": True}
    data, _ = validate(args, [NAMED], ask)
    assert asked == [data] == [CODE]


def test_an_invalid_artifact_is_exit_3_with_function_name_and_offset() -> None:
    at = CODE.rindex(b"\x41\x00\x1a")
    with pytest.raises(ArtifactError) as caught:
        validated(NAMED, answer("invalid", offset=at))
    assert caught.value.status == 3
    (problem,) = caught.value.problems
    assert (problem.code, problem.message) == (
        "WB340", f"hello is no valid WebAssembly: type mismatch, in function 1 (fix) at offset {at:#x}",
    )  # fmt: skip


@pytest.mark.parametrize("offset", [None, 9, 10_000])
def test_a_place_outside_of_functions(offset: int | None) -> None:
    with pytest.raises(ArtifactError) as caught:
        validated(CODE, answer("invalid", offset=offset))
    assert "in function" not in str(caught.value)


def test_a_function_inside_a_component() -> None:
    data = component(CODE)
    at = data.rindex(b"\x41\x00\x1a")
    with pytest.raises(ArtifactError, match=rf"in function 1 at offset {at:#x}"):
        validated(data, answer("invalid", offset=at))


def test_an_invalid_candidate_is_told_and_no_error() -> None:
    assert validated(CODE, answer("invalid"), must=False) == {"status": "invalid", "by": "Engine", "why": "type mismatch"}


@pytest.mark.parametrize("said", [answer("unable", "legacy feature required"), answer("invalid", "illegal opcode: 0x6")])
def test_a_proposal_that_the_validator_lacks_is_named(said: bytes) -> None:
    assert validated(LEGACY, said) == {
        "status": "unknown", "by": "Engine", "why": "Engine does not know exception-handling, legacy-exceptions",
    }  # fmt: skip


def test_a_type_error_beside_a_proposal_that_it_lacks_is_an_error() -> None:
    with pytest.raises(ArtifactError):
        validated(LEGACY, answer("invalid", "type mismatch: expected i32, found i64"))


def test_what_it_cannot_judge_is_told_in_its_own_words() -> None:
    assert validated(CODE, answer("unable", "not implemented \x1b[2J"))["why"] == "Engine says: not implemented \\x1b[2J"


@pytest.mark.parametrize("said", [b"", b"no", b"[]", b"{}", b'{"status": "valid"}'])
def test_an_answer_in_another_form_is_a_bug(said: bytes) -> None:
    with pytest.raises(BugError):
        validated(CODE, said)
