"""`wbuild languages`: what can be built, with which toolchains, for which targets."""

from __future__ import annotations

import json

import click

from wbuild.cli.options import ClickCommand, format_option, pass_common
from wbuild.model.shipped import Catalog
from wbuild.report.table import Cell, render
from wbuild.session.call import Common
from wbuild.session.project import catalog_of
from wbuild.text.show import escape


@click.command(cls=ClickCommand)
@format_option
@pass_common
def command(common: Common, format_: str) -> int:
    """List the languages, their category, toolchains and targets."""
    catalog = catalog_of(common.start)
    if format_ == "json":
        common.console.result(json.dumps(document(catalog), indent=2))
    else:
        common.console.page(table(catalog))
    return 0


def table(catalog: Catalog) -> str:
    """One row a language."""
    head = [Cell(title) for title in ("language", "title", "category", "aliases", "toolchains", "targets")]
    rows = [
        [
            Cell(escape(text))
            for text in (
                recipe.name,
                recipe.title,
                recipe.category,
                ", ".join(recipe.aliases),
                ", ".join(t.name for t in recipe.toolchains),
                ", ".join(recipe.targets),
            )
        ]
        for recipe in catalog.languages.values()
    ]
    return render([head, *rows])


def document(catalog: Catalog) -> dict[str, object]:
    """The languages of a catalogue as the document `wbuild.languages/1`."""
    languages = [
        {
            "name": recipe.name,
            "title": recipe.title,
            "category": recipe.category,
            "aliases": list(recipe.aliases),
            "toolchains": [t.name for t in recipe.toolchains],
            "targets": list(recipe.targets),
            "options": {option.name: option.doc for option in recipe.options},
            "origin": recipe.origin,
        }
        for recipe in catalog.languages.values()
    ]
    return {"schema": "wbuild.languages/1", "languages": languages}
