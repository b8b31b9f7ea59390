"""Start-up: `wbuild --version` beside an empty Python and beside the imports that no build can do without.

python -m tests.bench.startup
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.bench.timing import Place, best, machine, script, table


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        place = Place(folder=Path(folder), environ=machine(Path(folder) / "home"))
        rows = [
            ('python -c "pass"', [sys.executable, "-c", "pass"]),
            ('python -c "import click, tomli"', [sys.executable, "-c", "import click, tomli"]),
            ("wbuild --version", [script("wbuild"), "--version"]),
            ("wbuild --help", [script("wbuild"), "--help"]),
        ]
        table("start-up", [(name, best(argv, place)) for name, argv in rows])


if __name__ == "__main__":
    main()
