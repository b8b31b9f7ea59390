"""A project on a temporary folder with a fake compiler: what the tests of the engine share."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.doors import Answer, FakeRunner, fake_doors
from wbuild.cache import DEFAULT_LIMIT, Cache
from wbuild.doors.clock import SystemClock
from wbuild.doors.files import RealFiles
from wbuild.doors.interfaces import Command, Exit
from wbuild.engine import Engine, Note, StepFinished, StepStarted
from wbuild.errors import WbuildError
from wbuild.model.happened import Result
from wbuild.model.locked import Digest, Pin, PinnedFile
from wbuild.model.planned import JSON, Builtin, In, Out, Plan, Scratch, Step, Tool, ToolPath, Word

_INCLUDE = re.compile(r'#include "(.*?)"')


def pin(name: str = "cc", version: str = "1.0", content: str = "a") -> Pin:
    """A tool of one file."""
    digest = Digest(algorithm="sha256", hex=content * 64)
    files = (PinnedFile(name=f"{name}.whl", size=1, digest=digest),)
    return Pin(name=name, version=version, platform="linux-x86_64", source="pypi", package=name, files=files)


@dataclass
class FakeStore:
    """Has every tool, or fails for some."""

    root: Path
    asked: list[tuple[str, ...]] = field(default_factory=list)
    failing: dict[str, WbuildError] = field(default_factory=dict)

    def path(self, pin: Pin) -> Path:
        return self.root / pin.identity

    def ensure(self, pins: Sequence[Pin], say: Callable[[object], None]) -> None:
        self.asked.append(tuple(pin.name for pin in pins))
        for wanted in pins:
            if wanted.name in self.failing:
                raise self.failing[wanted.name]


def compiler(command: Command) -> Answer:
    """A compiler: sources without comments, headers put in, and a dependency file. Its words are `cc FLAG… -o OUT [-MF DEP] SOURCE…`."""
    words = list(command.argv[1:])
    out = words[words.index("-o") + 1]
    dep = words[words.index("-MF") + 1] if "-MF" in words else ""
    sources = [word for word in words if not word.startswith("-") and word not in (out, dep)]
    read: list[str] = []
    try:
        text = "".join(_preprocess(command.cwd, name, read) for name in sources)
    except FileNotFoundError as error:
        return Answer(code=1, stderr=f"{error.filename}: not found")
    if "#error" in text:
        return Answer(code=1, stderr=f"{sources[0]}: error: {text}")
    flags = "".join(word for word in words if word.startswith("-D"))
    files = {out: f"{flags}{text}"}
    if dep:
        files[dep] = f"{out}: {' '.join(read)}\n"
    return Answer(files=files, stderr="warning: odd\n" if "odd" in text else "")


def _preprocess(root: Path, name: str, read: list[str]) -> str:
    read.append(name)
    text = re.sub("//.*", "", (root / name).read_text())
    for found in _INCLUDE.findall(text):
        folder = next((f for f in ("first", "second") if (root / f / found).exists()), ".")
        text = text.replace(f'#include "{found}"', _preprocess(root, found if folder == "." else f"{folder}/{found}", read))
    return text


def compile_step(source: str, *flags: str, headers: Sequence[str] = (), **more: Any) -> Step:  # noqa: ANN401 - any field of a step
    """A step that compiles one source."""
    out = f"out/{source}.o"
    argv: tuple[Word, ...] = (
        (ToolPath("cc", "cc"),),
        *((flag,) for flag in flags),
        ("-o",),
        (Out(out),),
        ("-MF",),
        (Scratch("deps.d"),),
        (In(source),),
    )
    given: dict[str, Any] = {
        "name": f"app:compile:{source}",
        "verb": "compile",
        "label": f"app {source}",
        "artifact": "app",
        "action": Tool(argv=argv),
        "inputs": (source,),
        "candidates": tuple(headers),
        "outputs": (out,),
        "depfile": "deps.d",
        "pins": (pin(),),
    }
    return Step(**{**given, **more})


def tool_step(name: str, inputs: Sequence[str], outputs: Sequence[str], argv: Sequence[str | Word] = (), **more: Any) -> Step:  # noqa: ANN401 - any field of a step
    """A step whose program the test's own `respond` knows by its first word."""
    words = tuple((word,) if isinstance(word, str) else word for word in (argv or (name,)))
    given = {"verb": "make", "label": name, "artifact": "app", "action": Tool(argv=words)}
    return Step(name=name, inputs=tuple(inputs), outputs=tuple(outputs), **{**given, **more})


def builtin_step(name: str, inputs: Sequence[str], outputs: Sequence[str], args: Mapping[str, JSON] | None = None, *, does: str) -> Step:
    """A step that runs the function `does` of the world."""
    action = Builtin(name=does, version=1, args=args or {})
    return Step(name=name, verb=does, label=name, artifact="app", action=action, inputs=tuple(inputs), outputs=tuple(outputs))


def join(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    """What is there of the inputs, and a text of the arguments."""
    return [b"".join(data for data in inputs if data is not None) + str(args.get("text", "")).encode()]


def through(args: Mapping[str, JSON], inputs: Sequence[bytes | None]) -> Sequence[bytes | None]:
    """Inputs as they are, absent ones too."""
    return list(inputs)


class World:
    """One project, its cache and its fake programs."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "project"
        self.root.mkdir()
        self.runner = FakeRunner(compiler)
        self.files = RealFiles()
        self.cache_root = folder / "cache"
        self.store = FakeStore(folder / "store")
        self.events: list[object] = []
        self.settings: dict[str, Any] = {"builtins": {"join": join, "through": through}}

    def write(self, **texts: str) -> None:
        """Write files: `a_c` is a.c."""
        for name, text in texts.items():
            self.put(name.replace("_", "."), text)

    def put(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def read(self, name: str) -> str:
        return (self.root / name).read_text()

    def engine(self) -> Engine:
        doors = fake_doors(runner=self.runner, files=self.files, clock=SystemClock())
        settings: dict[str, Any] = {"jobs": 2, "on_event": self.events.append, **self.settings}
        cache = Cache(self.cache_root, self.files, settings.pop("cache_limit", DEFAULT_LIMIT))
        return Engine(root=self.root, doors=doors, store=self.store, cache=cache, **settings)

    def run(self, *steps: Step) -> dict[str, Result]:
        """One build; every step's result by name."""
        self.events.clear()
        self.runner.seen.clear()
        return {result.step: result for result in self.engine().execute(Plan(steps=steps, products=()))}

    def statuses(self, *steps: Step) -> dict[str, str]:
        return {name: result.status for name, result in self.run(*steps).items()}

    @property
    def notes(self) -> list[str]:
        return [event.message for event in self.events if isinstance(event, Note)]

    @property
    def started(self) -> list[str]:
        return [event.step.name for event in self.events if isinstance(event, StepStarted)]

    @property
    def finished(self) -> list[str]:
        return [event.result.step for event in self.events if isinstance(event, StepFinished)]

    def forget_outputs(self) -> None:
        shutil.rmtree(self.root / "out", ignore_errors=True)


def ends(code: int = 0, *, signal: int = 0, timed_out: bool = False, said: str = "") -> Answer:
    """An answer that is how a program ends, and nothing else."""
    return Answer(stderr=said, exit=Exit(code=code, signal=signal, timed_out=timed_out))
