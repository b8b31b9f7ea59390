"""What a run would do, and why, without running anything."""

from __future__ import annotations

from collections.abc import Sequence

from wbuild.cache.keys import ABSENT, blob_name
from wbuild.engine.fetch_marks import Fetched
from wbuild.engine.filled_cache import Filled
from wbuild.engine.lookup import Lookup
from wbuild.engine.session import Run
from wbuild.engine.spread import Spread
from wbuild.engine.step_key import key_of, settled
from wbuild.errors import BugError
from wbuild.model.happened import Result
from wbuild.model.planned import Late, Step, Tool
from wbuild.steps.order import late_parts, reads


def _never(_session: Run, step: Step) -> Result:
    """A forecast runs nothing."""
    raise BugError("WB900", f"{step.name} is only looked at")


class Forecast:
    """Goes through the steps in their order and believes the cache, without putting outputs in place."""

    def __init__(self, session: Run) -> None:
        self._session = session
        self._made: dict[str, str | None] = {}
        """Output → content that it has or would be restored to; None: only a run can tell."""
        self.reasons: dict[str, tuple[str, ...]] = {}
        """Step → why it would run; () for one that would not."""

    def look(self, steps: Sequence[Step]) -> dict[str, tuple[str, ...]]:
        """Reasons for all steps."""
        for step in steps:
            self.reasons[step.name] = self._look(step)
        return self.reasons

    def _look(self, step: Step) -> tuple[str, ...]:  # noqa: PLR0911 - one answer for each way in which that is known
        unknown = [path for path in reads(step) if path in self._made and self._made[path] is None]
        absent = [path for path in step.inputs if path in self._session.absent]
        if unknown:
            return self._runs(step, (f"{unknown[0]} would be made first",))
        if absent and isinstance(step.action, Tool):
            self._session.absent.update(step.outputs)
            return ()
        missing = next((path for path in reads(step)[: len(step.inputs)] if self._blob(path) is None), "") or self._late(step)
        if missing:
            return self._runs(step, (f"{missing} is missing",))
        if step.spread is not None:
            return self._spread(step, step.spread)
        words = settled(self._session, step)
        key = key_of(self._session, step, words, {path: self._blob(path) or ABSENT for path in step.inputs})
        lookup = Lookup(session=self._session, step=step, key=key)
        if step.fills and Filled(session=self._session, step=step, lookup=lookup).known():
            return ()
        if step.network:
            fetched = Fetched(session=self._session, step=step, words=words, key=key)
            return () if fetched.known() else self._runs(step, lookup.why(fetched.remembered(lookup.before)))
        found = next(iter(lookup.candidates()), None)
        if found is None:
            return self._runs(step, lookup.reasons())
        made = {path: content for path, content in found.entry.outputs.items() if content is not None}
        self._made.update({path: self._restored(path, content) for path, content in made.items()})
        self._session.absent.update(set(step.outputs) - set(made))
        changed = [path for path, content in made.items() if self._session.index.digest(path) != content]
        return tuple(f"output {path}: would be restored" for path in changed)

    def _spread(self, step: Step, spread: Late) -> tuple[str, ...]:
        """A step that is one for each file of a folder."""
        parts = Spread(session=self._session, step=step, spread=spread, perform=_never).parts()
        reasons = tuple(f"{part.label}: {reason}" for part in parts for reason in self._look(part))
        self._made[step.outputs[0]] = None if reasons else self._session.index.blob(step.outputs[0])
        return reasons

    def _restored(self, path: str, content: str) -> str | None:
        """What keys call the content of an output that is there or would be put back; None when the cache has lost it."""
        if self._session.index.digest(path) == content:
            return self._session.index.blob(path)
        size = self._session.cache.size(content)
        return None if size is None else blob_name(content, size)

    def _runs(self, step: Step, reasons: tuple[str, ...]) -> tuple[str, ...]:
        self._made.update(dict.fromkeys(step.outputs))
        return reasons

    def _blob(self, path: str) -> str | None:
        if path in self._session.absent:
            return ABSENT
        return self._made.get(path) or self._session.index.blob(path)

    def _late(self, step: Step) -> str:
        """A file with late words that is not in place; "" for none."""
        return next((part.path for part in late_parts(step) if self._session.index.blob(part.path) != self._blob(part.path)), "")
