"""Everything that touches the world, built once: settings, doors, store and cache. The only reader of the environment."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Final

from wbuild.cache import DEFAULT_LIMIT, Cache
from wbuild.cache.layout import SHARED, VERSION
from wbuild.doors import owned
from wbuild.doors.archive import SafeArchives
from wbuild.doors.clock import SystemClock
from wbuild.doors.files import RealFiles
from wbuild.doors.interfaces import Doors
from wbuild.doors.machine import machine_errors
from wbuild.doors.memory import free_memory
from wbuild.doors.network import HttpNetwork
from wbuild.doors.owned import Ground
from wbuild.doors.places import absolute, system_config, user_folder
from wbuild.doors.process import ProcessRunner
from wbuild.doors.regular import read
from wbuild.doors.userkey import data_folder, user_key
from wbuild.errors import MachineError, ProvisionError, UsageError, WbuildError
from wbuild.model.locked import Platform
from wbuild.nothing_to_do import project_folders
from wbuild.session.settings import FREE, ConfigFile, Origin, Value, resolve, sources_of
from wbuild.session.trusted import Trust
from wbuild.sources import SOURCES, Source
from wbuild.sources.clients import any_of
from wbuild.store import LAYOUT, Store, User
from wbuild.store.usage import OWN
from wbuild.terminal.console import Console
from wbuild.terminal.folds import Fold
from wbuild.toml.decode import LARGEST

CONFIG_VARIABLE: Final = "WBUILD_CONFIG"
"""Names another file in place of the user's config.toml."""
EPOCH_VARIABLE: Final = "SOURCE_DATE_EPOCH"
"""The time that outputs may hold, in seconds since 1970 (reproducible-builds.org)."""
_LAST_SECOND: Final = 253402300799
"""The last second of the year 9999, beyond which compilers take no time."""
CLIENT_FILES: Final = "clients-v1"
"""Folder of the cache for what package clients keep."""
_PLATFORMS: Final[Mapping[tuple[str, str], Platform]] = {
    ("linux", "x86_64"): "linux-x86_64",
    ("linux", "aarch64"): "linux-aarch64",
    ("darwin", "x86_64"): "macos-x86_64",
    ("darwin", "arm64"): "macos-arm64",
    ("win32", "amd64"): "windows-x86_64",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """What commands are given: the environment, the settings with their origins, and every door."""

    environ: Mapping[str, str]
    start: Path
    """The folder where the search for a project begins."""
    settings: Mapping[str, Origin]
    doors: Doors
    ci: bool
    """Whether a continuous-integration system runs this: `--locked` and `--keep-going` are on then."""
    live: bool = False
    """Whether a terminal shows what goes on."""
    epoch: int = 0
    """SOURCE_DATE_EPOCH of every step. 0 when it is not set: with the time of the last commit every commit would build everything."""
    origins: Mapping[str, Source] = field(default_factory=lambda: SOURCES)
    """What finds versions of tools and fetches their files: the name of a source (`pypi`, `npm` …) → the source."""

    @classmethod
    def build(cls, environ: Mapping[str, str], console: Console, start: Path, flags: Mapping[str, object]) -> World:
        """Read the configuration and open every door. Raises UsageError for configuration that makes no sense."""
        settings = resolve(flags, environ, config_files(environ), _defaults())
        for origin in {o.origin for o in settings.values() if o.origin.endswith(".toml")}:
            console.detail(f"settings from {origin}")
        offline = bool(settings["offline"].value)
        console.fold = fold_of(environ)
        live = shows_progress(environ, terminal=console.err.isatty(), quiet=console.quiet)
        if live:
            console.go_live()
        client_env = any_of(environ)
        Trust(environ=environ, start=start).claim(*map(Path, project_folders(str(start))))
        if settings["store"].value:
            owned.claim(Ground(base=str(folder_of(settings, "store") / LAYOUT), names=OWN))
        if settings["cache"].value:
            owned.claim(Ground(base=str(folder_of(settings, "cache")), names=frozenset({VERSION, f"{VERSION}.lock"})))
        doors = Doors(
            runner=ProcessRunner(),
            files=RealFiles(),
            archives=SafeArchives(),
            network=HttpNetwork(env=client_env, offline=offline, hosts=cache(lambda: _hosts(doors))),
            clock=SystemClock(),
            platform=this_platform(),
            client_env=client_env,
            key=user_key(environ, project_folders(str(start))),
            offline=offline,
            trusts=trusting(environ, start),
            path=tuple(environ.get("PATH", "").split(os.pathsep)),
            keep=(folder_of(settings, "cache") if settings["cache"].value else Path(os.devnull)) / CLIENT_FILES,
        )
        return cls(
            environ=environ,
            start=start,
            settings=settings,
            doors=doors,
            ci=set_in(environ, "CI"),
            live=live,
            epoch=epoch_of(environ),
        )

    @property
    def system_env(self) -> Mapping[str, str]:
        """Variables that programs of this system cannot start without: name → value."""
        return {name: value for name, value in self.environ.items() if name.upper() in ("SYSTEMROOT", "WINDIR")}

    @property
    def shell(self) -> str:
        """The path of the user's shell."""
        return self.environ.get("SHELL") or self.environ.get("COMSPEC") or "/bin/sh"

    @property
    def terminal(self) -> str:
        """The kind of terminal, as TERM names it; "dumb" where nothing does."""
        return self.environ.get("TERM", "dumb")

    @property
    def github_output(self) -> Path | None:
        """Where a GitHub workflow's step writes its outputs; None anywhere else."""
        named = self.environ.get("GITHUB_OUTPUT")
        return Path(named) if named else None

    @property
    def commit(self) -> str:
        """The commit that a CI system says it builds; "" where none does."""
        return next((self.environ[name] for name in ("GITHUB_SHA", "CI_COMMIT_SHA") if self.environ.get(name)), "")

    @property
    def store(self) -> Path:
        """The folder of tools. Raises MachineError WB653 where there is none."""
        return folder_of(self.settings, "store")

    @property
    def cache(self) -> Path:
        """The folder of the action cache. Raises MachineError WB653 where there is none."""
        return folder_of(self.settings, "cache")

    @property
    def sources(self) -> tuple[str, ...]:
        """Sources that tools may come from when they are locked, the preferred first; () is every recipe's own order."""
        return sources_of(str(self.settings["sources"].value))

    @property
    def plain_env(self) -> tuple[str, ...]:
        """Globs of variables whose values everybody may see."""
        return tuple(word for word in str(self.settings["plain-env"].value).split(",") if word)

    @property
    def jobs(self) -> int:
        """How many steps run at the same time."""
        return int(self.settings["jobs"].value)

    @property
    def memory(self) -> int | None:
        """Bytes for steps that run at the same time; None when nobody knows."""
        value = self.settings["memory"].value
        return free_memory() if value == FREE else int(value)

    @property
    def lock_timeout(self) -> float:
        """Seconds to wait for another wbuild."""
        return float(self.settings["lock-timeout"].value)

    def looking(self, project: Path) -> World:
        """This world for a command that only looks at a project."""
        return replace(self, doors=replace(self.doors, looking=project))

    def open_store(self) -> Store:
        """The store of tools of this machine. Raises MachineError WB653 where it has no folder."""
        data = data_folder(self.environ)
        home = user_folder("cache")
        user = User(data=Path(data) if data else None, home=self.environ.get("HOME", ""), own=home, lone=self.ci, watch=self.live)
        return Store(self.store, self.doors, self.origins, lock_timeout=self.lock_timeout, user=user)

    def open_cache(self) -> Cache:
        """The action cache of this machine. Raises MachineError WB653 where it has no folder."""
        home = user_folder("cache")
        return Cache(self.cache, self.doors.files, int(self.settings["cache-limit"].value), more=(home / SHARED,) if home else ())

    @property
    def trust(self) -> Trust:
        """The record of what the user has said about projects."""
        return Trust(environ=self.environ, start=self.start)

    def claim(self, *folders: Path) -> None:
        """Have what wbuild owns in these folders reached through no link; see `wbuild.doors.owned`."""
        self.trust.claim(*dict.fromkeys(folders))


def _hosts(doors: Doors) -> frozenset[str]:
    from wbuild.sources.pip_config import user_hosts

    return user_hosts(doors)


def folder_of(settings: Mapping[str, Origin], name: str) -> Path:
    """The folder that a setting names. Raises MachineError WB653 for a user without a home who names none."""
    value = str(settings[name].value)
    if not value:
        hint = "set WBUILD_STORE and WBUILD_CACHE to folders that this user may write, or set HOME"
        raise MachineError("WB653", f"there is no folder for the {name}: this user has no home folder", hint=hint)
    return absolute(value)


def trusting(environ: Mapping[str, str], start: Path) -> Callable[[], bool]:
    """Whether the user has said that the recipes of the project around `start` are meant; looked up when first asked."""

    @cache
    def asked() -> bool:
        from wbuild.session.project import open_project
        from wbuild.session.trusted import Trust, digest_of, trusted_recipes

        try:
            project = open_project(start)
            digest = digest_of(project)
        except WbuildError:
            return False
        return bool(digest) and trusted_recipes(Trust(environ=environ, start=start), project.folder, digest)

    return asked


def set_in(environ: Mapping[str, str], name: str) -> bool:
    """Whether a variable says yes: it is set, to anything but "0", "false" and the empty text."""
    return environ.get(name, "").lower() not in ("", "0", "false")


def epoch_of(environ: Mapping[str, str]) -> int:
    """What SOURCE_DATE_EPOCH says, in seconds since 1970; 0 where it is not set. Raises UsageError WB262."""
    text = environ.get(EPOCH_VARIABLE, "")
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(_LAST_SECOND)) and int(text) <= _LAST_SECOND):
        hint = f"a whole number of seconds since 1970, at most {_LAST_SECOND} (the year 9999); or unset it"
        raise UsageError("WB262", f"{EPOCH_VARIABLE}: {text[:40]!r} is not a time", hint=hint)
    return int(text)


def fold_of(environ: Mapping[str, str]) -> Fold:
    """How the log of the CI system that runs this folds groups; "" for none."""
    return "github" if set_in(environ, "GITHUB_ACTIONS") else "gitlab" if set_in(environ, "GITLAB_CI") else ""


def shows_progress(environ: Mapping[str, str], *, terminal: bool, quiet: bool) -> bool:
    """Whether standard error is a terminal on which lines may change; the log of a CI system is none, even if it looks like one."""
    return terminal and not quiet and environ.get("TERM", "") not in ("", "dumb", "unknown") and not set_in(environ, "CI")


def config_paths(environ: Mapping[str, str]) -> tuple[Path, ...]:
    """The user's and the system's config.toml, whether they exist or not; a user without a home has none."""
    named = environ.get(CONFIG_VARIABLE)
    folder = user_folder("config")
    own = [absolute(named)] if named else [folder / "config.toml"] if folder else []
    return (*own, system_config() / "config.toml")


def config_files(environ: Mapping[str, str]) -> list[ConfigFile]:
    """The config files that exist, the user's first. Raises UsageError when WBUILD_CONFIG names none."""
    found = []
    for path in config_paths(environ):
        if path.is_file():
            with machine_errors(path, "read"):
                found.append(ConfigFile(path=str(path), text=read(path, LARGEST, follow=True)))
    named = environ.get(CONFIG_VARIABLE)
    if named and not absolute(named).is_file():
        raise UsageError("WB269", f"{CONFIG_VARIABLE} names {named}, which is no file", hint="correct the variable, or unset it")
    return found


def this_platform() -> Platform:
    """The platform of this machine. Raises ProvisionError for one that no tool is known for."""
    found = _PLATFORMS.get((sys.platform, platform.machine().lower()))
    if found is None:
        raise ProvisionError(
            "WB431", f"wbuild knows no tools for {sys.platform} on {platform.machine()}", hint=f"known: {', '.join(_PLATFORMS.values())}"
        )
    return found


def _defaults() -> Mapping[str, Value]:
    home = str(user_folder("cache") or "")
    return {
        "store": home,
        "cache": home,
        "work": "",
        "cache-limit": DEFAULT_LIMIT,
        "jobs": _processors(),
        "memory": FREE,
        "lock-timeout": 600.0,
        "offline": False,
        "sources": "",
        "plain-env": "",
    }


def _processors() -> int:
    """Processors that this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1
