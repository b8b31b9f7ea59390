"""A compiler that costs next to nothing in the place of `zig cc`, for projects of which a real one would make half an hour."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path
from typing import Final

from tests.bench.timing import Place
from tests.cli.toys import pack

MANY: Final = 3000
"""Sources; a project of more is compiled by the shim."""
RECIPE: Final = """type = "tool"
name = "zig"
summary = "A shim in its place"
versions = ">=1"
[probe]
bin = "zig"
args = ["version"]
expect = "{version}"
[[route]]
source = "pypi"
package = "shimzig"
bin = { zig = ["{self}/ziglang/zig"] }
"""


def shimmed(place: Place) -> Place:
    """The same generated project with the shim as its compiler; the store keeps it beside the real one."""
    base = place.folder.parent / "shim"
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "zig"
        subprocess.run(["cc", "-O2", "-o", str(program), str(Path(__file__).with_name("shim.c"))], check=True)
        pack(base / "wheels", "shimzig", {"ziglang/zig": program.read_bytes()}, 0o100755)
    recipe = place.folder / "recipes/zig.toml"
    recipe.parent.mkdir()
    recipe.write_text(RECIPE, "utf-8")
    manifest = place.folder / "wbuild.toml"
    text = manifest.read_text("utf-8").replace("[project]\n", '[project]\nrecipes = ["recipes/*.toml"]\n', 1)
    manifest.write_text(text, "utf-8")
    return Place(folder=place.folder, environ={**place.environ, "PIP_FIND_LINKS": str(base / "wheels")})
