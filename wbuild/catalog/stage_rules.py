"""What stages of an optimizer may say: their inputs, and the placeholders of their command lines."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, get_args

from wbuild.catalog.rules import RecipeContext
from wbuild.model.language_recipe import LanguageRecipe
from wbuild.model.tool_recipe import OptimizerRecipe, OptimizerStage, ToolRecipe
from wbuild.model.written import Debug, Level
from wbuild.text.names import name_problem, quoted
from wbuild.toml.locate import Path

__all__ = ["COMPILED", "STAGE_WORDS", "check_language_optimizer", "check_optimizer", "stages_of"]

COMPILED: Final = "compiled"
"""The module as compiled, among inputs of stages."""
STAGE_WORDS: Final = ("in", "out", "features", "debug", "language")
_LEVELS: Final = tuple(level for level in get_args(Level) if level != "none")


def stages_of(optimizer: OptimizerRecipe, language: LanguageRecipe, level: str) -> tuple[OptimizerStage, ...]:
    """The stages for modules of a language: the optimizer's own, without those that the language forbids, replaced and added to."""
    own = {stage.name: stage for stage in language.optimizer.levels.get(level, ())}
    known = (own.pop(stage.name, stage) for stage in optimizer.levels.get(level, ()))
    return tuple(stage for stage in (*known, *own.values()) if stage.name not in language.optimizer.without)


def check_optimizer(context: RecipeContext, tool: ToolRecipe) -> None:
    """Note what is wrong with a tool's `[optimizer]`."""
    optimizer = tool.optimizer
    if optimizer is None:
        return
    _check_levels(context, optimizer.levels, optimizer.levels, context.programs([tool.name]))
    for setting in optimizer.debug:
        if setting not in get_args(Debug):
            message = f"{quoted(setting)} is not a debug setting"
            context.faults.add("WB225", ("optimizer", "debug", setting), message, near=(setting, get_args(Debug)), part="key")


def check_language_optimizer(context: RecipeContext, language: LanguageRecipe) -> None:
    """Note what is wrong with a language's `[optimizer]`, as part of what the optimizer of the catalogue does."""
    own = language.optimizer
    tool = next((context.catalog.tools[name] for name in context.catalog.optimizers), None)
    optimizer = (tool.optimizer if tool else None) or OptimizerRecipe()
    names = {stage.name for stages in optimizer.levels.values() for stage in stages}
    for position, name in enumerate(own.without):
        if name not in names:
            message = f"no stage of the optimizer is called {quoted(name)}"
            context.faults.add("WB225", ("optimizer", "without", position), message, near=(name, names))
    whole = {level: stages_of(optimizer, language, level) for level in (*optimizer.levels, *own.levels)}
    _check_levels(context, own.levels, whole, context.programs([tool.name] if tool else ()))
    for level, stages in whole.items():
        for stage in stages:
            lost = next((name for name in stage.from_ if name in own.without), "")
            if lost and level in optimizer.levels:
                message = f"{stage.name} goes on from {lost}, which this language does without"
                context.faults.add("WB225", ("optimizer", "without"), message, hint=f"add {quoted(stage.name)}")


def _check_levels(
    context: RecipeContext,
    levels: Mapping[str, Sequence[OptimizerStage]],
    whole: Mapping[str, Sequence[OptimizerStage]],
    programs: Iterable[str],
) -> None:
    """`levels`: those of the recipe; `whole`: all stages of each level, in their order."""
    for level, stages in levels.items():
        path: Path = ("optimizer", "levels", level)
        if level not in _LEVELS:
            context.faults.add("WB225", path, f"{quoted(level)} is not a level that optimizes", near=(level, _LEVELS), part="key")
        order = [stage.name for stage in whole[level]]
        for position, stage in enumerate(stages):
            where: Path = (*path, position)
            named = (f"in:{name}" for name in stage.from_)
            context.templates((*where, "run"), stage.run, (*STAGE_WORDS, *named, *programs))
            if stage.name in [other.name for other in stages[:position]]:
                context.faults.add("WB225", (*where, "name"), f"two candidates of {level} are called {quoted(stage.name)}")
            if stage.name == COMPILED or name_problem(stage.name):
                context.faults.add("WB225", (*where, "name"), f"{quoted(stage.name)} cannot be the name of a stage")
            if bool(stage.run) == bool(stage.builtin):
                context.faults.add("WB225", (*where, "run") if stage.run else where, "a stage is a program or a builtin", part="key")
            before = (COMPILED, *order[: order.index(stage.name)]) if stage.name in order else (COMPILED,)
            for at, name in enumerate(stage.from_):
                if name not in before:
                    message = f"no stage before {stage.name} is called {quoted(name)}"
                    context.faults.add("WB225", (*where, "from", at), message, near=(name, before))
            if not stage.from_:
                context.faults.add("WB225", (*where, "from"), "a stage works on something", hint=f"write {quoted(COMPILED)}")
