"""What a Cargo project says about itself: the package, the target to build, and the folders whose files cargo reads.

package     a folder with a Cargo.toml that has [package]
workspace   the packages that share one Cargo.lock; a package alone is a workspace of one
target      what a package builds: its binaries, and its library when that is a cdylib
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from posixpath import dirname, join, normpath
from typing import Any, Final, TypeAlias

import tomli

from wbuild.drivers import cargoconfig, cargohost, cargomembers, rustsource
from wbuild.drivers.build import Build, BuildFacts, DependencyLock, below
from wbuild.drivers.cargolock import Declared, misfit
from wbuild.drivers.cargotargets import binaries, enabled
from wbuild.errors import UsageError
from wbuild.model.planned import In
from wbuild.model.written import Kind
from wbuild.steps.tree import Tree, upward
from wbuild.steps.words import Value
from wbuild.text.names import quoted

TEXTS: Final = ("**/Cargo.toml", "**/Cargo.lock", "**/.cargo/config.toml", "**/.cargo/config", "**/*.rs")
ABOVE: Final = cargoconfig.NAMES
MANIFEST: Final = "Cargo.toml"
LOCK: Final = "Cargo.lock"
_NAMED: Final = re.compile(r"""^\s*name\s*=\s*["']([^"'\n]+)["']""", re.MULTILINE)
_DEPENDENCIES: Final = ("dependencies", "build-dependencies", "build_dependencies", "dev-dependencies", "dev_dependencies")

Table: TypeAlias = "Mapping[str, Any]"


@dataclass(frozen=True, slots=True, kw_only=True)
class CargoPackage:
    """One package of a workspace, or the workspace's own manifest when it is none."""

    folder: str
    """The folder of the package, relative to the project's root."""
    data: Table

    @property
    def manifest(self) -> str:
        """The path of the Cargo.toml of the package."""
        return normpath(join(self.folder, MANIFEST))

    @property
    def name(self) -> str:
        """Name of the package; "" when there is no [package]."""
        return str(_table(self.data, "package").get("name", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Workspace:
    """The packages around one folder."""

    folder: str
    packages: Mapping[str, CargoPackage]
    """Folder → package, the root manifest among them."""

    @property
    def root(self) -> CargoPackage:
        """The package with [workspace], or the only one."""
        return self.packages[self.folder]


def read(build: Build) -> BuildFacts:
    """What cargo builds for an artifact. Raises UsageError for what its manifests lack or do not say."""
    space = _workspace(build)
    package = _package(build, space)
    target, file = _target(build, package)
    lock = normpath(join(space.folder, LOCK))
    configs = cargoconfig.files(build.tree, package.folder)
    nested = [name for name in configs if dirname(dirname(name)) and not name.startswith("../")]
    scope: dict[str, Value] = {
        "project.manifest": In(package.manifest),
        "project.package": package.name,
        "project.target": [(word,) for word in target],
        "project.file": file,
        "project.evidence": f"{file.removesuffix('.wasm')}.d",
        "project.configs": [word for name in nested for word in (("--config",), (In(name),))],
        "project.rustflags": cargoconfig.rustflags(build.tree, configs),
        "project.default-features": [] if build.artifact.options.get("default-features", True) else [("--no-default-features",)],
    }
    inputs = tuple(dict.fromkeys((lock, space.root.manifest, package.manifest)))
    files = _read(build, space, package, configs)
    return BuildFacts(
        inputs=inputs,
        candidates=tuple(name for name in files.names if name not in inputs),
        roots=files.roots,
        listed=files.listed,
        parts=files.parts,
        fetched=files.fetched,
        own_code=files.own_code,
        documents=False,
        brings_code=files.own_code or bool(files.fetched) or cargohost.may_run_others(build.tree.texts.get(lock, "")),
        locks=(lock,),
        lock=_lock(build, space, lock),
        scope=scope,
    )


def _lock(build: Build, space: Workspace, file: str) -> DependencyLock:
    """Cargo.lock; cargo makes it from all manifests, and looks whether what they build is there."""
    problem = "" if file in build.tree.names else f"{space.folder} has no {LOCK}"
    if build.tree.texts.get(file):
        declared = [_declared(package, space.root) for package in space.packages.values() if package.name]
        reason = misfit(build.tree.texts[file], declared)
        problem = f"{file} does not fit {MANIFEST}: {reason}" if reason else ""
    reads = tuple(name for name in build.tree.names if name.endswith((".rs", ".toml", "/config")) or name == file)
    return DependencyLock(file=file, reads=reads, problem=problem)


def _declared(package: CargoPackage, root: CargoPackage) -> Declared:
    """The version and the dependencies of a package, which Cargo.lock must know."""
    version = _table(package.data, "package").get("version", "0.0.0")
    shared = _table(root.data, "workspace", "dependencies")
    wants: dict[str, str] = {}
    for name, entry in _entries(package):
        wanted = shared.get(name) if isinstance(entry, Mapping) and entry.get("workspace") is True else entry
        table = wanted if isinstance(wanted, Mapping) else {"version": wanted}
        wants[str(table.get("package", name))] = str(table.get("version", ""))
    if not isinstance(version, str):
        version = _table(root.data, "workspace", "package").get("version", "0.0.0")
    return Declared(name=package.name, version=str(version), wants=wants)


def kind(build: Build) -> Kind | None:
    """What the package builds: a chosen binary is a command, a cdylib a reactor. Raises UsageError like `read`."""
    if build.artifact.options.get("bin") is not None:
        return "command"
    return "reactor" if "cdylib" in _crate_types(_package(build, _workspace(build))) else None


def _table(data: Table, *keys: str) -> Table:
    """A table inside a table; empty when it is not there or something else."""
    for key in keys:
        found = data.get(key)
        data = found if isinstance(found, Mapping) else {}
    return data


def _texts(data: Table, key: str) -> tuple[str, ...]:
    found = data.get(key)
    return tuple(str(item) for item in found) if isinstance(found, list) else ()


def _load(build: Build, folder: str) -> CargoPackage | None:
    """The package of a folder; None without a Cargo.toml. Raises UsageError for one that is no TOML."""
    file = normpath(join(folder, MANIFEST))
    text = build.tree.texts.get(file)
    if text is None:
        return None
    try:
        return CargoPackage(folder=folder, data=tomli.loads(text))
    except tomli.TOMLDecodeError as error:
        raise build.problem("WB228", f"{file} is not TOML: {error}", "cargo must be able to read it") from None


def _workspace(build: Build) -> Workspace:
    """The workspace of the artifact's folder: its own, or the nearest above that does not exclude it."""
    own = _load(build, build.base)
    if own is None:
        raise build.problem("WB228", f"no {MANIFEST} in {build.base}", "set `path` to the package's folder")
    named = _table(own.data, "package").get("workspace")
    root = own
    if "workspace" not in own.data:
        folders = [normpath(join(own.folder, named))] if isinstance(named, str) else [*upward(own.folder)][1:]
        root = next((found for folder in folders if (found := _load(build, folder)) and _takes(found, own.folder)), own)
    packages = {root.folder: root, own.folder: own}
    for folder in _members(build.tree, root):
        member = _load(build, folder)
        if member is not None:
            packages[folder] = member
    return Workspace(folder=root.folder, packages=packages)


def _takes(root: CargoPackage, folder: str) -> bool:
    """Whether a manifest is that of a workspace which does not exclude a folder."""
    excluded = [normpath(join(root.folder, path)) for path in _texts(_table(root.data, "workspace"), "exclude")]
    return "workspace" in root.data and not any(folder == path or folder.startswith(f"{path}/") for path in excluded)


def _members(tree: Tree, root: CargoPackage) -> Iterator[str]:
    patterns = _texts(_table(root.data, "workspace"), "members")
    found = tree.glob([join(pattern, MANIFEST) for pattern in patterns], base=root.folder)
    return (folder for name in found if _takes(root, folder := dirname(name) or "."))


def _package(build: Build, space: Workspace) -> CargoPackage:
    """The package that the artifact names, else the one in its folder, else the only one of the workspace."""
    named = build.artifact.options.get("package")
    packages = {package.name: package for package in space.packages.values() if package.name}
    if named is not None:
        if str(named) in packages:
            return packages[str(named)]
        raise build.problem("WB238", f"the workspace has no package {quoted(str(named))}", f"it has {', '.join(sorted(packages))}")
    here = space.packages[build.base]
    if here.name:
        return here
    if len(packages) == 1:
        return next(iter(packages.values()))
    hint = f"set [artifact.{build.artifact.name}.{build.language.name}] package to one of {', '.join(sorted(packages))}"
    raise build.problem("WB238", f"{here.manifest} is that of a workspace, and `package` does not say which member", hint)


def _target(build: Build, package: CargoPackage) -> tuple[tuple[str, ...], str]:
    """(cargo's words for the target, name of the module that it makes)."""
    if build.kind == "reactor":
        if build.artifact.options.get("bin") is not None:
            message = f"artifact.{build.artifact.name}: a binary is a command, and kind is reactor"
            raise UsageError("WB247", message, hint="take out `bin` or `kind`", place=build.place(("kind",)))
        library = _library(build, package)
        return ("--lib",), f"{library}.wasm"
    able, others = _binaries(build, package)
    names = able or others
    wish = build.artifact.options.get("bin")
    default = _table(package.data, "package").get("default-run")
    if wish is None and not names:
        hint = f'add crate-type = ["cdylib"] to [lib] in {package.manifest} for a library, or src/main.rs for a program'
        if "cdylib" in _crate_types(package):
            hint = 'its cdylib is a reactor: take out `kind`, or set kind = "reactor"'
        raise build.problem("WB238", f"the package {quoted(package.name)} has no binary", hint)
    name = str(wish) if wish is not None else str(default) if default in names else names[0]
    if name in others:
        hint = f"set [artifact.{build.artifact.name}.{build.language.name}] features to its required-features in {package.manifest}"
        raise build.problem("WB238", f"the binary {quoted(name)} of {quoted(package.name)} needs features that are off", hint)
    if name not in names:
        raise build.problem("WB238", f"{quoted(package.name)} has no binary {quoted(name)}", f"it has {', '.join(names)}")
    if wish is None and default not in names and len(names) > 1:
        hint = f"set [artifact.{build.artifact.name}.{build.language.name}] bin to one of {', '.join(names)}"
        raise build.problem("WB238", f"the package {quoted(package.name)} has {len(names)} binaries", hint)
    return ("--bin", name), f"{name}.wasm"


def _library(build: Build, package: CargoPackage) -> str:
    """Name of the library. Raises UsageError when it is not a cdylib."""
    library = _table(package.data, "lib")
    if "cdylib" not in _crate_types(package):
        hint = f'add crate-type = ["cdylib"] to [lib] in {package.manifest}, or set kind = "command"'
        raise build.problem("WB238", f"the package {quoted(package.name)} has no library of crate-type cdylib", hint)
    return str(library.get("name") or package.name.replace("-", "_"))


def _crate_types(package: CargoPackage) -> tuple[str, ...]:
    library = _table(package.data, "lib")
    return _texts(library, "crate-type") or _texts(library, "crate_type")


def _binaries(build: Build, package: CargoPackage) -> tuple[list[str], list[str]]:
    """Names of a package's binaries: those that its features allow, and the others."""
    options = build.artifact.options
    wanted = options.get("features", ())
    chosen = wanted if isinstance(wanted, tuple) else (str(wanted),)
    on = enabled(package.data, chosen, default=options.get("default-features", True) is True)
    start = 0 if package.folder == "." else len(package.folder) + 1
    found = binaries(package.data, (name[start:] for name in build.tree.glob(["src/main.rs", "src/bin/**/*.rs"], base=package.folder)))
    return [one.name for one in found if on.issuperset(one.needs)], [one.name for one in found if not on.issuperset(one.needs)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CargoReads:
    """The files and folders that cargo may read for a package."""

    names: tuple[str, ...]
    """Files, sorted, and with a slash at the end the folders in which there are none."""
    roots: tuple[str, ...]
    """Folders and files that hold all of it."""
    listed: tuple[str, ...]
    """Folders in which cargo looks for members of the workspace."""
    parts: Mapping[str, tuple[str, ...]]
    fetched: Mapping[str, tuple[str, ...]]
    """Package that was fetched → parts of cargo's own cache that come from it; `parts` has those of the project's packages. See
    `InnerCache`."""
    own_code: bool
    """Whether a package of the project has a build script or is a procedural macro."""


def _read(build: Build, space: Workspace, package: CargoPackage, configs: tuple[str, ...]) -> CargoReads:
    """The folders of the package and of those behind its path dependencies, what their sources and manifests name elsewhere, vendored
    packages, all manifests and the configuration."""
    tree = build.tree
    configs = (*configs, *cargoconfig.included(tree, configs))
    overridden = tuple(folder for folder in cargoconfig.overridden(tree, configs) if _load(build, folder) is not None)
    closure = _closure(build, space, (package.folder, *_patches(space.root), *overridden))
    others = [folder for folder in (*space.packages, *build.foreign) if folder not in closure]
    own: dict[str, tuple[str, ...]] = {}
    for folder in closure:
        inner = [f"{other}/" for other in others if folder == "." or other.startswith(f"{folder}/")]
        own[folder] = tuple(name for name in below(tree, folder, ".rs") if not name.startswith(tuple(inner)))
    loaded = [found for folder in closure if (found := _load(build, folder))]
    named = [name for found in loaded for name in _named(found)]
    files, folders = rustsource.outside(tree, own, named, others)
    vendored = cargoconfig.vendored(tree, configs)
    names = {*configs, *files, *(member.manifest for member in space.packages.values())}
    names.update(name for inner in own.values() for name in inner)
    names.update(name for folder in folders for name in tree.below(folder) or tree.below(folder, whole=True))
    names.update(name for folder in vendored for name in tree.below(folder, whole=True))
    roots = tuple(dict.fromkeys((*closure, *folders, *files, *vendored, *configs)))
    empty = (f"{folder}/" for folder in tree.folders if folder.startswith(tuple(_prefixes(roots))) and not tree.below(folder))
    return CargoReads(
        own_code=cargohost.runs_own(tree, [(found.folder, found.data) for found in loaded]),
        names=(*build.readable(names), *empty),
        roots=roots,
        listed=cargomembers.searched(space.folder, _texts(_table(space.root.data, "workspace"), "members")),
        parts=_parts(build, space, closure, {*_patches(space.root), *overridden}),
        fetched={folder: (name,) for root in vendored for folder, name in _vendored(tree, root)},
    )


def _prefixes(roots: tuple[str, ...]) -> Iterator[str]:
    return ("" if root == "." else f"{root}/" for root in roots)


def _named(package: CargoPackage) -> Iterator[str]:
    """Files that a manifest names as roots of crates, wherever they are."""
    data = package.data
    tables = [_table(data, "lib")]
    for kind in ("bin", "example", "test", "bench"):
        entries = data.get(kind)
        tables += [entry for entry in entries if isinstance(entry, Mapping)] if isinstance(entries, list) else []
    script = _table(data, "package").get("build")
    for path in (*(table.get("path") for table in tables), *(script if isinstance(script, list) else [script])):
        if isinstance(path, str):
            yield normpath(join(package.folder, path))


def _vendored(tree: Tree, root: str) -> Iterator[tuple[str, str]]:
    """(folder, package) of vendored packages."""
    for name in tree.below(root):
        if name.endswith(f"/{MANIFEST}") and name.count("/") == (root.count("/") + 2 if root != "." else 1):
            found = _NAMED.search(tree.texts.get(name, ""))
            if found:
                yield dirname(name), found[1]


def _closure(build: Build, space: Workspace, folders: tuple[str, ...]) -> tuple[str, ...]:
    """Folders of packages and of all that they depend on by path."""
    read: dict[str, None] = {}
    waiting = [*folders]
    while waiting:
        folder = waiting.pop()
        if folder in read:
            continue
        if folder.startswith(".."):
            hint = "widen the boundary with [project] root"
            raise build.problem("WB239", f"a path dependency leads to {folder}, out of the project", hint)
        found = space.packages.get(folder) or _load(build, folder)
        if found is None:
            raise build.problem("WB239", f"a path dependency leads to {folder}, where no {MANIFEST} is", "correct the path")
        read[folder] = None
        waiting += _dependencies(found, space.root)
    return tuple(sorted(read))


def _parts(build: Build, space: Workspace, closure: tuple[str, ...], replacing: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Folder of a package → its name and those of the packages that depend on it: what cargo must make again when a source differs.

    `replacing`: folders of packages that stand in for others, by whatever name these are asked for.
    """
    packages = {folder: found for folder in closure if (found := space.packages.get(folder) or _load(build, folder)) is not None}
    users: dict[str, set[str]] = {folder: {*packages} if folder in replacing else set() for folder in packages}
    for folder, package in packages.items():
        for needed in _dependencies(package, space.root):
            users.setdefault(needed, set()).add(folder)
    parts: dict[str, tuple[str, ...]] = {}
    for folder in packages:
        affected: set[str] = set()
        waiting = [folder]
        while waiting:
            one = waiting.pop()
            if one not in affected:
                affected.add(one)
                waiting += users[one]
        parts[folder] = tuple(sorted({packages[one].name for one in affected} - {""}))
    return parts


def _dependencies(package: CargoPackage, root: CargoPackage) -> Iterator[str]:
    """Folders that a package names as path dependencies, itself or through its workspace."""
    shared = _table(root.data, "workspace", "dependencies")
    for name, wanted in _entries(package):
        if isinstance(wanted, Mapping):
            inherits = wanted.get("workspace") is True
            yield from _path(root.folder if inherits else package.folder, _table(shared, name) if inherits else wanted)


def _entries(package: CargoPackage) -> Iterator[tuple[str, object]]:
    """Every dependency that a package declares."""
    platforms = (table for table in _table(package.data, "target").values() if isinstance(table, Mapping))
    for table in (package.data, *platforms):
        for key in _DEPENDENCIES:
            yield from _table(table, key).items()


def _patches(root: CargoPackage) -> Iterator[str]:
    patches = _table(root.data, "patch")
    for wanted in (wanted for origin in patches for wanted in _table(patches, origin).values() if isinstance(wanted, Mapping)):
        yield from _path(root.folder, wanted)


def _path(folder: str, wanted: Table) -> Iterator[str]:
    if isinstance(wanted.get("path"), str):
        yield normpath(join(folder, wanted["path"]))
