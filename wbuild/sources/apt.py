"""The machine's apt-get as a client with a configuration of its own: private lists, status and cache; nothing is installed.

From the machine come its mirror, its trusted keys, its credentials and how it reaches the network (`Acquire::…`); hooks,
preferences, foreign architectures and what is installed do not count.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote

from wbuild.doors.interfaces import Doors
from wbuild.doors.machine import machine_errors
from wbuild.errors import IntegrityError, ProvisionError
from wbuild.model.locked import HERE, Digest, PinnedFile, Trust, Unavailable
from wbuild.sources.client import TAIL, ClientOutcome, failure, run_client, scratch, unreachable
from wbuild.sources.mirrors import Mirror, debian_mirror, sources_text

NOT_FOUND: Final = "WB490"
"""What the runner raises for a program that does not exist."""
_ENV: Final = {"LC_ALL": "C.UTF-8", "LANGUAGE": "C", "DEBIAN_FRONTEND": "noninteractive", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
_KEPT = re.compile(r"(?:Acquire|Dir::Bin|Dir::Etc::(?:netrc|netrcparts|trusted|trustedparts))(?:::| )")
_DROPPED = re.compile(r"Acquire::(?:IndexTargets|Languages|Changelogs|AllowInsecureRepositories|Check-)")
_SHELL = re.compile(r"([A-Z]+)='([^']*)'")
_URI = re.compile(r"'([^']+)' (\S+) (\d+) SHA256:([0-9a-f]{64})")
_NAME = re.compile(r"[a-z0-9][a-z0-9+.-]*_[A-Za-z0-9.+~-]+_(?:amd64|arm64|all)\.deb")
_POOL = re.compile(r"(?:[A-Za-z0-9][A-Za-z0-9.+~_-]*/)+")
_UNSIGNED = re.compile(r"NO_PUBKEY|Missing key|is not signed|EXPKEYSIG|KEYEXPIRED|couldn't be verified")
_FORGED = re.compile(r"BADSIG|has been manipulated|Clearsigned file isn't valid")
_GONE = re.compile(r"does not have a Release file|404  Not Found")


@dataclass(frozen=True, slots=True, kw_only=True)
class Apt:
    """The APT of this machine."""

    mirror: Mirror
    settings: tuple[str, ...]
    """Lines of its configuration that say how the network is reached."""
    helper: str
    """The program that downloads single files."""

    @property
    def trust(self) -> Trust:
        """How far digests from its lists are trusted: apt-get refuses lists whose signature it cannot verify."""
        return "registry" if self.mirror.trusted else "signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedPackages:
    """Packages to find in a suite."""

    suite: str
    architecture: str
    packages: tuple[str, ...]
    without: tuple[str, ...] = ()
    """Packages taken as installed: left out, with what only they need."""


def machine_apt(doors: Doors) -> Apt | Unavailable:
    """The APT of this machine; Unavailable when it has none, or no Debian mirror. Raises ProvisionError, MachineError."""
    with scratch() as folder:
        asked = ("LIST", "Dir::Etc::sourcelist/f", "PARTS", "Dir::Etc::sourceparts/d", "METHODS", "Dir::Bin::methods/d")
        try:
            places = dict(_SHELL.findall(_ask(("apt-config", "shell", *asked), doors, folder)))
            settings = _ask(("apt-config", "dump"), doors, folder).splitlines()
        except ProvisionError as error:
            if error.problems[0].code == NOT_FOUND:
                return Unavailable(reason=f"{HERE} has no apt", local=True)
            raise
    mirror = debian_mirror(
        _sources(Path(places.get("LIST", "/etc/apt/sources.list")), Path(places.get("PARTS", "/etc/apt/sources.list.d")))
    )
    if mirror is None:
        return Unavailable(reason=f"the APT sources of {HERE} name no Debian mirror", local=True)
    methods = PurePosixPath(places.get("METHODS", "/usr/lib/apt/methods"))
    kept = tuple(line for line in settings if _KEPT.match(line) and not _DROPPED.match(line))
    return Apt(mirror=mirror, settings=kept, helper=str(methods.parent / "apt-helper"))


def _ask(argv: Sequence[str], doors: Doors, folder: Path) -> str:
    answer = folder / "answer.txt"
    outcome = run_client(argv, client="apt", doors=doors, folder=folder, env=_ENV, stdout=answer)
    if outcome.code != 0:
        raise failure(argv, outcome, what="read the configuration of apt", folder=folder)
    return answer.read_text("utf-8", "replace") if answer.exists() else ""


def _sources(main: Path, parts: Path) -> Mapping[str, str]:
    with machine_errors(main, "read"):
        files = [main, *(sorted(parts.iterdir()) if parts.is_dir() else ())]
        return {str(file): file.read_text("utf-8", "replace") for file in files if file.suffix in (".list", ".sources") and file.is_file()}


def closure(apt: Apt, wanted: WantedPackages, doors: Doors) -> tuple[PinnedFile, ...] | Unavailable:
    """The packages wanted and all that they depend on, recommendations aside. Raises ProvisionError, IntegrityError, MachineError."""
    lists = doors.keep / f"apt-v1/{wanted.suite}-{wanted.architecture}" if doors.keep else None
    with scratch() as folder, _alone(lists, doors):
        session = _Session(apt=apt, wanted=wanted, doors=doors, folder=folder)
        session.configure(lists or folder / "lists")
        return session.update() or session.find()


def _alone(lists: Path | None, doors: Doors) -> AbstractContextManager[None]:
    if lists is None:
        return nullcontext()
    with machine_errors(lists, "make"):
        lists.mkdir(parents=True, exist_ok=True)
    return doors.files.lock(lists.parent / f"{lists.name}.lock", what="the package lists of apt", timeout=600.0, say=lambda _: None)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Session:
    """Commands over one private configuration."""

    apt: Apt
    wanted: WantedPackages
    doors: Doors
    folder: Path

    def configure(self, lists: Path) -> None:
        """Write the configuration, and take nothing as installed."""
        for name in ("parts", "sources", "cache/archives/partial"):
            (self.folder / name).mkdir(parents=True)
        with machine_errors(lists, "make"):
            (lists / "partial").mkdir(parents=True, exist_ok=True)
        source = sources_text(self.apt.mirror, self.wanted.suite, self.wanted.architecture)
        (self.folder / "sources" / "debian.sources").write_text(source, "utf-8")
        (self.folder / "status").write_text("", "utf-8")
        configure(self.apt, self.folder, {"Dir::State::lists": str(lists), "APT::Architecture": self.wanted.architecture})

    def update(self) -> Unavailable | None:
        """Bring the lists up to date."""
        argv = ("apt-get", "update", "-q", "-oAPT::Update::Error-Mode=any")
        outcome = self._run(argv)
        if outcome.code == 0:
            return None
        return _refusal(argv, outcome, suite=self.wanted.suite, folder=self.folder)

    def find(self) -> tuple[PinnedFile, ...] | Unavailable:
        """The packages that apt-get would install, and nothing else; or why it cannot install them."""
        wanted = self.wanted
        if wanted.without:
            self._pretend()
        answer = self.folder / "answer.txt"
        argv = ("apt-get", "install", "-qq", "--yes", "--no-install-recommends", "--print-uris", *wanted.packages)
        outcome = self._run(argv, stdout=answer)
        if outcome.code != 0:
            why = " ".join(line.removeprefix("E: ") for line in outcome.said.splitlines() if line.startswith("E: "))
            return Unavailable(reason=f"Debian {wanted.suite} does not give {wanted.packages[0]} for {wanted.architecture}: {why}")
        text = answer.read_text("utf-8", "replace") if answer.exists() else ""
        return tuple(self._file(line) for line in text.splitlines() if line.startswith("'"))

    def _pretend(self) -> None:
        """Declare packages as installed and held at the very versions of the suite, so that they are not brought along."""
        answer = self.folder / "known.txt"
        self._run(("apt-cache", "show", "--no-all-versions", *self.wanted.without), stdout=answer)
        text = answer.read_text("utf-8", "replace") if answer.exists() else ""
        (self.folder / "status").write_text(held(text), "utf-8")

    def _file(self, line: str) -> PinnedFile:
        match = _URI.match(line)
        base = f"{self.apt.mirror.uri}/"
        path = unquote(match[1].removeprefix(base)) if match and match[1].startswith(base) else ""
        folder, _, name = path.rpartition("/")
        if match is None or not _NAME.fullmatch(name) or not _POOL.fullmatch(f"{folder}/") or ".." in path:
            raise ProvisionError("WB414", f"apt-get's answer about {self.wanted.packages[0]} cannot be read", detail=line[:400])
        digest = Digest(algorithm="sha256", hex=match[4])
        return PinnedFile(name=name, path=path, size=int(match[3]), digest=digest, trust=self.apt.trust)

    def _run(self, argv: Sequence[str], stdout: Path | None = None) -> ClientOutcome:
        env = {**_ENV, "APT_CONFIG": str(self.folder / "apt.conf")}
        return run_client(argv, client="apt", doors=self.doors, folder=self.folder, env=env, stdout=stdout)


def held(shown: str) -> str:
    """A status file that has the packages of `apt-cache show` installed, needing nothing."""
    kept = re.compile(r"(?:Package|Source|Version|Architecture|Multi-Arch|Provides):")
    stanzas = []
    for stanza in re.split(r"\n\s*\n", shown.strip()):
        lines = [line for line in stanza.splitlines() if kept.match(line)]
        if lines:
            stanzas.append("\n".join((*lines, "Status: hold ok installed", "Maintainer: none", "Description: not needed", "")))
    return "\n".join(stanzas)


def configure(apt: Apt, folder: Path, more: Mapping[str, str]) -> None:
    """Write `apt.conf` in a folder: the machine's way to the network, everything else private."""
    private = {
        "Dir::Etc::main": "/dev/null",
        "Dir::Etc::parts": str(folder / "parts"),
        "Dir::Etc::sourcelist": "/dev/null",
        "Dir::Etc::sourceparts": str(folder / "sources"),
        "Dir::Etc::preferences": "/dev/null",
        "Dir::Etc::preferencesparts": str(folder / "parts"),
        "Dir::State": str(folder),
        "Dir::State::status": str(folder / "status"),
        "Dir::State::extended_states": str(folder / "extended"),
        "Dir::Cache": str(folder / "cache"),
        "Dir::Log": str(folder),
        "APT::Sandbox::User": "",
        "Acquire::Languages": "none",
        "Acquire::ForceHash": "SHA256",
        "Acquire::Retries": "3",
        "Acquire::AllowInsecureRepositories": "false",
        "Acquire::Check-Valid-Until": "false",
        **more,
    }
    lines = [*apt.settings, *(f'{name} "{value}";' for name, value in private.items())]
    if "APT::Architecture" in more:
        lines.append(f'APT::Architectures {{ "{more["APT::Architecture"]}"; }};')
    path = folder / "apt.conf"
    path.touch(0o600)
    path.write_text("\n".join((*lines, "")), "utf-8")


def download(apt: Apt, files: Sequence[PinnedFile], into: Path, doors: Doors, what: str) -> None:
    """Download files of the mirror into a folder, each under its name; apt checks their digests.

    Raises ProvisionError, IntegrityError, MachineError.
    """
    base = f"copy:{apt.mirror.uri.removeprefix('file:')}" if apt.mirror.uri.startswith("file:") else apt.mirror.uri
    words = [word for file in files for word in (f"{base}/{file.path}", str(into / file.name), f"SHA256:{file.digest.hex}")]
    argv = (apt.helper, "-q", "download-file", *words)
    with scratch(into.parent) as folder:
        for name in ("parts", "sources", "lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True)
        configure(apt, folder, {"Dir::State::lists": str(folder / "lists")})
        outcome = run_client(argv, client="apt", doors=doors, folder=folder, env={**_ENV, "APT_CONFIG": str(folder / "apt.conf")})
        if outcome.code == 0:
            return
        gone = sorted({file.name for file in files if not (into / file.name).exists()})
        if _GONE.search(outcome.said) and not unreachable(outcome):
            raise ProvisionError(
                "WB417",
                f"cannot {what}: the mirror no longer has {', '.join(gone[:3])}{' and more' if len(gone) > 3 else ''}",
                hint="the suite moved on; choose its new version with `wbuild lock --update`",
            )
        raise failure(argv, outcome, what=what, folder=into)


def _refusal(argv: Sequence[str], outcome: ClientOutcome, *, suite: str, folder: Path) -> Unavailable:
    """Why the mirror does not serve a suite. Raises ProvisionError when it cannot be reached, IntegrityError for a forged list."""
    said, what = outcome.said, f"read the package lists of Debian {suite}"
    if _FORGED.search(said):
        raise IntegrityError(
            "WB518",
            f"cannot {what}: their signature is wrong",
            hint="the mirror, or something in between, changes what it sends; never build with it",
            detail=said[-TAIL:],
        )
    if _UNSIGNED.search(said):
        return Unavailable(reason=f"{HERE} has no key for the package lists of Debian {suite}", local=True)
    if _GONE.search(said) and not unreachable(outcome):
        return Unavailable(reason=f"the mirror of {HERE} does not have Debian {suite}", local=True)
    raise failure(argv, outcome, what=what, folder=folder)
