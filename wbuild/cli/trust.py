"""`wbuild trust`: what a project has that wbuild does not believe without the user's word."""

from __future__ import annotations

from pathlib import Path

import click

from wbuild.cli.options import ClickCommand, pass_common
from wbuild.errors import UsageError
from wbuild.session.call import Common
from wbuild.session.project import home, open_project, shown
from wbuild.session.trusted import Trust, Word, digest_of, links_of, tracked_of
from wbuild.text.show import escape


@click.command(cls=ClickCommand)
@click.option("--list", "list_", is_flag=True, help="Show what is remembered, of all projects.")
@click.option("--forget", is_flag=True, help="Forget what is remembered of this project.")
@pass_common
def command(common: Common, list_: bool, forget: bool) -> int:
    """Say that links and files of git at .wbuild and dist, and own recipes, are meant.

    It counts for you alone, for this project, and for its links and recipes as they are now.
    """
    if list_ and forget:
        raise UsageError("WB260", "--list and --forget exclude each other", hint="use one of them")
    trust = Trust(environ=common.environ, start=common.start)
    if list_:
        words = trust.words()
        lines = [line for place, word in sorted(words.items()) for line in _lines(place, word)]
        common.console.page("\n".join(lines or ["nothing is remembered"]))
        return 0
    folder, files = home(common.start)[0], common.world().doors.files
    if forget:
        known = trust.about(folder)
        if known != Word():
            trust.remember(folder, Word(), files)
        common.console.show("forgotten" if known != Word() else "nothing was remembered")
        return 0
    digest = digest_of(open_project(common.start))
    word = Word(links=links_of(folder), recipes=(digest,) if digest else (), tracked=tracked_of(folder))
    if word == Word():
        lacks = "no link at .wbuild or dist, no file of git in them, and no recipes of its own"
        common.console.show(f"nothing to remember: {shown(folder)} has {lacks}")
        return 0
    trust.remember(folder, word, files)
    common.console.show("\n".join(["remembered, for you alone:", *_lines(str(folder), word), *_meaning(folder, word)]))
    return 0


def _lines(place: str, word: Word) -> list[str]:
    recipes = [f"  recipes {digest[:16]}…" for digest in word.recipes]
    known = [f"  files that git tracks in {name}" for name in word.tracked]
    return [escape(place), *(escape(f"  {name} → {target}") for name, target in word.links.items()), *known, *recipes]


def _meaning(folder: Path, word: Word) -> list[str]:
    """What follows from it."""
    told = []
    if word.links:
        told.append("wbuild writes and removes files behind these links, as long as they lead there")
    if word.tracked:
        told.append(f"wbuild replaces and removes files in {' and '.join(word.tracked)} though git tracks them")
    if word.recipes:
        told.append("the recipes may fetch tools and look for programs of this machine; a change in one asks again")
    return [*told, f"`wbuild trust --forget` in {escape(shown(folder))} takes it back"]
