"""The words contract: its reference makes the expected files, and every words example has its checks."""

from __future__ import annotations

import importlib.util
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any, cast

import pytest
import tomli
from hypothesis import given
from hypothesis import strategies as st

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
TOUR = EXAMPLES / "tour"
WORDS = TOUR / "words"
FILE_KEYS = ("stdin-file", "stdout-file")

Table = Mapping[str, Any]


def read(path: Path) -> Table:
    return tomli.loads(path.read_text(encoding="utf-8"))


def load_reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("words_reference", WORDS / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


REFERENCE = load_reference()
MANIFESTS = sorted(TOUR.glob("*/wbuild.toml"))
WORDS_MANIFESTS = [path for path in MANIFESTS if path.parent.name.startswith("words-")]
CONTRACT: Sequence[Table] = read(TOUR / "wbuild.toml")["defaults"]["check"]


def artifacts(manifest: Path) -> Mapping[str, Table]:
    return cast("Mapping[str, Table]", read(manifest)["artifact"])


def folder_name(path: Path) -> str:
    return path.parent.name


def checks(artifact: Table) -> Sequence[Table]:
    """Its own checks, else those of the contract."""
    return cast("Sequence[Table]", artifact.get("check", CONTRACT))


def count(text: str, number: int = 10) -> str:
    return cast("bytes", REFERENCE.words(text.encode(), number)).decode()


@pytest.mark.parametrize("check", CONTRACT, ids=lambda check: check["name"])
def test_reference_passes_every_check(check: Table, monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    data = (WORDS / check["stdin-file"]).read_bytes() if "stdin-file" in check else check["stdin"].encode()
    expected = (WORDS / check["stdout-file"]).read_bytes() if "stdout-file" in check else check["stdout"].encode()
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(data)))

    code = REFERENCE.main(list(check.get("args", [])))

    assert (code, *capsysbinary.readouterr()) == (check.get("exit", 0), expected, check.get("stderr", "").encode())


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("The cat saw the dog.\n", "2 the\n1 cat\n1 dog\n1 saw\n"),
        ("don't don\u2019t 'tis dogs'", "2 don't\n1 dogs\n1 tis\n"),
        ("rock''n rock'", "2 rock\n1 n\n"),
        ("\u00c9t\u00e9 \u00e9T\u00c9", "1 \u00c9t\u00e9\n1 \u00e9t\u00c9\n"),
        ("a\u2014b\u3000c\ufeffd\ufffde\u00a0f", "1 a\n1 b\n1 c\n1 d\n1 e\n1 f\n"),
        ("\U0001f600 \uff21", "1 \uff21\n1 \U0001f600\n"),
        ("x_y", "1 x\n1 y\n"),
        ("", ""),
    ],
)
def test_rules_of_the_contract(text: str, lines: str) -> None:
    assert count(text) == lines


@given(st.binary(max_size=200))
def test_replacement_characters_and_invalid_bytes_are_the_same(data: bytes) -> None:
    assert REFERENCE.words(data, 999) == REFERENCE.words(data.decode(errors="replace").encode(), 999)


@given(st.lists(st.sampled_from(["a", "b", "ab", "B", "\u00e9", "\U0001f600", "don't"]), max_size=40))
def test_counts_add_up(words: list[str]) -> None:
    lines = count(" ".join(words), 999).splitlines()

    assert sum(int(line.split()[0]) for line in lines) == len(words)
    assert len(lines) == len({word.lower() for word in words})


def test_every_expected_file_belongs_to_a_check() -> None:
    named = {check[key] for check in CONTRACT for key in FILE_KEYS if key in check}
    present = {f"../words/{folder}/{path.name}" for folder in ("input", "expected") for path in (WORDS / folder).iterdir()}

    assert named == present


@pytest.mark.parametrize("manifest", WORDS_MANIFESTS, ids=folder_name)
def test_words_examples_have_the_checks_of_the_contract(manifest: Path) -> None:
    (artifact,) = artifacts(manifest).values()

    assert "check" not in artifact


@pytest.mark.parametrize("manifest", MANIFESTS, ids=folder_name)
def test_every_example_has_checks_and_a_budget(manifest: Path) -> None:
    for artifact in artifacts(manifest).values():
        names = [check["name"] for check in checks(artifact)]

        assert artifact["budget"]
        assert names
        assert len(names) == len(set(names))


@pytest.mark.parametrize("manifest", MANIFESTS, ids=folder_name)
def test_files_of_checks_exist(manifest: Path) -> None:
    declared = [check for artifact in artifacts(manifest).values() for check in checks(artifact)]
    files = [check[key] for check in declared for key in FILE_KEYS if key in check]
    folders = [folder for check in declared for folder in check.get("dirs", {}).values()]

    assert [name for name in files if not (manifest.parent / name).is_file()] == []
    assert [name for name in folders if not (manifest.parent / name).is_dir()] == []


def test_readme_lists_every_example() -> None:
    readme = (EXAMPLES / "README.md").read_text(encoding="utf-8")

    assert [path.parent.name for path in MANIFESTS if f"](tour/{path.parent.name})" not in readme] == []
