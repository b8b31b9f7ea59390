"""What an index said before about one exact version: immutable, kept for all projects of a user, verified on read.

An answer becomes a digest in a lock, so it is bound to the user's key: what another user, or a cache that was restored from elsewhere,
has to say about an index is not believed.
"""

from __future__ import annotations

import hashlib
import json
import re
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from wbuild.doors.interfaces import Doors, Files
from wbuild.doors.regular import read
from wbuild.doors.userkey import mac
from wbuild.errors import MachineError
from wbuild.model.locked import Digest, PinnedFile
from wbuild.sources.client import plain_name
from wbuild.toml.from_json import parse

FOLDER: Final = "answers-v1"
"""Below `Doors.keep`; another number when questions or answers change their meaning."""
_LARGEST: Final = 1 << 20
_HEX: Final = {"sha256": 64, "sha512": 128}


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Which file an index serves for one version of a package on one platform."""

    source: str
    package: str
    version: str
    """The exact version that is asked for."""
    platform: str
    """Everything that tells platforms apart for this source."""
    index: str
    """Digest of what the client says about the indexes it asks; no address and no credential stands in an answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedFile:
    """The file that an index serves for a question."""

    name: str
    size: int
    """Bytes of the file."""
    digest: Digest


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """A question with its answer, as a file keeps them."""

    question: Question
    answer: ServedFile
    check: str
    """What binds question and answer to the user's key, in hexadecimal digits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Known answers, one small file each. Safe to use from several threads and processes."""

    folder: Path | None
    """The folder of the answers; None where nothing is known and nothing is kept."""
    files: Files
    key: bytes = b""
    """The key of the user, which every answer is bound to."""

    @classmethod
    def of(cls, doors: Doors) -> Answers:
        """The answers of this machine."""
        return cls(folder=doors.keep / FOLDER if doors.keep else None, files=doors.files, key=doors.key)

    def find(self, question: Question) -> PinnedFile | None:
        """The known answer; None when there is none or the kept one is damaged."""
        if self.folder is None:
            return None
        try:
            kept = parse(KeptAnswer, read(self._path(self.folder, question), _LARGEST))
        except (OSError, ValueError):
            return None
        answer, digest = kept.answer, kept.answer.digest
        whole = kept.question == question and kept.check == self._bound(question, answer)
        exact = answer.size >= 0 and bool(re.fullmatch(r"[0-9a-f]+", digest.hex)) and len(digest.hex) == _HEX[digest.algorithm]
        if not whole or not exact or not plain_name(answer.name):
            return None
        return PinnedFile(name=answer.name, size=answer.size, digest=digest)

    def keep(self, question: Question, file: PinnedFile) -> None:
        """Remember an answer; a disk that refuses it costs nothing but the next question."""
        if self.folder is None:
            return
        answer = ServedFile(name=file.name, size=file.size, digest=file.digest)
        kept = KeptAnswer(question=question, answer=answer, check=self._bound(question, answer))
        with suppress(MachineError):
            self.files.write(self._path(self.folder, question), json.dumps(asdict(kept), indent=1, sort_keys=True) + "\n")

    def _bound(self, question: Question, answer: ServedFile) -> str:
        return mac(self.key, "answers", json.dumps([asdict(question), asdict(answer)], sort_keys=True).encode("utf-8")).hex()

    @staticmethod
    def _path(folder: Path, question: Question) -> Path:
        return folder / f"{_check(asdict(question))}.json"


def _check(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8")).hexdigest()
