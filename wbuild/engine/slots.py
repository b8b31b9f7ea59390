"""Who may run now: so many steps at once, within the memory that is there, the most urgent first."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from wbuild.doors.jobserver import JobServer
from wbuild.model.planned import Step

_POLL = 0.05
"""Seconds between looks for a token that a program may have given back."""

Ticket = tuple[float, int]
"""The less the earlier; tickets of the same urgency in the order of their arrival."""


class Slots:
    """Places for steps that run. Methods may be called from several threads.

    While a program that speaks to the jobserver runs, every other step needs one of its tokens: together they are `jobs` processes.
    """

    def __init__(self, *, jobs: int, memory: int | None, urgency: Mapping[str, float], server: JobServer) -> None:
        self.jobs = jobs
        """Steps that run at the same time."""
        self._memory = memory
        self._urgency = urgency
        self._server = server
        self._guard = threading.Lock()
        self._numbers = itertools.count()
        self._waiting: dict[Ticket, tuple[Step, threading.Condition]] = {}
        self._running = 0
        self._used = 0
        self._sharing = 0
        """Running programs that speak to the jobserver."""

    @contextmanager
    def hold(self, step: Step) -> Iterator[None]:
        """Wait for a place, and keep it meanwhile."""
        with self._guard:
            ticket = (-self._urgency.get(step.name, 0.0), next(self._numbers))
            turn = threading.Condition(self._guard)
            self._waiting[ticket] = step, turn
            try:
                while not (self._next() == ticket and self._token()):
                    turn.wait(_POLL if self._sharing else None)
            finally:
                del self._waiting[ticket]
            self._begin(step)
            self._wake()
        try:
            yield
        finally:
            with self._guard:
                self._end(step)
                self._wake()

    def flags(self, step: Step) -> str:
        """MAKEFLAGS of a step; "" for one that does not speak to the jobserver."""
        return f"-j{self.jobs} {self._server.flags}" if step.jobserver and self._server.flags else ""

    def _wake(self) -> None:
        """Only the one that may begin: to wake all of them takes the threads longer than many steps do."""
        ticket = self._next()
        if ticket is not None:
            self._waiting[ticket][1].notify()

    def _next(self) -> Ticket | None:
        """Whose turn it is. What needs no memory passes those that wait for some; what needs some does not."""
        if self._running >= self.jobs:
            return None
        short = False
        for ticket in sorted(self._waiting):
            weight = self._waiting[ticket][0].memory
            if not weight or not (short or self._too_much(weight)):
                return ticket
            short = True
        return None

    def _too_much(self, weight: int) -> bool:
        """One may always run."""
        return self._memory is not None and self._used > 0 and self._used + weight > self._memory

    def _token(self) -> bool:
        return not self._sharing or self._server.take()

    def _begin(self, step: Step) -> None:
        self._running += 1
        self._used += step.memory
        if step.jobserver:
            self._sharing += 1
            if self._sharing == 1:
                self._server.fill(self.jobs - self._running)

    def _end(self, step: Step) -> None:
        self._running -= 1
        self._used -= step.memory
        self._sharing -= step.jobserver
        if self._sharing:
            self._server.give()
