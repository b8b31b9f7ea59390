"""Files that a compiler reads and does not tell: what assembler in a source includes (`.incbin`, `.include`).

No dependency file names them. So when anything of the project that a step has read may hold assembler, all files that the step
might have read count by content.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wbuild.engine.depfile import ReadFiles
from wbuild.engine.evidence import told
from wbuild.engine.failure import title
from wbuild.engine.session import Run
from wbuild.model.planned import Step

_TOKEN: Final = re.compile(rb"(?<![A-Za-z0-9_])(?:__)?asm(?:__)?(?![A-Za-z0-9_])|incbin|##\s*sm|as\s*##", re.IGNORECASE)
"""The word that leads into assembler, as a macro may put it together too."""
_ENDINGS: Final = (".s", ".sx", ".asm")


@dataclass(frozen=True, slots=True, kw_only=True)
class Included:
    """Whether assembler in some files may read others, and which folders those files mention."""

    includes: bool
    """Whether any of the files holds assembler."""
    mentioned: tuple[str, ...] = ()
    """Folders that the files mention by name."""


def look(files: Iterable[Path], words: Iterable[str], folders: Sequence[str]) -> Included:
    """Whether a step that was started with these words and has read these files may have read others, and in which of some folders."""
    texts = [(file.suffix.lower() in _ENDINGS, _text(file)) for file in files]
    given = "\n".join(words).encode("utf-8", "surrogateescape")
    if not (_TOKEN.search(given) or any(is_assembler or text is None or _TOKEN.search(text) for is_assembler, text in texts)):
        return Included(includes=False)
    names = [(folder, folder.rpartition("/")[2].encode("utf-8", "surrogateescape")) for folder in folders]
    mentioned = (folder for folder, name in names if any(text is None or name in text for _, text in texts))
    return Included(includes=True, mentioned=tuple(mentioned))


def _text(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except (OSError, ValueError):
        return None


def all_read(session: Run, step: Step, words: Iterable[str], said: ReadFiles | None) -> tuple[tuple[str, ...] | None, bool]:
    """(what a program may have read besides its inputs, as `told` says it; whether that is all)."""
    if said is None or not step.depfile:
        return told(step, session.root, said), True
    files = [*(session.root / name for name in (*step.inputs, *said.names)), *map(Path, said.vendored)]
    found = look(files, words, step.apart)
    if not found.includes:
        return said.names, True
    apart = next((name for name in found.mentioned if not any(path.startswith(f"{name}/") for path in step.inputs)), "")
    if apart:
        session.note(f"assembler in {title(step)} may read files in {apart}: its result is not kept unless `inputs` names them")
    return tuple(dict.fromkeys((*said.names, *step.candidates))), not apart
