"""What comes with wbuild: recipes, templates and pages, from the wheel (`wbuild/_data`) or from a checkout."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

import wbuild
from wbuild.catalog.load import lazy
from wbuild.errors import BugError
from wbuild.model.shipped import Catalog
from wbuild.text.lazy import LazyTable

if TYPE_CHECKING:
    from importlib.abc import Traversable  # its home in Python 3.10; later versions moved it

OPTIMIZERS: Final = ("binaryen",)
"""The shipped tools that optimize: to find out would take reading all of them."""


def data_folder(kind: Literal["toolchains", "templates"]) -> Traversable:
    """The folder of the shipped recipes or templates. Raises BugError when the installation lacks it."""
    packed = files("wbuild") / "_data" / kind
    if packed.is_dir():
        return packed
    checkout = Path(wbuild.__file__).resolve().parent.parent / kind
    if not checkout.is_dir():
        raise BugError("WB901", f"this installation of wbuild has no {kind}", hint="install wbuild again")
    return checkout


def texts_below(folder: Traversable, prefix: str = "") -> Iterator[tuple[str, str]]:
    """Path below `folder` (POSIX) and text of every file there, sorted."""
    for entry in sorted(folder.iterdir(), key=lambda e: e.name):
        if entry.is_dir():
            yield from texts_below(entry, f"{prefix}{entry.name}/")
        elif not entry.name.startswith("."):
            yield f"{prefix}{entry.name}", entry.read_text("utf-8")


def recipe_texts() -> Mapping[str, str]:
    """The shipped recipes: `toolchains/tools/zig.toml` → text, each read when it is first asked for."""
    found = {}
    for folder in data_folder("toolchains").iterdir():
        if folder.is_dir():
            found.update({f"toolchains/{folder.name}/{file.name}": file for file in folder.iterdir() if file.name.endswith(".toml")})
    return LazyTable(found, lambda path: found[path].read_text("utf-8"))


def catalog() -> Catalog:
    """The shipped recipes, as a catalogue."""
    return lazy(recipe_texts(), OPTIMIZERS)


def template_texts() -> Mapping[str, str]:
    """The shipped templates: `c/hello/main.c.j2` → text."""
    return dict(texts_below(data_folder("templates")))


def pages() -> str:
    """The text of explain.toml."""
    return (files("wbuild") / "explain.toml").read_text("utf-8")
