"""What Nim writes becomes the same wherever sources and tools lie."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.runners import RUNNERS

WRITES = """\
import sys
from pathlib import Path

folder, place, digest, number = Path(sys.argv[1]), *sys.argv[2:]
if digest == "wrong":
    sys.exit(f"{place}main.nim(1, 1) Error: undeclared identifier: 'x'")
(folder / "main.json").write_text('{"currentDir": "/somewhere"}')
(folder / "@mmain.nim.c").write_text(
    f'#define FX_1 "{place}main.nim"\\nstruct tyObject_Broken__{digest} {{int a;}};\\n'
    f'static NU32 TM__abcdefghijklmnopqrstuv_2[2] = {{1, {number}}};\\n'
    f'N_LIB TNimTypeV2 NTIv2__{digest}_ = {{.size = 4, .display = TM__abcdefghijklmnopqrstuv_2}};\\n'
    f'x = isObjDisplayCheck(a, 1, {number}); s = "__{digest}";\\n'
)
"""
"""A program in the place of Nim: writes a module of C that declares a type."""
ONE, OTHER = "A1b2C3d4E5f6G7h8A1b2C3", "Z1y2X3w4V5u6T7s8Z1y2X3"


def translated(folder: Path, prefix: str, place: str, digest: str, number: int) -> subprocess.CompletedProcess[str]:
    folder.mkdir(parents=True)
    words = [f"{prefix}=", "--", sys.executable, "-c", WRITES, str(folder), place, digest, str(number)]
    argv = [sys.executable, "-I", str(RUNNERS / "nim.py"), str(folder), *words]
    return subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)


@pytest.mark.parametrize(("root", "in_c"), [("/a b/c=d/", "/a b/c=d/"), ('/Müller\'s "x"/', '/M\\303\\274ller\\\'s \\"x\\"/')])
def test_two_places_give_the_same_c(tmp_path: Path, root: str, in_c: str) -> None:
    assert translated(tmp_path / "1", "/home/", "/home/", ONE, 123).returncode == 0
    assert translated(tmp_path / "2", root, in_c, OTHER, 456).returncode == 0
    one, other = ((tmp_path / name / "@mmain.nim.c").read_text() for name in "12")
    assert one.replace(ONE, OTHER) == other  # a text of the program stays as it is
    assert one.count(ONE) == 1
    assert '#define FX_1 "main.nim"' in one
    assert sorted(path.name for path in (tmp_path / "2").iterdir()) == ["@mmain.nim.c"]


def test_what_nim_refuses(tmp_path: Path) -> None:
    done = translated(tmp_path / "1", "/home/ü/", "/home/ü/", "wrong", 1)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "main.nim(1, 1) Error: undeclared identifier: 'x'\n")
