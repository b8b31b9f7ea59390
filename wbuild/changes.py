"""Which artifacts a change concerns: two plans, before and after, and the names of files whose content differs. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from wbuild.model.planned import Plan, Product, Step

__all__ = ["concerned"]


def concerned(before: Plan | None, after: Plan, names: Collection[str]) -> frozenset[str]:
    """Names of the artifacts of `after` that are declared otherwise, made by other steps or tools, or read one of the files `names`.

    `before` is None where there was no plan: everything is new. A name that is a folder (a submodule) stands for all below it.
    """
    if before is None:
        return frozenset(product.artifact.name for product in after.products)
    old = {(p.artifact.name, p.target, p.profile): (p, _steps(before, p)) for p in before.products}
    changed = frozenset(names)
    found: set[str] = set()
    for product in after.products:
        steps = _steps(after, product)
        was = old.get((product.artifact.name, product.target, product.profile))
        same = was is not None and _declared(was[0]) == _declared(product) and was[1] == steps
        if not same or any(_touched(path, changed) for step in steps for path in (*step.inputs, *step.candidates)):
            found.add(product.artifact.name)
    return frozenset(found)


def _declared(product: Product) -> Product:
    """Without the place of the declaration."""
    return replace(product, artifact=replace(product.artifact, line=0))


def _steps(plan: Plan, product: Product) -> list[Step]:
    by_name = {step.name: step for step in plan.steps}
    return [by_name[name] for name in product.steps]


def _touched(path: str, changed: frozenset[str]) -> bool:
    return any(name in changed for name in _path_and_parents(path))


def _path_and_parents(path: str) -> Iterator[str]:
    while path:
        yield path
        path = path.rpartition("/")[0]
