"""The filter of system calls, run by an interpreter of its instructions: for both processors, on any machine."""

from __future__ import annotations

import errno
import platform
import struct

import pytest

from wbuild.doors import seccomp

X86, ARM = "x86_64", "aarch64"
KINDS = {X86: 0xC000003E, ARM: 0xC00000B7}
CALLS = {
    X86: {"read": 0, "openat": 257, "clone": 56, "socket": 41, "socketpair": 53, "ptrace": 101, "mount": 165, "bpf": 321, "keyctl": 250},
    ARM: {"read": 63, "openat": 56, "clone": 220, "socket": 198, "socketpair": 199, "ptrace": 117, "mount": 40, "bpf": 280, "keyctl": 219},
}
ALLOWED = 0x7FFF0000


def answer(program: bytes, number: int, *arguments: int, kind: int) -> int:
    """What the filter says to a call."""
    data = struct.pack("=iIQ6Q", number, kind, 0, *arguments, *[0] * (6 - len(arguments)))
    lines = [struct.unpack_from("=HBBI", program, at) for at in range(0, len(program), 8)]
    at = value = 0
    while True:
        code, then, otherwise, operand = lines[at]
        at += 1
        if code == 0x20:
            value = struct.unpack_from("=I", data, operand)[0]
        elif code == 0x54:
            value &= operand
        elif code in (0x15, 0x35):
            at += then if (value == operand if code == 0x15 else value >= operand) else otherwise
        else:
            assert code == 0x06
            return int(operand)


def error(number: int) -> int:
    return 0x50000 | number


@pytest.fixture(params=[X86, ARM])
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(platform, "machine", lambda: request.param)
    return str(request.param)


@pytest.mark.parametrize("network", [False, True])
def test_files_and_processes_pass(machine: str, network: bool) -> None:
    program = b"".join(seccomp._instructions(network=network))
    for name in ("read", "openat", "clone"):
        assert answer(program, CALLS[machine][name], kind=KINDS[machine]) == ALLOWED


@pytest.mark.parametrize("network", [False, True])
def test_what_no_step_needs_is_refused(machine: str, network: bool) -> None:
    program = b"".join(seccomp._instructions(network=network))
    for name in ("ptrace", "mount", "bpf", "keyctl"):
        assert answer(program, CALLS[machine][name], kind=KINDS[machine]) == error(errno.EPERM)
    for ring in (425, 426, 427):
        assert answer(program, ring, kind=KINDS[machine]) == error(errno.ENOSYS)


def test_sockets_only_where_there_is_a_network(machine: str) -> None:
    closed, opened = (b"".join(seccomp._instructions(network=network)) for network in (False, True))
    kind, calls = KINDS[machine], CALLS[machine]
    for family in (1, 2, 10, 16):
        assert answer(closed, calls["socket"], family, 1, kind=kind) == error(errno.EAFNOSUPPORT)
        assert answer(opened, calls["socket"], family, 1, kind=kind) == ALLOWED
    for flags in (0, 0o2000000, 0o4000):
        assert answer(closed, calls["socketpair"], 1, 1 | flags, kind=kind) == ALLOWED
        assert answer(closed, calls["socketpair"], 1, 5 | flags, kind=kind) == ALLOWED
        assert answer(closed, calls["socketpair"], 1, 2 | flags, kind=kind) == error(errno.EAFNOSUPPORT)
        assert answer(opened, calls["socketpair"], 1, 2 | flags, kind=kind) == ALLOWED


def test_calls_by_the_numbers_of_another_processor_are_none(machine: str) -> None:
    program = b"".join(seccomp._instructions(network=True))
    other = ARM if machine == X86 else X86
    assert answer(program, CALLS[machine]["read"], kind=KINDS[other]) == error(errno.ENOSYS)
    assert answer(program, CALLS[machine]["read"], kind=0x40000003) == error(errno.ENOSYS)
    if machine == X86:
        assert answer(program, 0x40000000 + CALLS[X86]["socket"], kind=KINDS[X86]) == error(errno.ENOSYS)


def test_a_processor_whose_numbers_nobody_knows_has_no_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    assert not seccomp.can_filter()
    assert not seccomp.obey(network=False)
