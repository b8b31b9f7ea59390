"""Files that stand where artifacts may: `-` is standard input, and Wasm text is assembled first."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wbuild.doors.machine import machine_errors
from wbuild.errors import UsageError
from wbuild.session.call import Common
from wbuild.session.project import shown
from wbuild.session.selection import STDIN

FILE_OR_ARTIFACT: Final = "an artifact is named without folder and ending"
FILE_ONLY: Final = "name a .wasm or .wat file or an artifact's .report.json; `-` is standard input"
_TEXT: Final = (b"(", b";;")
"""How Wasm text begins, behind white space."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The content of a file that a command line names."""

    name: str
    """The stem of the file's name, which reports call the artifact; "stdin" for standard input."""
    file: str
    """The path of the file as people would type it here; "-" for standard input."""
    data: bytes

    @property
    def title(self) -> str:
        """How messages call it."""
        return "standard input" if self.file == STDIN else self.file


def title(common: Common, word: str) -> str:
    """How messages call the file that a word names."""
    return "standard input" if word == STDIN else shown(common.start / word)


def read(common: Common, word: str, hint: str = FILE_OR_ARTIFACT) -> Given:
    """The file that a word names, text assembled. Raises UsageError when there is none, StepError for text that is wrong."""
    if word == STDIN:
        found = Given(name="stdin", file=STDIN, data=sys.stdin.buffer.read() if sys.stdin else b"")
        return _assembled(common, found, None) if found.data.lstrip().startswith(_TEXT) else found
    path = existing(common, word, hint)
    with machine_errors(path, "read"):
        found = Given(name=path.stem, file=shown(path), data=path.read_bytes())
    return _assembled(common, found, path) if path.suffix == ".wat" else found


def existing(common: Common, word: str, hint: str = FILE_OR_ARTIFACT) -> Path:
    """The path of a file. Raises UsageError when there is none."""
    path = common.start / word
    if not path.is_file():
        raise UsageError("WB281", f"there is no file {shown(path)}", hint=hint)
    return path


@contextmanager
def module(common: Common, word: str) -> Iterator[Path]:
    """A file that holds the module which a word names, for as long as it is needed. Raises as `read` does."""
    if word != STDIN and not word.endswith(".wat"):
        yield existing(common, word)
        return
    found = read(common, word)
    with tempfile.TemporaryDirectory(prefix="wbuild-") as folder:
        path = Path(folder, f"{found.name}.wasm")
        common.world().doors.files.write(path, found.data)
        yield path


def _assembled(common: Common, text: Given, path: Path | None) -> Given:
    from wbuild.session import runtime

    with tempfile.TemporaryDirectory(prefix="wbuild-") as folder:
        source, out = path or Path(folder, "stdin.wat"), Path(folder, "out.wasm")
        if path is None:
            common.world().doors.files.write(source, text.data)
        runtime.assembler(common).assemble(source, out, text.title)
        return Given(name=text.name, file=text.file, data=out.read_bytes())
