"""A bug in wbuild: one line on the screen, the traceback in a file, secrets in neither."""

from __future__ import annotations

import os
import tempfile
import time
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from wbuild import __version__
from wbuild.doors.places import user_folder
from wbuild.errors import BugError, WbuildError
from wbuild.nothing_to_do import project_folder
from wbuild.text.project_names import WORK
from wbuild.text.redact import redactor

if TYPE_CHECKING:
    from wbuild.session.call import Common

EXIT = 70


def report_bug(error: BaseException, common: Common) -> int:
    """Write the details aside and say where they are; exit code 70."""
    known, hide = redactor(common.environ), common.console.hide

    def redact(text: str) -> str:
        return hide(known(text))

    text = redact("".join(traceback.format_exception(error)))
    file = _write(f"wbuild {__version__}\narguments: {redact(' '.join(common.argv))}\n\n{text}", common)
    first = (str(error).splitlines() or [""])[0][:200]
    hint = f"details are in {file}; please report them" if file else "the details could not be written anywhere"
    common.console.problems(BugError("WB900", f"wbuild failed: {type(error).__name__}: {first}", hint=hint))
    return EXIT


def _write(text: str, common: Common) -> Path | None:
    """The first of the project's folder, the user's cache and the system's temporary folder that can be written."""
    name = f"crash-{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}.txt"
    for folder in _folders(common):
        try:
            folder.mkdir(parents=True, exist_ok=True)
            file = folder / name
            file.write_text(text, encoding="utf-8", errors="backslashreplace")
        except OSError:
            continue
        return file
    return None


def _folders(common: Common) -> list[Path]:
    found: list[Path] = []
    with suppress(WbuildError, OSError):  # there may be no current folder, no home, and nowhere to write
        project = project_folder(str(common.start))
        found += [Path(project) / WORK / "crash"] if project else []
    cache = user_folder("cache")
    found += [cache / "crash"] if cache else []
    with suppress(OSError):
        found.append(Path(tempfile.gettempdir()))
    return found
