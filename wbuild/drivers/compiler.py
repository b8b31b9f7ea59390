"""The driver of compilers: an optional step for each source, then one step that makes the module."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from posixpath import dirname
from typing import Final

from wbuild.drivers import includes, zigbuild, zigsource
from wbuild.drivers.build import Build, BuildFacts, DependencyLock
from wbuild.drivers.bystanders import without
from wbuild.drivers.named import Named, named
from wbuild.drivers.scope import commands, dimensions, options
from wbuild.errors import UsageError
from wbuild.manifest.needs import with_files
from wbuild.model.language_recipe import LockRecipe, StepRecipe
from wbuild.model.locked import Pin
from wbuild.model.planned import FirstUse, In, InnerCache, Out, Root, Scratch, SharedCache, State, Step, Tool, ToolPath, Word
from wbuild.steps.tree import is_glob
from wbuild.steps.words import Value, fill, fill_all, placeholders
from wbuild.text.names import quoted
from wbuild.text.nearest import nearest

DEPFILE = "deps.d"
_EACH: Final = frozenset({"in", "out", "depfile"})
"""Placeholders that mean something else for each source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimarySource:
    """One primary source: a file of the project, or a member of a vendored source."""

    label: str
    """How messages and output paths name it."""
    part: In | ToolPath

    @property
    def file(self) -> tuple[str, ...]:
        """The project's file; nothing for a vendored one, whose content its pin fixes."""
        return (self.part.path,) if isinstance(self.part, In) else ()


def steps(build: Build, out: str) -> Sequence[Step]:
    """See `Driver.steps`."""
    sources = _sources(build)
    return assemble(build, out, sources, _facts(build, sources))


def assemble(build: Build, out: str, sources: tuple[PrimarySource, ...], facts: BuildFacts) -> Sequence[Step]:
    """The recipe's steps over some sources, for every driver that compiles."""
    module = f"{out}/module.wasm"
    if not facts.own_code:  # programs of the project may ask for any file
        facts = replace(facts, candidates=without(facts.candidates, documents=facts.documents, kept=frozenset(build.readable(()))))
    shared = _SharedSteps.of(build, facts)
    planned: list[Step] = []
    inputs = sources
    for recipe in build.toolchain.steps:
        if recipe.network:
            planned += _fetch(build, shared, recipe, out)
        elif recipe.each:
            made = [_each(build, shared, recipe, source, out) for source in inputs]
            planned += made
            inputs = tuple(PrimarySource(label=step.outputs[0], part=In(step.outputs[0])) for step in made)
        else:
            stamps = tuple(step.outputs[0] for step in planned if step.network)
            planned.append(_once(build, shared, recipe, inputs, Goal(module=module, stamps=stamps)))
    return tuple(planned)


def locking(build: Build, facts: BuildFacts, lock: DependencyLock, recipe: LockRecipe) -> Step:
    """The step that makes the lock file of the project's own dependencies. It belongs to no plan: plans are made from lock files."""
    shared = _SharedSteps.of(build, facts)
    return Step(
        name=f"{lock.file}:lock",
        verb="lock",
        label=lock.file,
        artifact=build.artifact.name,
        action=Tool(argv=fill_all(recipe.run, shared.scope)),
        inputs=lock.reads,
        pins=shared.pins,
        env=_env(build, {}, shared.scope),
        network=True,
        client=recipe.client,
        timeout=recipe.timeout,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """What the last step makes, and the stamps of fetch steps that must stand before it."""

    module: str
    stamps: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _SharedSteps:
    """What all steps of a build have in common."""

    pins: tuple[Pin, ...]
    scope: Mapping[str, Value]
    facts: BuildFacts
    state: str
    inner_cache: InnerCache | None
    roots: tuple[str, ...]
    """Folders and files of the project that the steps may read."""
    links: Mapping[str, str]
    """Symbolic links in these, and on the way to them."""
    apart: tuple[str, ...]
    """Folders in these that wide patterns pass by."""
    declared: tuple[str, ...]
    """Files that the artifact's `inputs` match: every step may read them in a way that nobody tells."""
    flags: Mapping[str, Named]
    """Placeholder → what the flags that it stands for name."""
    _filled: dict[str, list[Word]] = field(default_factory=dict)

    def words(self, templates: Sequence[str], scope: Mapping[str, Value]) -> tuple[Word, ...]:
        """The words of a source's command line; most are the same for all sources, and are filled in once."""
        filled: list[Word] = []
        for template in templates:
            words = self._filled.get(template)
            if words is None:
                words = fill(template, scope)
                if _EACH.isdisjoint(placeholders(template)):
                    self._filled[template] = words
            filled += words
        return tuple(filled)

    def given(self, recipe: StepRecipe, *, declared: bool) -> tuple[str, ...]:
        """Files that a step reads whatever its program tells: what its flags name, and `inputs` if they are `declared` for it."""
        flags = [given for name, given in self.flags.items() if f"{{{name}}}" in recipe.run]
        everything = self.facts.candidates if any(given.unread for given in flags) else ()
        own = self.declared if declared else ()
        return (*own, *(file for given in flags for file in given.files), *everything)

    def candidates(self, recipe: StepRecipe, inputs: Sequence[str]) -> tuple[str, ...]:
        """Files that a step may read. Where it tells which, they are the same for all sources, so that their names are digested once."""
        if recipe.depfile:
            return self.facts.candidates
        known = frozenset(inputs)
        return tuple(name for name in self.facts.candidates if name not in known)

    @classmethod
    def of(cls, build: Build, facts: BuildFacts) -> _SharedSteps:
        toolchain = build.toolchain
        given = options(build)
        pins = build.kit.closure([*toolchain.tools, *(f"vendor.{name}" for name in given.vendors)])
        cache = SharedCache(build.kit.pin(toolchain.tools[0]).identity)
        scope: dict[str, Value] = {
            **dimensions(build),
            **given.scope,
            **commands(build),
            **facts.scope,
            "root": Root(),
            "cache": cache,
            "state": State(),
            "scratch": Scratch(),
            "base": In(build.base),
            "artifact": build.artifact.name,
            "vendor": [
                word for name in given.vendors for word in fill_all(toolchain.vendor, {"folder": ToolPath(f"vendor.{name}"), "name": name})
            ],
            "flags.compile": [with_files(flag, build.needs) for flag in build.artifact.flags.compile],
            "flags.link": [with_files(flag, build.needs) for flag in build.artifact.flags.link],
        }
        flags = _named(build)
        searched = (folder for name in flags.values() for folder in name.folders)
        roots = tuple(dict.fromkeys((build.base, *given.folders, *facts.roots, *searched)))
        links = build.tree.leading(roots)
        behind = (link.folder for name in links if (link := build.tree.links[name]).folder and link.folder != ".")
        return cls(
            pins=pins,
            scope=scope,
            facts=facts,
            state=_state(build, pins) if toolchain.state else "",
            inner_cache=_inner_cache(build, facts),
            roots=tuple(dict.fromkeys((*roots, *behind))),
            links=links,
            apart=build.tree.apart(roots),
            declared=build.readable(()),
            flags=flags,
        )


def _state(build: Build, pins: Sequence[Pin]) -> str:
    """Name of the state directory. What a tool keeps there was made with these tools and texts, and it may not look for others."""
    texts = [f"{name}={text}" for recipe in build.toolchain.steps for name, text in sorted(recipe.texts.items())]
    evidence = "\n".join([*(pin.identity for pin in pins), *texts])
    made_with = hashlib.sha256(evidence.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{build.toolchain.name}/{build.artifact.name}.{build.target}-{made_with}"


def _inner_cache(build: Build, facts: BuildFacts) -> InnerCache | None:
    name = build.toolchain.inner_cache
    return InnerCache(name=name, folder=build.base, parts=facts.parts, fetched=facts.fetched) if name else None


def _each(build: Build, shared: _SharedSteps, recipe: StepRecipe, source: PrimarySource, out: str) -> Step:
    output = f"{out}/obj/{source.label}{recipe.out}"
    inputs = tuple(dict.fromkeys((*source.file, *shared.given(recipe, declared=True))))
    scope: dict[str, Value] = {**shared.scope, "in": source.part, "out": Out(output), "depfile": Scratch(DEPFILE)}
    return Step(
        name=f"{build.artifact.name}.{build.target}:{recipe.verb}:{source.label}",
        verb=recipe.verb,
        label=f"{build.artifact.name} {source.label.removeprefix(f'{build.base}/')}",
        artifact=build.artifact.name,
        action=Tool(argv=shared.words(recipe.run, scope)),
        inputs=inputs,
        candidates=shared.candidates(recipe, inputs),
        outputs=(output,),
        texts=recipe.texts,
        depfile=DEPFILE if recipe.depfile else "",
        pins=shared.pins,
        env=_env(build, recipe.env, scope),
        state=shared.state,
        inner_cache=shared.inner_cache,
        timeout=recipe.timeout,
        memory=recipe.memory,
        jobserver=recipe.jobserver,
        roots=shared.roots,
        listed=shared.facts.listed,
        links=shared.links,
        apart=shared.apart if recipe.depfile else (),
        runs_project_code=recipe.runs_project_code and shared.facts.brings_code,
        own_code=recipe.runs_project_code and shared.facts.own_code,
        downloads=tuple(build.toolchain.downloads),
    )


def _fetch(build: Build, shared: _SharedSteps, recipe: StepRecipe, out: str) -> list[Step]:
    """The step that fetches the project's own dependencies, the same for all profiles; none without a lock file."""
    locks = _own(build, recipe.locks, wide=True) if shared.facts.locks is None else shared.facts.locks
    if not locks:
        return []
    scope: dict[str, Value] = {**shared.scope, "in": [(In(name),) for name in locks]}
    return [
        Step(
            name=f"{build.artifact.name}.{build.target}:{recipe.verb}",
            verb=recipe.verb,
            label=build.artifact.name,
            artifact=build.artifact.name,
            action=Tool(argv=fill_all(recipe.run, scope)),
            inputs=tuple(locks),
            outputs=(f"{dirname(dirname(out))}/fetched/{build.artifact.name}.{build.target}.{recipe.verb}.stamp",),
            texts=recipe.texts,
            pins=shared.pins,
            env=_env(build, recipe.env, scope),
            state=shared.state,
            network=True,
            client=recipe.client,
            offline=recipe.offline,
            timeout=recipe.timeout,
            downloads=tuple(build.toolchain.downloads),
            first_use=_first_use(shared, recipe.first_use, f"{build.language.name}.{recipe.verb}"),
        )
    ]


def _once(build: Build, shared: _SharedSteps, recipe: StepRecipe, sources: Sequence[PrimarySource], goal: Goal) -> Step:
    module = goal.module
    scope: dict[str, Value] = {**shared.scope, "in": [(s.part,) for s in sources], "out": Out(module), "depfile": Scratch(DEPFILE)}
    compiles = not any(step.each for step in build.toolchain.steps)
    given = shared.given(recipe, declared=recipe.depfile or not compiles)
    inputs = tuple(dict.fromkeys((*(file for source in sources for file in source.file), *shared.facts.inputs, *given, *goal.stamps)))
    return Step(
        name=f"{build.artifact.name}.{build.target}:{recipe.verb}",
        verb=recipe.verb,
        label=build.artifact.name,
        artifact=build.artifact.name,
        action=Tool(argv=fill_all(recipe.run, scope)),
        inputs=inputs,
        candidates=shared.candidates(recipe, inputs) if compiles else (),
        outputs=(module,),
        results={module: fill(recipe.result, scope)[0]} if recipe.result else {},
        texts=recipe.texts,
        depfile=DEPFILE if recipe.depfile else "",
        evidence=fill(recipe.evidence, scope)[0] if recipe.evidence else (),
        pins=shared.pins,
        env=_env(build, recipe.env, scope),
        state=shared.state,
        inner_cache=shared.inner_cache,
        timeout=recipe.timeout,
        memory=recipe.memory,
        jobserver=recipe.jobserver,
        roots=shared.roots,
        listed=shared.facts.listed,
        links=shared.links,
        apart=shared.apart if recipe.depfile else (),
        runs_project_code=recipe.runs_project_code and shared.facts.brings_code,
        own_code=recipe.runs_project_code and shared.facts.own_code,
        downloads=tuple(build.toolchain.downloads),
        seed=fill_all(recipe.seed, scope),
        first_use=_first_use(
            shared,
            recipe.first_use or build.toolchain.first_use,
            f"{build.language.name}.{build.target}.{build.kind}.{build.level}.{build.debug}",
        ),
    )


def _first_use(shared: _SharedSteps, message: str, key: str) -> FirstUse | None:
    return FirstUse(cache=shared.pins[0].identity, key=key, message=message) if message else None


def _env(build: Build, own: Mapping[str, str], scope: Mapping[str, Value]) -> dict[str, Word]:
    templates = {**build.toolchain.env, **own}
    return {name: fill(template, scope)[0] for name, template in templates.items()}


def _sources(build: Build) -> tuple[PrimarySource, ...]:
    """The primary sources, from the option of type `globs` if it is given, else from the recipe's defaults."""
    option = next((o for o in build.language.options if o.type == "globs"), None)
    given = build.artifact.options.get(option.name) if option else None
    patterns = tuple(given) if isinstance(given, tuple) else build.toolchain.sources or build.language.sources
    found: dict[str, PrimarySource] = {}
    for position, pattern in enumerate(patterns):
        matches = _match(build, pattern, wide=given is None)
        if not matches and given is not None:
            raise UsageError(
                "WB232",
                f"artifact.{build.artifact.name}: no file matches {pattern!r}",
                hint=f"the pattern is relative to {build.base}/; * stays in one folder, ** crosses folders",
                place=build.place((build.language.name, option.name if option else "", position)),
            )
        found.update((source.label, source) for source in matches)
    if not found:
        raise _without_sources(build, patterns, option.name if option else "sources")
    single = not any(step.each for step in build.toolchain.steps)
    return tuple(found.values())[:1] if single and given is None else tuple(found.values())


def _without_sources(build: Build, patterns: Sequence[str], option: str) -> UsageError:
    """There is no folder, or there are no sources in it."""
    name, place = build.artifact.name, build.place(("path",))
    if not build.tree.kind(build.base):
        above = build.base.removesuffix(build.artifact.path)
        near = nearest(build.artifact.path, (folder.removeprefix(above) for folder in build.tree.folders if folder.startswith(above)))
        hint = f'did you mean "{near}"?' if near else "set `path` to the folder of the artifact's sources"
        return UsageError("WB233", f"artifact.{name}: there is no folder {quoted(build.base)}", hint=hint, place=place)
    hint = f"wbuild looked for {', '.join(patterns)}; set `path` or the language's own `{option}`"
    return UsageError("WB233", f"artifact.{name}: no {build.language.title} sources in {build.base}", hint=hint, place=place)


def _match(build: Build, pattern: str, *, wide: bool) -> list[PrimarySource]:
    if pattern.startswith("{vendor."):
        head, _, member = pattern.partition("}/")
        name = head.removeprefix("{vendor.")
        members = build.tree.glob_vendor(name, member) if is_glob(member) else (member,)
        return [PrimarySource(label=f"vendor/{name}/{m}", part=ToolPath(f"vendor.{name}", m)) for m in members]
    return [PrimarySource(label=name, part=In(name)) for name in _own(build, (pattern,), wide=wide)]


def _own(build: Build, patterns: Sequence[str], *, wide: bool) -> list[str]:
    """Files of this artifact that match, without those of artifacts in folders below it. `wide`: the patterns are the recipe's."""
    found = build.tree.glob(patterns, base=build.base, exclude=build.artifact.exclude, wide=wide)
    foreign = {name for folder in build.foreign for name in build.tree.below(folder)}
    return [name for name in found if name not in foreign]


def _defined(build: Build) -> tuple[str, ...]:
    """Words of the manifest from which sources may have names of files."""
    given = (value for value in build.artifact.options.values() if isinstance(value, tuple))
    return (*(str(word) for words in given for word in words), *build.artifact.flags.compile)


def _named(build: Build) -> dict[str, Named]:
    """Placeholder → what the flags that it stands for name; of folders that a linker searches the files too."""
    compiling, linking = (named(flags, build.tree) for flags in (build.artifact.flags.compile, build.artifact.flags.link))
    libraries = (name for folder in linking.folders for name in build.tree.glob(["*"], base=folder))
    return {"flags.compile": compiling, "flags.link": replace(linking, files=(*linking.files, *libraries))}


def _facts(build: Build, sources: Sequence[PrimarySource]) -> BuildFacts:
    """Everything that a compiler may read besides the primary sources."""
    files = [file for source in sources for file in source.file]
    reads = build.toolchain.reads
    found = BuildFacts()
    globs = build.language.inputs if reads == "inputs" else ("**/*",)
    if reads == "imports":
        said = zigsource.look(build.tree, files, (*build.artifact.flags.compile, *build.artifact.flags.link))
        found = zigsource.facts(build, said)
        globs = () if said.complete else globs
    elif reads == "build.zig":
        found = zigbuild.read(build)
    searched = (*options(build).folders, *(folder for flags in _named(build).values() for folder in flags.folders))
    if reads == "includes":
        single, folders = includes.outside(build.tree, build.base, files, searched, _defined(build))
        found = BuildFacts(candidates=single, roots=(*folders, *single))
        globs = build.language.inputs
    names = {*_own(build, globs, wide=True), *build.readable(()), *found.candidates}
    for folder in (*searched, *found.roots):
        names.update(build.tree.below(folder))
    told = [step.depfile for step in build.toolchain.steps if step.each]
    documents = not told or not all(told)
    return replace(found, candidates=tuple(sorted(names)), documents=documents)
