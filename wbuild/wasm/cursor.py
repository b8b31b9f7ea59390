"""A bounded position in the bytes of a file. Every failure is an ArtifactError with the offset in the file."""

from __future__ import annotations

from typing import NoReturn

from wbuild.errors import ArtifactError
from wbuild.wasm import leb, limits, valtypes

__all__ = ["Cursor"]


class Cursor:
    """Reads `data` from `at` up to `end`; offsets are those of the whole file, also inside embedded modules."""

    __slots__ = ("at", "data", "end")

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self.data = data
        self.at = at
        self.end = end

    @property
    def done(self) -> bool:
        return self.at >= self.end

    def past(self, what: str, at: int) -> NoReturn:
        """Raise WB333: `what` at `at` does not end before the end of what holds it."""
        raise ArtifactError("WB333", f"{what} at offset {at:#x} runs past the end at {self.end:#x}")

    def bad(self, what: str, at: int) -> NoReturn:
        """Raise WB338: the byte at `at` is not one of those that may stand for a `what`."""
        raise ArtifactError("WB338", f"unknown {what} {self.data[at]:#04x} at offset {at:#x}")

    def _to(self, after: int, what: str) -> None:
        if after > self.end:
            self.past(what, self.at)
        self.at = after

    def byte(self, what: str) -> int:
        """The next byte. Raises WB333."""
        if self.at >= self.end:
            self.past(what, self.at)
        self.at += 1
        return self.data[self.at - 1]

    def u32(self, what: str) -> int:
        """Read an unsigned number of at most 32 bits. Raises WB333, WB334."""
        value, after = leb.read_u32(self.data, self.at)
        self._to(after, what)
        return value

    def u64(self, what: str) -> int:
        """Read an unsigned number of at most 64 bits. Raises WB333, WB334."""
        value, after = leb.read_u64(self.data, self.at)
        self._to(after, what)
        return value

    def s33(self, what: str) -> int:
        """Read a signed number of at most 33 bits. Raises WB333, WB334."""
        value, after = leb.read_s33(self.data, self.at)
        self._to(after, what)
        return value

    def count(self, what: str) -> int:
        """A number of `what` of at least one byte each. Raises WB333 when so many cannot follow, WB339 when a limit is exceeded."""
        start = self.at
        count = self.u32(f"the number of {what}")
        if count > self.end - self.at:
            raise ArtifactError("WB333", f"{count} {what} at offset {start:#x} do not fit in the {self.end - self.at} bytes that follow")
        limits.check(what, count, start)
        return count

    def u32s(self, count: int, what: str) -> tuple[int, ...]:
        """`count` integers, which `count` has found to fit. Raises WB333, WB334."""
        chunk = self.data[self.at : min(self.at + count, self.end)]
        if chunk.isascii() and len(chunk) == count:
            self.at += count
            return tuple(chunk)
        return tuple([self.u32(what) for _ in range(count)])

    def skip_u32s(self, count: int, what: str) -> None:
        """Step over `count` integers. Raises WB333, WB334."""
        if count <= self.end - self.at and self.data[self.at : self.at + count].isascii():
            self.at += count
            return
        for _ in range(count):
            self._to(leb.skip(self.data, self.at, "u32"), what)

    def take(self, size: int, what: str) -> int:
        """Step over `size` bytes; the offset where they start. Raises WB333."""
        start = self.at
        if size > self.end - start:
            raise ArtifactError("WB333", f"{what} at offset {start:#x} has {size} bytes but only {max(0, self.end - start)} follow")
        self.at += size
        return start

    def name(self, what: str) -> str:
        """Raises WB333, WB334, WB335 when it is not UTF-8."""
        size = self.u32(what)
        start = self.take(size, what)
        try:
            return self.data[start : self.at].decode()
        except UnicodeDecodeError as error:
            raise ArtifactError("WB335", f"{what} at offset {start:#x} is not valid UTF-8 (byte {error.start})") from None

    def value_type(self, what: str) -> valtypes.TypeText:
        """Raises WB333, WB334, WB338."""
        start = self.at
        self._to(valtypes.skip_value(self.data, start), what)
        return valtypes.value_type(self.data[start : self.at])

    def finish(self, what: str) -> None:
        """Raise WB336 unless all of `what` has been read."""
        if self.at != self.end:
            raise ArtifactError("WB336", f"bytes are left over from offset {self.at:#x} to {self.end:#x}, at the end of {what}")
