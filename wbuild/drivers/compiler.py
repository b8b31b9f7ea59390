"""The driver of compilers: steps over the primary sources of an artifact."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wbuild.drivers.assembly import PrimarySource, assemble, searched
from wbuild.drivers.build import Build, BuildFacts
from wbuild.drivers.readers import READERS
from wbuild.errors import UsageError
from wbuild.model.planned import In, Step, ToolPath
from wbuild.steps.tree import is_glob
from wbuild.text.names import quoted
from wbuild.text.nearest import nearest

__all__ = ["steps"]


def steps(build: Build, out: str) -> Sequence[Step]:
    """See `Driver.steps`."""
    sources = _sources(build)
    return assemble(build, out, sources, _facts(build, sources))


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
    single = build.toolchain.single
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
    return [PrimarySource(label=name, part=In(name)) for name in build.own((pattern,), wide=wide)]


def _facts(build: Build, sources: Sequence[PrimarySource]) -> BuildFacts:
    """Everything that a compiler may read besides the primary sources."""
    folders = tuple(dict.fromkeys(searched(build)))
    read = READERS[build.toolchain.reads].read(build, [file for source in sources for file in source.file], folders)
    names = {*build.own(read.globs, wide=True), *build.readable(()), *read.facts.candidates}
    for path in (*folders, *read.facts.roots):
        names.update((path,) if build.tree.kind(path) == "file" else build.tree.below(path))
    told = [step.depfile for step in build.toolchain.steps if step.each]
    documents = not told or not all(told)
    own_code = read.facts.own_code or any(step.runs_project_code for step in build.toolchain.steps)
    return replace(read.facts, candidates=tuple(sorted(names)), documents=documents, own_code=own_code)
