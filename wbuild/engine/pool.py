"""Where builtins run: small work at once in the calling thread, big work in worker processes."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import BrokenExecutor
from typing import TYPE_CHECKING, Final

from wbuild.builtins.table import Function
from wbuild.errors import StepError
from wbuild.model.planned import JSON

if TYPE_CHECKING:  # process pools are a slow import, and most runs need none
    from concurrent.futures import ProcessPoolExecutor

SMALL: Final = 256 << 10
"""Bytes of input together, below which another process costs more than it brings."""


class Pool:
    """Runs builtins for several threads at once. Worker processes start when they are first needed."""

    def __init__(self, jobs: int) -> None:
        self._jobs = jobs
        self._guard = threading.Lock()
        self._executor: ProcessPoolExecutor | None = None

    def run(self, function: Function, args: Mapping[str, JSON], contents: Sequence[bytes | None]) -> Sequence[bytes | None]:
        """The function's own result or exception. Raises StepError WB102 when a worker process was killed."""
        if sum(len(data) for data in contents if data is not None) < SMALL:
            return function(args, contents)
        try:
            return self._workers().submit(function, dict(args), tuple(contents)).result()
        except BrokenExecutor:
            with self._guard:
                self._executor = None
            raise StepError("WB102", "a worker process was killed (out of memory?)", hint="run fewer steps at once (-j)") from None

    def close(self, *, now: bool = False) -> None:
        """End the worker processes; `now` does not wait for what they are doing."""
        with self._guard:
            executor, self._executor = self._executor, None
        if executor is None:
            return
        executor.shutdown(wait=not now, cancel_futures=True)
        if now:
            import multiprocessing  # noqa: PLC0415 - as above

            for child in multiprocessing.active_children():
                child.kill()

    def _workers(self) -> ProcessPoolExecutor:
        with self._guard:
            if self._executor is None:
                import multiprocessing  # noqa: PLC0415 - as above
                from concurrent.futures import ProcessPoolExecutor  # noqa: PLC0415

                context = multiprocessing.get_context("spawn")  # a fork would copy the locks of other threads
                self._executor = ProcessPoolExecutor(self._jobs, mp_context=context, initializer=_begin)
            return self._executor


def _begin() -> None:
    """The terminal sends Ctrl-C to workers too; what it means is decided by their parent. Without a parent nobody wants their work."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    import multiprocessing  # noqa: PLC0415 - as above

    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
