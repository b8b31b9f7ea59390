"""`wbuild tools`: the catalogue of tools, the versions that the lock pins, and what is in the store."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from wbuild.cli.ages import Age, show_age
from wbuild.cli.options import ClickGroup, format_option, pass_common
from wbuild.errors import IntegrityError, ProvisionError
from wbuild.session.call import Common
from wbuild.session.tool_shelf import shelf
from wbuild.text.units import show_bytes

if TYPE_CHECKING:
    from wbuild.model.locked import Pin


@click.group(cls=ClickGroup)
def command() -> None:
    """List, install and verify tools."""


@command.command("list")
@format_option
@pass_common
def list_(common: Common, format_: str) -> int:
    """List all tools: version in the lock, download size, whether they are in the store."""
    from wbuild.report.table import Cell, render
    from wbuild.text.show import escape

    found = shelf(common)
    entries = []
    for name, recipe in sorted(found.catalog.tools.items()):
        pin = found.pin(name)
        entries.append((name, pin, bool(pin and found.store.has(pin)), recipe))
    if format_ == "json":
        tools = [
            {"name": name, "version": pin and pin.version, "bytes": pin and pin.size, "installed": there, "summary": recipe.summary}
            for name, pin, there, recipe in entries
        ]
        found.console.result(json.dumps({"schema": "wbuild.tools/1", "tools": tools}, indent=2, ensure_ascii=False))
        return 0
    head = [Cell("tool"), Cell("version"), Cell("download", right=True), Cell("store"), Cell("what it is")]
    rows = [
        [
            Cell(escape(name)),
            Cell(escape(pin.version) if pin else "–"),
            Cell(show_bytes(pin.size, 1) if pin else "–", right=True),
            Cell("yes" if there else "no"),
            Cell(escape(recipe.summary)),
        ]
        for name, pin, there, recipe in entries
    ]
    found.console.page(render([head, *rows]))
    return 0


@command.command()
@click.argument("tool")
@format_option
@pass_common
def info(common: Common, tool: str, format_: str) -> int:
    """Show where a tool comes from, and what the lock says about it for every platform."""
    found = shelf(common)
    recipe = found.recipe(tool)
    locked = found.lock.tools.get(tool) if found.lock else None
    document: dict[str, object] = {
        "schema": "wbuild.tool/1",
        "name": tool,
        "summary": recipe.summary if recipe else "vendored source",
        "homepage": recipe.homepage if recipe else "",
        "versions": recipe.versions if recipe else "",
        "origin": recipe.origin if recipe else "",
        "routes": [{"source": r.source, "package": r.package, "needs": list(r.needs)} for r in recipe.routes] if recipe else [],
        "programs": sorted({program for r in recipe.routes for program in r.bin}) if recipe else [],
        "version": locked.version if locked else None,
        "platforms": {name: _place(entry) for name, entry in locked.platforms.items()} if locked else {},
    }
    pin = found.pin(tool)
    document["installed"] = str(found.store.path(pin)) if pin and found.store.has(pin) and found.store.path(pin).is_absolute() else None
    if format_ == "json":
        found.console.result(json.dumps(document, indent=2, ensure_ascii=False))
        return 0
    found.console.page("\n".join(_lines(document)))
    return 0


def _place(entry: object) -> dict[str, object]:
    from wbuild.model.locked import SYSTEM, Pin

    if not isinstance(entry, Pin):
        return {"unavailable": str(getattr(entry, "reason", ""))}
    if entry.source == SYSTEM:
        return {"source": entry.source, "package": entry.package, "version": entry.version, "folder": entry.folder}
    files = [{"name": f.name, "bytes": f.size, "digest": str(f.digest), "trust": f.trust} for f in entry.files]
    return {"source": entry.source, "package": entry.package, "identity": entry.identity, "files": files}


def _lines(document: dict[str, object]) -> list[str]:
    """Lines for people with what the document about a tool says."""
    lines = []
    for name, value in document.items():
        if name == "schema" or value in ("", None, [], {}):
            continue
        if isinstance(value, dict):
            lines += [f" {platform}: {_words(entry)}" for platform, entry in value.items()]
        elif isinstance(value, list):
            lines += [f" {name}: {_words(entry)}" for entry in value]
        else:
            lines.append(f" {name}: {value}")
    return lines


def _words(entry: object) -> str:
    if isinstance(entry, dict):
        files = entry.get("files", [])
        shown = [f"{name} {value}" for name, value in entry.items() if name != "files" and value]
        return ", ".join([*shown, *(f"{f['name']} ({show_bytes(f['bytes'], 1)}, {f['trust']}, {f['digest']})" for f in files)])
    return str(entry)


@command.command()
@click.argument("tools", nargs=-1, metavar="[TOOL]...")
@click.option("--offline", is_flag=True, default=None, help="Open no network connection.")
@pass_common
def install(common: Common, tools: tuple[str, ...], offline: bool | None) -> int:
    """Install tools as the lock pins them; without TOOL all of them."""
    from wbuild.session.progress import Progress

    found = shelf(common, looking=False, offline=offline)
    pins = found.pins(tools)
    missing = [pin for pin in pins if not found.store.has(pin)]
    found.store.ensure(missing, Progress(console=common.console, root=common.start))
    common.console.show(f"{len(missing)} installed; {len(pins)} in the store" if missing else f"all {len(pins)} are in the store")
    return 0


@command.command()
@click.argument("tool")
@pass_common
def where(common: Common, tool: str) -> int:
    """Print the folder of an installed tool."""
    from wbuild.model.locked import SYSTEM

    found = shelf(common)
    pin = found.pins((tool,))[-1]
    if not found.store.has(pin):
        raise ProvisionError("WB432", f"{tool} {pin.version} is not in the store", hint=f"`wbuild tools install {tool}`")
    if pin.source == SYSTEM and not pin.folder:
        raise ProvisionError("WB432", f"{tool} is the machine's own, and only a build looks for it", hint="`wbuild build` finds it")
    common.console.result(str(found.store.path(pin)))
    return 0


@command.command()
@click.argument("tools", nargs=-1, metavar="[TOOL]...")
@click.option("--repair", is_flag=True, help="Install damaged tools again.")
@pass_common
def verify(common: Common, tools: tuple[str, ...], repair: bool) -> int:
    """Compare installed tools with the digests taken when they came. Damage is exit code 5."""
    from wbuild.model.locked import SYSTEM
    from wbuild.session.progress import Progress

    found = shelf(common)
    broken: list[tuple[Pin, tuple[str, ...]]] = []
    present = [pin for pin in found.pins(tools) if found.store.has(pin) and pin.source != SYSTEM]
    for pin in present:
        damage = found.store.damage(pin)
        common.console.step("verify", f"{pin.name} {pin.version}", "damaged" if damage else "ok")
        if damage:
            broken.append((pin, damage))
    if broken and not repair:
        lines = [f"  {pin.identity}: {what}" for pin, damage in broken for what in damage[:5]]
        names = ", ".join(pin.name for pin, _ in broken)
        raise IntegrityError("WB550", f"damaged in the store: {names}", hint="`wbuild tools verify --repair`", detail="\n".join(lines))
    for pin, _ in broken:
        found.store.repair(pin, Progress(console=common.console, root=common.start))
        common.console.step("repair", f"{pin.name} {pin.version}", "ok")
    common.console.show(f"{len(present)} verified")
    return 0


@command.command()
@click.option("--older-than", type=Age(), metavar="AGE", help="What was not used for so long: 30d, 2w, 12h.  [default: 90d]")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@pass_common
def gc(common: Common, older_than: float | None, dry_run: bool) -> int:
    """Remove tools that no build has used for long. Those of this project's lock stay."""
    from wbuild.store.usage import UNUSED

    found = shelf(common)
    keep = found.pins(()) if found.lock else ()
    gone = found.store.collect(UNUSED if older_than is None else older_than, keep, dry=dry_run)
    for tree in gone:
        common.console.step(
            "would go" if dry_run else "removed", tree.identity, f"{show_bytes(tree.size, 1)}, unused for {show_age(tree.idle)}"
        )
    verb = "would be removed" if dry_run else "removed"
    common.console.show(f"{len(gone)} {verb} ({show_bytes(sum(tree.size for tree in gone), 1)})")
    return 0
