"""The tokenizer: its streams join to the same bytes, and it sees what the scalar decoder sees, also in damaged code."""

from __future__ import annotations

from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.wasm_samples import EVERYTHING, NEEDS, function_module, module, vector, wat
from wbuild.errors import ArtifactError
from wbuild.wasm import instructions, patterns, scalar
from wbuild.wasm.leb import read_s33, read_u32, sleb, uleb
from wbuild.wasm.module import Body
from wbuild.wasm.opcodes import INDEX_LETTERS, ONE, PREFIXED, Op
from wbuild.wasm.reader import read_module

SAMPLES = [wat(EVERYTHING), *(wat(need.text) for need in NEEDS)]
BODIES = [data[body.code : body.end] for data in SAMPLES for body in read_module(data).bodies]
FORMS = [False, True] if patterns.POSSESSIVE else [False]

IMMEDIATES = {  # letter → an example of its longest or strangest form that is not padded
    **dict.fromkeys("fgtedk", uleb(0xFFFFFFFF)),
    "a": b"\x05",
    "m": b"\x02",
    "u": uleb(300),
    "i": sleb(-(1 << 31)),
    "I": sleb(-(1 << 63)),
    "4": bytes(range(0xF0, 0xF4)),
    "8": bytes(range(0x80, 0x88)),
    "V": bytes(range(0xEF, 0xFF)),
    "L": b"\xff",
    "z": b"\0",
    "c": b"\x03",
    "M": b"\x42\x81\x01" + uleb((1 << 64) - 1),
    "b": b"\x63\xff\x03",
    "h": b"\xff\x03",
    "S": b"\x01\x64\x6b",
    "B": b"\x02\x80\x01\x01\0",
    "C": b"\x04\0\x81\x01\0\x01\0\x01\x02\x80\x01\x03\0",
    "H": b"\x02\0\x81\x01\0\x01\x02",
}


def every_instruction() -> list[bytes]:
    """One of each instruction."""
    coded: list[tuple[bytes, Op]] = [(bytes((code,)), op) for code, op in ONE.items()]
    coded += [(bytes((prefix,)) + uleb(sub), op) for prefix, table in PREFIXED.items() for sub, op in table.items()]
    return [code + b"".join(IMMEDIATES[letter] for letter in op.immediates) for code, op in coded]


def by_scalar(code: bytes) -> list[bytes] | str:
    """The instructions of a body before its last byte, or the error."""
    at, found = 0, []
    try:
        end = instructions.last(code, Body(0, 0, len(code)))
        while at < end:
            _, after = scalar.step(code, at, end)
            found.append(code[at:after])
            at = after
    except ArtifactError as error:
        return str(error)
    return found


def by_pattern(code: bytes, possessive: bool) -> list[tuple[bytes, bytes]] | str:
    try:
        return instructions.tokens(code, Body(0, 0, len(code)), possessive=possessive)
    except ArtifactError as error:
        return str(error)


def has_index(instruction: bytes) -> bool:
    """Whether the scalar decoder finds an index in it, memory 0 and table 0 of one byte aside."""
    return any(
        mark.kind in "fgtedkM"
        or (mark.kind in "am" and instruction[mark.start : mark.end] != b"\0")
        or (mark.kind in "bhv" and (instruction[mark.start] & 0xC0 != 0x40 or instruction[mark.start] in {0x63, 0x64}))
        for mark in scalar.decode(instruction).marks
    )


def agree(code: bytes) -> None:
    """Both decoders see the same instructions, or refuse the body with the same words."""
    expected = by_scalar(code)
    for possessive in FORMS:
        found = by_pattern(code, possessive)
        if isinstance(expected, str) or isinstance(found, str):
            assert found == expected
            continue
        assert b"".join(chain.from_iterable(found)) == code
        tokens = [token for _, token in found if token]
        assert [one for one in expected if has_index(one)] == [token for token in tokens if has_index(token)]
        assert all(INDEX_LETTERS.intersection(scalar.decode(token).op.immediates) for token in tokens)


@pytest.mark.parametrize("code", BODIES)
def test_bodies_of_real_modules(code: bytes) -> None:
    agree(code)
    assert isinstance(by_scalar(code), list)


def test_every_instruction_is_one_token_of_both_decoders() -> None:
    everything = every_instruction()
    assert len(everything) == 206 + 31 + 22 + 256 + 67, "opcodes of one byte, then those behind fb, fc, fd, fe"
    assert by_scalar(b"".join(everything) + b"\x0b") == everything
    for one in everything:
        agree(one + b"\x0b")
        agree(one + one + b"\x0b")
    agree(b"".join(everything) + b"\x0b")


def test_every_cut_of_every_instruction_is_refused_alike() -> None:
    for one in every_instruction():
        for cut in range(1, len(one)):
            agree(one[:cut] + b"\x0b")


def test_every_opcode_is_known_to_both_or_to_none() -> None:
    opcodes = [bytes((code,)) for code in range(0x100)] + [bytes((prefix,)) + uleb(sub) for prefix in PREFIXED for sub in range(0x180)]
    for code in opcodes:
        agree(code + bytes(24) + b"\x0b")
        agree(code + b"\x0b")


@pytest.mark.parametrize("count", [0, 1, 23, 24, 63, 64, 127, 128, 5000])
def test_branch_tables_of_any_size(count: int) -> None:
    agree(b"\x01\x0e" + uleb(count) + bytes(count + 1) + b"\x10\x05\x0b")
    agree(b"\x01\x0e" + uleb(count) + b"\x80\x01" * (count + 1) + b"\x0b")


def test_long_runs() -> None:
    agree(b"\x01" * 100_000 + b"\x10\x07" + b"\x20\x80\x01\x1a" * 50_000 + b"\x0b")


DAMAGE = st.lists(
    st.tuples(
        st.integers(0, 10_000), st.one_of(st.integers(0, 255), st.sampled_from(b"\x0e\x1c\x1f\xd0\xfb\xfc\xfd\xfe\x62\x63\x64\x80\x40"))
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(BODIES), DAMAGE)
def test_damaged_bodies(code: bytes, damage: list[tuple[int, int]]) -> None:
    broken = bytearray(code)
    for at, value in damage:
        broken[at % len(broken)] = value
    agree(bytes(broken))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(every_instruction()), max_size=30), st.binary(max_size=12))
def test_streams_of_instructions(stream: list[bytes], tail: bytes) -> None:
    agree(b"".join(stream) + b"\x0b")
    agree(b"".join(stream) + tail + b"\x0b")


def test_decode_takes_one_instruction() -> None:
    found = scalar.decode(b"\x11\x85\x00\x01")
    assert [(mark.kind, mark.start, mark.end) for mark in found.marks] == [("t", 1, 3), ("a", 3, 4)]
    with pytest.raises(ArtifactError, match="more than one instruction at offset 0x2"):
        scalar.decode(b"\x10\x01\x01")


def renumbered(code: bytes, kind: str, by: int) -> bytes:
    """The body with all indices of one kind moved, as a rewriter of modules would."""
    parts = []
    for run, token in instructions.tokens(code, Body(0, 0, len(code))):
        parts.append(run)
        at = 0
        for mark in scalar.decode(token).marks if token else ():
            if mark.kind == kind:
                parts += [token[at : mark.start], uleb(read_u32(token, mark.start)[0] + by)]
                at = mark.end
        parts.append(token[at:])
    return b"".join(parts)


def test_a_module_renumbered_from_the_stream() -> None:
    code = b"\x10\x7f\x20\x05\x23\x01\x10\x80\x01\xd2\x02\x1a\x0b"
    assert renumbered(code, "f", 1) == b"\x10\x80\x01\x20\x05\x23\x01\x10\x81\x01\xd2\x03\x1a\x0b"
    assert renumbered(renumbered(code, "f", 1), "f", -1) == code


def test_integers() -> None:
    for value in (0, 1, 63, 64, 127, 128, 300, 0xFFFFFFFF):
        assert read_u32(uleb(value), 0) == (value, len(uleb(value)))
        assert read_s33(sleb(value), 0) == (value, len(sleb(value)))
        assert read_s33(sleb(-value), 0)[0] == -value


def test_code_outside_of_a_body_is_never_read() -> None:
    data = function_module(b"\x41") + module((1, vector()))[8:]
    (body,) = read_module(function_module(b"\x41")).bodies
    with pytest.raises(ArtifactError, match="runs past the end of its code"):
        instructions.tokens(data, body)
