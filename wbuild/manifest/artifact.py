"""`[artifact.NAME]`: decoding, and the rules that one artifact and all of them together must keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from posixpath import join, normpath
from typing import Any, Final, get_args

from wbuild.manifest.boundary import Boundary
from wbuild.manifest.check import check_rules
from wbuild.manifest.control import controls
from wbuild.manifest.defaults import Defaults
from wbuild.manifest.needs import check_needs
from wbuild.model.language_recipe import LanguageRecipe, Option, OptionType, ToolchainRecipe
from wbuild.model.shipped import Catalog
from wbuild.model.written import Artifact, Glob, Kind, OptionValue, Target
from wbuild.text.names import name_hint, name_problem, quoted, secret_problem, variable_problem, vendor_parts
from wbuild.text.project_names import GIT, LOCK, MANIFEST, OWN
from wbuild.toml.decode import MISFIT, Reader
from wbuild.toml.locate import Path
from wbuild.toml.problems import Faults, dotted
from wbuild.wasm.proposals import aliases_of, features_of

OPTION_TYPES: Final[Mapping[OptionType, Any]] = {
    "string": str,
    "bool": bool,
    "int": int,
    "list": tuple[str, ...],
    "globs": tuple[Glob, ...],
    "paths": tuple[Glob, ...],
}
"""What a recipe calls a type; a single text may stand for a list of globs or paths."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactContext:
    """All that the tables of artifacts are checked against."""

    reader: Reader
    boundary: Boundary
    catalog: Catalog
    toolchains: Mapping[str, str]
    vendor: frozenset[str]
    profiles: frozenset[str]
    defaults: Defaults

    @property
    def faults(self) -> Faults:
        """The list in which problems are noted."""
        return self.reader.faults

    def inside(self, path: str) -> str:
        """A path of the member's file, relative to the project's wbuild.toml."""
        return normpath(join(self.boundary.member, path))

    def noting(self, faults: Faults, member: str = "") -> ArtifactContext:
        """This context with another place for problems, and for paths of another member's file."""
        boundary = replace(self.boundary, faults=faults, member=member or self.boundary.member)
        return replace(self, reader=Reader(faults), boundary=boundary)


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A decoded artifact, and where problems with it are noted."""

    artifact: Artifact
    faults: Faults


def decode_artifact(ground: ArtifactContext, name: str, own: object, *, line: int, single: bool) -> Artifact | None:
    """One artifact with its path, targets, kind and names of checks filled in; None when it cannot be made.

    `own` is its table; what it gets from `[defaults]` is added here. Paths in the result are relative to the project's wbuild.toml.
    """
    path: Path = ("artifact", name)
    ground = ground.noting(ground.defaults.at(path, ground.faults, own))
    data = ground.defaults.under(own)
    problem = name_problem(name)
    if problem:
        ground.faults.add("WB211", path, f"artifact {quoted(name)}: {problem}", hint=name_hint(name), part="key")
    recipe = _language(ground, path, data)
    given = {"name": name, "line": line, "member": ground.boundary.member, "options": {}}
    artifact = ground.reader.table(Artifact, data, path, given=given, ignore={"target", *ground.catalog.languages})
    if artifact is None or not isinstance(data, Mapping):
        return None
    artifact = replace(artifact, path=artifact.path or ("." if single else name), targets=_targets(ground, path, data, artifact, recipe))
    _check_paths(ground, path, artifact)
    _check_environment(ground.faults, path, data.get("env"))
    _check_proposals(ground, path, artifact)
    _check_hosts(ground, path, artifact)
    _check_profiles(ground, path, artifact)
    for tag in artifact.tags:
        if name_problem(tag):
            where = (*path, "tags", artifact.tags.index(tag))
            ground.faults.add("WB211", where, f"tag {quoted(tag)}: {name_problem(tag)}", hint=name_hint(tag))
    if recipe is not None:
        options = _options(ground, (*path, recipe.name), data.get(recipe.name, {}), recipe, artifact.path)
        artifact = replace(artifact, kind=artifact.kind or _kind(ground, artifact, recipe), options=options)
        _check_toolchain(ground, path, data, artifact, recipe)
    artifact = replace(artifact, checks=check_rules(ground.faults, ground.boundary, ground.catalog, path, artifact))
    return replace(artifact, path=ground.inside(artifact.path), out=ground.inside(artifact.out) if artifact.out else "")


def _language(ground: ArtifactContext, path: Path, data: object) -> LanguageRecipe | None:
    name = data.get("lang") if isinstance(data, Mapping) else None
    if not isinstance(name, str):
        return None
    languages = ground.catalog.languages
    recipe = languages.get(name)
    if recipe is None:
        named = ground.catalog.language(name)
        hint = f'in wbuild.toml it is called "{named.name}"' if named else ""
        near = (name, [*languages, *(alias for known in languages.values() for alias in known.aliases)])
        ground.faults.add("WB204", (*path, "lang"), f"unknown language {quoted(name)}", hint=hint, near=near)
        return None
    for other in languages:
        if other != name and isinstance(data, Mapping) and other in data:
            message = f"{dotted((*path, other))} is a table of {languages[other].title}, and lang is {quoted(name)}"
            ground.faults.add("WB227", (*path, other), message, hint=f"move its keys to [{dotted((*path, name))}]", part="key")
    return recipe


def _targets(
    ground: ArtifactContext, path: Path, data: Mapping[str, object], artifact: Artifact, recipe: LanguageRecipe | None
) -> tuple[Target, ...]:
    targets, place = artifact.targets, (*path, "targets")
    if "target" in data:
        place = (*path, "target")
        if "targets" in data:
            ground.faults.add("WB219", place, f"{dotted(path)} has both target and targets", hint="keep one of them", part="key")
        value = ground.reader.value(Target, data["target"], place)
        targets = () if value is MISFIT else (value,)
    elif data.get("targets") == []:
        ground.faults.add("WB223", place, f"{dotted(place)} is empty", hint="leave the key out for the language's default")
    for position, target in enumerate(targets):
        where = place if "target" in data else (*place, position)
        if target in targets[:position]:
            ground.faults.add("WB223", where, f"{dotted(where)}: {quoted(target)} is given twice")
        if recipe is not None and target not in recipe.targets:
            message = f"{dotted(where)}: {recipe.title} does not build for {target}"
            ground.faults.add("WB215", where, message, hint=f"possible: {', '.join(recipe.targets)}")
    return targets or (recipe.targets[:1] if recipe is not None else ())


def _check_paths(ground: ArtifactContext, path: Path, artifact: Artifact) -> None:
    boundary = ground.boundary
    boundary.check((*path, "path"), artifact.path)
    for key, globs in (("inputs", artifact.inputs), ("exclude", artifact.exclude)):
        for position, glob in enumerate(globs):
            _check_glob(ground, (*path, key, position), glob, artifact.path)
    if artifact.out:
        where = (*path, "out")
        boundary.check(where, artifact.out)
        hint = 'choose a file of your own, such as "bin/main.wasm"'
        places = [normpath(artifact.out), ground.inside(artifact.out)]
        control = next((part for place in places if (part := controls(place))), "")
        if any(
            place == "." or place.casefold() in (MANIFEST, LOCK) or place.partition("/")[0].casefold() in {GIT, *OWN} for place in places
        ):
            ground.faults.add("WB209", where, f"{dotted(where)}: {quoted(artifact.out)} belongs to wbuild or git", hint=hint)
        elif control:
            message = f"{dotted(where)}: {quoted(artifact.out)}: tools obey {quoted(control)}, so no build puts a file there"
            ground.faults.add("WB209", where, message, hint=hint)
    elif artifact.out_replaces:
        message = f"{dotted(path)}: out-replaces says what `out` may replace, and there is no out"
        ground.faults.add("WB209", (*path, "out-replaces"), message, hint="add out, or take out-replaces away", part="key")


def _check_glob(ground: ArtifactContext, where: Path, glob: str, base: str) -> None:
    vendor, _ = vendor_parts(glob)
    if vendor and vendor not in ground.vendor:
        message = f"{dotted(where)}: no [vendor.{vendor}] in this file"
        ground.faults.add("WB221", where, message, near=(vendor, sorted(ground.vendor)))
    ground.boundary.check(where, glob, base)


def _check_environment(faults: Faults, path: Path, raw: object) -> None:
    """Note variables that may not be set or read; `raw`, because one value that cannot be decoded leaves the artifact without any."""
    for name, value in raw.items() if isinstance(raw, Mapping) else ():
        where = (*path, "env", name)
        problem = variable_problem(name)
        if problem:
            hint = "tools get what they need from their recipes; use `flags` for more"
            faults.add("WB213", where, f"{dotted(path)}.env: {quoted(name)}: {problem}", hint=hint, part="key")
        origin = value.get("from") if isinstance(value, Mapping) else None
        secret = secret_problem(origin) if isinstance(origin, str) else ""
        if secret:
            faults.add("WB213", (*where, "from"), f"{dotted(where)}.from: {secret}", hint="keep credentials out of builds")


def _check_proposals(ground: ArtifactContext, path: Path, artifact: Artifact) -> None:
    known = known_proposals(ground.catalog)
    allowed = {feature for name in artifact.proposals.allow for feature in features_of(name)}
    for key, names in (("allow", artifact.proposals.allow), ("deny", artifact.proposals.deny)):
        for position, name in enumerate(names):
            where = (*path, "proposals", key, position)
            if name not in known:
                ground.faults.add("WB224", where, f"{dotted(where)}: unknown proposal {quoted(name)}", near=(name, known))
            if key == "deny" and not allowed.isdisjoint(features_of(name)):
                ground.faults.add("WB219", where, f"{dotted(path)}.proposals both allows and denies {quoted(name)}")


def _check_hosts(ground: ArtifactContext, path: Path, artifact: Artifact) -> None:
    for position, name in enumerate(artifact.hosts):
        where = (*path, "hosts", position)
        host = ground.catalog.hosts.get(name)
        if host is None:
            ground.faults.add("WB285", where, f"{dotted(where)}: unknown host {quoted(name)}", near=(name, ground.catalog.hosts))
        elif artifact.targets and not set(artifact.targets) & set(host.targets):
            message = f"{dotted(where)}: {host.title} does not take {' or '.join(artifact.targets)}"
            ground.faults.add("WB286", where, message, hint=f"it takes {', '.join(host.targets)}")


def known_features(catalog: Catalog) -> tuple[str, ...]:
    """Every proposal that a runtime or an optimizer of the catalogue knows."""
    found = {feature for runtime in catalog.runtimes.values() for feature in runtime.features}
    optimizers = (catalog.tools[name].optimizer for name in catalog.optimizers)
    found.update(feature for optimizer in optimizers if optimizer for feature in optimizer.features)
    return tuple(sorted(found))


def known_proposals(catalog: Catalog) -> tuple[str, ...]:
    """Every name of a proposal that a manifest or a host may say: the known features, and the common names for them."""
    features = known_features(catalog)
    return tuple(dict.fromkeys((*features, *aliases_of(features))))


def _check_profiles(ground: ArtifactContext, path: Path, artifact: Artifact) -> None:
    for name, profile in artifact.profile.items():
        where = (*path, "profile", name)
        if name not in ground.profiles:
            near = (name, sorted(ground.profiles))
            ground.faults.add("WB220", where, f"{dotted(path)}.profile: no profile {quoted(name)}", near=near, part="key")
        if profile.inherits:
            message = f"{dotted(where)}: an override for one artifact inherits nothing"
            ground.faults.add("WB220", (*where, "inherits"), message, hint=f"write [profile.{name}] with inherits", part="key")


def _options(ground: ArtifactContext, path: Path, raw: object, recipe: LanguageRecipe, base: str) -> Mapping[str, OptionValue]:
    """The table named like the language."""
    if not isinstance(raw, Mapping):
        ground.reader.value(Mapping[str, str], raw, path)
        return {}
    declared = {option.name: option for option in recipe.options}
    found: dict[str, OptionValue] = {}
    for name, value in raw.items():
        where = (*path, name)
        option = declared.get(name)
        if option is None:
            message = f"{recipe.title} has no option {quoted(name)}"
            ground.faults.add("WB203", where, message, near=(name, declared), part="key")
            continue
        decoded = _option(ground, where, value, option, base)
        if decoded is not MISFIT:
            found[name] = decoded
    return found


def _option(ground: ArtifactContext, where: Path, raw: object, option: Option, base: str) -> Any:  # noqa: ANN401 - MISFIT or the option's type
    located = option.type in ("globs", "paths")
    short = located and isinstance(raw, str)
    value = ground.reader.value(Glob, raw, where) if short else ground.reader.value(OPTION_TYPES[option.type], raw, where)
    if value is MISFIT:
        return MISFIT
    if short:
        value = (value,)
    entries = value if isinstance(value, tuple) else (value,)
    for position, entry in enumerate(entries):
        place = (*where, position) if isinstance(raw, list) else where
        if located:
            _check_glob(ground, place, entry, base)
        if option.choices and entry not in option.choices:
            message = f"{dotted(place)}: {quoted(entry)} is none of {', '.join(option.choices)}"
            ground.faults.add("WB207", place, message, near=(str(entry), option.choices))
    return value


def _kind(ground: ArtifactContext, artifact: Artifact, recipe: LanguageRecipe) -> Kind | None:
    """The kind of an artifact that says none; None where project files may tell it."""
    named = artifact.toolchain or ground.toolchains.get(recipe.name, "")
    chosen = [toolchain for toolchain in recipe.toolchains if not named or toolchain.name == named]
    return None if recipe.project else usual_kind(recipe, chosen, artifact.targets)


def usual_kind(recipe: LanguageRecipe, toolchains: Sequence[ToolchainRecipe], targets: Sequence[Target]) -> Kind:
    """The language's own kind, or the other one when only that can be built for all targets."""
    other: Kind = "reactor" if recipe.kind == "command" else "command"
    possible = [k for k in (recipe.kind, other) if all(any(makes(t, target, k) for t in toolchains) for target in targets)]
    return next(iter(possible), recipe.kind)


def _check_toolchain(ground: ArtifactContext, path: Path, data: Mapping[str, object], artifact: Artifact, recipe: LanguageRecipe) -> None:
    """The toolchain that is named, or any of the language's when none is, must make every target of this kind."""
    where = (*path, "toolchain")
    named = artifact.toolchain or ground.toolchains.get(recipe.name, "")
    chosen = [toolchain for toolchain in recipe.toolchains if not named or toolchain.name == named]
    if artifact.toolchain and not chosen:
        near = (artifact.toolchain, [t.name for t in recipe.toolchains])
        message = f"{dotted(where)}: {recipe.title} has no toolchain {quoted(artifact.toolchain)}"
        ground.faults.add("WB216", where, message, near=near)
    for target in artifact.targets if chosen else ():
        if target in recipe.targets and not any(makes(toolchain, target, artifact.kind) for toolchain in chosen):
            possible = [f"{t} {k}" for c in chosen for t in recipe.targets for k in ("command", "reactor") if makes(c, t, k)]
            by = f" with {named}" if named else ""
            what = f"a {artifact.kind} for {target}" if artifact.kind else f"for {target}"
            message = f"{dotted(path)}: {recipe.title}{by} cannot build {what}"
            place = (*path, next((key for key in ("kind", "target", "targets", "toolchain") if key in data), "lang"))
            ground.faults.add("WB215", place, message, hint=f"possible: {', '.join(dict.fromkeys(possible)) or 'nothing'}")


def makes(toolchain: ToolchainRecipe, target: Target, kind: Kind | None) -> bool:
    """Whether a toolchain can build such an artifact for a target; of either kind while that is not known."""
    table = toolchain.words.get("target-kind")
    kinds = (kind,) if kind else get_args(Kind)
    return target in toolchain.targets and (table is None or any(f"{target} {one}" in table for one in kinds))


def check_together(artifacts: Sequence[Placed]) -> None:
    """Note artifacts that have one name, or would write the same file, on systems that ignore case too, and what they need in vain."""
    check_needs([(placed.artifact, placed.faults) for placed in artifacts])
    seen: dict[str, Artifact] = {}
    for placed in artifacts:
        artifact = placed.artifact
        for file in (artifact.name, *(f"{artifact.name}.{target}" for target in artifact.targets[1:])):
            other = seen.setdefault(file.casefold(), artifact)
            if other is not artifact:
                message, hint = _collision(other, artifact, file)
                placed.faults.add("WB212", ("artifact", artifact.name), message, hint=hint, part="key")
                break
    copies: dict[str, Artifact] = {}
    for placed in artifacts:
        artifact = placed.artifact
        if artifact.out:
            other = copies.setdefault(artifact.out.casefold(), artifact)
            if other is not artifact:
                message = f"artifacts {quoted(other.name)} and {quoted(artifact.name)} would both write {artifact.out}"
                placed.faults.add("WB212", ("artifact", artifact.name, "out"), message, hint="give each its own file")


def _collision(other: Artifact, artifact: Artifact, file: str) -> tuple[str, str]:
    """(message, hint) for two artifacts that cannot both be."""
    if other.name == artifact.name:
        home = "this file" if other.member == "." else other.member
        return f"another artifact, of {home}, is called {quoted(artifact.name)} too", "names are unique in the whole project"
    message = f"artifacts {quoted(other.name)} and {quoted(artifact.name)} would both write {file}.wasm"
    return message, "names may not differ in case alone, nor end in a target that another artifact has"
