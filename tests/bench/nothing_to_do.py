"""A build with nothing to do: one artifact, and a generated project of 100 C artifacts with 10 files each.

    python -m tests.bench.nothing_to_do [ARTIFACTS [FILES]]

Beside them `ninja` and `make` on the same command lines, taken from wbuild's plan, with everything up to date, and
`python -c "import click, tomli"`. ninja and make decide by time stamps, wbuild by content.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.bench.timing import Place, Timing, best, machine, once, script, table
from tests.real.machine import STORE

WBUILD = [script("wbuild"), "build"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command:
    """A step that starts a compiler."""

    verb: str
    line: str
    """For a shell."""
    inputs: str
    output: str


def main(artifacts: int = 100, files: int = 10) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        environ = machine(base / "home", WBUILD_STORE=str(STORE))
        one = Place(folder=base / "one", environ=environ)
        many = Place(folder=base / "many", environ=environ)
        _generate(one.folder, 1, 1)
        _generate(many.folder, artifacts, files)
        once(WBUILD, one)
        first = once(WBUILD, many)
        rows: list[tuple[str, Timing]] = [
            ('python -c "import click, tomli"', best([sys.executable, "-c", "import click, tomli"], one)),
            ("wbuild, 1 artifact of 1 file", best(WBUILD, one)),
            (f"wbuild, {artifacts} artifacts of {files} files", best(WBUILD, many)),
        ]
        rows += _others(many)
        table("nothing to do", rows)
        table("the first build", [(f"wbuild, {artifacts} artifacts of {files} files", first)])


def _generate(folder: Path, artifacts: int, files: int) -> None:
    """A project whose artifacts are programs of `files` sources that share a header."""
    manifest = ['[project]\nname = "generated"\n']
    for number in range(artifacts):
        name = f"a{number:03}"
        source = folder / name / "src"
        source.mkdir(parents=True)
        manifest.append(f'[artifact.{name}]\nlang = "c"\npath = "{name}"\n')
        names = [f"part{index}" for index in range(1, files)]
        (source / "parts.h").write_text("".join(f"int {part}(int);\n" for part in names), "utf-8")
        for index, part in enumerate(names):
            (source / f"{part}.c").write_text(f'#include "parts.h"\nint {part}(int n) {{ return n * {index + 3}; }}\n', "utf-8")
        total = " + ".join(f"{part}(argc)" for part in names) or "0"
        (source / "main.c").write_text(f'#include "parts.h"\nint main(int argc, char **argv) {{ return ({total}) > 99; }}\n', "utf-8")
    (folder / "wbuild.toml").write_text("\n".join(manifest), "utf-8")


def _others(place: Place) -> Iterator[tuple[str, Timing]]:
    """ninja and make over the tool steps of the same plan, after a build of their own."""
    commands = list(_tool_steps(place))
    for program, file, text in (("ninja", "build.ninja", _ninja(commands)), ("make", "Makefile", _make(commands))):
        if shutil.which(program) is None:
            print(f"{program} is not on this machine: no row for it")
            continue
        folder = place.folder.parent / program
        shutil.copytree(place.folder, folder, ignore=shutil.ignore_patterns(".wbuild", "dist"))
        (folder / file).write_text(text, "utf-8")
        for command in commands:
            (folder / command.output).parent.mkdir(parents=True, exist_ok=True)
        there = Place(folder=folder, environ=place.environ)
        once([program, "-j2"], there)
        yield f"{program}, the same steps", best([program], there)


def _tool_steps(place: Place) -> Iterator[_Command]:
    """The compile and link steps of the plan, with command lines as wbuild starts them."""
    environ = dict(place.environ)
    plan = subprocess.run(
        [script("wbuild"), "plan", "--format", "json"], cwd=place.folder, env=environ, capture_output=True, text=True, check=True
    )
    where = subprocess.run(
        [script("wbuild"), "tools", "where", "zig"], cwd=place.folder, env=environ, capture_output=True, text=True, check=True
    )
    places = {"{zig}": where.stdout.strip(), "{out}/": ""}
    caches = f"ZIG_GLOBAL_CACHE_DIR={place.folder.parent}/zig-global ZIG_LOCAL_CACHE_DIR={place.folder.parent}/zig-local "
    for step in json.loads(plan.stdout)["steps"]:
        if step["verb"] in ("compile", "link"):
            output = step["outputs"][0]
            line = " ".join(step["command"])
            for placeholder, text in {**places, "{scratch}/deps.d": f"{output}.d"}.items():
                line = line.replace(placeholder, text)
            yield _Command(verb=step["verb"], line=caches + line, inputs=" ".join(step["inputs"]), output=output)


def _ninja(commands: list[_Command]) -> str:
    lines = []
    for number, command in enumerate(commands):
        depfile = f"  depfile = {command.output}.d\n  deps = gcc\n" if command.verb == "compile" else ""
        lines.append(f"rule r{number}\n  command = {command.line}\n{depfile}build {command.output}: r{number} {command.inputs}\n")
    return "\n".join(lines)


def _make(commands: list[_Command]) -> str:
    modules = " ".join(command.output for command in commands if command.verb == "link")
    rules = [f"{command.output}: {command.inputs}\n\t{command.line}\n" for command in commands]
    depfiles = " ".join(f"{command.output}.d" for command in commands if command.verb == "compile")
    return f"all: {modules}\n\n" + "\n".join(rules) + f"\n-include {depfiles}\n"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:3]))
