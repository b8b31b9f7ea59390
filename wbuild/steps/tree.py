"""A frozen snapshot of a project: the names of its files, and the text of the few that a driver asks for.

No folder's name is special, but three kinds of folders are closed: what git and wbuild keep for themselves, folders that wide
patterns pass by (`node_modules`, and those with a CACHEDIR.TAG), and such as may not be listed. A written pattern enters what it
can match in, a named file is a file wherever it is. Links to folders of the project are followed; a file that several ways lead
to counts once, by its plainest name.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from posixpath import basename, dirname, join, normpath
from typing import Final, Literal, TypeAlias, TypeVar

from wbuild.errors import MachineError
from wbuild.text.globs import Pattern, Positions, compiled, is_glob
from wbuild.text.project_names import MODULES

__all__ = ["Closed", "Kind", "Link", "Part", "Texts", "Tree", "is_glob", "literal", "matches", "upward", "without"]

Kind: TypeAlias = Literal["file", "folder", ""]
"""The kind of what stands at a name; "" is nothing."""
_WILD: Final = frozenset("*?[")
_EVERYTHING: Final = compiled("**")
_Entry = TypeVar("_Entry")


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link of the project, and where it leads."""

    points: str
    """Where it points, as it says it, after what is there: f, d or -."""
    folder: str = ""
    """The folder of the project to which it leads, by its plain name; "" when it leads to none."""


@dataclass(frozen=True, slots=True)
class Closed:
    """A folder (or a `.git` file) that a look at the project does not enter."""

    why: str
    """own: what wbuild keeps there; git; aside: passed by; unreadable."""
    said: str = ""
    """The reason that the system gave."""

    @classmethod
    def of(cls, text: str) -> Closed:
        """The reason that a text of `Files.walk` gives."""
        why, _, said = text.partition(" ")
        return cls(why, said)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What stands below a folder. All names are relative to the root, sorted, and plain: none leads through a link."""

    names: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    links: Mapping[str, Link] = field(default_factory=dict)
    closed: Mapping[str, Closed] = field(default_factory=dict)


def _nothing(_name: str) -> Kind:
    return ""


def _unopened(_folder: str) -> Part:
    return Part()


def _noticed(_folder: str) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """Names are relative to the project's root, POSIX. Globs see these names, and what closed folders hold once they are opened."""

    names: tuple[str, ...]
    """Every file outside of closed folders, by its plain name, sorted."""
    vendor: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Files of vendored sources, by the name in [vendor.NAME], relative to the package."""
    texts: Mapping[str, str] = field(default_factory=dict)
    folders: tuple[str, ...] = ()
    """Every folder that was entered, those without files too."""
    above: tuple[str, ...] = ()
    """Files in folders above the root that tools obey, outermost first: `../.cargo/config.toml`. Their texts are among `texts`."""
    home: str = ""
    """The root as an absolute path without links, for what stands above."""
    astray: frozenset[str] = frozenset()
    """Symbolic links, to files and to folders, that lead out of the root."""
    links: Mapping[str, Link] = field(default_factory=dict)
    """Symbolic links that stay in the root; sorted by name."""
    closed: Mapping[str, Closed] = field(default_factory=dict)
    """Folders that were not entered."""
    elsewhere: Callable[[str], Kind] = _nothing
    """What stands at a name that is none of these: behind a link to a folder, or in a closed folder."""
    opened: Callable[[str], Part] = _unopened
    """What stands below a folder that is closed, or in a closed one. Only `.git` below it is closed then."""
    seen: Callable[[str], None] = _noticed
    """Is told of a folder below which everything counts, `.git` too."""

    def kind(self, name: str) -> Kind:
        """The kind of what stands at a name (in normal form)."""
        if name in _beginning(self.names, name)[:1]:
            return "file"
        return "folder" if name in ("", ".") or self._walked(name) else self.elsewhere(name)

    def glob(self, patterns: Iterable[str], *, base: str = "", exclude: Iterable[str] = (), wide: bool = False) -> tuple[str, ...]:
        """Files that match one of the patterns (relative to `base`) and none of `exclude`; sorted.

        `wide`: the patterns are nobody's in particular, and pass by closed folders. Raises MachineError for a folder that may hold
        what a written pattern asks for, and that may not be listed.
        """
        unwanted = _joined(base, exclude)
        search = _GlobSearch(tree=self, wide=wide, unwanted=unwanted)
        for pattern in patterns:
            search.pattern(*_based(base, pattern))
        found = search.found.values()
        return tuple(sorted([n for n in found if not any(u.matches(n) for u in unwanted)] if unwanted else found))

    def below(self, folder: str, *, whole: bool = False) -> tuple[str, ...]:
        """Files below a folder, through links too; "." is the root.

        `whole`: closed folders are no exception, but for what wbuild keeps there. Raises MachineError like `glob`, if `whole`.
        """
        root = folder in ("", ".")
        if root and not (whole or self.links):
            return self.names
        search = _GlobSearch(tree=self, wide=not whole, whole=whole)
        if whole:
            self.seen("" if root else folder)
        search.folder("" if root else folder)
        return tuple(sorted(search.found.values()))

    def plain(self, name: str) -> str:
        """A name with every link to a folder in it replaced by where it leads; the last part stays as it is."""
        if not self.links:
            return name
        done, parts = "", name.split("/")
        for count, part in enumerate(parts):
            done = f"{done}/{part}" if done else part
            link = self.links.get(done) if count < len(parts) - 1 else None
            if link is not None and link.folder:
                done = "" if link.folder == "." else link.folder
        return done

    def leading(self, names: Iterable[str]) -> dict[str, str]:
        """Links on the way to some files and folders, and below these: link → where it points."""
        found: dict[str, str] = {}
        waiting = [*names] if self.links else []
        entered: set[str] = set()
        ordered = tuple(self.links)
        while waiting:
            name = waiting.pop()
            if name in entered:
                continue
            entered.add(name)
            passed = [link for link in self._passed(name) if link not in found]
            real = self.plain(f"{name}/.")[:-2] if name != "." else ""
            for link in (*passed, *_beginning(ordered, f"{real}/" if real else "")):
                found[link] = self.links[link].points
                if self.links[link].folder and not _above(self.links[link].folder, link):
                    waiting.append(self.links[link].folder)
        return dict(sorted(found.items()))

    def apart(self, folders: Iterable[str]) -> tuple[str, ...]:
        """Closed folders below some folders that wide patterns pass by."""
        aside = [name for name, closed in self.closed.items() if closed.why == "aside"]
        return tuple(name for name in aside if any(_above(folder or ".", name) for folder in folders)) if aside else ()

    def glob_vendor(self, vendor: str, pattern: str) -> tuple[str, ...]:
        """Members of a vendored source that match a pattern; sorted."""
        wanted = compiled(pattern)
        return tuple(n for n in self.vendor.get(vendor, ()) if wanted.matches(n))

    def part(self, folder: str) -> Part:
        """What stands below a folder, by its plain name ("" is the root)."""
        if folder and not self._walked(folder):
            return self.opened(folder)
        inside = f"{folder}/" if folder else ""
        return Part(
            names=_beginning(self.names, inside),
            links=_inside(self.links, inside),
            closed=_inside(self.closed, inside),
        )

    def _walked(self, folder: str) -> bool:
        return bool(_beginning(self.names, f"{folder}/")) or folder in self.folders

    def _passed(self, name: str) -> Iterator[str]:
        """Links on the way to a name, itself included."""
        done, parts = "", name.split("/")
        for part in parts:
            done = f"{done}/{part}" if done else part
            link = self.links.get(done)
            if link is not None:
                yield done
                if link.folder:
                    done = "" if link.folder == "." else link.folder


class Texts(Mapping[str, str]):
    """Texts of files by their plain names; a name that leads through links finds them too."""

    def __init__(self, texts: Mapping[str, str], plain: Callable[[str], str]) -> None:
        self._texts = texts
        self._plain = plain

    def __getitem__(self, name: str) -> str:
        return self._texts[name] if name in self._texts else self._texts[self._plain(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._texts)

    def __len__(self) -> int:
        return len(self._texts)


@dataclass(slots=True, kw_only=True)
class _GlobSearch:
    """One question to a tree."""

    tree: Tree
    wide: bool
    whole: bool = False
    unwanted: Sequence[Pattern] = ()
    found: dict[str, str] = field(default_factory=dict)
    """Plain name → the name by which it was found."""
    _entered: set[tuple[str, Pattern, Positions]] = field(default_factory=set)

    def pattern(self, folder: str, pattern: str) -> None:
        """Find what matches a pattern in a folder. Its first parts without wildcards are a place, not something to compare."""
        *above, last = pattern.split("/")
        count = next((i for i, part in enumerate(above) if _WILD & set(part)), len(above))
        folder = join(folder, *above[:count])
        rest = "/".join([*above[count:], last])
        name = join(folder, rest)
        if not _WILD & set(rest):
            if self.tree.kind(name) == "file":
                self._take(self.tree.plain(name), name)
            return
        if "[" in rest and self.tree.kind(name) == "file":  # it is called like this
            self._take(self.tree.plain(name), name)
        self._enter(folder, self.tree.plain(f"{folder}/.")[:-2] if folder else "", compiled(rest), folder)

    def folder(self, folder: str) -> None:
        """Find everything below a folder."""
        self._enter(folder, self.tree.plain(f"{folder}/.")[:-2] if folder else "", _EVERYTHING, folder)

    def _enter(self, named: str, plain: str, pattern: Pattern, above: str) -> None:
        """`named` is how a folder was come to, `above` the part of that which the pattern is relative to."""
        waiting = [(named, plain)]
        start = len(above) + 1 if above else 0
        while waiting:
            named, plain = waiting.pop(0)
            part = self.tree.part(plain)
            cut = len(plain) + 1 if plain else 0
            lead = f"{named}/" if named else ""
            for name in part.names:
                reached = lead + name[cut:]
                if pattern is _EVERYTHING or pattern.matches(reached, start):
                    self._take(name, reached)
            for name, folder in (*self._links(part), *self._closed(part, lead, cut, pattern, start)):
                waiting += self._further(lead + name[cut:], folder, pattern, start)

    def _links(self, part: Part) -> Iterator[tuple[str, str]]:
        """(link, where it leads) of those that are followed."""
        for name, link in part.links.items():
            if link.folder and not _above(link.folder, name) and not (self.wide and self._passes_by(name, link)):
                yield name, "" if link.folder == "." else link.folder

    def _closed(self, part: Part, lead: str, cut: int, pattern: Pattern, start: int) -> Iterator[tuple[str, str]]:
        """Closed folders that are entered, twice. Raises MachineError."""
        for name, closed in part.closed.items():
            if self._may_enter(lead + name[cut:], closed, pattern, start):
                yield name, name

    def _further(self, named: str, plain: str, pattern: Pattern, start: int) -> Iterator[tuple[str, str]]:
        """The folder, if something in it can match that was not looked for there yet."""
        positions = pattern.after(f"{named[start:]}/")
        if positions and (plain, pattern, positions) not in self._entered:
            self._entered.add((plain, pattern, positions))
            yield named, plain

    def _passes_by(self, name: str, link: Link) -> bool:
        """Whether a link stands for a folder that is passed by."""
        closed = self.tree.closed.get(link.folder)
        return basename(name) == MODULES or (closed is not None and closed.why != "git")

    def _may_enter(self, named: str, closed: Closed, pattern: Pattern, start: int) -> bool:
        """Whether a closed folder is entered. Raises MachineError when it should be and cannot."""
        if self.wide or closed.why == "own":
            return False
        if closed.why == "git":
            if not self.whole and f"/{basename(named)}/" not in f"/{pattern.text}/":
                return False
            if self.tree.elsewhere(named) == "file" and pattern.matches(named, start):
                self._take(named, named)
        if not pattern.after(f"{named[start:]}/") or any(u.matches(named) or u.takes_all(u.after(f"{named}/")) for u in self.unwanted):
            return False
        if closed.why == "unreadable":
            hint = f'give this user the right to list it, or leave it out (exclude = ["{named}/**"] in the artifact)'
            raise MachineError("WB611", f"cannot list {named}: {closed.said}", hint=hint)
        return True

    def _take(self, plain: str, name: str) -> None:
        if plain == name:
            self.found[plain] = name
        else:
            self.found.setdefault(plain, name)


def _beginning(names: tuple[str, ...], prefix: str) -> tuple[str, ...]:
    """The names of a sorted list that begin so: a project of a thousand artifacts must not look through all of them for each."""
    if not prefix:
        return names
    start = bisect_left(names, prefix)
    return names[start : bisect_right(names, prefix, lo=start, key=lambda name: name[: len(prefix)])]


def _inside(entries: Mapping[str, _Entry], prefix: str) -> Mapping[str, _Entry]:
    return {name: entry for name, entry in entries.items() if name.startswith(prefix)} if entries and prefix else entries


def _above(folder: str, name: str) -> bool:
    """Whether a folder holds a name: a link that leads upward is a loop."""
    return folder == "." or f"{name}/".startswith(f"{folder}/")


def _based(base: str, pattern: str) -> tuple[str, str]:
    """(folder, pattern relative to it): the folder's name is no pattern, whatever it holds."""
    folder, pattern = "" if base == "." else base, normpath(pattern)
    while folder and (pattern == ".." or pattern.startswith("../")):
        folder, pattern = dirname(folder), pattern[3:] or "."
    return folder, pattern


def _joined(base: str, patterns: Iterable[str]) -> list[Pattern]:
    """Patterns that are relative to a folder, for names that are relative to the root."""
    return [compiled(literal(f"{folder}/" if folder else "") + pattern) for folder, pattern in (_based(base, p) for p in patterns)]


def literal(name: str) -> str:
    """The pattern that matches this name alone."""
    return "".join(f"[{sign}]" if sign in _WILD else sign for sign in name)


def without(names: Iterable[str], exclude: Iterable[str], *, base: str = "") -> tuple[str, ...]:
    """Names that match none of some patterns, which are relative to a folder."""
    unwanted = _joined(base, exclude)
    return tuple(n for n in names if not any(u.matches(n) for u in unwanted)) if unwanted else tuple(names)


def upward(folder: str) -> Iterator[str]:
    """A folder and those above it, nearest first, to the root."""
    yield folder
    while folder != ".":
        folder = dirname(folder) or "."
        yield folder


def matches(pattern: str, name: str) -> bool:
    """Whether a name, relative to the same folder, matches a pattern."""
    return compiled(normpath(pattern)).matches(name)
