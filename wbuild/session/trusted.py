"""What the user has said once about a project (`wbuild trust`): links and files of git that are meant, recipes that may run.

It is kept in the user's data folder.

The record is bound to the user's key: one that a project brings along, in a home inside of it, is nobody's word.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from wbuild.doors import owned
from wbuild.doors.owned import Ground
from wbuild.doors.regular import read
from wbuild.doors.tracked import Tracked, tracked
from wbuild.doors.userkey import data_folder, mac, process_key, user_key
from wbuild.errors import MachineError, UsageError
from wbuild.nothing_to_do import project_folders
from wbuild.text.project_names import DIST, OWN, WORK
from wbuild.toml import to_json
from wbuild.toml.from_json import parse

if TYPE_CHECKING:
    from wbuild.doors.interfaces import Files
    from wbuild.session.project import Project

RECORD: Final = "trusted.json"
_LARGEST: Final = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What the user has said about one project."""

    links: Mapping[str, str] = field(default_factory=dict)
    """Name below the project's folder (`.wbuild`, `dist`, `dist/dev`) → where it leads in the end."""
    recipes: tuple[str, ...] = ()
    """Digests of its own recipes, all of them together."""
    tracked: tuple[str, ...] = ()
    """Names below the project's folder (`.wbuild`, `dist`) that may hold files which git tracks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustRecord:
    """The document in the user's data folder."""

    projects: Mapping[str, Word]
    """Place of a project's folder → what was said about it."""
    schema: Literal["wbuild.trust/1"] = "wbuild.trust/1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """The record of one user."""

    environ: Mapping[str, str]
    start: Path
    """Where the command was started: the key may not lie in a project around it."""

    @property
    def path(self) -> Path | None:
        """The file; None where the user has no data folder."""
        folder = data_folder(self.environ)
        return Path(folder, RECORD) if folder else None

    def words(self) -> dict[str, Word]:
        """What was said about each project, by the place of its folder; nothing for a record of somebody else."""
        path, key = self.path, self._key()
        if path is None or key == process_key():
            return {}
        try:
            head, _, body = read(path, _LARGEST).partition(b"\n")
        except OSError:
            return {}
        if head != mac(key, "trust", body).hex().encode():
            return {}
        try:
            return dict(parse(TrustRecord, body).projects)
        except ValueError:
            return {}

    def about(self, folder: Path) -> Word:
        """What the user has said about the project in a folder; an empty word where nothing was said."""
        return self.words().get(_place(folder), Word())

    def remember(self, folder: Path, word: Word, files: Files) -> None:
        """Put a word about a project in the place of any earlier one; an empty one is forgotten. Raises MachineError."""
        path, key = self.path, self._key()
        if path is None or key == process_key():
            raise MachineError(
                "WB615",
                "nothing can be remembered: there is no data folder of yours that could hold it",
                hint="set HOME (or XDG_DATA_HOME) to a folder outside of the project that you can write",
            )
        with files.lock(path.with_name(f"{RECORD}.lock"), what="remember it", timeout=10.0, say=lambda _: None):
            words = {**self.words(), _place(folder): word}
            record = TrustRecord(projects={place: w for place, w in words.items() if w != Word()})
            body = json.dumps(to_json.encode(record), indent=1, sort_keys=True).encode()
            files.write(path, mac(key, "trust", body).hex().encode() + b"\n" + body)

    def add_link(self, folder: Path, name: str, target: str, files: Files) -> None:
        """Remember one link more. Raises MachineError."""
        word = self.about(folder)
        if word.links.get(name) != target:
            self.remember(folder, replace(word, links={**word.links, name: target}), files)

    def claim(self, *folders: Path) -> None:
        """Have `.wbuild` and `dist` of projects reached as what wbuild owns, with the links that the user has said are meant."""
        words = self.words() if any((folder / name).is_symlink() for folder in folders for name in _names(folder)) else {}
        for folder in folders:
            owned.claim(Ground(base=str(folder), names=OWN, links=words.get(_place(folder), Word()).links, strict=True))

    def refuse_tracked(self, folder: Path, *names: str) -> None:
        """Raise UsageError when git tracks a file in what wbuild owns there, before any is replaced, removed or believed."""
        left = list(names)
        while (found := next(tracked(folder, left), None)) is not None:
            if found.name not in self.about(folder).tracked:
                raise _tracked(found, folder)
            left.remove(found.name)

    def _key(self) -> bytes:
        return user_key(self.environ, project_folders(str(self.start)))


def recipes_digest(texts: Mapping[str, str]) -> str:
    """One digest for a project's own recipes: name → text."""
    digest = hashlib.sha256()
    for name, text in sorted(texts.items()):
        for part in (name, text):
            content = part.encode("utf-8", "surrogateescape")
            digest.update(len(content).to_bytes(8, "big") + content)
    return digest.hexdigest()


def digest_of(project: Project) -> str:
    """The digest of a project's own recipes as they are now; "" for a project that has none. Raises MachineError."""
    from wbuild.session.project import text_of

    return recipes_digest({project.named(path): text_of(path) for path in project.recipes}) if project.recipes else ""


def trusted_recipes(trust: Trust, folder: Path, digest: str) -> bool:
    """Whether the user has said that the recipes of this digest are meant in the project in a folder."""
    return digest in trust.about(folder).recipes


def links_of(folder: Path) -> dict[str, str]:
    """The links in a project at places where one may be meant → where they lead in the end."""
    return {name: target for name in _names(folder) if (target := owned.link_at(folder, name))}


def tracked_of(folder: Path) -> tuple[str, ...]:
    """Names of wbuild's in a project that hold files which git tracks."""
    return tuple(sorted({found.name for found in tracked(folder, sorted(OWN))}))


def _tracked(found: Tracked, folder: Path) -> UsageError:
    from wbuild.session.project import shown

    place, inner = shown(folder / found.name), not folder.resolve().is_relative_to(found.repository)
    untrack = f"git -C {shown(found.repository)} rm -r --cached ." if inner else f"git rm -r --cached {place}"
    commit = '; `out = "DIR/NAME.wasm"` copies an artifact to a place that is committed' if found.name == DIST else ""
    return UsageError(
        "WB249",
        f"{shown(found.path)} is tracked by git: wbuild writes and removes files in {place}, and does not replace what is committed",
        hint=f"`{untrack}` leaves the files and takes them out of git{commit}; or, if it is meant, `wbuild trust` remembers it",
    )


def _names(folder: Path) -> list[str]:
    """Places where a link may be meant."""
    inner: list[str] = []
    with suppress(OSError):
        inner = sorted(f"{DIST}/{entry.name}" for entry in os.scandir(folder / DIST) if entry.is_symlink())
    return [WORK, DIST, *inner]


def _place(folder: Path) -> str:
    return os.path.realpath(folder)
