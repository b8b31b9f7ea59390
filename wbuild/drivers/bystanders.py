"""Files that lie among sources and that no compiler reads: what editors write for a moment, and documentation."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from typing import Final

_PASSING: Final = re.compile(r"(?:\.sw[a-p]x?|~|(?:^|/)\.#[^/]*|(?:^|/)#[^/]*#|(?:^|/)4913)\Z")
"""Names that editors give to files while they write others: nothing looks for them, and they come and go."""
DOCUMENTS: Final = (".md", ".rst", ".adoc")
"""How names of documentation end."""


def without(names: Iterable[str], *, documents: bool, kept: Collection[str] = ()) -> tuple[str, ...]:
    """Names without those of bystanders, in their order; `documents`: documentation may be read; `kept`: named by the manifest."""
    return tuple(
        name for name in names if name in kept or not (_PASSING.search(name) or (not documents and name.lower().endswith(DOCUMENTS)))
    )
