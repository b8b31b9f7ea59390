"""What npm would install for a package of the project: where its lock file is, which folders of the project it links.

npm works in the root of a workspace when the package is a member of one; the lock file there counts, and no other. Members, and
folders and tarballs that `file:` names, come from the project and are never fetched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from posixpath import dirname, join, normpath, relpath
from typing import Any, Final

from wbuild.drivers.build import Build, DependencyLock
from wbuild.drivers.npmrange import satisfies
from wbuild.steps.tree import Tree, matches, upward
from wbuild.text.names import quoted
from wbuild.text.project_names import MODULES

PACKAGE: Final = "package.json"
LOCK: Final = "package-lock.json"
CONFIGURATION: Final = ".npmrc"
_LISTS: Final = ("dependencies", "devDependencies", "optionalDependencies")
_LINKS: Final = ("file:", "link:", "./", "../")
_TARBALLS: Final = (".tgz", ".tar.gz", ".tar")


@dataclass(frozen=True)
class NpmProject:
    """The package in an artifact's folder, as npm sees it."""

    build: Build

    @property
    def tree(self) -> Tree:
        """The files of the project."""
        return self.build.tree

    @cached_property
    def workspace(self) -> str:
        """The folder of the workspace that the package is a member of, else the package's own."""
        base = self.build.base
        return next((folder for folder in list(upward(base))[1:] if base in _members(self.tree, folder)), base)

    @cached_property
    def root(self) -> str:
        """The folder in which npm installs: that of the workspace, unless that is one of another client and the package has a lock file."""
        folders = (self.workspace, self.build.base)
        locked = [folder for folder in folders if normpath(join(folder, LOCK)) in self.tree.names]
        return (*locked, self.workspace)[0]

    @cached_property
    def members(self) -> Mapping[str, str]:
        """Name → folder of the workspace's members. Raises UsageError for a name that two have."""
        found: dict[str, str] = {}
        for folder in _members(self.tree, self.workspace):
            name = str((self.package(folder) or {}).get("name") or folder.rpartition("/")[2])
            if found.setdefault(name, folder) != folder:
                message = f"two members of the npm workspace are called {quoted(name)}: {found[name]}, {folder}"
                raise self.build.problem("WB228", message, "give one of them another name")
        return found

    @cached_property
    def packages(self) -> Sequence[str]:
        """Folders of the packages of the project that take part: the root, members, and what `file:` names, also there."""
        waiting = [self.root, *(self.members.values() if self.root == self.workspace else ())]
        found: dict[str, None] = {}
        while waiting:
            folder = waiting.pop(0)
            if folder not in found:
                found[folder] = None
                waiting += [target for target in self._local(folder) if self.tree.kind(target) == "folder"]
        return tuple(found)

    @cached_property
    def tarballs(self) -> Sequence[str]:
        """Packed packages of the project that take part."""
        local = (target for folder in self.packages for target in self._local(folder))
        return tuple(dict.fromkeys(name for name in local if self.tree.kind(name) == "file"))

    @cached_property
    def linked(self) -> Sequence[str]:
        """Folders of other packages of the project that this one depends on, directly or not."""
        waiting = [self.build.base]
        found: dict[str, None] = {}
        while waiting:
            folder = waiting.pop()
            needed = [self.members[name] for name in dependencies(self.package(folder) or {}) if name in self.members]
            for target in (*needed, *(name for name in self._local(folder) if self.tree.kind(name) == "folder")):
                if target not in found and target != self.build.base:
                    found[target] = None
                    waiting.append(target)
        return tuple(found)

    @property
    def lock(self) -> DependencyLock:
        """package-lock.json. Raises UsageError for what npm would fetch although it is in the project."""
        self._refuse_above()
        file = normpath(join(self.root, LOCK))
        problem = "" if file in self.tree.names else f"{self.root} has no {LOCK}"
        known = table(_data(self.build, file)) if not problem else {}
        if not problem:
            self._refuse_fetched(known, file)
            problem = "" if self._fits(known) else f"{file} does not fit {PACKAGE}: it has other dependencies"
        if problem:
            self._refuse_unfit()
        return DependencyLock(file=file, reads=self.files, problem=problem)

    @cached_property
    def files(self) -> tuple[str, ...]:
        """All that npm reads of the project, as far as it is there."""
        named = [join(folder, PACKAGE) for folder in self.packages]
        named += [join(self.root, name) for name in (LOCK, CONFIGURATION)]
        return tuple(sorted({name for name in (*map(normpath, named), *self.tarballs) if self.tree.kind(name) == "file"}))

    def package(self, folder: str) -> Mapping[str, Any] | None:
        """package.json of a folder; None without one. Raises UsageError."""
        return _data(self.build, normpath(join(folder, PACKAGE)))

    def depends_on(self, name: str) -> bool:
        """Whether the package, or the workspace for all its members, depends on a package."""
        return any(name in dependencies(self.package(folder) or {}) for folder in (self.build.base, self.root))

    def _local(self, folder: str) -> Iterator[str]:
        """What a package depends on by its place in the project. Raises UsageError for what is not there."""
        for name, wish in dependencies(self.package(folder) or {}).items():
            if not wish.startswith(_LINKS):
                continue
            path = wish.removeprefix("file:").removeprefix("link:")
            target = normpath(join(folder, path)) if not path.startswith(("/", "~")) else ".."
            kind = "" if target.startswith("..") else self.tree.kind(target)
            if kind == "folder" or (kind == "file" and target.endswith(_TARBALLS)):
                yield target
                continue
            where = f"{normpath(join(folder, PACKAGE))}: {quoted(name)} is {quoted(wish)}"
            if target.startswith(".."):
                hint = "widen the project with [project] root, or depend on a published version"
                raise self.build.problem("WB228", f"{where}, which is outside of the project", hint)
            raise self.build.problem("WB228", f"{where}, and there is no such folder or tarball", "correct the path")

    def _fits(self, lock: Mapping[str, Any]) -> bool:
        """Whether a lock file was made for these packages. Lock files of npm 6 and older do not say it."""
        entries = table(lock.get("packages"))
        if not isinstance(entries.get(""), Mapping):
            return True
        return all(
            isinstance(entries.get(self._key(folder)), Mapping)
            and dependencies(table(entries[self._key(folder)])) == dependencies(self.package(folder) or {})
            for folder in self.packages
        )

    def _key(self, folder: str) -> str:
        """How a lock file names a folder of the project."""
        path = relpath(folder, self.root)
        return "" if path == "." else path

    def _refuse_fetched(self, lock: Mapping[str, Any], file: str) -> None:
        for path, entry in table(lock.get("packages")).items():
            name = path.rpartition(f"{MODULES}/")[2] if f"{MODULES}/" in f"/{path}" else ""
            resolved = str(table(entry).get("resolved", ""))
            if name in self.members and not table(entry).get("link") and not resolved.startswith("file:"):
                message = f"{file} takes {quoted(name)} from {quoted(resolved or 'a registry')}, but it is a member of the workspace"
                raise self.build.problem("WB228", message, f"remove {file}, or let npm make it again in {self.root}")

    def _refuse_above(self) -> None:
        """Raise for a workspace around the whole project: its members and its lock file are out of sight."""
        tree, base = self.tree, self.build.base
        own = normpath(join(base, LOCK)) in tree.names
        for name in (name for name in tree.above if name.endswith(f"/{PACKAGE}")):
            folder = name.removesuffix(f"/{PACKAGE}")
            if own and f"{folder}/{LOCK}" not in tree.above:  # of another client
                continue
            path = normpath("/".join([*tree.home.split("/")[-name.count("../") :], base]))
            if _chosen(path, _patterns(tree.texts.get(name, ""))):
                message = f"{quoted(path)} is a member of the npm workspace in {folder}, which is outside of the project"
                raise self.build.problem("WB228", message, f'set [project] root = "{folder}", so that its lock file and its members count')

    def _refuse_unfit(self) -> None:
        """Raise for a dependency on a member that asks for another version of it: npm would look for that in a registry."""
        for folder in self.packages:
            for name, wish in dependencies(self.package(folder) or {}).items():
                member = self.members.get(name)
                if member is None or wish.startswith(_LINKS):
                    continue
                version = str((self.package(member) or {}).get("version", "0.0.0"))
                if self.root != self.workspace or not satisfies(version, wish):
                    message = (
                        f"{normpath(join(folder, PACKAGE))} asks for {quoted(name)} {quoted(wish)}, "
                        f"and the member of the workspace in {member} is version {version}"
                    )
                    raise self.build.problem("WB228", message, 'ask for the member\'s own version, or for "*"')


def dependencies(package: Mapping[str, Any]) -> dict[str, str]:
    """Name → wish of all that a package asks for."""
    return {str(name): str(wish) for key in _LISTS for name, wish in table(package.get(key)).items()}


def table(value: object) -> Mapping[str, Any]:
    """A value that should be a table, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def _members(tree: Tree, folder: str) -> Sequence[str]:
    """Folders of a workspace's members, sorted; none where there is no workspace."""
    patterns = _patterns(tree.texts.get(normpath(join(folder, PACKAGE)), ""))
    if not patterns:
        return ()
    packages = (dirname(name) or "." for name in tree.texts if name.rpartition("/")[2] == PACKAGE)
    below = [name for name in packages if name != folder and (folder == "." or name.startswith(f"{folder}/"))]
    return tuple(sorted(name for name in below if _chosen(relpath(name, folder), patterns)))


def _patterns(text: str) -> Sequence[str]:
    """Which folders a package.json takes for members of its workspace."""
    try:
        data = table(json.loads(text.removeprefix("\ufeff")))
    except (ValueError, RecursionError):
        return ()
    listed = data.get("workspaces")
    listed = listed.get("packages") if isinstance(listed, Mapping) else listed
    return [entry for entry in listed if isinstance(entry, str) and entry] if isinstance(listed, list) else []


def _chosen(path: str, patterns: Sequence[str]) -> bool:
    """Whether the last pattern that matches a folder, relative to the workspace, takes it in."""
    if MODULES in path.split("/"):
        return False
    fitting = [pattern for pattern in patterns if matches(normpath(pattern.removeprefix("!").lstrip("/") or "."), path)]
    return bool(fitting) and not fitting[-1].startswith("!")


def _data(build: Build, file: str) -> Mapping[str, Any] | None:
    """A JSON file of the project; None when it is not there. Raises UsageError."""
    text = build.tree.texts.get(file)
    if text is None:
        return None
    try:
        data = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError) as error:
        raise build.problem("WB228", f"{file} is not JSON: {error}", "correct it") from None
    return data if isinstance(data, Mapping) else {}
