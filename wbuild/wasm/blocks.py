"""How the blocks of a function nest: every `end` has its beginning, `else` stands in an `if`, and nothing follows the last `end`."""

from __future__ import annotations

from typing import Final

from wbuild.errors import ArtifactError

__all__ = ["CONTROL", "Blocks"]

_IF, _ELSE, _TRY, _CATCH, _END, _DELEGATE, _CATCH_ALL = 0x04, 0x05, 0x06, 0x07, 0x0B, 0x18, 0x19
_OPENING: Final = frozenset((0x02, 0x03, _IF, _TRY, 0x1F))
_WITHIN: Final = {
    _ELSE: (_IF, "`else` outside of an `if`"),
    _CATCH: (_TRY, "`catch` outside of a `try`"),
    _CATCH_ALL: (_TRY, "`catch_all` outside of a `try`"),
    _DELEGATE: (_TRY, "`delegate` outside of a `try`"),
}
CONTROL: Final = _OPENING | {*_WITHIN, _END}
"""Opcodes that blocks begin, go on and end with."""


class Blocks:
    """The open blocks of one function body."""

    __slots__ = ("_function", "_open")

    def __init__(self, function: int) -> None:
        self._function = function
        self._open: list[int] = []

    def take(self, code: int, at: int) -> None:
        """Take one opcode of `CONTROL` that stands before the last byte of the body. Raises ArtifactError WB338."""
        if code in _OPENING:
            self._open.append(code)
        elif not self._open:
            self._refuse("bytes after the end" if code == _END else _WITHIN[code][1], at)
        elif code == _END:
            self._open.pop()
        else:
            opened, what = _WITHIN[code]
            if self._open[-1] != opened:
                self._refuse(what, at)
            if code == _DELEGATE:
                self._open.pop()
            elif code != _CATCH:
                self._open[-1] = code  # a second one has no `if` or `try` any more

    def close(self, at: int) -> None:
        """The last `end`, at the offset `at`, must be that of the function. Raises ArtifactError WB338."""
        if self._open:
            self._refuse("a block that does not end", at)

    def _refuse(self, what: str, at: int) -> None:
        raise ArtifactError("WB338", f"{what} in function {self._function} at offset {at:#x}")
