"""Plans of made-up projects with the shipped catalogue and made-up pins: no tool is installed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

from wbuild.catalog import load as catalog_module
from wbuild.drivers import Build
from wbuild.manifest import load as manifest_module
from wbuild.manifest.load import BoundaryFacts
from wbuild.model.locked import Digest, Pin, PinnedFile, Platform, Unavailable
from wbuild.model.planned import Plan
from wbuild.model.shipped import Catalog
from wbuild.model.tool_recipe import ToolRecipe
from wbuild.model.written import Artifact, Level, OptionValue
from wbuild.plan.plan import BuildRequest, Context, make_plan
from wbuild.steps.kit import Kit
from wbuild.steps.tree import Tree

TOOLCHAINS = Path(__file__).parent.parent / "toolchains"


@cache
def shipped_catalog() -> Catalog:
    """The recipes of the checkout."""
    texts = {p.relative_to(TOOLCHAINS.parent).as_posix(): p.read_text("utf-8") for p in sorted(TOOLCHAINS.rglob("*.toml"))}
    return catalog_module.load(texts, {})


def pin(tool: ToolRecipe, catalog: Catalog, platform: Platform) -> Pin:
    """A made-up pin of a tool's last route to a package, the one that serves most platforms."""
    route = [route for route in tool.routes if route.source != "system"][-1]
    windows = platform.startswith("windows") and route.bin_windows
    return Pin(
        name=tool.name,
        version="1.0.0",
        platform=platform,
        source=route.source,
        package=route.package,
        files=(PinnedFile(name=f"{tool.name}.whl", size=1000, digest=Digest(algorithm="sha256", hex="0" * 64)),),
        bin=route.bin_windows if windows else route.bin,
        members=route.files,
        needs=tuple(pin(catalog.tools[name], catalog, platform) for name in route.needs),
    )


def build_of(catalog: Catalog, *, lang: str = "c", toolchain: str, options: Mapping[str, OptionValue], tree: Tree | None = None) -> Build:
    """One artifact of a language, at level size for the first target of a toolchain, in a project with a tree."""
    language = catalog.languages[lang]
    chain = next(chain for chain in language.toolchains if chain.name == toolchain)
    return Build(
        artifact=Artifact(name="it", lang=lang, path="it", kind=language.kind, targets=chain.targets[:1], options=options),
        language=language,
        toolchain=chain,
        target=chain.targets[0],
        level="size",
        debug="none",
        kit=Kit(platform="linux-x86_64", pins={name: pin(tool, catalog, "linux-x86_64") for name, tool in catalog.tools.items()}),
        tree=tree or Tree(names=()),
        base="it",
    )


def context_of(
    toml: str,
    files: Sequence[str] | Mapping[str, str],
    vendor: Mapping[str, Sequence[str]] | None = None,
    platform: Platform = "linux-x86_64",
) -> Context:
    """A project with these files; a mapping has their texts."""
    catalog = shipped_catalog()
    manifest = manifest_module.load(toml, "wbuild.toml", BoundaryFacts(), catalog)
    pins: dict[str, Pin | Unavailable] = {name: pin(tool, catalog, platform) for name, tool in catalog.tools.items()}
    for name in manifest.vendor:
        digest = Digest(algorithm="sha512", hex="1" * 128)
        file = PinnedFile(name=f"{name}.tgz", size=10, digest=digest)
        pins[f"vendor.{name}"] = Pin(name=f"vendor.{name}", version="1.0.0", platform=platform, source="npm", package=name, files=(file,))
    tree = Tree(
        names=tuple(sorted(files)),
        vendor={name: tuple(members) for name, members in (vendor or {}).items()},
        texts=files if isinstance(files, Mapping) else {},
    )
    return Context(manifest=manifest, catalog=catalog, toolchains={}, kit=Kit(platform=platform, pins=pins), tree=tree)


def planned(catalog: Catalog, toml: str, files: Sequence[str]) -> Plan:
    """The release plan of everything in a project, with a catalogue of its own and a pin of each of its tools."""
    manifest = manifest_module.load(toml, "wbuild.toml", BoundaryFacts(), catalog)
    pins: dict[str, Pin | Unavailable] = {name: pin(tool, catalog, "linux-x86_64") for name, tool in catalog.tools.items()}
    kit = Kit(platform="linux-x86_64", pins=pins)
    context = Context(manifest=manifest, catalog=catalog, toolchains={}, kit=kit, tree=Tree(names=tuple(sorted(files))))
    names = tuple(artifact.name for artifact in manifest.artifacts)
    return make_plan(context, BuildRequest(artifacts=names, profile="release"))


def make(
    toml: str,
    files: Sequence[str] | Mapping[str, str],
    *,
    profile: str = "release",
    level: Level | None = None,
    vendor: Mapping[str, Sequence[str]] | None = None,
    platform: Platform = "linux-x86_64",
    environ: Mapping[str, str] | None = None,
) -> Plan:
    """The plan of everything in a project with these files."""
    context = replace(context_of(toml, files, vendor, platform), environ=environ or {})
    names = tuple(a.name for a in context.manifest.artifacts)
    return make_plan(context, BuildRequest(artifacts=names, profile=profile, level=level))
