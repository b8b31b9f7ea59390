"""`wbuild hosts`: the systems that an artifact can be made to fit, and what one of them gives and asks."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from textwrap import wrap

import click

from wbuild.cli.options import ClickCommand, format_option, pass_common
from wbuild.errors import UsageError
from wbuild.model.host_recipe import HostModule, HostRecipe
from wbuild.model.shipped import Catalog
from wbuild.report.table import Cell, render
from wbuild.session.call import Common
from wbuild.session.project import catalog_of
from wbuild.text.names import quoted
from wbuild.text.nearest import suggestion
from wbuild.text.show import escape


@click.command(cls=ClickCommand)
@click.argument("host", required=False)
@format_option
@pass_common
def command(common: Common, host: str | None, format_: str) -> int:
    """List the hosts; with HOST, everything that it gives and asks."""
    catalog = catalog_of(common.start)
    chosen = [named(catalog, host)] if host else list(catalog.hosts.values())
    if format_ == "json":
        common.console.result(json.dumps(document(chosen), indent=2, ensure_ascii=False))
    else:
        common.console.page(text(chosen[0]) if host else table(chosen))
    return 0


def named(catalog: Catalog, name: str) -> HostRecipe:
    """The host with this name. Raises UsageError with the nearest."""
    found = catalog.hosts.get(name)
    if found is None:
        raise UsageError("WB285", f"unknown host {quoted(name)}", hint=suggestion(name, catalog.hosts))
    return found


def table(hosts: list[HostRecipe]) -> str:
    """One row a host."""
    head = [Cell(title) for title in ("host", "title", "takes", "targets", "implied by")]
    rows = [
        [
            Cell(escape(cell))
            for cell in (
                host.name,
                host.title,
                ", ".join(_forms(host)),
                ", ".join(host.targets),
                ", ".join(dict.fromkeys(name for names in host.implied_by.values() for name in names[:1])),
            )
        ]
        for host in hosts
    ]
    return render([head, *rows])


def text(host: HostRecipe) -> str:
    """Everything about one host."""
    lines = [f"{host.name}: {host.title}" + (f", {host.homepage}" if host.homepage else "")]
    lines += _entry("takes", _forms(host))
    lines += _entry("targets", host.targets)
    lines += _entry("refuses", host.denied)
    for form, terms in (("module", host.module), ("component", host.component)):
        if terms is not None:
            lines += _entry(f"a {form} must export", terms.exports)
            imports = (
                [f"{module}: {', '.join(names)}" for module, names in terms.imports.items()]
                if isinstance(terms, HostModule)
                else terms.imports
            )
            lines += [f" a {form} may import", *(part for entry in imports for part in _wrapped(entry))]
    for ecosystem, names in host.implied_by.items():
        lines += _entry(f"implied by {ecosystem}", names)
    lines += _entry("read from", host.source)
    return "\n".join([*lines, f" on: {host.date}"]) + "\n"


def _forms(host: HostRecipe) -> list[str]:
    return [name for name, terms in (("core modules", host.module), ("components", host.component)) if terms is not None]


def _entry(title: str, words: object) -> list[str]:
    assert isinstance(words, list | tuple)
    return [f" {title}: {escape(', '.join(words))}"] if words else []


def _wrapped(entry: str) -> Iterator[str]:
    yield from wrap(escape(entry), 110, initial_indent="   ", subsequent_indent="     ", break_on_hyphens=False)


def document(hosts: list[HostRecipe]) -> dict[str, object]:
    """Hosts as the document `wbuild.hosts/1`."""
    return {"schema": "wbuild.hosts/1", "hosts": [asdict(host) for host in hosts]}
