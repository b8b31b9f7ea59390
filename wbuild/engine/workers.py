"""Programs that builtins ask: each is started when it is first needed, and serves all steps of a run."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path

from wbuild.doors.interfaces import Command, Conversation, Runner


class Workers:
    """The conversations of one run, by command line."""

    def __init__(self, runner: Runner, cwd: Path, env: Mapping[str, str]) -> None:
        self._runner = runner
        self._cwd = cwd
        self._env = dict(env)
        self._guard = threading.Lock()
        self._open: dict[tuple[str, ...], Conversation] = {}

    def ask(self, argv: tuple[str, ...], question: bytes, timeout: float) -> bytes | None:
        """The answer of the program with this command line; None when it ended over the question, or took too long.

        The next question finds a new one. Raises ProvisionError, MachineError when it cannot be started.
        """
        with self._guard:
            found = self._open.get(argv)
            if found is None:
                found = self._open[argv] = self._runner.converse(Command(argv=argv, cwd=self._cwd, env=self._env))
        answer = found.ask(question, timeout)
        if answer is None:
            with self._guard:
                if self._open.get(argv) is found:
                    del self._open[argv]
        return answer

    def close(self) -> None:
        """End all of them."""
        with self._guard:
            conversations, self._open = [*self._open.values()], {}
        for conversation in conversations:
            conversation.stop()
