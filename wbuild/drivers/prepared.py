"""What a toolchain prepares before any artifact is built: one step for all artifacts that need the same, in all projects."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from wbuild.drivers.build import Build
from wbuild.model.language_recipe import PrepareRecipe
from wbuild.model.locked import Pin
from wbuild.model.planned import FirstUse, In, Late, Out, Step, Tool, Word
from wbuild.steps.words import Value, fill, fill_all, placeholders, portable
from wbuild.text.project_names import PREPARED

__all__ = ["PREPARE", "Prepared", "prepared"]

PREPARE: Final = "prepare."
"""How a placeholder begins that names what was prepared."""
_DIGITS: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """The prepare steps of a build, and what others read of them."""

    steps: tuple[Step, ...]
    made: Mapping[str, str] = field(default_factory=dict)
    """Verb → the folder, with a slash at its end."""
    scope: Mapping[str, Value] = field(default_factory=dict)
    """Meaning of {prepare.VERB} and {prepare.VERB/GLOB}."""

    def read(self, name: str) -> tuple[str, ...]:
        """The folder that a placeholder reads, if it reads one."""
        folder = self.made.get(name.removeprefix(PREPARE).partition("/")[0]) if name.startswith(PREPARE) else None
        return (folder,) if folder else ()

    def before(self, verbs: Iterable[str]) -> tuple[str, ...]:
        """Folders that must be there before a step which does not read them."""
        return tuple(self.made[verb] for verb in verbs if verb in self.made)


def prepared(build: Build, scope: Mapping[str, Value]) -> Prepared:
    """The steps of `[[toolchain.prepare]]` that a build needs, and the folders that they make.

    `scope`: the meaning of placeholders that no step changes and that name no file of the project.
    """
    recipes = [recipe for recipe in build.toolchain.prepares if not recipe.targets or build.target in recipe.targets]
    if not recipes:
        return Prepared(steps=())
    steps = tuple(_step(build, recipe, scope) for recipe in recipes)
    made = {recipe.verb: step.outputs[0] for recipe, step in zip(recipes, steps, strict=True)}
    words: dict[str, Value] = {f"{PREPARE}{verb}": In(folder.rstrip("/")) for verb, folder in made.items()}
    for template in (template for recipe in build.toolchain.steps for template in (*recipe.run, *recipe.env.values())):
        for name in placeholders(template):
            verb, _, glob = name.removeprefix(PREPARE).partition("/")
            if name.startswith(PREPARE) and glob and verb in made:
                words[name] = [(Late(made[verb], glob),)]
    return Prepared(steps=steps, made=made, scope=words)


def _pins(build: Build, templates: Iterable[str]) -> tuple[Pin, ...]:
    """The tools that some templates start or read: others of the toolchain do not change what is made."""
    names = [name.partition(":") for template in templates for name in placeholders(template) if ":" in name]
    wanted: list[str] = []
    for kind, _, argument in names:
        if kind == "file":
            wanted.append(argument.partition("/")[0])
        wanted += [tool for tool in build.toolchain.tools if kind in ("bin", "path") and argument in build.kit.pin(tool).bin]
    return build.kit.closure(dict.fromkeys(wanted))


def _step(build: Build, recipe: PrepareRecipe, scope: Mapping[str, Value]) -> Step:
    """One of them. Its name says all that its command line says, so that two builds which need the same have the same step."""
    chain = build.toolchain
    env = {**chain.env, **recipe.env}
    pins = _pins(build, (*recipe.run, *env.values()))

    def filled(out: str) -> tuple[Tool, dict[str, Word]]:
        here = {**scope, "out": Out(out)}
        return Tool(argv=fill_all(recipe.run, here)), {name: fill(template, here)[0] for name, template in env.items()}

    words, variables = filled("")
    spelled = [
        *map(portable, words.argv),
        *(f"{name}={portable(word)}" for name, word in sorted(variables.items())),
        *recipe.texts.values(),
    ]
    mark = hashlib.sha256("\0".join((*spelled, *recipe.keep, recipe.fills)).encode("utf-8", "surrogateescape")).hexdigest()[:_DIGITS]
    folder = f"{PREPARED}/{chain.name}-{recipe.verb}-{mark}/"
    action, variables = filled(folder)
    return Step(
        name=f"{chain.name}:{recipe.verb}:{mark}",
        verb="prepare",
        label=f"{recipe.title or chain.name} ({build.target})",
        artifact="",
        action=action,
        outputs=(folder,),
        keep=recipe.keep,
        fills=fill(recipe.fills, scope)[0] if recipe.fills else (),
        texts=recipe.texts,
        pins=pins,
        env=variables,
        optional=bool(recipe.fills),  # the tool makes at its first use what it does not find
        timeout=recipe.timeout,
        memory=recipe.memory,
        first_use=FirstUse(cache=pins[0].identity, key=mark, message=recipe.first_use) if recipe.first_use and pins else None,
    )
