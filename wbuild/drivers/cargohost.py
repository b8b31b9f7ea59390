"""Which programs cargo runs while it compiles: build scripts and procedural macros, the project's own and those of its dependencies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from posixpath import join, normpath
from typing import Any, TypeAlias

from wbuild.steps.tree import Tree

Table: TypeAlias = "Mapping[str, Any]"
_FROM_ELSEWHERE = "source ="
"""A line of Cargo.lock: the package comes from a registry or a repository, and may bring programs."""


def runs_own(tree: Tree, packages: Iterable[tuple[str, Table]]) -> bool:
    """Whether one of some packages (folder, Cargo.toml) has a build script or is a procedural macro."""
    return any(_has_script(tree, folder, data) or _is_macro(data) for folder, data in packages)


def may_run_others(lock: str) -> bool:
    """Whether the packages of a Cargo.lock may bring programs; the lock does not say which do."""
    return any(line.startswith(_FROM_ELSEWHERE) for line in lock.splitlines())


def _has_script(tree: Tree, folder: str, data: Table) -> bool:
    package = data.get("package")
    script = package.get("build") if isinstance(package, Mapping) else None
    return script is not False and (script is not None or tree.kind(normpath(join(folder, "build.rs"))) == "file")


def _is_macro(data: Table) -> bool:
    library = data.get("lib")
    return isinstance(library, Mapping) and True in (library.get("proc-macro"), library.get("proc_macro"))
