"""The boundary of a project: no path of a manifest leaves its root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from posixpath import join, normpath
from typing import Final

from wbuild import __version__
from wbuild.text.names import quoted, vendor_parts
from wbuild.toml.locate import Path
from wbuild.toml.problems import Faults, dotted

_WILD: Final = frozenset("*?[")


def _stays(_path: str, _root: str) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryFacts:
    """What a manifest cannot say about itself; the CLI finds it out."""

    folder: str = "/project"
    """Folder of wbuild.toml, absolute, with / on every system."""
    repository: str = ""
    """The enclosing git repository, absolute; "" without one."""
    version: str = __version__
    """The wbuild that reads the manifest."""
    unmatched: tuple[str, ...] = ()
    """Entries of project.members that match no folder with a wbuild.toml."""
    escapes: Callable[[str, str], bool] = _stays
    """(path, root), both relative to wbuild.toml's folder: whether the path, symlinks followed, is outside of the root."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Boundary:
    """The limits of the paths in a manifest: none leads out of the root."""

    faults: Faults
    facts: BoundaryFacts
    root: str
    """The root relative to wbuild.toml's folder: ".", "..", "../..", …"""
    folder: str
    """wbuild.toml's folder relative to the root."""
    member: str = "."
    """Folder of the member whose paths are checked, relative to wbuild.toml's folder."""

    @classmethod
    def of(cls, faults: Faults, facts: BoundaryFacts, root: str) -> Boundary:
        """The boundary that `project.root` sets; a root that may not be is noted and counts as "."."""
        inside = cls(faults=faults, facts=facts, root=".", folder=".")
        if root == ".":
            return inside
        steps, parts = root.split("/"), facts.folder.strip("/").split("/")
        where: Path = ("project", "root")
        if set(steps) != {".."}:
            faults.add("WB209", where, f"project.root: {quoted(root)} is not a folder above wbuild.toml", hint='write ".." or "../.."')
            return inside
        above = "/".join(parts[: -len(steps)])
        repository = facts.repository.strip("/")
        if not facts.repository or not f"{above}/".startswith(f"{repository}/"):
            reason = f"leaves the git repository {facts.repository}" if facts.repository else "needs an enclosing git repository"
            faults.add("WB209", where, f"project.root: {quoted(root)} {reason}", hint="a project reads nothing outside of its repository")
            return inside
        return cls(faults=faults, facts=facts, root=root, folder="/".join(parts[-len(steps) :]))

    def check(self, where: Path, value: str, base: str = ".") -> None:
        """Note a path or glob (relative to `base`, which is relative to the member's folder) that leaves the root."""
        if vendor_parts(value)[0]:
            return
        path = normpath(join(self.member, base, _fixed(value)))
        inside = normpath(join(self.folder, path))
        if inside == ".." or inside.startswith("../"):
            self.faults.add("WB209", where, f"{dotted(where)}: {quoted(value)} leaves the project", hint=self._widen())
        elif self.facts.escapes(path, self.root):
            message = f"{dotted(where)}: {quoted(value)} leaves the project through a symbolic link"
            self.faults.add("WB209", where, message, hint="copy the files, or declare third-party source as [vendor.NAME]")

    def _widen(self) -> str:
        if not self.facts.repository:
            return "paths stay below the folder of wbuild.toml"
        return 'project.root = ".." widens the project, at most to the enclosing git repository'


def _fixed(glob: str) -> str:
    """The part of a glob before its first wildcard, and every ".." after it: what decides where the glob can go."""
    parts = glob.split("/")
    first = next((i for i, part in enumerate(parts) if _WILD & set(part)), len(parts))
    return "/".join([*parts[:first], *(part for part in parts[first:] if part == "..")]) or "."
