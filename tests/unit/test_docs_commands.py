"""What the documentation calls wbuild's commands and flags, and what the command line knows, are the same."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator

import pytest

from tests.commands_page import commands, flags, page
from tests.real.pages import PAGES, ROOT
from wbuild.cli.main import ALIASES, root

REFERENCE = "docs/reference/commands.md"
TEXTS = [*PAGES, "CONTRIBUTING.md", "CHANGELOG.md", "examples/README.md"]
_CODE = re.compile(r"`([^`\n]+)`|^[$>] (.*)$", re.MULTILINE)
_FLAG = re.compile(r"(?<![\w-])(--[a-z][a-z-]*)")
_KNOWN = {name: set(flags(command)) for name, command in commands()}
_ROOT = {*flags(root), "--help", "-h"}


def _lines(text: str) -> Iterator[str]:
    """Every piece of inline code and every command."""
    for match in _CODE.finditer(text):
        yield (match.group(1) or match.group(2)).replace("&&", "\n").replace("$(", "\n")


@pytest.mark.parametrize("page_name", TEXTS)
def test_commands_and_flags_of_the_page_exist(page_name: str) -> None:
    unknown: list[str] = []
    for whole in (part for code in _lines((ROOT / page_name).read_text("utf-8")) for part in code.splitlines()):
        line = whole.split(" -- ")[0]  # what follows is the artifact's own
        words = line.split()
        while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
            del words[0]
        if len(words) > 1 and words[0].endswith("wbuild") and not words[0].startswith(("-", "cd")):
            unknown += _unknown(words[1:], line)
        elif words and words[0].startswith("--") and not page_name.startswith("examples/"):  # there they are the examples' own
            unknown += [
                f"{flag} in {line}" for flag in _FLAG.findall(line) if not any(flag in known for known in (_ROOT, *_KNOWN.values()))
            ]
    assert unknown == []


def _unknown(words: list[str], line: str) -> Iterator[str]:
    if words[0] == "-C":
        words = words[2:]
    if words[0].startswith("-"):
        yield from (f"{flag} in {line}" for flag in _FLAG.findall(line) if flag not in _ROOT)
        return
    name = ALIASES.get(words[0], words[0])
    if name.isupper():
        return
    if name in _KNOWN and len(words) > 1 and f"{name} {words[1]}" in _KNOWN:
        name = f"{name} {words[1]}"
    if name not in _KNOWN:
        yield f"wbuild {name} in {line}"
        return
    yield from (f"{flag} in {line}" for flag in _FLAG.findall(line) if flag not in _KNOWN[name] | _ROOT)


def test_reference_is_current() -> None:
    """Every command and flag is on the reference page. WBUILD_UPDATE_GOLDEN=1 writes it again."""
    path = ROOT / REFERENCE
    if os.environ.get("WBUILD_UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(page(), encoding="utf-8", newline="\n")
    assert path.read_text("utf-8") == page()
