"""`build --watch --run NAME`: the program that is started again when its artifact was built."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from wbuild.doors.interfaces import Running
from wbuild.errors import UsageError
from wbuild.model.happened import Report
from wbuild.model.planned import Product
from wbuild.session.session import Session
from wbuild.terminal.console import Console
from wbuild.text.names import quoted


@dataclass(slots=True, kw_only=True)
class Program:
    """An artifact that runs while it is worked on."""

    name: str
    _running: Running | None = None
    _started: bool = False

    def product(self, session: Session) -> Product:
        """The first product of the artifact that is built here. Raises UsageError when there is none."""
        found = next((product for product in session.plan.products if product.artifact.name == self.name), None)
        if found is None:
            known = ", ".join(dict.fromkeys(product.artifact.name for product in session.plan.products))
            raise UsageError("WB229", f"--run names {quoted(self.name)}, which is not built here", hint=f"there is: {known or 'none'}")
        return found

    def follow(self, session: Session, report: Report, built: Sequence[str]) -> None:
        """Start it, in place of the one before, when it was built and all is well with it; one that is not is left running.

        Raises UsageError for a program that nothing can run, ProvisionError for a runtime that cannot be had.
        """
        from wbuild.session import runtime as engines

        product = self.product(session)
        made = next((a for a in report.artifacts if a.file == product.file), None)
        if made is None or made.status != "ok" or made.problems or (self._started and self.name not in built):
            return
        runtime = engines.for_product(session, product, None)
        self.stop()
        session.console.calm()
        session.console.show(f"running {self.name}")
        self._running = runtime.start(session.project.root / product.file)
        self._started = True

    def tell_its_end(self, console: Console) -> None:
        """Say once that the program has ended by itself, with its exit code."""
        code = self._running.code() if self._running is not None else None
        if code is not None:
            self._running = None
            console.show(f"{self.name} ended: exit {code}")

    def stop(self) -> None:
        """End the program if it runs."""
        if self._running is not None:
            self._running.stop()
            self._running = None
