from __future__ import annotations

import json

import pytest

from tests.reports import everything
from wbuild.report import markdown, text, to_json
from wbuild.report.formats import FORMATS, JSON_FORMAT, SCREEN

REMARKS = ("a.json is left out: it is a link",)


@pytest.mark.parametrize("name", FORMATS)
def test_every_form_writes_every_artifact_and_ends_its_last_line(name: str) -> None:
    written = FORMATS[name].render(everything(), REMARKS)
    assert written.endswith("\n")
    assert not written.endswith("\n\n")
    assert all(artifact.name in written for artifact in everything().artifacts if artifact.name.isascii())


def test_forms_are_those_of_their_modules() -> None:
    assert FORMATS[SCREEN].render(everything(), REMARKS) == text.summary(everything())
    assert FORMATS["markdown"].render(everything(), REMARKS) == markdown.render(everything(), remarks=REMARKS)
    assert json.loads(FORMATS[JSON_FORMAT].render(everything(), REMARKS)) == to_json.report_document(everything())


def test_files_tell_their_form_by_their_ending() -> None:
    assert len({form.ending for form in FORMATS.values()}) == len(FORMATS)
    assert all(form.ending.startswith(".") and "/" in form.media for form in FORMATS.values())
