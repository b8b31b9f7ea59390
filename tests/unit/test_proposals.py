"""Common names of proposals and the features that they stand for."""

from __future__ import annotations

import pytest

from tests.plans import shipped_catalog
from wbuild.manifest.artifact import known_features
from wbuild.wasm.proposals import ALIASES, aliases_of, features_of


def test_names_of_proposals() -> None:
    assert features_of("simd") == ("simd128",)
    assert features_of("gc") == ("gc",)
    assert aliases_of(["simd128", "exnref"]) == ("exceptions", "simd")


@pytest.mark.parametrize("name", sorted(ALIASES))
def test_common_names_stand_for_features_that_there_are(name: str) -> None:
    assert set(ALIASES[name]) <= set(known_features(shipped_catalog()))
