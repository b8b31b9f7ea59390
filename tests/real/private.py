"""A project whose dependency comes from a registry that asks for credentials."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.canary import holds, leaks
from tests.real.examples import ROOT
from tests.real.machine import STORE, Done, Machine
from tests.server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Private:
    """The project, and the machine on which it is built."""

    machine: Machine
    here: Path

    @classmethod
    def make(cls, folder: Path, files: Mapping[str, str]) -> Private:
        """The project, locked like the tour; its machine has no caches yet, only the store is warm."""
        here = folder / "project"
        for name, text in {**files, "wbuild.lock": (ROOT / "wbuild.lock").read_text("utf-8")}.items():
            (here / name).parent.mkdir(parents=True, exist_ok=True)
            (here / name).write_text(text, "utf-8")
        return cls(machine=Machine.make(folder / "machine", shared=False), here=here)

    def home(self, name: str, text: str) -> None:
        """Write a file of the user's home."""
        path = self.machine.folder / "home" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        path.chmod(0o600)

    def wbuild(self, *args: str, **more: str) -> Done:
        """Run wbuild; the secret is not in what it says."""
        done = self.machine.wbuild("-vv", *args, cwd=self.here, **more)
        assert not holds((done.stdout + done.stderr).encode()), f"{done.stdout}{done.stderr}"
        return done

    def refused(self, server: Server, **more: str) -> str:
        """Nothing is fetched, and one error says what to do; all that was said."""
        before = len(server.seen)
        done = self.wbuild("fetch", **more).ends(4)
        assert done.stderr.count("error[") == 1, done.stderr
        assert "error[WB425]: fetch of app failed: the registry refuses it" in done.stderr
        assert "hint: the registry wants credentials" in done.stderr
        assert len(server.seen) > before
        self.keeps_quiet()
        return done.stderr

    def fetched(self, **more: str) -> None:
        """With credentials the dependency comes."""
        self.wbuild("fetch", **more).succeeds()
        self.keeps_quiet()

    def builds(self, **more: str) -> None:
        """What was fetched is built and checked, and told in every way; the credentials are there all the time."""
        done = self.wbuild("build", "--opt", "--offline", "--format", "json", **more).succeeds()
        (artifact,) = json.loads(done.stdout)["artifacts"]
        assert [check["status"] for check in artifact["checks"]] == ["passed"]
        for command in ("plan --opt --format json", "plan --opt --resolved", "build --explain", "config"):
            self.wbuild(*command.split(), **more).succeeds()
        for command in ("plan", "plan --opt"):
            assert "because" not in self.wbuild(*command.split(), "--explain").succeeds().stdout, "a key holds what the user configured"
        self.keeps_quiet()

    def keeps_quiet(self) -> None:
        """No file that wbuild has written holds the secret, wherever it is."""
        assert leaks(self.here / ".wbuild", self.here / "dist", self.here / "wbuild.lock", self.machine.folder / "cache") == []
        assert leaks(STORE, since=self.here / "wbuild.lock") == []


def manifest(lang: str, says: str, more: str = "") -> str:
    """wbuild.toml of one artifact `app` that prints a line."""
    return f"""[project]
name = "app"
[artifact.app]
lang = "{lang}"
path = "."
target = "wasip1"
{more}
[[artifact.app.check]]
stdout = "{says}\\n"
"""
