"""The third stage of a session: the project's files, with the texts that drivers read, and lock files of its dependencies."""

from __future__ import annotations

from dataclasses import dataclass, replace

from wbuild.plan.plan import BuildRequest, Context, locks_to_make
from wbuild.session.dependency_locks import DependencyLocks
from wbuild.session.locked import Locked
from wbuild.session.project_tree import context_of, project_tree, vendor_names
from wbuild.session.selection import choose_targets


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """A project with all that a plan is made from."""

    locked: Locked
    context: Context
    request: BuildRequest


def looked(locked: Locked) -> Looked:
    """Look at the files of the project, and make lock files of dependencies that are missing. Raises WbuildError."""
    opened = locked.opened
    world, project, asked, watch = opened.world, opened.project, opened.asked, opened.watch
    vendor = vendor_names(project, opened.names, locked.kit, locked.store, opened.progress if asked.write else None)
    tree = replace(project_tree(world, project, opened.names, watch), vendor=vendor)
    context = context_of(world, project, locked.lock, locked.kit, tree)
    request = BuildRequest(
        artifacts=opened.chosen,
        profile=asked.profile,
        level=asked.level,
        targets=choose_targets(project.manifest, opened.chosen, asked.targets),
        checks=asked.checks,
        check_always=asked.check_always,
        runtimes=asked.runtimes,
        hosts=asked.hosts,
    )
    if opened.may_lock:
        locking = DependencyLocks(world=world, project=project, console=opened.console, store=locked.store)
        wanted = locks_to_make(context, request)
        context = locking.make(wanted, context, watch) if asked.write else locking.announce(wanted, context)
    return Looked(locked=locked, context=context, request=request)
