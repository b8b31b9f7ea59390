"""What a source delivered, against what the lock promised."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path
from typing import Final

from wbuild.doors.machine import machine_errors
from wbuild.errors import IntegrityError
from wbuild.model.locked import Pin, PinnedFile

_BLOCK: Final = 1 << 20


def received_digests(pin: Pin, folder: Path) -> dict[str, str]:
    """SHA-256 (hex) of every file of a pin. Raises IntegrityError when one is missing, or has another size or digest."""
    found = {}
    for file in pin.files:
        path = folder / file.name
        with machine_errors(path, "read"):
            info = path.lstat() if path.exists() else None
            if info is None or not stat.S_ISREG(info.st_mode):
                names = ", ".join(sorted(entry.name for entry in folder.iterdir())) or "nothing"
                raise IntegrityError("WB510", f"{pin.source} delivered {names} instead of {file.name}", hint="run `wbuild lock --update`")
            if info.st_size != file.size:
                raise _mismatch(file, path, f"has {info.st_size:,} bytes; the lock says {file.size:,}")
            sha256, own = _digests(path, file.digest.algorithm)
        if own != file.digest.hex:
            raise _mismatch(file, path, f"expected {file.digest}, got {file.digest.algorithm}:{own}")
        found[file.name] = sha256
    return found


def _digests(path: Path, algorithm: str) -> tuple[str, str]:
    """SHA-256 and the digest by `algorithm`, in one pass."""
    sha256 = hashlib.sha256()
    own = sha256 if algorithm == "sha256" else hashlib.new(algorithm)
    with path.open("rb") as content:
        while block := content.read(_BLOCK):
            sha256.update(block)
            if own is not sha256:
                own.update(block)
    return sha256.hexdigest(), own.hexdigest()


def _mismatch(file: PinnedFile, path: Path, what: str) -> IntegrityError:
    with path.open("rb") as content:
        head = content.read(200).lstrip().lower()
    page = "; it looks like HTML, perhaps the page of a captive portal" if head.startswith((b"<!doctype html", b"<html")) else ""
    return IntegrityError(
        "WB510",
        f"{file.name} {what}{page}",
        hint="the file was replaced upstream, or something in between changed it; never build with it",
    )
