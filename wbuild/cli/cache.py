"""`wbuild cache`: the results of steps that this user's builds share, and the room that they take."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import click

from wbuild.cli.ages import Age, Size, show_age
from wbuild.cli.options import ClickGroup, format_option, pass_common
from wbuild.errors import IntegrityError
from wbuild.session.call import Common

if TYPE_CHECKING:
    from pathlib import Path

    from wbuild.cache.inventory import Summary


@click.group(cls=ClickGroup)
def command() -> None:
    """Show, verify and shrink the action cache."""


@command.command()
@format_option
@pass_common
def info(common: Common, format_: str) -> int:
    """Show where the cache is and what takes how much room."""
    from wbuild.cache.inventory import summary

    world = common.world()
    cache = world.open_cache()
    found, limit = summary(world.cache, cache.shared_roots), cache.limit
    if format_ == "json":
        common.console.result(json.dumps(_document(found, limit), indent=2))
    else:
        common.console.page(_page(found, limit))
    return 0


def _document(found: Summary, limit: int) -> dict[str, object]:
    kinds = {name.replace(" ", "-"): {"files": kind.files, "bytes": kind.size} for name, kind in found.kinds.items()}
    return {
        "schema": "wbuild.cache/1",
        "path": str(found.path),
        "bytes": found.size,
        "limit": limit,
        "kinds": kinds,
        "oldest": found.oldest,
        "shared": {name: _shared(found.places[name], size) for name, size in found.shared.items()},
    }


def _shared(path: Path, size: int) -> dict[str, object]:
    from wbuild.cache.copies import copy_at

    copy = copy_at(path)
    return {"path": str(path), "bytes": size, **({"cache": copy.cache, "project": copy.project or None} if copy else {})}


def _page(found: Summary, limit: int) -> str:
    from wbuild.report.table import Cell, render
    from wbuild.text import show
    from wbuild.text.units import show_size

    rows = [[Cell(name), Cell(str(kind.files), right=True), Cell(show.size(kind.size), right=True)] for name, kind in found.kinds.items()]
    head = [Cell("kind"), Cell("files", right=True), Cell("size", right=True)]
    share = f"{show.percent(found.size, limit)} of its limit, {show_size(limit)} (`cache-limit`)"
    lines = [f" {show.escape(str(found.path))}", render([head, *rows]).rstrip("\n"), f" together {show.size(found.size)}: {share}"]
    if found.oldest is not None:
        lines.append(f" the oldest result was last used {show_age(time.time() - found.oldest)} ago")
    for folder in dict.fromkeys(path.parent for path in found.places.values()):
        here = [(path, found.shared[name]) for name, path in found.places.items() if path.parent == folder]
        rows = [[Cell(show.escape(_title(path))), Cell(show.size(size), right=True)] for path, size in here]
        lines += [f" {show.escape(str(folder))}: caches of tools, not counted above", render(rows).rstrip("\n")]
    return "\n".join(lines)


def _title(path: Path) -> str:
    from wbuild.cache.copies import copy_at

    copy = copy_at(path)
    return f"{copy.cache}, own copy of {copy.project}" if copy and copy.project else path.name


@command.command()
@click.option("--repair", is_flag=True, help="Remove what is damaged; builds make it again.")
@pass_common
def verify(common: Common, repair: bool) -> int:
    """Read all of the cache and compare it with its digests. Damage is exit code 5."""
    from wbuild.cache import inventory
    from wbuild.cache.sweep import discard

    world, console = common.world(), common.console
    count, damage = inventory.verify(world.cache, world.doors.files)
    lines = [f"  {found.what}" for found in damage]
    if damage and not repair:
        raise IntegrityError(
            "WB551",
            f"damaged in the cache: {len(damage)} of {count} files",
            hint="`wbuild cache verify --repair` removes them; a build that meets one makes it again anyway",
            detail="\n".join(lines),
        )
    discard(world.cache, world.doors.files, damage)
    for line in lines:
        console.show(f"{line}: removed")
    console.show(f"{count} files verified" + (f", {len(damage)} of them damaged and removed" if damage else ""))
    return 0


@command.command()
@click.option("--max", "most", type=Size(), metavar="SIZE", help="Bytes that may stay, such as 2GiB.  [default: the setting cache-limit]")
@click.option("--older-than", type=Age(), metavar="AGE", help="Also what was not used for so long: 30d, 2w, 12h.")
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@pass_common
def gc(common: Common, most: int | None, older_than: float | None, dry_run: bool) -> int:
    """Remove the least recently used results. Running builds keep all that they use.

    Projects' own copies of tools' caches go when the project is gone.
    """
    from wbuild.cache.copies import idle_copies, remove
    from wbuild.cache.inventory import size_of
    from wbuild.cache.sweep import SweepLimits, sweep
    from wbuild.text import show

    world, console = common.world(), common.console
    limits = SweepLimits(size=world.open_cache().limit if most is None else most, age=older_than)
    done = sweep(world.cache, world.doors.files, limits, patience=world.lock_timeout, dry=dry_run, say=console.note)
    verb, stays = ("would remove", "would stay") if dry_run else ("removed", "left")
    console.show(f"{verb} {done.results} results and {done.contents} contents ({show.size(done.freed)}); {show.size(done.left)} {stays}")
    copies = list(idle_copies(world.open_cache().shared_roots))
    sizes = [size for copy, size in [(copy, size_of(copy.path)) for copy in copies] if dry_run or remove(copy, world.doors.files)]
    if sizes:
        console.show(f"{verb} {len(sizes)} copies of tools' caches whose projects are gone ({show.size(sum(sizes))})")
    if done.spared:
        console.note(f"{done.spared} results stay over the limit, because a running build may use them")
    return 0
