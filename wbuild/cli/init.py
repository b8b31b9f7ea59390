"""`wbuild init`: a new project, or one more artifact of the project around it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from wbuild.cli.options import ClickCommand, pass_common
from wbuild.errors import UsageError
from wbuild.init.scaffold import ProjectDraft, Wish, choose, draft, starters
from wbuild.model.language_recipe import LanguageRecipe
from wbuild.model.shipped import Catalog
from wbuild.session.call import Common
from wbuild.session.shipped_data import template_texts
from wbuild.text.names import quoted
from wbuild.text.units import show_bytes

if TYPE_CHECKING:
    from wbuild.init.files import Destination


@dataclass(frozen=True, slots=True, kw_only=True)
class InitOptions:
    """The options of `init`."""

    dir: str | None
    lang: tuple[str, ...]
    target: str
    kind: str | None
    template: str
    name: str
    dry_run: bool
    yes: bool
    new: bool
    list_: bool


@click.command(cls=ClickCommand)
@click.argument("dir", required=False)
@click.option("--lang", metavar="L", multiple=True, help="Language; several make one artifact each.")
@click.option("--target", metavar="T", default="", help="What to build for.")
@click.option("--kind", type=click.Choice(["command", "reactor"]), help="A program, or functions that a host calls.")
@click.option("--template", metavar="T", default="", help="Another starter than the language's first; --list shows them.")
@click.option("--name", default="", help="Name of the artifact; default: the folder's.")
@click.option("--dry-run", is_flag=True, help="Show what would be written.")
@click.option("--yes", is_flag=True, help="Accept the proposal for code that is already there.")
@click.option("--new", is_flag=True, help="A new project even inside another one.")
@click.option("--list", "list_", is_flag=True, help="List languages, starters and the size of their tools.")
@pass_common
def command(common: Common, **options: object) -> int:
    """Make a project that builds, or add an artifact to the project around DIR.

    Without --lang in a folder that holds code: propose a manifest for what is there.
    """
    from wbuild.init import files
    from wbuild.session.project import catalog_of

    asked = InitOptions(**options)  # type: ignore[arg-type]
    if asked.list_:
        return _list(common)
    place = files.locate(common.start, asked.dir, asked.name, new=asked.new)
    catalog = catalog_of(place.folder if place.text is not None else common.start)
    drafts = _drafts(asked, place, catalog) if asked.lang else files.proposal(place, catalog, common.world().doors.files)
    if not asked.lang and not asked.dry_run and not asked.yes:
        files.confirm(place, drafts, common.console)
    plan = files.arrange(place, drafts, catalog)
    if asked.dry_run:
        files.show(plan, common.console)
        return 0
    files.write(plan, catalog, common)
    return 0


def _drafts(asked: InitOptions, place: Destination, catalog: Catalog) -> dict[str, ProjectDraft]:
    """One draft a language, by the artifact's name."""
    available = starters(template_texts())
    several = len(asked.lang) > 1
    drafts: dict[str, ProjectDraft] = {}
    for word in dict.fromkeys(asked.lang):
        language = language_of(catalog, word)
        name = f"{place.name}-{language.name}" if several else place.name
        path = (Path(place.path) / name).as_posix() if several else place.path
        wish = Wish(language=language, name=name, path=path, target=asked.target, kind=asked.kind or "", template=asked.template)
        drafts[name] = draft(choose(available, wish), wish)
    return drafts


def language_of(catalog: Catalog, word: str) -> LanguageRecipe:
    """The language with this name or alias. Raises UsageError with the nearest."""
    from wbuild.text.nearest import nearest

    found = catalog.language(word.lower())
    if found is None:
        names = [*catalog.languages, *(alias for recipe in catalog.languages.values() for alias in recipe.aliases)]
        near = nearest(word, names)
        hint = f"did you mean {quoted(near)}?" if near else f"there is: {', '.join(catalog.languages)}"
        raise UsageError("WB275", f"unknown language {quoted(word)}", hint=hint)
    return found


def _list(common: Common) -> int:
    from wbuild.report.table import Cell, render
    from wbuild.session.project import catalog_of
    from wbuild.session.tool_sizes import download_sizes

    catalog = catalog_of(common.start)
    available = starters(template_texts())
    sizes = download_sizes(common, catalog)
    head = [Cell(title) for title in ("language", "category", "tools", "starters")]
    rows = []
    for recipe in catalog.languages.values():
        names = [f"{s.name} ({s.kind})" for s in available if s.language == (recipe.template or recipe.name)]
        size = sizes.get(recipe.name)
        rows.append([Cell(recipe.name), Cell(recipe.category), Cell(show_bytes(size) if size else "–"), Cell(", ".join(names))])
    common.console.page(render([head, *rows]))
    return 0
