"""Messages of the Remote Execution API, byte for byte as the official definitions write them."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from tests.reapi_vector import VECTOR
from wbuild.cache import reapi
from wbuild.cache.reapi import BlobDigest, FileNode, Folder

CASES: list[dict[str, Any]] = json.loads(VECTOR.read_text("utf-8"))


def tree(given: dict[str, Any]) -> Folder:
    return {name: tree(node) if isinstance(node, dict) else FileNode(BlobDigest(node[0], node[1]), node[2]) for name, node in given.items()}


def shuffled(given: dict[str, Any]) -> dict[str, Any]:
    """The same in another order, at every level."""
    items = [(name, shuffled(value) if isinstance(value, dict) else value) for name, value in given.items()]
    random.Random(len(items)).shuffle(items)
    return dict(items)


@pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])
def test_messages_are_those_of_the_official_definitions(case: dict[str, Any]) -> None:
    for turn in (case, shuffled(case)):
        platform = reapi.platform(turn["platform"])
        command = reapi.command(turn["arguments"], turn["environment"], reversed(turn["outputs"]), platform)
        blobs: list[bytes] = []
        root = reapi.directory(tree(turn["tree"]), blobs)
        action = reapi.action(command, root, salt=turn["salt"].encode(), platform=platform)
        folders = [reapi.digest_of(blob).hash for blob in blobs]
        made = {"command": command.hex(), "folders": folders, "root": root.hex(), "action": action.hex()}
        assert {**made, "digest": list(reapi.digest_of(action))} == case["expected"]


def test_the_vector_has_the_awkward_cases() -> None:
    assert len(CASES) > 30
    assert CASES[0]["expected"]["command"] == CASES[0]["expected"]["root"] == ""
    assert max(len(case["expected"]["folders"]) for case in CASES) > 10


def test_paths_become_a_tree() -> None:
    one = FileNode(BlobDigest("1", 1))
    assert reapi.folder({"b": one, "a/c/d": one, "a/b": one}) == {"b": one, "a": {"c": {"d": one}, "b": one}}
    for paths in (["a", "a/b"], ["a/b", "a"], ["a/b/c", "a/b"]):
        with pytest.raises(ValueError, match="is a file and a folder"):
            reapi.folder(dict.fromkeys(paths, one))


def test_a_name_that_is_not_text_has_one_spelling_of_its_own() -> None:
    spellings = {reapi.command([name], {}, []) for name in ("\udcff", "\ud800", "ÿ", "?", "\ufffd")}
    assert len(spellings) == 5
