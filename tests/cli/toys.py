"""Black-box projects: `python -m wbuild` as a process, with a home of its own and tools that are toys.

The toys take the real way (pip, lock, store, engine), from a folder with one wheel, so nothing needs the network. The language
`toy` has a directive a line: `say TEXT` (the program prints it), `pad N` (bytes that the optimizer takes away), `include FILE`,
`env NAME` (prints the variable that the compiler saw), `embed NAME` (the bytes of the file that the variable names), `fail TEXT`
(the compiler says it and ends with 1), `sleep FILE` (it writes its process id there and sleeps), `pause N` (milliseconds), `wait FILE`
(until it exists; FILE.waiting says that it waits), `warn TEXT` (the compiler says it), `daemon FILE` (starts a process that stays, and
writes its id there), `die N` (by signal N), `serve` (the program says `pid N` and runs on). What is different each time or everywhere:
`clock`, `today`, `here` (the compiler's folder), `random`, `uuid`, `hashes N` (numbers in the order of their hashes). What the compiler
writes stands outside of the project, which is closed to it.
"""

from __future__ import annotations

import atexit
import base64
import functools
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

import wbuild
from wbuild.doors.files import RealFiles
from wbuild.doors.userkey import data_folder
from wbuild.errors import WbuildError
from wbuild.session.project import open_project
from wbuild.session.trusted import Trust, digest_of

REPOSITORY = Path(wbuild.__file__).resolve().parent.parent

RECIPES = {
    "toycc": """
type = "tool"
name = "toycc"
summary = "Compiler of the toy language"
versions = ">=1"
[probe]
bin = "toycc"
args = ["version"]
expect = "toytools {version-major}"
[[route]]
source = "pypi"
package = "toytools"
bin = { toycc = ["{python}", "-I", "{self}/toytools/main.py"] }
""",
    "binaryen": """
type = "tool"
name = "binaryen"
summary = "A toy in its place"
versions = ">=1"
[[route]]
source = "pypi"
package = "toytools"
bin = { wasm-opt = ["{python}", "-I", "{self}/toytools/main.py"] }
[optimizer]
features = { bulk-memory = [], bulk-memory-opt = [] }
[[optimizer.levels.size]]
name = "toy"
run = ["{bin:wasm-opt}", "opt", "{in}", "{out}", "{features}"]
[[optimizer.levels.smallest]]
name = "toy"
run = ["{bin:wasm-opt}", "opt", "{in}", "{out}", "{features}"]
""",
    "toyrt": """
type = "tool"
name = "toyrt"
summary = "Runtime of the toys"
versions = ">=1"
[[route]]
source = "pypi"
package = "toytools"
bin = { toyrt = ["{python}", "-I", "{self}/toytools/main.py"], wat2wasm = ["{python}", "-I", "{self}/toytools/main.py", "wat"] }
""",
    "wasmtime": """
type = "runtime"
name = "wasmtime"
title = "A toy in its place"
tool = "toyrt"
targets = ["wasip1"]
modes = ["command"]
check = ["{bin:toyrt}", "check", "{request}", "{outcome}"]
run = ["{bin:toyrt}", "exec", "{module}", "{invoke}", "--", "{args}"]
exports = ["{bin:toyrt}", "exports", "{module}"]
start = ["{bin:toyrt}", "start", "{request}"]
features = ["bulk-memory", "bulk-memory-opt"]
""",
    "toy": """
type = "language"
name = "toy"
title = "Toy"
category = "compiled"
driver = "compiler"
extensions = [".toy"]
targets = ["wasip1"]
sources = ["*.toy"]
inputs = ["**/*.inc"]
[[toolchain]]
name = "toycc"
tools = ["toycc"]
targets = ["wasip1"]
[[toolchain.step]]
verb = "compile"
depfile = true
run = ["{bin:toycc}", "cc", "{in}", "{out}", "{depfile}"]
""",
}
RECIPE_LIMIT = 1 << 20
"""Bytes: no toy's recipe is larger."""
MANIFEST = """[project]
name = "toys"
recipes = ["recipes/*.toml"]
"""


def wheel(folder: Path, ballast: int = 0) -> Path:
    """The wheel with the toys' program, and bytes that nobody needs."""
    program = (Path(__file__).parent / "toytools.py").read_bytes()
    return pack(folder, "toytools", {"toytools/__init__.py": b"", "toytools/main.py": program, "toytools/ballast.bin": bytes(ballast)})


def pack(folder: Path, name: str, content: Mapping[str, bytes], mode: int = 0) -> Path:
    """A wheel of version 1.0 with files of one mode; 0: as the installer likes."""
    about = f"{name}-1.0.dist-info"
    files = {
        **content,
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n".encode(),
        f"{about}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for file, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        record += f"{file},sha256={digest},{len(data)}\n"
    files[f"{about}/RECORD"] = f"{record}{about}/RECORD,,\n".encode()
    path = folder / f"{name}-1.0-py3-none-any.whl"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for file, data in files.items():
            info = zipfile.ZipInfo(file, (2020, 1, 1, 0, 0, 0))
            info.external_attr = info.external_attr | mode << 16
            archive.writestr(info, data)
    return path


@dataclass(frozen=True, slots=True)
class Done:
    """A process that ended."""

    code: int
    out: str
    err: str

    def ends(self, code: int) -> Done:
        """Assert the exit code, and that no traceback reached the screen."""
        assert self.code == code, f"ended with {self.code}, not {code}\n{self.out}{self.err}"
        assert "Traceback" not in self.out + self.err
        return self


@dataclass(slots=True)
class Shell:
    """A folder, a home and an environment."""

    folder: Path
    home: Path
    env: dict[str, str] = field(default_factory=dict)
    trusting: bool = True
    """The user means the recipes of the project in the folder, whenever they change."""
    known: dict[str, dict[Path, bytes]] = field(default_factory=dict)
    """The recipes as they were when the user of a data folder meant them."""

    def trust(self, env: Mapping[str, str] | None = None, folder: Path | None = None) -> None:
        """Say what `wbuild trust` says in a folder, if the recipes are others than this user has said it about before."""
        environ, folder = {**self.env, **(env or {})}, folder or self.folder
        found = sorted(path for path in folder.glob("recipes/*.toml") if path.is_file())
        if any(path.stat().st_size > RECIPE_LIMIT for path in found):
            return  # a file that a test planted; to read it would take the machine's memory
        recipes, user = {path: path.read_bytes() for path in found}, data_folder(environ)
        if not self.trusting or not recipes or recipes == self.known.get(user):
            return
        trust = Trust(environ=environ, start=folder)
        with suppress(WbuildError):  # a manifest that is wrong is the test's own matter
            word = replace(trust.about(folder), recipes=(digest_of(open_project(folder)),))
            trust.remember(folder, word, RealFiles())
            self.known[user] = recipes

    @property
    def meeting(self) -> Path:
        """A folder that steps and tests share: fences leave only this one open to both."""
        shared = Path("/dev/shm")
        if not shared.is_dir():
            return self.home
        folder = shared / f"wbuild-tests-{hashlib.sha256(str(self.home).encode()).hexdigest()[:16]}"
        if not folder.is_dir():
            folder.mkdir()
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
        return folder

    def run(self, *args: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, stdin: str = "", umask: int = -1) -> Done:
        """`python -m wbuild ARGS` to its end; with a umask of its own if one is given."""
        self.trust(env, cwd if cwd and (cwd / "wbuild.toml").is_file() else None)
        done = subprocess.run(
            [sys.executable, "-m", "wbuild", *args],
            cwd=cwd or self.folder,
            env={**self.env, **(env or {})},
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
            timeout=300,
            check=False,
            umask=umask,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def write(self, name: str, text: str) -> Path:
        """A file of the folder."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def read(self, name: str) -> str:
        """The text of a file of the folder."""
        return (self.folder / name).read_text("utf-8")

    def files(self) -> dict[str, bytes]:
        """Every file below the folder."""
        return {p.relative_to(self.folder).as_posix(): p.read_bytes() for p in sorted(self.folder.rglob("*")) if p.is_file()}


def shell(folder: Path, home: Path) -> Shell:
    """A shell with an empty home and no network."""
    folder.mkdir(parents=True, exist_ok=True)
    home.mkdir(parents=True, exist_ok=True)
    env = {
        "HOME": str(home),
        "PATH": "/nowhere",
        "PYTHONPATH": str(REPOSITORY),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(home / "wheels"),
        "PIP_CONFIG_FILE": os.devnull,
    }
    return Shell(folder, home, env)


def with_toys(place: Shell, manifest: str = "", *, locked: bool = True, **sources: str) -> Shell:
    """A project with the toys' recipes: `manifest` is appended to its [project]; `sources` are texts of NAME.toy in folder NAME.

    `locked`: with a lock and a store as `wbuild lock` and `wbuild tools install` leave them, which take seconds; else with neither.
    """
    if not (place.home / "wheels").exists():
        wheel(place.home / "wheels")
    else:  # not the wheel of the lock
        locked = False
    for name, text in RECIPES.items():
        place.write(f"recipes/{name}.toml", text)
    blocks = [f'\n[artifact.{name}]\nlang = "toy"\npath = "{name}"\n' for name in sources] if not manifest else [manifest]
    place.write("wbuild.toml", MANIFEST + "".join(blocks))
    for name, text in sources.items():
        place.write(f"{name}/{name}.toy", text)
    place.trust()
    if locked:
        done = _installed()
        shutil.copy(done / "work/wbuild.lock", place.folder)
        shutil.copytree(done / "home/.cache/wbuild", place.home / ".cache/wbuild", dirs_exist_ok=True)
    return place


@functools.cache
def _installed() -> Path:
    """A folder with a project of the toys and a home, after the tools were locked and installed; made once by each process of tests."""
    folder = Path(tempfile.mkdtemp(prefix="wbuild-toys-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    place = with_toys(shell(folder / "work", folder / "home"), one="", locked=False)
    place.run("lock").ends(0)
    place.run("tools", "install").ends(0)
    return folder


def copied(place: Shell, into: Path, *leave: str) -> Shell:
    """A copy of a project with a home of its own, the same store and the same wheels, without what the patterns `leave` name."""
    other = shell(into / "work", into / "home")
    shutil.copytree(place.folder, other.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(*leave))
    other.env |= {"WBUILD_STORE": str(place.home / ".cache/wbuild"), "PIP_FIND_LINKS": place.env["PIP_FIND_LINKS"]}
    other.trust()
    return other


def plain(text: str) -> str:
    """Output without what differs from run to run: times; columns are one space apart."""
    text = re.sub(r"\b\d+\.\d s\b", "{time}", text)
    return re.sub(r"[ \u202f]+", " ", text)
