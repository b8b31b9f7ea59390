"""Function bodies as streams of tokens that join to the same bytes: what rewriting a module and drawing its call graph start from."""

from __future__ import annotations

from wbuild.errors import ArtifactError
from wbuild.wasm import patterns, scalar
from wbuild.wasm.module import Body
from wbuild.wasm.opcodes import INDEX_LETTERS

__all__ = ["Pair", "last", "tokens"]

Pair = tuple[bytes, bytes]
"""A run of instructions without an index, and behind it one instruction with an index or nothing."""


def last(data: bytes, body: Body) -> int:
    """The offset of the `end` that closes a body. Raises ArtifactError WB338 when it does not finish so."""
    if data[body.end - 1] != 0x0B:
        raise ArtifactError("WB338", f"the function body at offset {body.start:#x} does not finish with `end`")
    return body.end - 1


def tokens(data: bytes, body: Body, *, possessive: bool = patterns.POSSESSIVE) -> list[Pair]:
    """The code of a body; all pairs joined are `data[body.code:body.end]`.

    Each instruction that may hold the index of a function, global, type, tag, segment, table or memory is a token of its own, which
    `scalar.decode` takes apart; only table 0 and memory 0, written as one byte, stay in runs. Raises ArtifactError WB333, WB334,
    WB337, WB338.
    """
    find = patterns.index_pattern(possessive).findall
    at, end = body.code, last(data, body)
    pairs: list[Pair] = []
    while at < end:
        rows = find(data, at, end)
        stuck = next((number for number in (len(rows) - 1, len(rows) - 2) if number >= 0 and rows[number][2]), None)
        pairs.extend((run, token) for run, token, _ in rows[:stuck] if run or token)
        if stuck is None:
            break
        run = rows[stuck][0]
        at += sum(len(plain) + len(token) for plain, token, _ in rows[:stuck]) + len(run)
        op, after = scalar.step(data, at, end)
        instruction = data[at:after]
        pairs.extend([(run, instruction)] if INDEX_LETTERS.intersection(op.immediates) else [(run, b""), (instruction, b"")])
        at = after
    pairs.append((data[end : body.end], b""))
    return pairs
