"""The table of the documentation that says of every example whether it is reproducible."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import tomli

from wbuild.init.scaffold import Starter, starters
from wbuild.session.shipped_data import template_texts

ROOT: Final = Path(__file__).parent.parent
PAGE: Final = ROOT / "docs/howto/check-that-a-build-is-reproducible.md"
_ROW: Final = re.compile(r"^\| (?P<names>`[^|]+`) \| [^|]+ \| (?P<told>[^|]+) \|$", re.MULTILINE)


def examples() -> Sequence[str]:
    """The artifacts of all projects in examples/."""
    manifests = sorted(ROOT.glob("examples/**/wbuild.toml"))
    return sorted(name for path in manifests for name in tomli.loads(path.read_text("utf-8")).get("artifact", {}))


def starters_of() -> Sequence[Starter]:
    """Every starter of every language."""
    return starters(template_texts())


def rows() -> Mapping[str, str]:
    """Artifact → what the page says of it."""
    return {
        name.strip("` "): match["told"].strip() for match in _ROW.finditer(PAGE.read_text("utf-8")) for name in match["names"].split(",")
    }


def told(name: str) -> str:
    """What the page says of an artifact, or of a starter, LANGUAGE-NAME."""
    return rows().get(name) or rows()[name.rpartition("-")[2]]
