"""What is put together from several tables: a language's words with those of its toolchains, a shipped recipe with what a project adds."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from wbuild.model.language_recipe import LanguageExtension, LanguageRecipe, ToolchainRecipe, Words
from wbuild.model.tool_recipe import Extends, ToolExtension, ToolRecipe

__all__ = ["complete", "extended_language", "extended_tool", "shared_words"]

T = TypeVar("T")


def complete(recipe: LanguageRecipe) -> LanguageRecipe:
    """A language as the rest of wbuild reads it: each toolchain with the words that it shares with the others."""
    chains = (replace(chain, words=shared_words(recipe.words, chain)) for chain in recipe.toolchains)
    return replace(recipe, toolchains=tuple(chains)) if recipe.words else recipe


def shared_words(shared: Words, chain: ToolchainRecipe) -> Words:
    """A language's tables of words, entry by entry replaced and added to by those of one toolchain."""
    tables = dict.fromkeys((*shared, *chain.words))
    return {table: {**shared.get(table, {}), **chain.words.get(table, {})} for table in tables}


def extended_tool(tool: ToolRecipe, addition: ToolExtension, origin: str) -> ToolRecipe:
    """A tool with a project's routes; it counts as the project's own."""
    routes = tuple(replace(route, origin=origin) for route in addition.routes)
    return replace(tool, routes=_joined(tool.routes, routes, addition.extends), origin=origin)


def extended_language(language: LanguageRecipe, addition: LanguageExtension, origin: str) -> LanguageRecipe:
    """A language with a project's toolchains and options; it counts as the project's own."""
    new = {chain.name: replace(chain, origin=origin) for chain in addition.toolchains}
    kept = tuple(new.pop(chain.name, chain) for chain in language.toolchains)
    options = {option.name: option for option in (*language.options, *addition.options)}
    chains = _joined(kept, tuple(new.values()), addition.extends)
    return replace(language, toolchains=chains, options=tuple(options.values()), origin=origin)


def _joined(shipped: tuple[T, ...], own: tuple[T, ...], where: Extends) -> tuple[T, ...]:
    return (*own, *shipped) if where == "first" else (*shipped, *own)
