"""Every code that wbuild can raise has a page, and every page has a code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import tomli

import wbuild
from wbuild.cli.explain import render
from wbuild.errors import exit_code

ROOT = Path(wbuild.__file__).parent
PAGES = tomli.loads((ROOT / "explain.toml").read_text("utf-8"))


def raised() -> set[str]:
    texts = [path.read_text("utf-8") for path in ROOT.rglob("*.py")]
    return {code for text in texts for code in re.findall(r"\"(WB\d{3})\"", text)}


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert raised() == set(PAGES)


@pytest.mark.parametrize("code", sorted(PAGES))
def test_pages_are_complete(code: str) -> None:
    page = PAGES[code]
    assert set(page) == {"title", "meaning", "do"}
    assert all(text and text == text.strip() for text in page.values())
    assert page["title"][-1] != "."
    assert page["meaning"].endswith(".")
    assert page["do"].endswith(".")
    shown = render(code, page)
    assert shown.startswith(f"{code}: {page['title']} (exit code {exit_code(code)})\n")
    assert max(map(len, shown.splitlines())) <= 110
