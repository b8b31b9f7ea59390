"""A filter of system calls (Linux): what no step needs is refused, and sockets where a step is to reach nothing.

The program of the filter is made here, instruction by instruction, for the two processors whose numbers of system calls are known;
on others there is no filter. It looks at numbers and at plain arguments: paths are Landlock's part.
"""

from __future__ import annotations

import errno
import platform
import struct
import sys
from collections.abc import Iterator
from functools import cache
from typing import Final

from wbuild.doors.landlock import system

_FILTER, _STRICTLY, _AT_FULL_SPEED = 1, 0, 1 << 2
"""Set a filter; no flags; without the slow mode that old kernels give to filtered programs."""
_LOAD, _EQUAL, _AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_NUMBER, _PROCESSOR, _SECOND = 0, 4, 24
"""Where a filter finds the call's number, the kind of processor, and the lower half of the second argument."""
_ALLOW: Final = 0x7FFF0000
_ERROR: Final = 0x00050000
_X32: Final = 0x40000000
"""Calls of x86-64 with short pointers begin here: the same calls under other numbers."""
_KIND: Final = 0xF
_DATAGRAM: Final = 2

_CALLS: Final = {
    "x86_64": (
        0xC000003E,
        {"seccomp": 317, "socket": 41, "socketpair": 53},
        (
            *(165, 166, 155, 161, 272, 308),  # mount umount2 pivot_root chroot unshare setns
            *(101, 310, 311, 321, 298, 323),  # ptrace process_vm_readv process_vm_writev bpf perf_event_open userfaultfd
            *(248, 249, 250, 304),  # add_key request_key keyctl open_by_handle_at
            *(246, 320, 175, 313, 176),  # kexec_load kexec_file_load init_module finit_module delete_module
            *(169, 167, 168, 163, 164, 227),  # reboot swapon swapoff acct settimeofday clock_settime
            *(170, 171, 103, 179, 172, 173),  # sethostname setdomainname syslog quotactl iopl ioperm
        ),
    ),
    "aarch64": (
        0xC00000B7,
        {"seccomp": 277, "socket": 198, "socketpair": 199},
        (
            *(40, 39, 41, 51, 97, 268),
            *(117, 270, 271, 280, 241, 282),
            *(217, 218, 219, 265),
            *(104, 294, 105, 273, 106),
            *(142, 224, 225, 89, 170, 112),
            *(161, 162, 116, 60),
        ),
    ),
}
"""Processor → how the kernel names it, numbers of calls that we use, and of those that are refused."""
_EVERYWHERE: Final = (428, 429, 430, 431, 432, 433, 438, 442)
"""open_tree move_mount fsopen fsconfig fsmount fspick · pidfd_getfd · mount_setattr: the same number on all processors."""
_RINGS: Final = (425, 426, 427)
"""io_uring: its entries are calls that no filter sees. Programs do without it where a kernel has none, so that is what they hear."""


def can_filter() -> bool:
    """Whether this system can filter calls."""
    return sys.platform == "linux" and platform.machine() in _CALLS and _has_filters()


def refused() -> tuple[int, ...]:
    """Numbers of the calls that are refused on this machine's processor."""
    return (*_CALLS[platform.machine()][2], *_EVERYWHERE)


def obey(*, network: bool) -> bool:
    """Take the filter on, for this thread and all that it starts; it never ends. Whether the system did it.

    The thread must have given up new privileges before.
    """
    return can_filter() and _set(_program(network=network))


def _set(program: bytes) -> bool:
    import ctypes  # noqa: PLC0415 - loaded when the first fence is made

    held = ctypes.create_string_buffer(program, len(program))
    described = struct.pack("@HP", len(program) // 8, ctypes.addressof(held))
    number = _CALLS[platform.machine()][1]["seccomp"]
    return any(int(system().syscall(number, _FILTER, flags, described)) == 0 for flags in (_AT_FULL_SPEED, _STRICTLY))


@cache
def _has_filters() -> bool:
    """A filter that is nowhere: a kernel that has filters looks for it first (EFAULT), another one knows no such call (EINVAL, ENOSYS)."""
    import ctypes  # noqa: PLC0415 - see above

    library = ctypes.CDLL(None, use_errno=True)
    library.syscall(_CALLS[platform.machine()][1]["seccomp"], _FILTER, _STRICTLY, None)
    return ctypes.get_errno() == errno.EFAULT


@cache
def _program(*, network: bool) -> bytes:
    return b"".join(_instructions(network=network))


def _instructions(*, network: bool) -> Iterator[bytes]:
    """Each test stands before what it decides on; a jump of 1 passes by that."""
    processor, used, refused = _CALLS[platform.machine()]
    yield _one(_LOAD, _PROCESSOR)
    yield from _unless_equal(processor, errno.ENOSYS)
    yield _one(_LOAD, _NUMBER)
    if processor == _CALLS["x86_64"][0]:
        yield _one(_AT_LEAST, _X32, 0, 1)
        yield _one(_RETURN, _ERROR | errno.ENOSYS)
    for number in _RINGS:
        yield from _if_equal(number, errno.ENOSYS)
    for number in sorted((*refused, *_EVERYWHERE)):
        yield from _if_equal(number, errno.EPERM)
    if not network:
        yield from _if_equal(used["socket"], errno.EAFNOSUPPORT)
        # a pair of datagram sockets can still write to any address
        yield _one(_EQUAL, used["socketpair"], 0, 4)
        yield _one(_LOAD, _SECOND)
        yield _one(_AND, _KIND)
        yield _one(_EQUAL, _DATAGRAM, 0, 1)
        yield _one(_RETURN, _ERROR | errno.EAFNOSUPPORT)
    yield _one(_RETURN, _ALLOW)


def _if_equal(number: int, error: int) -> Iterator[bytes]:
    yield _one(_EQUAL, number, 0, 1)
    yield _one(_RETURN, _ERROR | error)


def _unless_equal(number: int, error: int) -> Iterator[bytes]:
    yield _one(_EQUAL, number, 1, 0)
    yield _one(_RETURN, _ERROR | error)


def _one(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)
