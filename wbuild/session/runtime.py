"""Runtimes as `wbuild run` uses them: found, installed, started with the terminal's streams."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from wbuild import lock as locks
from wbuild.doors.interfaces import Command, Running
from wbuild.doors.memory import free_memory
from wbuild.doors.places import current_folder
from wbuild.engine.session import RUNNERS
from wbuild.errors import StepError, UsageError, WbuildError
from wbuild.lock.trust import refusal
from wbuild.model.host_recipe import RuntimeRecipe
from wbuild.model.locked import Pin
from wbuild.model.planned import Late, Product, SharedCache, Word
from wbuild.model.shipped import Catalog
from wbuild.model.tool_recipe import SHIPPED
from wbuild.nothing_to_do import project_folder
from wbuild.session.call import Common
from wbuild.session.project import catalog_of, shown
from wbuild.session.session import Session
from wbuild.session.world import World
from wbuild.steps.kit import Kit
from wbuild.steps.words import Places, Value, expand, fill_all
from wbuild.store import Store
from wbuild.store.events import Say
from wbuild.toml.from_json import parse

REFUSAL: Final = "WBUILD_REFUSAL"
"""Names the file in which a runner says why it did not start the program: its exit code alone could be the program's own."""
BEHIND: Final = "; "
"""Divides, in that file, what is wrong from the names that could have been meant."""
BAD_CALL: Final = 2
"""A runner's exit code for a call that does not fit the module, beside a refusal."""
_MOST: Final = 50
"""Percent of the machine's free memory that a program may take."""
_UNLIMITED: Final = -1
START_LIMIT: Final = 300.0
"""Seconds for all runs of a check that is timed."""
ASSEMBLER: Final = "wat2wasm"
"""The program that turns Wasm text into bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFunction:
    """A function that a module or component exports; types as text."""

    name: str
    params: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    invoke: str = ""
    """A text for a first try; "" for the name alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleExports:
    """What the `exports` of a runtime writes (`wbuild.exports/1`)."""

    command: bool
    """Whether the module has a start of its own, so that it runs as a program."""
    functions: tuple[ExportedFunction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTimes:
    """What the `start` of a runtime writes."""

    seconds: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """A runtime whose tool is in the store."""

    recipe: RuntimeRecipe
    pin: Pin
    kit: Kit
    store: Store
    world: World
    title: str = ""
    """How messages call the module; "" for its path."""

    def run(self, module: Path, invoke: str | None, args: Sequence[str]) -> int:
        """Run a module with this terminal's streams; the program's exit code.

        Raises UsageError for a call that does not fit, StepError when the runtime refuses the module.
        """
        scope = _call(module, invoke, args)
        with tempfile.TemporaryDirectory(prefix="wbuild-") as folder:
            refusal = Path(folder, "refusal.txt")
            command = self._command(self.recipe.run, scope)
            code = self.world.doors.runner.interactive(replace(command, env={**command.env, REFUSAL: str(refusal)}))
            if refusal.is_file():
                raise self._refused(module, code, refusal.read_text("utf-8", "replace"))
        return code

    def start(self, module: Path) -> Running:
        """Start a command with this terminal's output and no input, and do not wait for it."""
        return self.world.doors.runner.background(self._command(self.recipe.run, _call(module, None, ())))

    def _refused(self, module: Path, code: int, said: str) -> WbuildError:
        message = f"{self.recipe.title} does not run {self.title or shown(module)}"
        if code != BAD_CALL:
            return StepError("WB105", message, detail=said)
        functions = self.functions(module) if self.recipe.exports else []
        hint = f"it exports {', '.join(map(signature, functions))}" if functions else "it exports no function"
        return UsageError("WB292", f"{message}: {said.partition(BEHIND)[0].strip()}", hint=hint)

    def functions(self, module: Path) -> list[ExportedFunction]:
        """The exported functions that people call. Raises StepError when the runtime refuses the module."""
        return [function for function in self.exports(module).functions if function.name != "_initialize"]

    def assemble(self, source: Path, out: Path, title: str) -> None:
        """Turn Wasm text into a module. Raises StepError with what the assembler says; `title` is how messages call the text."""
        log = out.with_suffix(".log")
        command = self._command((f"{{bin:{ASSEMBLER}}}", "{in}", "{out}"), {"in": str(source), "out": str(out)})
        if self.world.doors.runner.run(command, log=log).code:
            said = log.read_text("utf-8", "replace").replace(str(source), title) if log.exists() else ""
            raise StepError("WB101", f"{title} cannot be assembled", detail=said)

    def exports(self, module: Path) -> ModuleExports:
        """The exported functions (`wbuild.exports/1`). Raises StepError when the runtime refuses the module."""
        with tempfile.TemporaryDirectory(prefix="wbuild-") as folder:
            out, log = Path(folder, "exports.json"), Path(folder, "log.txt")
            command = self._command(self.recipe.exports, {"module": str(module.resolve())}, stdout=out)
            done = self.world.doors.runner.run(command, log=log)
            if done.code:
                said = log.read_text("utf-8", "replace") if log.exists() else ""
                raise StepError("WB105", f"{self.recipe.title} does not take {self.title or shown(module)}", detail=said)
            try:
                return parse(ModuleExports, out.read_bytes())
            except ValueError as error:
                raise StepError("WB105", f"{self.recipe.title} does not say what {self.title or shown(module)} exports: {error}") from None

    def is_command(self, module: Path) -> bool:
        """Whether the module has a start of its own."""
        return not self.recipe.exports or self.exports(module).command

    def starts(self, request: str, root: Path) -> tuple[float, ...]:
        """Seconds of several runs of a check (`wbuild.request/1`, its paths relative to `root`); () when the runtime cannot time it."""
        if not self.recipe.start:
            return ()
        with tempfile.TemporaryDirectory(prefix="wbuild-") as folder:
            asked, out, log = Path(folder, "request.json"), Path(folder, "start.json"), Path(folder, "log.txt")
            self.world.doors.files.write(asked, request)
            command = replace(self._command(self.recipe.start, {"request": str(asked)}, stdout=out), cwd=root, timeout=START_LIMIT)
            if self.world.doors.runner.run(command, log=log).code:
                return ()
            return parse(StartTimes, out.read_bytes()).seconds

    def _command(self, templates: Sequence[str], scope: Mapping[str, Value], stdout: Path | None = None) -> Command:
        programs: dict[str, Value] = {f"bin:{name}": self.kit.bin(self.pin.name, name) for name in self.pin.bin}
        words: tuple[Word, ...] = fill_all(templates, {"cache": SharedCache(self.pin.identity), **programs, **scope})
        pins = {pin.name: pin for pin in self.kit.closure([self.pin.name])}
        places = Places(
            scratch="",
            tool=lambda name: self.store.path(pins[name]),
            shared=self.world.open_cache().shared,
            state="",
            late=_no_late,
            runner=lambda file: RUNNERS / file,
            python=sys.executable,
        )
        env = {"LANG": "C.UTF-8", "LC_ALL": "C.UTF-8", **self.world.system_env}
        return Command(argv=expand(words, places), cwd=current_folder(), env=env, stdout=stdout)


def _call(module: Path, invoke: str | None, args: Sequence[str]) -> dict[str, Value]:
    """The values of the placeholders in a runtime's `run`: the module, the function, its arguments, and bytes of memory."""
    free = free_memory()
    return {
        "module": str(module.resolve()),
        "invoke": [("--invoke",), (invoke,)] if invoke is not None else [],
        "args": [(arg,) for arg in args],
        "memory": str(_UNLIMITED if free is None else free * _MOST // 100),
    }


def _no_late(part: Late) -> str:
    raise AssertionError(part)


def for_product(session: Session, product: Product, name: object) -> Runtime:
    """A runtime that takes an artifact's target, installed. Raises UsageError when there is none."""
    fitting = [r for r in session.project.catalog.runtimes.values() if product.target in r.targets and r.run]
    recipe = _named(session.project.catalog, fitting, name, f"target {product.target}")
    return _ready(recipe, session.kit, session.store, session.world, session.progress)


def for_file(common: Common, name: object) -> Runtime:
    """A runtime for a file; its version is the project's, or the newest one outside of any. Raises UsageError."""
    catalog = catalog_of(common.start)
    return _outside(common, catalog, _named(catalog, [r for r in catalog.runtimes.values() if r.run], name, "a file"))


def assembler(common: Common) -> Runtime:
    """The runtime whose tool also assembles Wasm text, as `for_file` finds it. Raises UsageError when there is none."""
    catalog = catalog_of(common.start)
    for recipe in catalog.runtimes.values():
        if any(ASSEMBLER in route.bin for route in catalog.tools[recipe.tool].routes):
            return _outside(common, catalog, recipe)
    hint = 'declare it as an artifact with lang = "wat" and build it'
    raise UsageError("WB282", f"no runtime here comes with {ASSEMBLER}, which assembles Wasm text", hint=hint)


def _outside(common: Common, catalog: Catalog, recipe: RuntimeRecipe) -> Runtime:
    """A runtime for what is not an artifact."""
    from wbuild.session.locking import Locking
    from wbuild.session.progress import Progress
    from wbuild.session.project import open_project
    from wbuild.session.user_lock import runtime_kit

    world, kit = common.world(), None
    if project_folder(str(common.start)):
        found = Locking(world=world, project=open_project(common.start), console=common.console, locked=world.ci).read()
        kit = locks.kit_here(found, catalog, world.doors) if found and recipe.tool in found.tools else None
    kit = kit or runtime_kit(common, catalog, recipe)
    store = world.open_store()
    return _ready(recipe, kit, store, world, Progress(console=common.console, root=common.start))


def signature(function: ExportedFunction) -> str:
    """A function as people write it: `add(i32, i32) -> i32`."""
    params, results = ", ".join(function.params), ", ".join(function.results)
    return f"{function.name}({params})" + (f" -> {results}" if results else "")


def _named(catalog: Catalog, fitting: Sequence[RuntimeRecipe], name: object, what: str) -> RuntimeRecipe:
    if name is None and fitting:
        return fitting[0]
    for recipe in fitting:
        if recipe.name == name:
            return recipe
    known = ", ".join(r.name for r in fitting) or ", ".join(catalog.runtimes)
    raise UsageError("WB278", f"no runtime {name!r} takes {what}" if name else f"no runtime takes {what}", hint=f"there is: {known}")


def _ready(recipe: RuntimeRecipe, kit: Kit, store: Store, world: World, say: Say) -> Runtime:
    if recipe.origin != SHIPPED and not world.doors.trusts():
        raise refusal(recipe, "it is not started")
    store.ensure(kit.closure([recipe.tool]), say)
    return Runtime(recipe=recipe, pin=kit.pin(recipe.tool), kit=kit, store=store, world=world)
