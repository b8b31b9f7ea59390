"""What a manifest names and the project does not have, and inputs that lead out of it: found before anything runs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Literal

from wbuild.drivers import Build
from wbuild.errors import Problem
from wbuild.manifest.check import unfit
from wbuild.model.planned import Step
from wbuild.plan.checks import Trial
from wbuild.text.names import quoted, vendor_parts
from wbuild.text.nearest import nearest
from wbuild.toml.locate import Path
from wbuild.toml.problems import dotted

__all__ = ["astray", "lacking", "unfitting"]


def lacking(build: Build, trials: Iterable[Trial]) -> Iterator[Problem]:
    """Files and folders that checks and the language's options name, and that are not there; without the artifact's folder nothing."""
    artifact = build.artifact
    if not build.tree.kind(build.base):
        return
    for option in build.language.options:
        value = artifact.options.get(option.name)
        for position, entry in enumerate(value if isinstance(value, tuple) else ()):
            if option.type == "paths" and not vendor_parts(str(entry))[0]:
                yield from _without(build, (build.language.name, option.name, position), str(entry), "")
    wanted = {id(trial.check) for trial in trials}
    for position, check in enumerate(artifact.checks):
        if id(check) in wanted:
            for named in check.reads:
                yield from _without(build, ("check", position, *named.key), named.path, named.kind)


def unfitting(build: Build) -> Iterator[Problem]:
    """Checks that an artifact of this kind cannot have, found when only its sources know the kind."""
    for position, check in enumerate(build.artifact.checks):
        for key, message, hint in unfit(check, build.kind):
            where: Path = ("check", position, key) if key else ("check", position)
            shown = dotted(("artifact", build.artifact.name, "check", position))
            yield Problem(code="WB219", message=f"{shown}: {message}", hint=hint, place=build.place(where))


def _without(build: Build, where: Path, path: str, kind: Literal["file", "folder", ""]) -> Iterator[Problem]:
    """The problem with a path of the manifest when nothing (of the right kind) is there."""
    name = build.path(path)
    found = build.tree.kind(name)
    if found and kind in ("", found):
        return
    shown = dotted(("artifact", build.artifact.name, *where))
    message = f"{shown}: {quoted(path)} is a {found}, not a {kind}" if found else f"{shown}: there is no {kind or 'folder'} {quoted(path)}"
    known = build.tree.folders if kind != "file" else build.tree.names
    below = "" if build.base == "." else f"{build.base}/"
    near = "" if found else nearest(path, (entry.removeprefix(below) for entry in known if entry.startswith(below)))
    hint = f'did you mean "{near}"?' if near else f"paths are relative to {build.base}/"
    yield Problem(code="WB237", message=message, hint=hint, place=build.place(where))


def _through(links: frozenset[str], name: str) -> Iterator[str]:
    """The name itself and folders above it that are such links."""
    parts = name.split("/")
    return (above for count in range(1, len(parts) + 1) if (above := "/".join(parts[:count])) in links)


def astray(build: Build, steps: Iterable[Step], trials: Iterable[Trial]) -> Iterator[Problem]:
    """Inputs of the steps, and links to folders below those that are read as a whole, that lead out of the project."""
    links = build.tree.astray
    if not links:
        return
    used = {link for step in steps for name in (*step.inputs, *step.candidates) for link in _through(links, name)}
    whole = [folder for trial in trials for folder in trial.check.dirs.values()]
    for option in build.language.options:
        value = build.artifact.options.get(option.name)
        whole += [str(entry) for entry in value] if option.type == "paths" and isinstance(value, tuple) else []
    folders = [build.path(folder) for folder in whole]
    used.update(link for link in links for folder in folders if folder == "." or link.startswith(f"{folder}/"))
    for name in sorted(used):
        message = f"artifact.{build.artifact.name}: {quoted(name)} leaves the project through a symbolic link"
        hint = "copy the file, move the link elsewhere, or declare third-party source as [vendor.NAME]"
        yield Problem(code="WB209", message=message, hint=hint, place=build.place(()))
