"""A build with nothing to do: one artifact, and a generated project of 100 C artifacts with 10 files each.

    python -m tests.bench.nothing_to_do [ARTIFACTS [FILES]] [--shim]

Beside them `ninja` and `make` on the same command lines, taken from wbuild's plan, turbo and moon with a task for each artifact that
is in their cache, and `python -c "import click, tomli"`. ninja and make decide by time stamps, the others by content. turbo and moon
are started as npm's links start them, through node, and once more as the programs that these start; they come with `npm install`
into the folder `BENCH_NPM`, else into one that goes away. Ratios are to wbuild with all artifacts.

`--shim` puts a compiler that costs next to nothing in the place of `zig cc`; so does a project of more than 3 000 files.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Final

from tests.bench.generated import beside, generate, tool_steps, zig_caches
from tests.bench.shim import MANY, shimmed
from tests.bench.timing import Place, Timing, best, once, script, table
from tests.real.machine import Machine

WBUILD: Final = [script("wbuild"), "build"]
WAIT: Final = 2.5
"""Seconds until files are no longer young: until then everybody who looks at content has more to do."""
PACKAGES: Final = {"turbo": "@turbo/*/bin/turbo", "@moonrepo/cli": "@moonrepo/core-*/moon"}
"""Package → its program below node_modules."""
TASK: Final = "cp src/main.c out.wasm"


def main(artifacts: int = 100, files: int = 10, *, shim: bool = False) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        environ = Machine.make(base / "machine", path=os.environ["PATH"].split(os.pathsep)).environ
        one = Place(folder=base / "one", environ=environ)
        many = Place(folder=base / "many", environ=environ)
        generate(one.folder, 1, 1)
        generate(many.folder, artifacts, files)
        if shim or artifacts * files > MANY:
            many = shimmed(many)
        once(WBUILD, one)
        first = once(WBUILD, many)
        time.sleep(WAIT)
        title = f"wbuild, {artifacts} artifacts of {files} files"
        table("the first build", [(title, first)])
        table("nothing to do", chain([(title, best(WBUILD, many))], _small(one), _by_time(many), _monorepo(many)))


def _small(place: Place) -> Iterator[tuple[str, Timing]]:
    """wbuild over the smallest project, and what no Python program can do without."""
    yield "wbuild, 1 artifact of 1 file", best(WBUILD, place)
    for code in ("pass", "import click, tomli"):
        yield f'python -c "{code}"', best([sys.executable, "-c", code], place)


def _by_time(place: Place) -> Iterator[tuple[str, Timing]]:
    """ninja and make over the tool steps of the same plan, after a build of their own."""
    tools = tool_steps(place)
    for program in ("ninja", "make"):
        if shutil.which(program) is None:
            print(f"{program} is not on this machine: no row for it")
            continue
        there = beside(place, program, tools)
        there = Place(folder=there.folder, environ={**there.environ, **zig_caches(place, there.folder.parent)})
        once([program, "-j2"], there)
        yield f"{program}, the same steps", best([program], there)


def _monorepo(place: Place) -> Iterator[tuple[str, Timing]]:
    """turbo and moon: one package an artifact, whose task copies a source; what it does is in their cache when they are timed."""
    modules = _modules(place)
    npm = _npm(place.folder.parent / "task")
    for name, work in (("turbo", ["run", "build"]), ("moon", ["run", ":build"])):
        folder = place.folder.parent / name
        shutil.copytree(place.folder, folder, ignore=shutil.ignore_patterns(".wbuild", "dist", "recipes", "wbuild.*"))
        packages = sorted(path for path in folder.iterdir() if path.is_dir())
        _turbo(folder, packages) if name == "turbo" else _moon(folder, packages)
        quiet = {"TURBO_TELEMETRY_DISABLED": "1", "DO_NOT_TRACK": "1", "MOON_TOOLCHAIN_FORCE_GLOBALS": "true"}
        path = os.pathsep.join([str(npm), place.environ["PATH"]])
        there = Place(folder=folder, environ={**place.environ, **quiet, "PATH": path})
        _commit(there)
        (program,) = (path for pattern in PACKAGES.values() for path in modules.glob(pattern) if path.name == name)
        once([str(program), *work], there)
        time.sleep(WAIT)
        for title, start in ((f"node_modules/.bin/{name}", modules / ".bin" / name), (f"{name}, the program alone", program)):
            yield f"{title}, a task for each artifact", best([str(start), *work], there, runs=5)


def _npm(folder: Path) -> Path:
    """A folder with an npm that does the task at once: turbo starts tasks by it, and only their results are wanted here."""
    folder.mkdir()
    program = folder / "npm"
    program.write_text(f"#!/bin/sh\nexec {TASK}\n", "utf-8")
    program.chmod(0o755)
    return folder


def _modules(place: Place) -> Path:
    """The node_modules that hold turbo and moon."""
    folder = Path(os.environ.get("BENCH_NPM") or place.folder.parent / "npm")
    modules = folder / "node_modules"
    if not all(any(modules.glob(pattern)) for pattern in PACKAGES.values()):
        folder.mkdir(parents=True, exist_ok=True)
        npm = ["npm", "install", "--prefix", ".", "--ignore-scripts", "--no-audit", "--no-fund", *PACKAGES]
        subprocess.run(npm, cwd=folder, check=True, capture_output=True)
    return modules


def _turbo(folder: Path, packages: list[Path]) -> None:
    task = {"inputs": ["src/**"], "outputs": ["out.wasm"]}
    _write(folder / "turbo.json", {"tasks": {"build": task}})
    _write(folder / "package.json", {"name": "root", "private": True, "packageManager": "npm@10.0.0", "workspaces": ["a*"]})
    for package in packages:
        _write(package / "package.json", {"name": package.name, "version": "1.0.0", "scripts": {"build": TASK}})


def _moon(folder: Path, packages: list[Path]) -> None:
    _write(folder / ".moon/workspace.yml", {"projects": ["a*"], "telemetry": False, "vcs": {"defaultBranch": "main"}})
    for package in packages:
        task = {"command": TASK, "inputs": ["src/**/*"], "outputs": ["out.wasm"]}
        _write(package / "moon.yml", {"tasks": {"build": task}})


def _write(path: Path, document: object) -> None:
    """JSON, which is YAML too."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document), "utf-8")


def _commit(place: Place) -> None:
    """Both ask git what changed."""
    (place.folder / ".gitignore").write_text("out.wasm\n.turbo\n.moon/cache\n", "utf-8")
    who = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    for words in (["init", "-q", "-b", "main"], ["add", "-A"], [*who, "commit", "-q", "-m", "all"]):
        subprocess.run(["git", *words], cwd=place.folder, env=dict(place.environ), check=True)


if __name__ == "__main__":
    main(*(int(word) for word in sys.argv[1:] if word != "--shim"), shim="--shim" in sys.argv)
