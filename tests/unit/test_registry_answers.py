"""Kept answers of indexes become digests in locks: only those that this user has kept are believed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.provision import digest
from wbuild.doors.files import RealFiles
from wbuild.model.locked import PinnedFile
from wbuild.sources.registry_answers import Answers, Question

QUESTION = Question(source="pypi", package="zig", version="1.0", platform="any", index="0")
FILE = PinnedFile(name="zig-1.0-py3-none-any.whl", size=3, digest=digest(b"zig"))


def test_an_answer_is_believed_by_the_user_who_kept_it(tmp_path: Path) -> None:
    mine = Answers(folder=tmp_path, files=RealFiles(), key=b"a" * 32)
    mine.keep(QUESTION, FILE)
    assert mine.find(QUESTION) == FILE
    assert Answers(folder=tmp_path, files=RealFiles(), key=b"b" * 32).find(QUESTION) is None
    assert Answers(folder=tmp_path, files=RealFiles()).find(QUESTION) is None


@pytest.mark.parametrize("text", ["[" * 100_000, "[]", "{}", '{"answer":{"name":1,"size":2,"digest":3}}', "9" * 5000])
def test_an_answer_of_any_form_is_none(text: str, tmp_path: Path) -> None:
    mine = Answers(folder=tmp_path, files=RealFiles(), key=b"a" * 32)
    mine.keep(QUESTION, FILE)
    (path,) = tmp_path.iterdir()
    path.write_text(text)
    assert mine.find(QUESTION) is None
    path.unlink()
    os.mkfifo(path)
    assert mine.find(QUESTION) is None
