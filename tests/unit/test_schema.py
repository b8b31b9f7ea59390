from __future__ import annotations

import os
from dataclasses import is_dataclass
from pathlib import Path
from types import ModuleType

import jsonschema
import pytest
import tomli

from tests.catalogs import made_up
from tests.plans import shipped_catalog
from wbuild.catalog import reference
from wbuild.manifest import schema
from wbuild.model import host_recipe, language_recipe, tool_recipe, written
from wbuild.toml.shape import documented

ROOT = Path(__file__).parent.parent.parent


def validator() -> jsonschema.Draft202012Validator:
    built = schema.build(made_up())
    jsonschema.Draft202012Validator.check_schema(built)
    return jsonschema.Draft202012Validator(built)


@pytest.mark.parametrize("file", sorted(ROOT.glob("examples/**/wbuild.toml")), ids=lambda file: file.parent.name)
def test_examples_are_valid(file: Path) -> None:
    jsonschema.Draft202012Validator(schema.build(shipped_catalog())).validate(tomli.loads(file.read_text("utf-8")))


@pytest.mark.parametrize(
    "text",
    [
        'artifact.a = { lang = "c", target = "wasip1", budget = "60 KiB", opt = "size" }',
        'artifact.a = { lang = "c", budget = { raw = 5, warn = "80 %" }, opt = { level = "size", metric = "gzip" } }',
        'artifact.a = { lang = "c", c = { sources = "x.c", include = ["y"], std = "c11", fast = false } }',
        'artifact.a = { lang = "c", env = { A = "x", B = { from = "B", default = "" } }, check = [{ fuel = "12M", timeout = "1s" }] }',
        'profile.x = { inherits = "dev" }',
        'project.members = ["a/*"]\ndefaults = { tags = ["x"], hosts = ["gate"], c = { budget = "1 KiB", c = { std = "c11" } } }',
        'vendor.x = { from = "npm:x", version = "1" }\ntools.maker = "1"\ntoolchains.c = "big"',
    ],
)
def test_valid(text: str) -> None:
    validator().validate(tomli.loads(text))


@pytest.mark.parametrize(
    "text",
    [
        "x = 1",
        "artifact.a = {}",
        'artifact.a = { lang = "rsut" }',
        'artifact.a = { lang = "c", target = "wasip1", targets = [] }',
        'artifact.a = { lang = "c", budget = "60 KB" }',
        'artifact.a = { lang = "c", c = { std = "c89" } }',
        'artifact.a = { lang = "c", c = { sdt = "c99" } }',
        'artifact.a = { lang = "c", opt = { metric = "gzip" } }',
        'artifact.a = { lang = "c", check = [{ timeout = 10 }] }',
        'artifact."a b" = { lang = "c" }',
        'toolchains.c = "huge"',
        'defaults = { hosts = ["gat"] }',
        'defaults.c = { std = "c11" }',
        'defaults = { target = "wasip1", targets = [] }',
        'tools.x = "1"',
        'vendor.x = { from = "npm:x" }',
    ],
)
def test_invalid(text: str) -> None:
    assert list(validator().iter_errors(tomli.loads(text)))


@pytest.mark.parametrize("module", [written, tool_recipe, language_recipe, host_recipe], ids=lambda module: module.__name__)
def test_every_key_is_documented(module: ModuleType) -> None:
    models = [m for m in vars(module).values() if isinstance(m, type) and is_dataclass(m) and m.__module__ == module.__name__]
    decoded = [m for m in models if m is not written.Manifest]
    undocumented = [f"{m.__name__}.{e.name}" for m in decoded for e in documented(m, ["origin"]) if not e.doc]
    assert not undocumented


def fresh(name: str, text: str) -> None:
    path = ROOT / "docs" / "reference" / name
    if os.environ.get("WBUILD_UPDATE_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="\n")
    assert text == path.read_text("utf-8"), "run with WBUILD_UPDATE_GOLDEN=1 to write the page again"


def test_the_reference_of_manifests_is_fresh() -> None:
    fresh("manifest.md", reference.manifest_page(shipped_catalog()))


def test_the_reference_of_recipes_is_fresh() -> None:
    fresh("recipes.md", reference.recipes_page())
