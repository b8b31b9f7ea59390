"""What a step has made: from where its program left it to its place, with its digests."""

from __future__ import annotations

import stat
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wbuild.cache import Cache
from wbuild.cache.keys import digest
from wbuild.engine.failure import free, replaceable
from wbuild.engine.folders import files_in, is_folder, lacking, listing, names_in, prune
from wbuild.engine.launch import Launch
from wbuild.engine.session import Run
from wbuild.model.planned import Step

__all__ = ["NOTHING", "Made", "Output", "Outputs", "lacks"]

NEVER_EMPTY = (".wasm", ".o", ".a", ".json")
"""Endings of formats in which an empty file is never right."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a run has made, before it is put in place."""

    outputs: Mapping[str, bytes | Path | None]
    """Path → bytes of a builtin, or the file that a tool wrote, or None for "not made"."""
    read: tuple[str, ...] | None = None
    """Files really read besides the inputs; None: all candidates."""
    keep: bool = True
    """Whether the result may be cached."""
    degraded: str = ""
    """Why an optional step made nothing, or something else than it might make another time."""


@dataclass(frozen=True, slots=True)
class Output:
    """One output of a step that has run."""

    content: bytes | Path | None
    """Bytes of a builtin, or the file that a tool wrote, or None for "not made"."""
    digest: str | None
    """SHA-256 (hex); None for "not made"."""

    def store(self, cache: Cache) -> None:
        """Take the output into the cache, if it was made. Raises MachineError."""
        if self.content is None or self.digest is None:
            return
        if isinstance(self.content, bytes):
            cache.store_bytes(self.content, self.digest)
        else:
            cache.store(self.content, self.digest)


NOTHING: Final = Output(None, None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outputs:
    """The outputs of one step: what they contain, and how they come to their places."""

    session: Run
    step: Step

    def contents(self, made: Made) -> dict[str, Output]:
        """What was made, by path; folders come first, each with the list of its files for its content."""
        results = {path: Output(content, self.digest(content)) for path, content in made.outputs.items() if not is_folder(path)}
        lists: dict[str, Output] = {}
        for folder in filter(is_folder, self.step.outputs):
            if made.outputs.get(folder) is None:
                lists[folder] = NOTHING
                continue
            contents = {path.removeprefix(folder): one.digest or "" for path, one in results.items() if path.startswith(folder)}
            text = listing(dict(sorted(contents.items())))
            lists[folder] = Output(text, digest(text))
        return {**lists, **results}

    def left(self, launch: Launch) -> dict[str, bytes | Path | None]:
        """Where the program has left its outputs: files, and folders with each of their files that is kept."""
        found: dict[str, bytes | Path | None] = {path: launch.output(path) for path in self.step.outputs}
        for path in filter(is_folder, self.step.outputs):
            place = launch.output(path)
            found |= {f"{path}{name}": place / name for name in files_in(place, self.step.keep)}
        return found

    def digest(self, content: bytes | Path | None) -> str | None:
        """SHA-256 (hex) of an output; None for one that was not made."""
        if content is None:
            return None
        return digest(content) if isinstance(content, bytes) else self.session.doors.files.sha256(content)

    def put(self, path: str, result: Output, *, degraded: bool) -> None:
        """Put one output in place; a file that has these bytes already is left alone, so that nothing depends on its time."""
        session, files, content = self.session, self.session.doors.files, result.content
        target = session.root / path
        if degraded:
            session.degraded.add(path)
        if is_folder(path) and result.content is not None:
            assert isinstance(result.content, bytes)
            prune(target, names_in(result.content), files)
            return
        if content is None or result.digest is None:
            free(self.step, target, path)
            if path in self.step.copies:
                replaceable(session.root, path, session.index.copies.get(path, ""))
            files.remove(target)
            session.absent.add(path)
            return
        if session.index.digest(path) == result.digest:
            return
        free(self.step, target, path)
        if path in self.step.copies:
            replaceable(session.root, path, session.index.copies.get(path, ""))
            session.index.copies[path] = result.digest
        if isinstance(content, bytes):
            files.write(target, content, durable=False)
        elif content.is_relative_to(session.root / session.layout.tmp):
            files.move(content, target)
        else:  # what a tool keeps in its state directory stays there
            files.copy(content, target, durable=False)
        session.index.record(path, result.digest)


def lacks(file: Path, path: str, keep: Sequence[str] = ()) -> str:
    """What is wrong with an output that a program has written; "" for nothing."""
    if is_folder(path):
        return lacking(file, keep)
    try:
        info = file.lstat()
    except OSError:
        return "is missing"
    if not stat.S_ISREG(info.st_mode):
        return "is not a file"
    return "is empty" if path.endswith(NEVER_EMPTY) and not info.st_size else ""
