"""Tools and sources from Python package indexes: one wheel is one pin. pip resolves and downloads, with its user's configuration."""

from __future__ import annotations

import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from wbuild.doors.interfaces import Doors
from wbuild.errors import ProvisionError
from wbuild.model.locked import Digest, Pin, PinnedFile, Platform, Unavailable
from wbuild.model.tool_recipe import Route, ToolRecipe
from wbuild.sources.client import ClientOutcome, failure, plain_name, refusal, refuse_offline, run_client, scratch, unreachable
from wbuild.sources.pip_config import authorized, passwords
from wbuild.sources.registry_answers import Answers, Question
from wbuild.text.versions import newest, ordered

_ENV: Final = {"PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1", "PIP_NO_COLOR": "1", "PYTHONUTF8": "1", "PIP_QUIET": "0"}
_RETRIES: Final = "1"
"""Attempts after the first, unless the user's environment says otherwise: pip's own five keep an offline machine waiting."""
_INTERPRETER: Final = ("--python-version", "3.10", "--implementation", "py", "--abi", "none")
"""The oldest Python of wbuild, and no ABI: what is locked does not depend on the Python that locks."""
_AT_ONCE: Final = 4
_NOTHING = re.compile(r"No matching distribution found")
_OTHERS = re.compile(r"\(from versions: ([^)]*)\)")
_INDEXES = re.compile(r"^(?:Looking in (?:indexes|links): |Ignoring indexes: ).*$", re.MULTILINE)
"""What pip says about where it looks; nothing for its default."""
_HIDDEN: Final = "//***@"
"""The text that stands in what pip said where credentials stood."""
_ANY: Final = ("any",)


def _linux(machine: str) -> tuple[str, ...]:
    """Tags of wheels for glibc 2.28 (2018) and older, newest first."""
    old = {17: "2014", 12: "2010", 5: "1"}
    tags = []
    for minor in range(28, 4, -1):
        tags.append(f"manylinux_2_{minor}_{machine}")
        if minor in old:
            tags.append(f"manylinux{old[minor]}_{machine}")
    return (*tags, f"linux_{machine}", *_ANY)


_TAGS: Final[Mapping[Platform, tuple[str, ...]]] = {
    "linux-x86_64": _linux("x86_64"),
    "linux-aarch64": _linux("aarch64"),
    "macos-x86_64": ("macosx_14_0_x86_64", "macosx_14_0_universal2", *_ANY),
    "macos-arm64": ("macosx_14_0_arm64", "macosx_14_0_universal2", *_ANY),
    "windows-x86_64": ("win_amd64", *_ANY),
}
"""Platform tags that pip is asked for; it knows the older ones of macOS by itself."""


Tags = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wheel:
    version: str
    name: str
    sha256: str
    index: str
    """Digest of where pip looked."""
    private: bool = False
    """An index has a name and a password in pip's configuration."""
    url: str = ""
    """"" for one whose size is known."""
    size: int = 0

    @property
    def for_any(self) -> bool:
        return self.name.endswith("-any.whl")


Found = dict[Tags, _Wheel | Unavailable]


def resolve(
    tool: ToolRecipe, route: Route, version: str, platforms: Sequence[Platform], doors: Doors
) -> Mapping[Platform, Pin | Unavailable]:
    """The wheel of each platform at one version; "" is the newest within `tool.versions` that all platforms with any have.

    A route without programs is source: one wheel for all platforms. Raises ProvisionError when the index cannot be reached.
    """
    refuse_offline(doors, f"resolve {tool.name} from pypi")
    groups: dict[Tags, list[Platform]] = {}
    for platform in platforms:
        groups.setdefault(_tags(route, platform), []).append(platform)
    here = _tags(route, doors.platform)
    index = _Index(package=route.package, first=here if here in groups else next(iter(groups)), doors=doors)
    specifier = f"=={version}" if version else tool.versions
    found = index.wheels(dict.fromkeys(groups, specifier))
    if not version:
        found = _one_version(index, found)
    chosen = index.sized(found)
    return {
        platform: wheel if isinstance(wheel, Unavailable) else _pin(tool, route, platform, wheel)
        for tags, wheel in chosen.items()
        for platform in groups[tags]
    }


def _tags(route: Route, platform: Platform) -> Tags:
    return _TAGS[platform] if route.bin else _ANY


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    """The wheels of one package. Only the first tags are always asked; the others' answers may be known."""

    package: str
    first: Tags
    """This machine's, if wanted at all."""
    doors: Doors

    def wheels(self, wanted: Mapping[Tags, str]) -> Found:
        """The best wheel for each set of tags."""
        first = _wheel(self.package, wanted[self.first], self.first, self.doors)
        found: Found = {self.first: self._known(self.first, first) or first}
        for tags in wanted:
            known = self._known(tags, first) if tags not in found else None
            if known:
                found[tags] = known
        rest = [tags for tags in wanted if tags not in found]
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            asked = pool.map(lambda tags: _wheel(self.package, wanted[tags], tags, self.doors), rest)
            found.update(zip(rest, asked, strict=True))
        found = {tags: found[tags] for tags in wanted}
        if any(isinstance(wheel, _Wheel) and not wheel.for_any for wheel in found.values()):
            for tags, wheel in found.items():
                if isinstance(wheel, _Wheel) and wheel.for_any:
                    found[tags] = Unavailable(reason=f"{self.package} {wheel.version} has builds for other platforms only")
        return found

    def sized(self, found: Found) -> Found:
        """`found` with the size of each wheel; new answers are kept."""
        unsized = [wheel for wheel in found.values() if isinstance(wheel, _Wheel) and wheel.url]
        urls = sorted({wheel.url for wheel in unsized})
        known = passwords(self.doors) if any(wheel.private for wheel in unsized) else {}
        with ThreadPoolExecutor(max_workers=_AT_ONCE) as pool:
            asked = pool.map(self.doors.network.size, [authorized(url, known) for url in urls])
            sizes = dict(zip(urls, asked, strict=True))
        whole: Found = {}
        for tags, wheel in found.items():
            if isinstance(wheel, _Wheel) and wheel.url:
                whole[tags] = replace(wheel, size=sizes[wheel.url], url="")
                Answers.of(self.doors).keep(self._question(tags, wheel), _file(replace(wheel, size=sizes[wheel.url])))
            else:
                whole[tags] = wheel
        return whole

    def _known(self, tags: Tags, asked: _Wheel | Unavailable) -> _Wheel | None:
        """The wheel at the version that was just answered for the first tags; for those only if it is the one that was answered."""
        if isinstance(asked, Unavailable):
            return None
        file = Answers.of(self.doors).find(self._question(tags, asked))
        if file is None or (tags == self.first and (file.name, file.digest.hex) != (asked.name, asked.sha256)):
            return None
        return replace(asked, name=file.name, sha256=file.digest.hex, size=file.size, url="")

    def _question(self, tags: Tags, wheel: _Wheel) -> Question:
        asked = hashlib.sha256(" ".join((*_INTERPRETER, *tags)).encode()).hexdigest()
        return Question(source="pypi", package=self.package, version=wheel.version, platform=f"{tags[0]} {asked}", index=wheel.index)


def _one_version(index: _Index, found: Found) -> Found:
    """`found` at one version: the newest that all have, or else the newest of all."""
    versions = {wheel.version for wheel in found.values() if isinstance(wheel, _Wheel)}
    if len(versions) < 2:
        return found
    served = {tags for tags, wheel in found.items() if isinstance(wheel, _Wheel)}
    oldest, latest = ordered(versions)[0], newest(versions) or ordered(versions)[-1]
    for version in (oldest, latest):
        again = index.wheels(dict.fromkeys(found, f"=={version}"))
        if version == latest or all(isinstance(again[tags], _Wheel) for tags in served):
            return again
    raise AssertionError("the newest version ends the loop")


def _wheel(package: str, specifier: str, tags: Tags, doors: Doors) -> _Wheel | Unavailable:
    with scratch() as folder:
        report = folder / "report.json"
        argv = (
            *_pip("install", tags),
            *("--dry-run", "--ignore-installed", "--target", str(folder / "target"), "--report", str(report)),
            f"{package}{specifier}",
        )
        outcome = run_client(argv, client="pip", doors=doors, folder=folder, env=_env(doors))
        if outcome.code == 0 and report.exists():
            return _read(json.loads(report.read_text("utf-8")), package, outcome.said)
        if _NOTHING.search(outcome.said) and not unreachable(outcome):
            outcome = _refused(argv, outcome, doors, folder)
        if _NOTHING.search(outcome.said) and not unreachable(outcome):
            others = _OTHERS.search(outcome.said)
            known = others[1].split(", ")[-8:] if others and others[1] != "none" else []
            listed = f"; it has {', '.join(known)}" if known else ""
            return Unavailable(reason=f"pypi has no wheel of {package}{specifier} for it{listed}")
        raise failure(argv, outcome, what=f"resolve {package}{specifier} from pypi", folder=folder)


def _refused(argv: Sequence[str], outcome: ClientOutcome, doors: Doors, folder: Path) -> ClientOutcome:
    """The outcome, with the refusal of an index that pip tells only when asked for details: to pip that is one without packages."""
    if "Looking in indexes: " not in outcome.said or "(from versions: none)" not in outcome.said:
        return outcome
    again = run_client((*argv[:-1], "-vv", argv[-1]), client="pip", doors=doors, folder=folder, env=_env(doors))
    told = [line for line in again.said.splitlines() if refusal(line)]
    return ClientOutcome(code=outcome.code, said="\n".join([*told, outcome.said]))


def _index(said: str) -> str:
    """Digest of where pip looked, as it says itself, without credentials."""
    return hashlib.sha256("\n".join(sorted(set(_INDEXES.findall(said)))).encode("utf-8", "replace")).hexdigest()


def _read(report: object, package: str, said: str) -> _Wheel:
    """The one wheel of an installation report. Raises ProvisionError when it is not what pip documents."""
    try:
        (item,) = report["install"]  # type: ignore[index]
        version, info = item["metadata"]["version"], item["download_info"]
        url, digest = info["url"], info["archive_info"]["hashes"]["sha256"]
        name = unquote(urlsplit(url).path).rpartition("/")[2]
    except (KeyError, TypeError, ValueError) as error:
        raise ProvisionError("WB414", f"pip's report about {package} cannot be read: {error!r}") from None
    if not plain_name(name) or not name.endswith(".whl") or not re.fullmatch(r"[0-9a-f]{64}", digest):
        raise ProvisionError("WB414", f"pip's report about {package} names the file {name!r} with digest {digest!r}")
    return _Wheel(version=version, url=url, name=name, sha256=digest, index=_index(said), private=_HIDDEN in said)


def _pin(tool: ToolRecipe, route: Route, platform: Platform, wheel: _Wheel) -> Pin:
    return Pin(name=tool.name, version=wheel.version, platform=platform, source="pypi", package=route.package, files=(_file(wheel),))


def _file(wheel: _Wheel) -> PinnedFile:
    return PinnedFile(name=wheel.name, size=wheel.size, digest=Digest(algorithm="sha256", hex=wheel.sha256))


def _env(doors: Doors) -> dict[str, str]:
    return {**_ENV, "PIP_RETRIES": doors.client_env.get("PIP_RETRIES", _RETRIES)}


def _pip(command: str, tags: Sequence[str]) -> tuple[str, ...]:
    platforms = tuple(word for tag in tags for word in ("--platform", tag))
    return (sys.executable, "-m", "pip", command, "--no-deps", "--only-binary", ":all:", *_INTERPRETER, *platforms)


def fetch(pin: Pin, into: Path, doors: Doors) -> None:
    """Download the wheel of a pin into a folder, under its name. The caller verifies it.

    Raises ProvisionError, IntegrityError (pip checks the digest too) and MachineError.
    """
    what = f"download {pin.name} {pin.version} from pypi"
    refuse_offline(doors, what)
    (file,) = pin.files
    tags = file.name.removesuffix(".whl").rsplit("-", 1)[1].split(".")
    with scratch(into.parent) as folder:
        requirements = folder / "requirements.txt"
        requirements.write_text(f"{pin.package}=={pin.version} --hash={file.digest.algorithm}:{file.digest.hex}\n", "utf-8")
        argv = (
            *_pip("download", tags),
            *("--require-hashes", "--quiet", "--progress-bar", "off", "--dest", str(into), "-r", str(requirements)),
        )
        outcome = run_client(argv, client="pip", doors=doors, folder=folder, env=_env(doors))
        if outcome.code != 0:
            raise failure(argv, outcome, what=what, folder=into)
