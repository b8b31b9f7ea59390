"""How much a language's tools weigh, as far as a lock knows."""

from __future__ import annotations

from collections.abc import Mapping

from wbuild.errors import WbuildError
from wbuild.model.shipped import Catalog
from wbuild.session.call import Common
from wbuild.session.tool_shelf import shelf


def download_sizes(common: Common, catalog: Catalog) -> Mapping[str, int]:
    """Language → bytes to download for its first toolchain that the lock holds for this machine."""
    found = shelf(common)
    sizes: dict[str, int] = {}
    for language in catalog.languages.values():
        for toolchain in language.toolchains:
            if toolchain.tools and all(found.pin(tool) for tool in toolchain.tools):
                try:
                    sizes[language.name] = sum(pin.size for pin in found.pins(toolchain.tools))
                except WbuildError:
                    continue
                break
    return sizes
