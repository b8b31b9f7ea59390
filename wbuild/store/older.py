"""Trees of the layout before: what is whole and fits its pin is taken over, so that nothing is downloaded twice."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Final

from wbuild.doors.interfaces import Files
from wbuild.doors.machine import machine_errors
from wbuild.model.locked import Pin
from wbuild.store import contents, receipt
from wbuild.store.contents import CONTENTS, RECEIPT

OLDER: Final = "store-v1"


def take_over(pin: Pin, shelf: Path, tree: Path, files: Files) -> receipt.Receipt | None:
    """Make a tree of the one that an older wbuild has installed; its receipt for today, or None, and nothing made, when there is none.

    Everything in it is read and compared with its list first. Raises MachineError.
    """
    old = shelf / pin.older_identity
    known, text = receipt.decode(receipt.text(old / RECEIPT)), receipt.text(old / CONTENTS)
    items = contents.decode(text)
    if known is None or items is None or known.identity != pin.older_identity or not receipt.fits(known, pin):
        return None
    if contents.digest(text) != known.tree or next(contents.compare(old, items, files.sha256), ""):
        return None
    with machine_errors(tree, "make"):
        tree.mkdir()
        for item in items:
            _same(old / item.path, tree / item.path)
    files.write(tree / CONTENTS, text)
    return receipt.renamed(known, pin)


def _same(source: Path, target: Path) -> None:
    """Put a file of a tree at another place too: trees never change, so they may share it."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_symlink():
        target.symlink_to(source.readlink())
        return
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
