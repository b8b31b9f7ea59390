"""All recipes, shipped ones and a project's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from wbuild.model.host_recipe import HostRecipe, RuntimeRecipe
from wbuild.model.language_recipe import LanguageRecipe
from wbuild.model.tool_recipe import SHIPPED, ToolRecipe


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalog:
    """All recipes, by name."""

    tools: Mapping[str, ToolRecipe]
    languages: Mapping[str, LanguageRecipe]
    runtimes: Mapping[str, RuntimeRecipe]
    hosts: Mapping[str, HostRecipe] = field(default_factory=dict)
    optimizers: tuple[str, ...] = ()
    """Names of the tools that optimize; the first serves builds."""
    digest: str
    """SHA-256 over the project's own recipes, "" without any."""

    def wants_trust(self, recipe: ToolRecipe | LanguageRecipe | RuntimeRecipe) -> bool:
        """Whether a recipe is the project's own and brings something from elsewhere, or starts something that sees the network.

        What only uses shipped tools, inside the fence, needs nobody's word.
        """
        if recipe.origin == SHIPPED:
            return False
        if isinstance(recipe, ToolRecipe):
            return any(route.origin != SHIPPED for route in recipe.routes)
        if isinstance(recipe, LanguageRecipe):
            own = (chain for chain in recipe.toolchains if chain.origin != SHIPPED)
            return any(chain.lock or any(step.network for step in chain.steps) for chain in own)
        return True

    def language(self, name: str) -> LanguageRecipe | None:
        """The language with this name or alias."""
        if name in self.languages:
            return self.languages[name]
        for recipe in self.languages.values():
            if name in recipe.aliases:
                return recipe
        return None
