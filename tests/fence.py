"""`python -m tests.fence`: which fence this machine has. Ends with 1 where its kernel should have one and none is there."""

from __future__ import annotations

import platform
import re
import sys
from pathlib import Path

from wbuild.doors import fence, landlock, seccomp

LISTED = Path("/sys/kernel/security/lsm")
"""What the kernel has switched on, where that can be read."""


def expected(system: str, release: str, listed: str | None) -> bool:
    """Whether a kernel should have Landlock: by its own list, else by its age."""
    if system != "Linux":
        return False
    if listed is not None:
        return "landlock" in listed.split(",")
    numbers = re.match(r"(\d+)\.(\d+)", release)
    return numbers is not None and (int(numbers[1]), int(numbers[2])) >= (5, 19)


def main() -> int:
    """The exit code."""
    try:
        listed: str | None = LISTED.read_text("ascii").strip()
    except OSError:
        listed = None
    found = fence.mechanism()
    print(f"fence: {found or 'none'} ({platform.system()} {platform.release()}, {platform.machine()})")
    if found and (landlock.version() < landlock.OLDEST or (platform.machine() in ("x86_64", "aarch64") and not seccomp.can_filter())):
        print("a part of it is missing that this kernel should have", file=sys.stderr)
        return 1
    if not found and expected(platform.system(), platform.release(), listed):
        print("this kernel should have Landlock: is it off (`lsm=`), or does a container's seccomp profile refuse it?", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
