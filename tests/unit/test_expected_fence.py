"""When `.ci/run` fails because there is no fence."""

from __future__ import annotations

import pytest

from tests.fence import expected


@pytest.mark.parametrize(
    ("system", "release", "listed", "wanted"),
    [
        ("Linux", "6.18.44", None, True),
        ("Linux", "5.19.0-generic", None, True),
        ("Linux", "5.15.0", None, False),
        ("Linux", "6.1.0", "capability,yama", False),
        ("Linux", "6.1.0", "capability,landlock,yama", True),
        ("Darwin", "24.0", None, False),
    ],
)
def test_a_kernel_that_should_have_a_fence(system: str, release: str, listed: str | None, wanted: bool) -> None:
    assert expected(system, release, listed) is wanted
