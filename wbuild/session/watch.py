"""`build --watch`: build, wait until something differs that a build depends on, build again.

What a build depends on is written down by `remember.Watch` for the nothing-to-do path: stamps of files and listings of folders, taken
before they are read. Comparing them with the world decides, so a change during a build is seen after it, whatever an editor does;
the events of the system only say when to look.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from wbuild.doors.changes import ChangeSignal, FolderChanges
from wbuild.doors.files import RealFiles
from wbuild.errors import MachineError, UsageError, WbuildError
from wbuild.model.happened import Report, Result
from wbuild.nothing_to_do import project_folder
from wbuild.session import ending
from wbuild.session.asked import Asked
from wbuild.session.call import Common
from wbuild.session.project import find, shown
from wbuild.session.record import Watch
from wbuild.session.session import Built, Session, prepare
from wbuild.session.snapshot import look
from wbuild.session.watched_program import Program
from wbuild.session.world import config_paths
from wbuild.text.project_names import MANIFEST


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """One look at the project."""

    watch: Watch
    """Stamps and listings of all that was looked at."""
    session: Session | None = None
    """None when no plan could be made, and `error` says why."""
    error: WbuildError | None = None

    def holds(self) -> bool:
        """Whether all that was looked at is still so."""
        return self.watch.same_files() and self.watch.same_folders()

    def same_work(self, later: Look) -> bool:
        """Whether a later look, at files that are still the same, leads to the same plan or problems: what came or went is no input."""
        plans = [look.session and look.session.plan for look in (self, later)]
        problems = [look.error and look.error.problems for look in (self, later)]
        return plans[0] == plans[1] and problems[0] == problems[1] and self.watch.same_files()


@dataclass(slots=True, kw_only=True)
class Watching:
    """A project that is built again and again."""

    common: Common
    asked: Asked
    explain: bool
    program: Program | None
    listen: Callable[[Iterable[str]], ChangeSignal] = FolderChanges
    """Listens to folders from a call on, until what it gives is closed."""
    home: str = field(init=False)
    """Folder of the nearest wbuild.toml; another one further up is another project."""
    _made: Mapping[str, str] = field(init=False, default_factory=dict)
    """Digests of the files that the last build made."""
    _read: dict[str, list[Path]] = field(init=False, default_factory=dict)
    """Step → files besides the listed ones that it read when it last ended well."""

    def __post_init__(self) -> None:
        self.home = project_folder(str(self.common.start)) or str(find(self.common.start))

    def forever(self) -> NoReturn:
        """Build at every change. Raises what is wrong with the command line at once; what is wrong with the project is said and waited out.

        Ends by KeyboardInterrupt or another signal; then the program that it has started has ended too.
        """
        try:
            look = self._first()
            while True:
                later = self._later(look)
                if not look.same_work(later):
                    self._turn(later, first=False)
                look = later
        finally:
            if self.program is not None:
                self.program.stop()

    def _first(self) -> Look:
        look = self._look()
        if look.error is not None and not any(problem.place for problem in look.error.problems):
            raise look.error
        if self.program is not None and look.session is not None:
            self.program.product(look.session)
        self._turn(look, first=True)
        self.common.console.show(f"watching {shown(Path(self.home))}; Ctrl-C ends")
        return look

    def _later(self, look: Look) -> Look:
        """Wait until a look does not hold any more; the next one."""
        changes = self.listen(look.watch.folders)
        try:
            while look.holds():
                changes.wait()
                if self.program is not None:
                    self.program.tell_its_end(self.common.console)
        finally:
            changes.close()
        return self._look()

    def _look(self) -> Look:
        """Look now. Raises UsageError when the project's folder has gone."""
        try:
            if Path(self.home).is_dir():
                return self._found()
        except FileNotFoundError:  # there is no current folder
            if Path(self.home).is_dir():
                raise
        raise UsageError("WB229", f"{self.home} was watched, and has gone", hint="start again where it is now")

    def _found(self) -> Look:
        watch = Watch()
        watch.file(*config_paths(self.common.environ), Path(self.home, MANIFEST), *self._unlisted())
        self.common.renew()
        try:
            if project_folder(str(self.common.start)) != self.home:
                _list(self.home, watch)
                raise UsageError("WB270", f"no {MANIFEST} in {shown(Path(self.home))}", hint="put it back, or end with Ctrl-C")
            _list(str(find(self.common.start)), watch)
            return Look(watch=watch, session=prepare(self.common, self.asked, watch))
        except WbuildError as error:
            return Look(watch=watch, error=error)

    def _turn(self, look: Look, *, first: bool) -> None:
        """Build what a look found, and say in one line what came of it."""
        console = self.common.console
        try:
            if look.error is not None:
                raise look.error
            if look.session is not None:
                self._build(look.session, first=first)
        except WbuildError as error:
            console.problems(error)
            console.show("not built; waiting for a change")

    def _build(self, session: Session, *, first: bool) -> None:
        console = self.common.console
        if self.program is not None:
            console.screen = None  # the program writes on the same terminal, whenever it likes
        with session.built(explain=self.explain) as done:
            self._note(session, done)
        results, report = done.results, done.report
        built = self._built(report, results)
        if first and self.program is None:
            ending.show(session, report)
        else:
            ending.problems(session, report)
            for path in () if self.program else ending.paths(session, report, built):
                console.result(path)
        console.show(told(report, results, built, time.monotonic() - session.started))
        if self.program is not None:
            self.program.follow(session, report, built)

    def _note(self, session: Session, done: Built) -> None:
        """What the build has written, and what it has read that no pattern lists: from now on that is looked at too."""
        root, watch = session.project.root, session.watch
        watch.wrote(*(root / p.copy for p in session.plan.products if p.copy))
        made = {path for step in session.plan.steps for path in step.outputs}
        steps = {step.name: step for step in session.plan.steps}
        for result in done.results:
            # what a step has read that failed nobody knows: anything may mend it
            names = steps[result.step].candidates if result.status == "failed" else result.read
            self._read[result.step] = [root / name for name in names if name not in made]
        watch.late(self._unlisted())

    def _unlisted(self) -> list[Path]:
        return [path for paths in self._read.values() for path in paths]

    def _built(self, report: Report, results: Sequence[Result]) -> tuple[str, ...]:
        """Artifacts of which a step ran, or that an earlier build had left in the cache; in the order of the plan."""
        before, self._made = self._made, {a.file: a.measure.sha256 for a in report.artifacts if a.status == "ok" and a.measure}
        ran = {result.artifact for result in results if result.status in ("ran", "failed")}
        changed = {a.name for a in report.artifacts if before and a.status == "ok" and before.get(a.file) != self._made.get(a.file)}
        return tuple(dict.fromkeys(a.name for a in report.artifacts if a.name in ran | changed))


def watch(common: Common, asked: Asked, *, program: str | None, explain: bool) -> NoReturn:
    """Build at every change until a signal ends it; `program` runs meanwhile. Raises as `Watching.forever` does."""
    started = Program(name=program) if program is not None else None
    Watching(common=common, asked=asked, explain=explain, program=started).forever()


def told(report: Report, results: Sequence[Result], built: Sequence[str], seconds: float) -> str:
    """One line that says what a turn has done, in how many seconds, and with how many steps."""
    failed = tuple(dict.fromkeys(a.name for a in report.artifacts if a.problems or a.status != "ok"))
    what = f"failed: {', '.join(failed)}" if failed or report.exit else f"rebuilt {', '.join(built)}" if built else "nothing to do"
    count = sum(result.status in ("ran", "failed") for result in results)
    return f"{what.rstrip(': ')} in {seconds:.2f} s" + (f"; {count} step{'s' if count > 1 else ''}" if count else "")


def _list(folder: str, watch: Watch) -> None:
    """Listings of a folder and of all below it that hold inputs: whatever is wrong now, a new file may mend."""
    with suppress(MachineError):
        look(RealFiles(), Path(folder), watch=watch)
