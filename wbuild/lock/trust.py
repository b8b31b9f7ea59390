"""Recipes that a project brings along: what they may do before the user has said that they are meant. Pure."""

from __future__ import annotations

from typing import Final

from wbuild.doors.interfaces import Doors
from wbuild.errors import ProvisionError
from wbuild.model.host_recipe import RuntimeRecipe
from wbuild.model.language_recipe import LanguageRecipe
from wbuild.model.locked import Unavailable
from wbuild.model.shipped import Catalog
from wbuild.model.tool_recipe import ToolRecipe

CODE: Final = "WB440"
HINT: Final = (
    "read the recipe, then `wbuild trust` once: it allows the recipes of this project, as they are now, to fetch tools, to look for "
    "programs of this machine and to start them"
)


def refused(recipe: ToolRecipe | LanguageRecipe | RuntimeRecipe | None, catalog: Catalog, doors: Doors) -> bool:
    """Whether a recipe may not do what needs the user's word."""
    return recipe is not None and catalog.wants_trust(recipe) and not doors.trusts()


def why(recipe: ToolRecipe | LanguageRecipe | RuntimeRecipe) -> str:
    """The reason, for messages."""
    return f"it comes from {recipe.origin}, a recipe of this project that you have not trusted yet"


def refusal(recipe: ToolRecipe | LanguageRecipe | RuntimeRecipe, what: str) -> ProvisionError:
    """The error for what a recipe may not do yet."""
    return ProvisionError(CODE, f"{recipe.name}: {what}: {why(recipe)}", hint=HINT)


def untrusted(recipe: ToolRecipe) -> Unavailable:
    """The entry of a tool whose recipe may not bring it yet."""
    return Unavailable(reason=why(recipe), hint=HINT, code=CODE)
