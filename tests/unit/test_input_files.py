"""Files that stand where artifacts may: modules, Wasm text, standard input; and one file measured by itself."""

from __future__ import annotations

import io
import json
import sys
from types import SimpleNamespace

import pytest

from tests.doors import Answer
from tests.unit.session_world import MADE, Shop
from wbuild.errors import ArtifactError, StepError, UsageError
from wbuild.session import input_files
from wbuild.session.measured_file import measured


def typed(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(data)))


def test_a_module_is_read_as_it_is(shop: Shop) -> None:
    shop.write("m.wasm", MADE)
    found = input_files.read(shop.call, "m.wasm")
    assert (found.name, found.file, found.title, found.data) == ("m", "m.wasm", "m.wasm", MADE)


def test_text_is_assembled_first(shop: Shop) -> None:
    found = input_files.read(shop.call, "add.wat")
    assert (found.name, found.file, found.data) == ("add", "add.wat", MADE)


def test_standard_input_is_a_module_or_text(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    typed(monkeypatch, MADE)
    assert input_files.read(shop.call, "-").data == MADE
    typed(monkeypatch, b"  ;; a remark\n(module)")
    found = input_files.read(shop.call, "-")
    assert (found.name, found.title, found.data) == ("stdin", "standard input", MADE)
    monkeypatch.setattr(sys, "stdin", None)
    assert input_files.read(shop.call, "-").data == b""


def test_text_that_is_wrong_is_named_as_people_know_it(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    shop.programs["wat.py"] = lambda command: Answer(code=1, stderr=f"{command.argv[-2]}:1: expected `)`")
    typed(monkeypatch, b"(module")
    with pytest.raises(StepError) as caught:
        input_files.read(shop.call, "-")
    problem = caught.value.problems[0]
    assert (problem.message, problem.detail) == ("standard input cannot be assembled", "standard input:1: expected `)`")


def test_a_file_that_is_not_there(shop: Shop) -> None:
    with pytest.raises(UsageError) as caught:
        input_files.existing(shop.call, "no/m.wasm", "a hint")
    problem = caught.value.problems[0]
    assert (problem.code, problem.message, problem.hint) == ("WB281", "there is no file no/m.wasm", "a hint")


def test_titles(shop: Shop) -> None:
    assert [input_files.title(shop.call, word) for word in ("-", "m.wasm")] == ["standard input", "m.wasm"]


def test_a_module_for_a_program_is_a_file_while_it_is_needed(shop: Shop) -> None:
    path = shop.write("m.wasm", MADE)
    with input_files.module(shop.call, "m.wasm") as found:
        assert found == path
    with input_files.module(shop.call, "add.wat") as found:
        assert (found.name, found.read_bytes()) == ("add.wasm", MADE)
    assert not found.exists()


def test_a_file_is_measured_outside_of_any_build(shop: Shop) -> None:
    shop.write("m.wasm", MADE)
    found = measured(shop.call, "m.wasm")
    assert (found.name, found.file, found.status) == ("m", "m.wasm", "ok")
    assert found.measure
    assert (found.measure.sizes.raw, found.measure.exports) == (len(MADE), ("run",))
    assert found.language == ""


def test_the_report_of_an_artifact_is_its_measure(shop: Shop) -> None:
    shop.prepare().build()
    found = measured(shop.call, "dist/dev/add.wasm.report.json")
    assert found.measure
    assert (found.name, found.language, found.measure.sizes.raw) == ("add", "wat", len(MADE))


def test_a_report_of_an_artifact_that_was_not_made_has_no_measure(shop: Shop) -> None:
    shop.programs["wat.py"] = lambda command: Answer(code=1)
    shop.prepare().build()
    with pytest.raises(UsageError, match="holds no measure: its artifact was not made"):
        measured(shop.call, "dist/dev/add.wasm.report.json")


def test_a_broken_module_is_named(shop: Shop) -> None:
    shop.write("m.wasm", MADE[:-3])
    with pytest.raises(ArtifactError) as caught:
        measured(shop.call, "m.wasm")
    assert caught.value.problems[0].message.startswith("m.wasm: ")


@pytest.mark.parametrize("text", ["{", '{"schema": "wbuild.artifact/1"}', json.dumps({"name": 1}), '{"a": 1} x'])
def test_a_document_that_is_no_report_is_refused(text: str, shop: Shop) -> None:
    shop.write("x.report.json", text)
    with pytest.raises(UsageError, match="is neither Wasm nor an artifact's report") as caught:
        measured(shop.call, "x.report.json")
    assert caught.value.problems[0].code == "WB282"
