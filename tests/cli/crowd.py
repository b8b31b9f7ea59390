"""Several wbuilds at once, as a seed decides: two projects, one store, one cache; edits, damage, sudden deaths.

`python -m tests.cli.crowd SECONDS [SEED]` goes on for so long, each round with another seed, and says the seed of a round that fails.
What a seed decides is what is done and in which order, not how the processes meet.
"""

from __future__ import annotations

import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.cli.toys import Shell, shell, with_toys
from tests.cli.toytools import HEAD, leb
from wbuild.doors import locks, presence

LONG: Final = 300.0
"""Seconds after which a process counts as stuck."""
AT_ONCE: Final = 4
FAILURE: Final = "told to fail"
SIGNALS: Final = (signal.SIGKILL, signal.SIGKILL, signal.SIGINT, signal.SIGTERM)
BUILDS: Final = (
    ("build",),
    ("build", "one", "two"),
    ("build", "two"),
    ("build", "three"),
    ("build", "--opt"),
    ("build", "--opt=smallest", "one"),
    ("build", "--opt", "--no-check", "-j", "1"),
    ("build", "--profile", "release", "--fail-fast"),
    ("build", "--watch"),
    ("build", "--watch", "--opt", "two"),
    ("check",),
    ("size",),
    ("run", "one"),
)
OTHERS: Final = (
    ("clean",),
    ("clean",),
    ("cache", "gc", "--max", "0"),
    ("cache", "gc", "--older-than", "0h"),
    ("cache", "verify"),
    ("cache", "verify", "--repair"),
    ("cache", "info"),
    ("tools", "gc"),
    ("tools", "gc", "--older-than", "0h"),
    ("tools", "verify"),
    ("lock",),
    ("plan",),
    ("fetch",),
)
EXCUSES: Final = {1: (FAILURE,), 2: ("WB267", "WB284"), 5: ("damaged in the cache",)}
"""Exit code → what is said when it may be."""


@dataclass(slots=True)
class Run:
    """A wbuild that goes on."""

    process: subprocess.Popen[bytes]
    argv: tuple[str, ...]
    log: Path
    began: float = field(default_factory=time.monotonic)
    sent: set[int] = field(default_factory=set)
    """Signals that it got."""

    def send(self, number: signal.Signals) -> None:
        if self.process.poll() is None:
            self.sent.add(number)
            self.process.send_signal(number)

    def said(self) -> str:
        return self.log.read_text("utf-8", "replace")

    def judge(self) -> None:
        """How it ended must be how a wbuild may end."""
        code, said = self.process.wait(), self.said()
        about = f"{self.argv} ended with {code} (signals {sorted(self.sent)})\n{said}"
        if code == -signal.SIGKILL and signal.SIGKILL in self.sent:  # what it leaves behind may complain
            return
        if signal.SIGINT in self.sent and "KeyboardInterrupt" in said and "wbuild/" not in said:  # Python had not begun with it yet
            return
        assert "Traceback" not in said, about
        assert "WB9" not in said, about
        if code < 0:
            assert -code in self.sent, about
        elif code in (130, 143):
            assert {130: signal.SIGINT, 143: signal.SIGTERM}[code] in self.sent, about
        else:
            assert code == 0 or any(excuse in said for excuse in EXCUSES.get(code, ())), about


@dataclass(slots=True)
class Crowd:
    """All that goes on."""

    projects: Sequence[Shell]
    home: Path
    dice: random.Random
    logs: Path
    running: list[Run] = field(default_factory=list)
    torn: list[str] = field(default_factory=list)
    """Files of dist that a reader found not whole."""
    count: int = 0

    def step(self) -> None:
        """Something happens."""
        for run in [run for run in self.running if run.process.poll() is not None]:
            self.running.remove(run)
            run.judge()
        assert not self.torn, self.torn
        project = self.dice.choice(self.projects)
        chance = self.dice.random()
        if chance < 0.5:
            self._start(project)
        elif chance < 0.7:
            self._edit(project)
        elif chance < 0.78:
            self._damage(project)
        elif chance < 0.9 and self.running:
            self.dice.choice(self.running).send(self.dice.choice(SIGNALS))
        time.sleep(self.dice.choice((0.0, 0.05, 0.2, 0.5)))
        while len(self.running) >= AT_ONCE and not self._ended():
            time.sleep(0.05)

    def _ended(self) -> bool:
        """Whether one has ended; those that watch are told to, and what is stuck is an error."""
        for run in self.running:
            waited = time.monotonic() - run.began
            if "--watch" in run.argv and waited > 4 and not run.sent:
                run.send(self.dice.choice(SIGNALS))
            if waited > LONG:
                run.process.send_signal(signal.SIGABRT)
                run.process.wait()
                raise AssertionError(f"stuck: {run.argv}\n{run.said()}")
        return any(run.process.poll() is not None for run in self.running)

    def wind_up(self) -> None:
        """Wait until everybody is through."""
        while self.running:
            while not self._ended():
                time.sleep(0.05)
            for run in [run for run in self.running if run.process.poll() is not None]:
                self.running.remove(run)
                run.judge()

    def _start(self, project: Shell) -> None:
        argv = self.dice.choice(BUILDS if self.dice.random() < 0.7 else OTHERS)
        self.count += 1
        log = self.logs / f"{self.count}.txt"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-X", "faulthandler", "-m", "wbuild", *argv],
                cwd=project.folder,
                env=project.env,
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )
        self.running.append(Run(process, argv, log))

    def _edit(self, project: Shell) -> None:
        name = self.dice.choice(("one/one.toy", "two/two.toy", "two/y.inc", "common/x.inc", "three/three.toy", "wbuild.toml"))
        put(project, name, manifest(self.dice) if name == "wbuild.toml" else source(self.dice, name))

    def _damage(self, project: Shell) -> None:
        """A disk, or somebody, writes into the cache or into what wbuild remembers of a project."""
        work = project.folder / ".wbuild"
        folder = self.dice.choice((self.home / ".cache/wbuild/cache-v1", work / "keys", work / "state", work / "index"))
        found = sorted(
            p for p in [folder, *folder.rglob("*")] if p.is_file() and p.name not in ("growth", "swept") and p.parent.name != "runs"
        )
        with suppress(OSError):
            if found:
                path = self.dice.choice(found)
                with path.open("r+b") as file:
                    file.truncate(self.dice.choice((0, path.stat().st_size // 2)))
                    file.write(b"damaged" * self.dice.choice((0, 1)))


def source(dice: random.Random, name: str) -> str:
    """A text for a file of the project."""
    lines = [f"say {name} {dice.randrange(4)}", f"pad {dice.choice((0, 0, 90_000, 300_000))}"]
    if name == "two/two.toy":
        lines += dice.sample(["include y.inc", "include ../common/x.inc"], dice.randrange(3))
    lines += [f"pause {dice.choice((300, 1500))}"] * (dice.random() < 0.3)
    lines += [f"fail {FAILURE}"] * (dice.random() < 0.08)
    return "".join(f"{line}\n" for line in lines)


def manifest(dice: random.Random) -> str:
    """A manifest."""
    names = ["one", "two", *["three"] * (dice.random() < 0.5)]
    text = '[project]\nname = "toys"\nrecipes = ["recipes/*.toml"]\n'
    for name in names:
        text += f'\n[artifact.{name}]\nlang = "toy"\npath = "{name}"\ntargets = ["wasip1"]\n'
        text += 'inputs = ["../common/*.inc"]\n' * (name == "two")
        text += f'out = "bin/{name}.wasm"\n' * (name == "one" and dice.random() < 0.5)
        text += 'needs = ["one"]\n' * (name == "three")
        text += f"[[artifact.{name}.check]]\nexit = 0\n" * (dice.random() < 0.5)
    return text


def put(project: Shell, name: str, text: str) -> None:
    """Write a file at one stroke."""
    aside = project.folder.parent / f"aside-{project.folder.name}"
    aside.write_text(text, encoding="utf-8")
    (project.folder / name).parent.mkdir(exist_ok=True)
    aside.replace(project.folder / name)


def is_whole(data: bytes) -> bool:
    """Whether a module of the toys has neither more nor less than it says."""
    if not data.startswith(HEAD + b"\x0b"):
        return False
    body = data[len(HEAD) + 1 :]
    return any(body[: len(leb(size))] == leb(size) for size in (len(body) - n for n in range(1, 6)) if size >= 0)


@contextmanager
def reader(crowd: Crowd) -> Iterator[None]:
    """Somebody who reads all artifacts all the time."""
    over = threading.Event()

    def look(project: Shell, pattern: str) -> None:
        with suppress(FileNotFoundError):  # a folder goes while it is listed
            for path in project.folder.glob(pattern):
                with suppress(FileNotFoundError):
                    if not is_whole(path.read_bytes()):
                        crowd.torn.append(f"{path} is not whole")

    def read() -> None:
        while not over.wait(0.005):
            for project in crowd.projects:
                look(project, "dist/*/*.wasm")
                look(project, "bin/*.wasm")

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def crowd_in(folder: Path, seed: int) -> Iterator[Crowd]:
    """Two projects that nobody has built yet."""
    dice, home = random.Random(seed), folder / "home"
    projects = []
    for name in ("a", "b"):
        project = with_toys(shell(folder / name, home), manifest(dice), locked=False)
        for file in ("one/one.toy", "two/two.toy", "two/y.inc", "common/x.inc", "three/three.toy"):
            put(project, file, source(dice, file))
        put(project, "wbuild.toml", manifest(dice))
        project.trust()
        projects.append(project)
    logs = folder / "logs"
    logs.mkdir()
    crowd = Crowd(projects, home, dice, logs)
    try:
        with reader(crowd):
            yield crowd
    finally:
        for run in crowd.running:
            run.process.kill()
            run.process.wait()


def settle(crowd: Crowd) -> None:
    """Afterwards everything is as if nothing had happened: outputs, locks, processes, files."""
    assert not crowd.torn, crowd.torn
    for project in crowd.projects:
        for name in ("one/one.toy", "two/two.toy", "two/y.inc", "common/x.inc", "three/three.toy"):
            put(project, name, re.sub("(fail|pause) .*\n", "", project.read(name)))
        for args in ((), ("--opt",)):
            project.run("build", *args).ends(0)
            assert '"status": "ran"' not in project.run("build", *args, "--format", "json").ends(0).out
        same_as_clean(project, crowd.home)
        nothing_left(project)
    first, old = crowd.projects[0], time.time() - 3 * 86_400
    for path in crowd.home.rglob(".*"):
        if path.name.startswith((".wb-", ".tmp-")):
            os.utime(path, (old, old))
    first.run("cache", "verify", "--repair").ends(0)
    first.run("cache", "gc").ends(0)
    first.run("cache", "verify").ends(0)
    first.run("tools", "gc").ends(0)
    first.run("tools", "verify").ends(0)
    cache, store = crowd.home / ".cache/wbuild/cache-v1", crowd.home / ".cache/wbuild/store-v2"
    assert not [p for p in crowd.home.rglob(".*") if p.name.startswith((".wb-", ".tmp-"))]
    assert presence.oldest(cache / "runs") is None
    assert presence.oldest(store / ".runs") is None
    assert not [*cache.glob("runs/*"), *store.glob(".runs/*")]
    for lock in [*store.glob(".locks/*"), *cache.parent.glob("*.lock"), *(p.folder / ".wbuild/lock" for p in crowd.projects)]:
        assert_free(lock)
    assert not ours(crowd.home.parent), ours(crowd.home.parent)


def same_as_clean(project: Shell, home: Path) -> None:
    """What stands in the project is what a fresh copy builds with an empty cache, and nothing else."""
    fresh = shell(project.folder.parent / "fresh", home)
    fresh.env |= {"WBUILD_CACHE": str(fresh.folder / "cache")}
    shutil.copytree(project.folder, fresh.folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".wbuild", "dist", "bin", "*.lock"))
    (fresh.folder / "wbuild.lock").write_bytes((project.folder / "wbuild.lock").read_bytes())
    for args in ((), ("--opt",)):
        fresh.run("build", *args).ends(0)
    names = [{name for name in place.files() if not name.startswith((".wbuild/", "cache/", "bin/"))} for place in (project, fresh)]
    lost = {name for name in names[0] - names[1] if not re.fullmatch(r"dist/\w+/three\.wasm(\.report\.json)?", name)}
    assert not lost, f"nobody's files: {sorted(lost)}"
    assert names[1] <= names[0], f"missing: {sorted(names[1] - names[0])}"
    for name in sorted(names[1]):
        if name.endswith(".wasm"):
            assert (project.folder / name).read_bytes() == (fresh.folder / name).read_bytes(), f"{name} is not what a clean build makes"
    shutil.rmtree(fresh.folder)


def nothing_left(project: Shell) -> None:
    """Nothing that is not whole, nothing half done."""
    assert not (left := list(project.folder.rglob(".wb-*"))), left
    assert not [*project.folder.glob(".wbuild/tmp/*")]
    assert not project.folder.joinpath(".wbuild/locking").exists()


def assert_free(lock: Path) -> None:
    handle = locks.attempt(lock)
    assert handle is not None, f"{lock} is held: {lock.read_text()}"
    os.close(handle)


def ours(folder: Path) -> dict[int, str]:
    """Processes that have a folder in their environment."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if int(path.name) != os.getpid() and str(folder).encode() in path.joinpath("environ").read_bytes():
                found[int(path.name)] = path.joinpath("cmdline").read_bytes().replace(b"\0", b" ").decode()
    return found


def round_of(folder: Path, seed: int, steps: int) -> Crowd:
    """One crowd from its beginning to its end."""
    with crowd_in(folder, seed) as crowd:
        for _ in range(steps):
            crowd.step()
        crowd.wind_up()
    settle(crowd)
    return crowd


def main(seconds: float, seed: int) -> int:
    """Rounds until the time is over; 1 when any of them failed."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # who runs in the background of a script ignores it, and so would every child
    end, failures = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        folder = Path(tempfile.mkdtemp(prefix="crowd-"))
        began = time.monotonic()
        try:
            crowd = round_of(folder, seed, 60)
        except AssertionError as error:
            print(f"seed {seed} failed; its folder is {folder}\n{error}", flush=True)
            failures += 1
        else:
            print(f"seed {seed}: {crowd.count} processes in {time.monotonic() - began:.0f} s", flush=True)
            shutil.rmtree(folder)
        seed += 1
    return min(failures, 1)


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1))
