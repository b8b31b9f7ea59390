"""Generated projects of C artifacts, and files for other build tools with the command lines of wbuild's plan."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.bench.timing import Place, script

LOCAL: Final = "ZIG_LOCAL_CACHE_DIR"
"""Nothing stays in it after `zig cc`: one folder for all steps is as good as one for each artifact."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """A step that starts a compiler."""

    verb: str
    artifact: str
    argv: tuple[str, ...]
    inputs: tuple[str, ...]
    output: str

    @property
    def line(self) -> str:
        """For make and ninja. No word of it needs quotes, so make starts it without a shell."""
        return " ".join(self.argv)


def generate(folder: Path, artifacts: int, files: int) -> None:
    """A project whose artifacts are programs of `files` sources that share a header. No two sources are equal."""
    manifest = ['[project]\nname = "generated"\n']
    for number in range(artifacts):
        name = f"a{number:03}"
        source = folder / name / "src"
        source.mkdir(parents=True)
        manifest.append(f'[artifact.{name}]\nlang = "c"\npath = "{name}"\n')
        names = [f"part{index}" for index in range(1, files)]
        (source / "parts.h").write_text("".join(f"int {part}(int);\n" for part in names), "utf-8")
        for index, part in enumerate(names):
            text = f'#include "parts.h"\nint {part}(int n) {{ return n * {index + 3} + {number}; }}\n'
            (source / f"{part}.c").write_text(text, "utf-8")
        total = " + ".join(f"{part}(argc)" for part in names) or "argc"
        text = f'#include "parts.h"\nint main(int argc, char **argv) {{ return ({total}) > {number + 99}; }}\n'
        (source / "main.c").write_text(text, "utf-8")
    (folder / "wbuild.toml").write_text("\n".join(manifest), "utf-8")


def copies(folder: Path, artifacts: int, source: Path) -> None:
    """A project whose artifacts are all the program in `source`, a folder of C files, each with another number in it."""
    manifest = ['[project]\nname = "copies"\n']
    for number in range(artifacts):
        name = f"a{number:03}"
        shutil.copytree(source, folder / name / "src")
        manifest.append(f'[artifact.{name}]\nlang = "c"\npath = "{name}"\n')
        for file in sorted((folder / name / "src").glob("*.c")):
            file.write_text(f"{file.read_text('utf-8')}\nextern int copy_{number};\n", "utf-8")
    (folder / "wbuild.toml").write_text("\n".join(manifest), "utf-8")


def said(place: Place, *words: str) -> str:
    """Standard output of a wbuild command that succeeds."""
    argv = [script("wbuild"), *words]
    return subprocess.run(argv, cwd=place.folder, env=dict(place.environ), capture_output=True, text=True, check=True).stdout


def plan(place: Place) -> dict[str, Any]:
    """The plan of a build, as JSON."""
    found: dict[str, Any] = json.loads(said(place, "plan", "--format", "json"))
    return found


def tool_steps(place: Place) -> list[Tool]:
    """The compile and link steps of the plan, with command lines as wbuild starts them."""
    steps = [step for step in plan(place)["steps"] if step["verb"] in ("compile", "link")]
    tools = {word[1 : word.index("}")] for step in steps for word in step["command"] if word.startswith("{") and "}/" in word}
    places = {f"{{{name}}}": said(place, "tools", "where", name).strip() for name in sorted(tools - {"out", "scratch"})}
    return [_tool(step, places) for step in steps]


def _tool(step: Mapping[str, Any], places: Mapping[str, str]) -> Tool:
    output = step["outputs"][0]
    words = {**places, "{out}/": "", "{scratch}/deps.d": f"{output}.d"}
    argv = []
    for word in step["command"]:
        for placeholder, text in words.items():
            word = word.replace(placeholder, text)  # noqa: PLW2901 - one after the other
        argv.append(word)
    return Tool(verb=step["verb"], artifact=step["artifact"], argv=tuple(argv), inputs=tuple(step["inputs"]), output=output)


def beside(place: Place, name: str, tools: Sequence[Tool]) -> Place:
    """A copy of a project's sources with the files of ninja and make, and folders for their outputs."""
    folder = place.folder.parent / name
    shutil.copytree(place.folder, folder, ignore=shutil.ignore_patterns(".wbuild", "dist"))
    (folder / "build.ninja").write_text(ninja_file(tools), "utf-8")
    (folder / "Makefile").write_text(make_file(tools), "utf-8")
    for tool in tools:
        (folder / tool.output).parent.mkdir(parents=True, exist_ok=True)
    return Place(folder=folder, environ=place.environ)


def ninja_file(tools: Sequence[Tool]) -> str:
    """One rule a verb, as people write them: what differs is a variable."""
    rules = ["rule compile\n  command = $line\n  depfile = $out.d\n  deps = gcc\n", "rule link\n  command = $line\n"]
    edges = [f"build {tool.output}: {tool.verb} {' '.join(tool.inputs)}\n  line = {tool.line}\n" for tool in tools]
    return "\n".join([*rules, *edges])


def make_file(tools: Sequence[Tool]) -> str:
    """One rule a file; dependency files are read as far as they are there."""
    modules = " ".join(tool.output for tool in tools if tool.verb == "link")
    rules = [f"{tool.output}: {' '.join(tool.inputs)}\n\t{tool.line}\n" for tool in tools]
    depfiles = " ".join(f"{tool.output}.d" for tool in tools if tool.verb == "compile")
    return f"all: {modules}\n\n" + "\n".join(rules) + f"\n-include {depfiles}\n"


def zig_caches(place: Place, home: Path) -> dict[str, str]:
    """Variables for zig outside of wbuild: a folder of its own, and what it has in wbuild's shared cache."""
    (folder,) = {step["env"]["ZIG_GLOBAL_CACHE_DIR"] for step in plan(place)["steps"] if "ZIG_GLOBAL_CACHE_DIR" in step.get("env", {})}
    shared = Path(place.environ["WBUILD_CACHE"]) / "shared" / folder.removeprefix("{cache:").removesuffix("}")
    return {"ZIG_GLOBAL_CACHE_DIR": str(shared), LOCAL: str(home / "zig-local")}
