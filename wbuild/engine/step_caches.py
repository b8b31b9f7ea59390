"""The caches of tools as one step sees them: the shared ones, or the project's own copies for steps that run code of the project.

What such code writes is read by steps of the same project alone. A copy begins with what the shared cache holds, so a libc is not
compiled again; what fetch steps have downloaded stays shared, and is closed to all writing but theirs.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from wbuild.cache.copies import note_use
from wbuild.doors.machine import machine_errors
from wbuild.engine.session import Run
from wbuild.engine.step_key import Settled
from wbuild.errors import MachineError
from wbuild.model.planned import JoinedWords, Launcher, SharedCache, Step, Toml
from wbuild.text.project_names import WORK


@dataclass(frozen=True, kw_only=True)
class StepCaches:
    """The caches that a step's words name."""

    session: Run
    step: Step
    words: Settled

    def folders(self) -> list[Path]:
        """The shared folders that the step uses, each once."""
        return [self.session.shared(self.step, name) for name in self.words.shared]

    def known(self) -> list[Path]:
        """Folders whose content is known without being an input: the shared ones too."""
        return list(dict.fromkeys((*self.folders(), *(self.session.cache.shared(name) for name in self.words.shared))))

    def prepare(self) -> None:
        """Make the folders, and the copies that are not there yet. Raises MachineError."""
        session, step = self.session, self.step
        for name in self.words.shared:
            shared = session.cache.ready(name, session.note)
            own = session.shared(step, name)
            if own != shared:
                self._copy(shared, own)
                note_use(own, session.root, session.doors.files)
                self._link(shared, own)
        for path in self.writable():
            session.doors.files.make_folder(Path(path))

    def writable(self) -> Iterator[str]:
        """Folders that the step may write: those that its words name, without what only fetch steps fill."""
        for folder, first in self._named():
            if self.step.network or not first or not self.step.downloads:
                yield str(folder)  # where nothing is closed, a word may as well name a file
                yield from (str(folder / name) for name in self.step.downloads if self.step.network)  # they may be links
            elif first not in self.step.downloads:
                yield str(folder / first)

    def readable(self) -> Iterator[str]:
        """The paths of what fetch steps have brought, which the step may read."""
        for name in self.words.shared:
            yield from (str(self.session.cache.shared(name) / folder) for folder in self.step.downloads)

    def _named(self) -> Iterator[tuple[Path, str]]:
        """Folders of the words with the name of the folder in them that is meant, "" for all of it."""
        waiting = [*self.words.words]
        while waiting:
            word = waiting.pop(0)
            for part, rest in zip(word, (*word[1:], ""), strict=True):
                cache = part.part if isinstance(part, Toml) else part
                if isinstance(part, JoinedWords | Launcher):
                    waiting += part.words
                if isinstance(cache, SharedCache):
                    first = rest.split("/")[1] if isinstance(rest, str) and rest.startswith("/") else ""
                    yield self.session.shared(self.step, cache.name), first

    def _copy(self, shared: Path, own: Path) -> None:
        """Aside first, so that half a copy is none; of two that are made at once one goes."""
        if own.is_dir():
            return
        files = self.session.doors.files
        aside = own.with_name(f"{own.name}.{os.getpid()}-{threading.get_ident()}")
        files.make_folder(aside)
        try:
            for folder, names, found in os.walk(shared):
                here = Path(folder)
                if here == shared:
                    names[:] = [name for name in names if name not in self.step.downloads and not name.startswith(WORK)]
                for name in found:
                    source = here / name
                    if not source.is_symlink():
                        self._copy_file(source, aside / source.relative_to(shared))
            self._place(aside, own)
        finally:
            files.remove(aside)

    def _copy_file(self, source: Path, target: Path) -> None:
        """A tool that fills the shared cache meanwhile takes its temporary files away: those are not missed."""
        try:
            self.session.doors.files.copy(source, target, durable=False)
        except MachineError:
            if source.exists():
                raise

    def _place(self, aside: Path, own: Path) -> None:
        """Put a copy in its place, unless another step was first."""
        with machine_errors(own, "make"):
            try:
                aside.rename(own)
            except OSError:  # what the system says of a folder in the place of another differs
                if not own.is_dir():
                    raise

    def _link(self, shared: Path, own: Path) -> None:
        """Code of the project may have put something else in the place of a link; one that is right is never away, other steps use it."""
        files = self.session.doors.files
        for name in self.step.downloads:
            link, target = own / name, shared / name
            files.make_folder(target)
            if link.is_symlink() and link.readlink() == target:
                continue
            if not link.is_symlink():
                files.remove(link)
            aside = own.with_name(f"{own.name}.{os.getpid()}-{threading.get_ident()}")
            with machine_errors(link, "make"):
                aside.symlink_to(target, target_is_directory=True)
                aside.replace(link)
