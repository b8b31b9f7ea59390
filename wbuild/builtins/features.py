"""The builtin `features`: what a module needs, and the words with which an optimizer is told so."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from wbuild.builtins.measure import describe
from wbuild.model.planned import JSON
from wbuild.wasm.features import features as features_of

__all__ = ["features"]


def features(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes]:
    """Builtin: [module] → [JSON: features, words, unknown].

    `args`: `words`, feature → words of the optimizer. The result: `features` of the module (used or declared) with reasons; `words`
    for them, each once, in the order of the recipe; `unknown`, those used for which there are no words. Raises ArtifactError.
    """
    data = inputs[0]
    assert data is not None
    table = args["words"]
    assert isinstance(table, dict)
    found = features_of(data)
    words = [word for name, row in table.items() if name in found and isinstance(row, list) for word in row]
    doc = {
        "features": {name: describe(reason) for name, reason in found.reasons.items()},
        "words": list(dict.fromkeys(str(word) for word in words)),
        "unknown": sorted(found.used - table.keys()),
    }
    return [json.dumps(doc, sort_keys=True).encode()]
