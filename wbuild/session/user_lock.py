"""The user's own locks: outside of a project a runtime is used at the version that was current when it was first needed."""

from __future__ import annotations

from dataclasses import replace

from wbuild import lock as locks
from wbuild.doors.places import current_folder, user_folder
from wbuild.model.host_recipe import RuntimeRecipe
from wbuild.model.shipped import Catalog
from wbuild.model.written import Artifact, Manifest, ProjectTable
from wbuild.session.call import Common
from wbuild.session.progress import Progress
from wbuild.session.project import content_of
from wbuild.steps.kit import Kit
from wbuild.toml.decode import LARGEST


def runtime_kit(common: Common, catalog: Catalog, runtime: RuntimeRecipe) -> Kit:
    """The pins of a runtime and of what it needs. Raises ProvisionError when they cannot be found out."""
    world, console = common.world(), common.console
    folder = user_folder("data") or world.cache
    path = folder / f"{runtime.tool}.lock"
    manifest, own = _only(runtime), _without_others(catalog, runtime)
    found = locks.decode(content_of(path, LARGEST).decode("utf-8", "replace"), own, str(path)) if path.is_file() else None
    if found is None or locks.stale(manifest, own, found):
        progress = Progress(console=console, root=current_folder())
        request = locks.LockRequest(
            doors=world.doors,
            say=console.note,
            install=lambda pin, program: world.open_store().command(pin, program, progress),
            sources=world.origins,
            allowed=world.sources,
        )
        found = locks.resolve(manifest, own, found, request)
        world.doors.files.write(path, locks.encode(found))
    return locks.kit_here(found, own, world.doors)


def _only(runtime: RuntimeRecipe) -> Manifest:
    """A manifest that needs nothing but the runtime."""
    artifact = Artifact(name="file", lang="", targets=runtime.targets[:1])
    return Manifest(project=ProjectTable(), toolchains={}, tools={}, profiles={}, vendor={}, artifacts=(artifact,), folder=".")


def _without_others(catalog: Catalog, runtime: RuntimeRecipe) -> Catalog:
    """The catalogue with no other runtime and no optimizer."""
    return replace(catalog, optimizers=(), languages={}, runtimes={runtime.name: runtime})
