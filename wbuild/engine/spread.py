"""A step of the plan that is one step for each file of a folder: which files there are is known once another step has made it.

Each is looked up, run and cached by itself, so that of a hundred sources one that changes is compiled again alone.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from wbuild.engine.events import StepFinished, StepStarted
from wbuild.engine.folders import prune
from wbuild.engine.session import Run
from wbuild.errors import WbuildError
from wbuild.model.happened import Result
from wbuild.model.planned import Each, In, Late, Out, Part, Step, Tool
from wbuild.steps.words import mapped

__all__ = ["Spread"]


@dataclass(frozen=True, kw_only=True)
class Spread:
    """One step that stands for a step a file, with what performs each of them."""

    session: Run
    step: Step
    spread: Late
    perform: Callable[[Run, Step], Result]
    """Performs a step. Raises WbuildError."""

    def parts(self) -> tuple[Step, ...]:
        """A step for each file. Raises StepError when there is none."""
        files = self.session.late(self.spread)
        return tuple(self._part(file) for file in files)

    def results(self) -> list[Result]:
        """What became of each; the folder holds what they have made and nothing else.

        Raises StepError when the folder that is read holds no such file; what the first of those that fail raises, when all have ended.
        """
        parts = self.parts()
        folder = self.step.outputs[0]
        prune(self.session.root / folder, (part.outputs[0].removeprefix(folder) for part in parts), self.session.doors.files)
        started = _Once()
        session = replace(self.session, say=lambda event: self._say(event, started))
        with ThreadPoolExecutor(max_workers=min(len(parts), self.session.slots.jobs)) as pool:
            running = [pool.submit(self.perform, session, part) for part in parts]
        errors = [error for one in running if (error := one.exception()) is not None]
        if errors:
            raise next((error for error in errors if not isinstance(error, WbuildError)), errors[0])
        return [one.result() for one in running]

    def _say(self, event: object, started: _Once) -> None:
        """The first start of a part is the start of the step; when a part ends nobody is told."""
        if isinstance(event, StepStarted):
            if started.first():
                self.session.say(replace(event, step=self.step))
        elif not isinstance(event, StepFinished):
            self.session.say(event)

    def _part(self, file: str) -> Step:
        step = self.step
        name = file.removeprefix(self.spread.path)
        output = f"{step.outputs[0]}{name}{step.suffix}"

        def change(part: Part) -> Part:
            if isinstance(part, Each):
                return In(file) if part.what == "in" else Out(output)
            return part

        assert isinstance(step.action, Tool)
        return replace(
            step,
            name=f"{step.name}:{name}",
            label=f"{step.label} {name}",
            action=Tool(argv=mapped(step.action.argv, change)),
            env=dict(zip(step.env, mapped(step.env.values(), change), strict=True)),
            inputs=(file, *step.inputs),
            outputs=(output,),
            spread=None,
        )


class _Once:
    """Says yes once, to whichever thread asks first."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._asked = False

    def first(self) -> bool:
        with self._guard:
            asked, self._asked = self._asked, True
        return not asked
