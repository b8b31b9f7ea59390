"""What the steps of a toolchain may say: their outputs, and what they read of each other's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from wbuild.catalog.rules import RecipeContext
from wbuild.model.language_recipe import StepRecipe, ToolchainRecipe
from wbuild.steps.words import TemplateError, placeholders
from wbuild.text.names import name_problem, path_form, quoted
from wbuild.text.units import FormError
from wbuild.toml.locate import Path
from wbuild.toml.problems import dotted

__all__ = ["check_prepares", "check_steps"]

_VERB: Final = re.compile(r"[a-z][a-z0-9-]*")
_SUFFIX: Final = re.compile(r"\.[A-Za-z0-9][A-Za-z0-9._-]*")
_STEP: Final = "step."
_PREPARE: Final = "prepare."


def check_steps(context: RecipeContext, path: Path, toolchain: ToolchainRecipe, known: Iterable[str]) -> None:
    """Note what is wrong with the steps of a toolchain; `known`: placeholders that each may use."""
    prepared = {f"{_PREPARE}{recipe.verb}": f"{recipe.verb}/" for recipe in toolchain.prepares if not recipe.fills}
    made: dict[str, str] = dict(prepared)
    verbs = {recipe.verb for recipe in toolchain.prepares}
    for position, step in enumerate(toolchain.steps):
        where: Path = (*path, "step", position)
        last = position == len(toolchain.steps) - 1
        names = _Names(context=context, known=(*known, *made), made=made)
        _check_verb(context, where, step.verb, verbs)
        _check_words(names, where, step)
        _check_form(context, where, step, last=last)
        _check_each(names, where, step)
        _check_files(names, where, step, last=last)
        for index, verb in enumerate(step.after):
            if verb not in {recipe.verb for recipe in toolchain.prepares}:
                message = f"no [[toolchain.prepare]] has the verb {quoted(verb)}"
                context.faults.add("WB225", (*where, "after", index), message, near=(verb, [one.verb for one in toolchain.prepares]))
        if not step.network:
            made[f"{_STEP}{step.verb}"] = f"{step.verb}/" if isinstance(step.each, str) else step.out


def check_prepares(context: RecipeContext, path: Path, toolchain: ToolchainRecipe, known: tuple[str, ...]) -> None:
    """Note what is wrong with what a toolchain prepares."""
    verbs: set[str] = set()
    for position, recipe in enumerate(toolchain.prepares):
        where: Path = (*path, "prepare", position)
        _check_verb(context, where, recipe.verb, verbs)
        context.templates((*where, "run"), recipe.run, known)
        for name, template in {**toolchain.env, **recipe.env}.items():
            context.template((*where, "env", name), template, known)
        if not any("{out}" in word for word in (*recipe.run, *recipe.env.values())):
            context.faults.add("WB226", where, "no word and no variable has {out}, the folder that it fills", part="key")
        if recipe.fills and not recipe.fills.startswith("{cache}"):
            message = f"fills: {quoted(recipe.fills)} is not the tool's cache"
            context.faults.add("WB225", (*where, "fills"), message, hint='write "{cache}", or a folder in it')


class _Names:
    """The placeholders of one step."""

    def __init__(self, *, context: RecipeContext, known: tuple[str, ...], made: Mapping[str, str]) -> None:
        self.context = context
        self.known = known
        self.made = made

    def template(self, path: Path, template: str) -> None:
        """Note unknown placeholders, and files in what is no folder."""
        try:
            names = placeholders(template)
        except TemplateError:
            names = ()
        found = [name for name in names if name.startswith((_STEP, _PREPARE)) and "/" in name]
        for name in found:
            step = name.partition("/")[0]
            if step in self.made and not self.made[step].endswith("/"):
                message = f"{dotted(path)}: {{{step}}} is no folder, so no file of it can be named"
                self.context.faults.add("WB226", path, message, hint=f"write {{{step}}}, or end its `out` with a slash")
        files = [name for name in found if name.partition("/")[0] in self.made]
        self.context.template(path, template, (*self.known, *files))


def _check_verb(context: RecipeContext, path: Path, verb: str, verbs: set[str]) -> None:
    if _VERB.fullmatch(verb) is None:
        hint = "use small letters, digits and hyphens"
        context.faults.add("WB225", (*path, "verb"), f"{quoted(verb)} cannot be a verb: others name it in {{step.VERB}}", hint=hint)
    if verb in verbs:
        context.faults.add("WB225", (*path, "verb"), f"two steps of the toolchain have the verb {quoted(verb)}")
    verbs.add(verb)


def _check_words(names: _Names, path: Path, step: StepRecipe) -> None:
    for position, word in enumerate(step.run):
        names.template((*path, "run", position), word)
    names.template((*path, "result"), step.result)
    names.template((*path, "evidence"), step.evidence)
    for name, template in step.env.items():
        names.template((*path, "env", name), template)
    if step.depfile and not any("{depfile}" in word for word in step.run):
        names.context.faults.add("WB226", (*path, "depfile"), "depfile is true, and no word has {depfile}")


def _check_form(context: RecipeContext, path: Path, step: StepRecipe, *, last: bool) -> None:
    """What a step is: a program or a builtin, for each source or once, with or without an output of its own."""
    if bool(step.run) == bool(step.builtin):
        context.faults.add("WB225", (*path, "run") if step.run else path, "a step runs something: a program or a builtin", part="key")
    if step.builtin and step.each:
        context.faults.add("WB225", (*path, "each"), "a builtin runs once")
    if step.each and (last or not step.out):
        problem = "the last step makes the module, so it cannot be `each`" if last else 'a step for each source needs `out`, such as ".o"'
        context.faults.add("WB225", path, problem, part="key")
    elif last and step.out:
        context.faults.add("WB225", (*path, "out"), "the last step makes the module, so it has no `out`", part="key")
    elif not (last or step.out or step.network):
        hint = 'add out = "NAME", or "NAME/" for a folder; later steps read it as {step.VERB}'
        context.faults.add(
            "WB225", path, "only the last step makes the module: this one needs a name for what it makes", hint=hint, part="key"
        )
    if not step.each and step.out:
        _check_out(context, (*path, "out"), step)


def _check_files(names: _Names, path: Path, step: StepRecipe, *, last: bool) -> None:
    """What is shipped beside the module."""
    suffixes: set[str] = set()
    for position, one in enumerate(step.files):
        where: Path = (*path, "file", position)
        names.template((*where, "result"), one.result)
        if not last:
            names.context.faults.add("WB225", where, "only the last step leaves files that are shipped", part="key")
        if _SUFFIX.fullmatch(one.suffix) is None or one.suffix in (*suffixes, ".wasm") or one.suffix.startswith(".wasm."):
            message = f"suffix: {quoted(one.suffix)} is no ending of its own"
            names.context.faults.add("WB225", (*where, "suffix"), message, hint='such as ".js" or ".d.ts"')
        suffixes.add(one.suffix)


def _check_out(context: RecipeContext, path: Path, step: StepRecipe) -> None:
    """The name of a file or folder that a step makes."""
    try:
        plain = path_form(step.out.rstrip("/")) == step.out.rstrip("/") and not step.out.startswith((".", "/"))
    except FormError:
        plain = False
    if not plain or any(name_problem(part) for part in step.out.rstrip("/").split("/")):
        context.faults.add(
            "WB225", path, f"out: {quoted(step.out)} is no name of a file", hint='such as "main.c", or "generated/" for a folder'
        )
    if step.out.endswith("/") and (step.result or step.builtin):
        context.faults.add("WB225", path, "a folder is made by a program that writes {out}")


def _check_each(names: _Names, path: Path, step: StepRecipe) -> None:
    """The files of a folder that a step is run for."""
    if not isinstance(step.each, str):
        return
    try:
        found = placeholders(step.each)
    except TemplateError:
        found = ()
    verb, slash, _ = found[0].partition("/") if len(found) == 1 else ("", "", "")
    whole = len(found) == 1 and step.each == f"{{{found[0]}}}"
    if not whole or not slash or not verb.startswith(_STEP):
        message = f"each: {quoted(step.each)} does not say which files"
        names.context.faults.add(
            "WB225", (*path, "each"), message, hint='true for each source, or "{step.VERB/GLOB}" for files of a folder'
        )
        return
    names.template((*path, "each"), step.each)
    for key, used in (("result", step.result), ("evidence", step.evidence)):
        if used:
            names.context.faults.add("WB225", (*path, key), f"a step for each file of a folder has no `{key}`", part="key")
