"""From the recipe of a toolchain to steps: what it prepares, fetches, compiles and links, each with what it reads and makes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from posixpath import dirname
from typing import Final

from wbuild.drivers.build import Build, BuildFacts, DependencyLock
from wbuild.drivers.bystanders import without
from wbuild.drivers.named import Named, named
from wbuild.drivers.prepared import Prepared, prepared
from wbuild.drivers.scope import cache, commands, dimensions, options
from wbuild.manifest.needs import with_files
from wbuild.model.language_recipe import LockRecipe, StepRecipe
from wbuild.model.locked import Pin
from wbuild.model.planned import (
    Builtin,
    Each,
    FirstUse,
    In,
    InnerCache,
    Late,
    Out,
    Root,
    Scratch,
    State,
    Step,
    Tool,
    ToolPath,
    Word,
)
from wbuild.steps.words import Value, fill, fill_all, placeholders

DEPFILE: Final = "deps.d"
STEP: Final = "step."
"""How a placeholder begins that names what an earlier step has made."""
_EACH: Final = frozenset({"in", "out", "depfile"})
"""Placeholders that mean something else for each source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrimarySource:
    """One primary source: a file of the project, or a member of a vendored source; or what a step has made of one."""

    label: str
    """How messages and output paths name it."""
    part: In | ToolPath

    @property
    def file(self) -> tuple[str, ...]:
        """The project's file; nothing for a vendored one, whose content its pin fixes."""
        return (self.part.path,) if isinstance(self.part, In) else ()


def assemble(build: Build, out: str, sources: tuple[PrimarySource, ...], facts: BuildFacts) -> Sequence[Step]:
    """The recipe's steps over some sources, for every driver that compiles; the last one's first output is the module."""
    if not facts.own_code:  # programs of the project may ask for any file
        facts = replace(facts, candidates=without(facts.candidates, documents=facts.documents, kept=frozenset(build.readable(()))))
    shared = _SharedSteps.of(build, facts)
    line = _Line(out=out, sources=sources, before=sources, planned=list(shared.prepared.steps))
    for position, recipe in enumerate(build.toolchain.steps):
        last = position == len(build.toolchain.steps) - 1
        if recipe.network:
            line.planned += _fetch(build, shared, recipe, out)
        elif isinstance(recipe.each, str):
            line.add(recipe, [_spread(build, shared, recipe, line)])
        elif recipe.each:
            line.add(recipe, [_each(build, shared, recipe, source, line) for source in line.before])
        else:
            line.add(recipe, [_once(build, shared, recipe, line, f"{out}/module.wasm" if last else f"{out}/made/{recipe.out}")])
    return tuple(line.planned)


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


@dataclass(slots=True, kw_only=True)
class _Line:
    """The steps so far, and what they have made."""

    out: str
    """Folder of the artifact's intermediate files, relative to the root."""
    sources: tuple[PrimarySource, ...]
    before: tuple[PrimarySource, ...]
    """What the step before has made; the primary sources for the first."""
    planned: list[Step]
    made: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Verb → files and folders that its steps have made."""

    def add(self, recipe: StepRecipe, steps: Sequence[Step]) -> None:
        """Go on after some steps of one recipe."""
        self.planned += steps
        outputs = tuple(step.outputs[0] for step in steps)
        self.made[recipe.verb] = outputs
        self.before = tuple(PrimarySource(label=path, part=In(path.rstrip("/"))) for path in outputs)

    @property
    def compiles(self) -> bool:
        """Whether no step has worked on the sources yet."""
        return not self.made

    def inputs(self, recipe: StepRecipe) -> tuple[str, ...]:
        """What earlier steps have made and this one reads, folders with their slash; the files of sources for the first."""
        last = next(reversed(self.made.values()), ())
        own = last or tuple(file for source in self.sources for file in source.file)
        known = {f"{STEP}{verb}": outputs for verb, outputs in self.made.items()}
        called = (path for name in _called(recipe) for path in known.get(name.partition("/")[0], ()))
        sources = (file for source in self.sources for file in source.file) if "sources" in _called(recipe) else ()
        return tuple(dict.fromkeys((*own, *called, *sources)))

    def scope(self, recipe: StepRecipe) -> dict[str, Value]:
        """Meaning of the placeholders that name sources and what was made of them."""
        words: dict[str, Value] = {
            "in": [(source.part,) for source in self.before],
            "sources": [(source.part,) for source in self.sources],
            **{f"{STEP}{verb}": [(In(path.rstrip("/")),) for path in outputs] for verb, outputs in self.made.items()},
        }
        for name in _called(recipe):
            step, _, glob = name.partition("/")
            if glob and step.removeprefix(STEP) in self.made:
                words[name] = [(Late(path, glob),) for path in self.made[step.removeprefix(STEP)]]
        return words


def _called(recipe: StepRecipe) -> tuple[str, ...]:
    """Placeholders of a step's templates."""
    each = (recipe.each,) if isinstance(recipe.each, str) else ()
    templates = (*recipe.run, *recipe.env.values(), recipe.result, recipe.evidence, *each)
    return tuple(name for template in templates for name in placeholders(template))


@dataclass(frozen=True, slots=True, kw_only=True)
class _SharedSteps:
    """The fields that all steps of a build have in common."""

    pins: tuple[Pin, ...]
    scope: Mapping[str, Value]
    facts: BuildFacts
    prepared: Prepared
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
        common: dict[str, Value] = {
            **dimensions(build),
            **given.scope,
            **commands(build),
            **cache(build),
            "root": Root(),
            "scratch": Scratch(),
        }
        made = prepared(build, common)
        scope: dict[str, Value] = {
            **common,
            **facts.scope,
            **made.scope,
            "state": State(),
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
            prepared=made,
            state=_state(build, pins) if toolchain.state else "",
            inner_cache=_inner_cache(build, facts),
            roots=tuple(dict.fromkeys((*roots, *behind))),
            links=links,
            apart=build.tree.apart(roots),
            declared=build.readable(()),
            flags=flags,
        )

    def step(self, build: Build, recipe: StepRecipe, scope: Mapping[str, Value], *, output: str, inputs: Sequence[str]) -> Step:
        """A step of a recipe that starts a program; `inputs`: files that it surely reads, besides what it prepared."""
        read = tuple(path for name in _called(recipe) for path in self.prepared.read(name))
        return Step(
            name=f"{build.artifact.name}.{build.target}:{recipe.verb}",
            verb=recipe.verb,
            label=build.artifact.name,
            artifact=build.artifact.name,
            action=Tool(argv=self.words(recipe.run, scope)),
            inputs=tuple(dict.fromkeys((*inputs, *read))),
            outputs=(output,),
            results={output: fill(recipe.result, scope)[0]} if recipe.result else {},
            texts=recipe.texts,
            depfile=DEPFILE if recipe.depfile else "",
            evidence=fill(recipe.evidence, scope)[0] if recipe.evidence else (),
            pins=self.pins,
            env=_env(build, recipe.env, scope),
            state=self.state,
            inner_cache=self.inner_cache,
            timeout=recipe.timeout,
            memory=recipe.memory,
            jobserver=recipe.jobserver,
            roots=self.roots,
            listed=self.facts.listed,
            links=self.links,
            apart=self.apart if recipe.depfile else (),
            runs_project_code=recipe.runs_project_code and self.facts.brings_code,
            own_code=recipe.runs_project_code and self.facts.own_code,
            downloads=tuple(build.toolchain.downloads),
            after=self.prepared.before(recipe.after),
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


def _each(build: Build, shared: _SharedSteps, recipe: StepRecipe, source: PrimarySource, line: _Line) -> Step:
    """The step that compiles one source."""
    output = f"{line.out}/obj/{source.label}{recipe.out}"
    inputs = tuple(dict.fromkeys((*source.file, *shared.given(recipe, declared=True))))
    scope: dict[str, Value] = {**shared.scope, **line.scope(recipe), "in": source.part, "out": Out(output), "depfile": Scratch(DEPFILE)}
    step = shared.step(build, recipe, scope, output=output, inputs=inputs)
    return replace(
        step,
        name=f"{step.name}:{source.label}",
        label=f"{step.label} {source.label.removeprefix(f'{build.base}/')}",
        candidates=shared.candidates(recipe, inputs),
    )


def _spread(build: Build, shared: _SharedSteps, recipe: StepRecipe, line: _Line) -> Step:
    """The step that runs once for each file of a folder: what it reads besides that file is the same for all of them."""
    name = placeholders(str(recipe.each))[0]
    verb, _, glob = name.removeprefix(STEP).partition("/")
    folder = line.made[verb][0]
    scope: dict[str, Value] = {**shared.scope, **line.scope(recipe), "in": Each("in"), "out": Each("out"), "depfile": Scratch(DEPFILE)}
    inputs = shared.given(recipe, declared=True)
    if not recipe.depfile:  # it may read any other file of the folder
        inputs = (*inputs, folder)
    candidates = shared.candidates(recipe, inputs) if recipe.reads_project else ()
    step = shared.step(build, recipe, scope, output=f"{line.out}/made/{recipe.verb}/", inputs=inputs)
    return replace(step, spread=Late(folder, glob), suffix=recipe.out, candidates=(*candidates, *((folder,) if recipe.depfile else ())))


def _fetch(build: Build, shared: _SharedSteps, recipe: StepRecipe, out: str) -> list[Step]:
    """The step that fetches the project's own dependencies, the same for all profiles; none without a lock file."""
    locks = build.own(recipe.locks, wide=True) if shared.facts.locks is None else shared.facts.locks
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
            after=shared.prepared.before(recipe.after),
            first_use=_first_use(shared, recipe.first_use, f"{build.language.name}.{recipe.verb}"),
        )
    ]


def _once(build: Build, shared: _SharedSteps, recipe: StepRecipe, line: _Line, output: str) -> Step:
    """The one step of a recipe that works on everything at once."""
    if recipe.builtin:
        return _builtin(build, recipe, line, output)
    compiles = line.compiles or recipe.reads_project
    stamps = tuple(step.outputs[0] for step in line.planned if step.network)
    scope: dict[str, Value] = {**shared.scope, **line.scope(recipe), "out": Out(output), "depfile": Scratch(DEPFILE)}
    given = shared.given(recipe, declared=recipe.depfile or not compiles)
    inputs = tuple(dict.fromkeys((*line.inputs(recipe), *shared.facts.inputs, *given, *stamps)))
    step = shared.step(build, recipe, scope, output=output, inputs=inputs)
    beside = {f"{line.out}/beside/{build.artifact.name}{one.suffix}{'/' * (one.role == 'folder')}": one for one in recipe.files}
    uses = f"{build.language.name}.{build.target}.{build.kind}.{build.level}.{build.debug}"
    return replace(
        step,
        outputs=(output, *beside),
        results={**step.results, **{path: fill(one.result, scope)[0] for path, one in beside.items()}},
        candidates=shared.candidates(recipe, inputs) if compiles else (),
        first_use=_first_use(shared, recipe.first_use or build.toolchain.first_use, uses),
    )


def _builtin(build: Build, recipe: StepRecipe, line: _Line, output: str) -> Step:
    """A step that is one of our own functions, at the version that the plan gives it."""
    name = build.artifact.name
    return Step(
        name=f"{name}.{build.target}:{recipe.verb}",
        verb=recipe.verb,
        label=name,
        artifact=name,
        action=Builtin(name=recipe.builtin, version=0, args={**build.section_rules, **recipe.args}),
        inputs=line.inputs(recipe),
        outputs=(output,),
    )


def _first_use(shared: _SharedSteps, message: str, key: str) -> FirstUse | None:
    return FirstUse(cache=shared.pins[0].identity, key=key, message=message) if message else None


def _env(build: Build, own: Mapping[str, str], scope: Mapping[str, Value]) -> dict[str, Word]:
    templates = {**build.toolchain.env, **own}
    return {name: fill(template, scope)[0] for name, template in templates.items()}


def _named(build: Build) -> dict[str, Named]:
    """Placeholder → what the flags that it stands for name; of folders that a linker searches the files too."""
    compiling, linking = (named(flags, build.tree) for flags in (build.artifact.flags.compile, build.artifact.flags.link))
    libraries = (name for folder in linking.folders for name in build.tree.glob(["*"], base=folder))
    return {"flags.compile": compiling, "flags.link": replace(linking, files=(*linking.files, *libraries))}


def searched(build: Build) -> Iterator[str]:
    """Folders of the project that options and flags have a compiler search."""
    yield from options(build).folders
    for flags in _named(build).values():
        yield from flags.folders
