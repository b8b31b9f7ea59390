"""The store: a pin becomes a folder, once, whole, and by its digests.

`store-v2/<identity>/` is immutable. It is made aside (`.tmp-…`): fetched, verified, unpacked, sealed, probed; then the list of its
files and its receipt are written and synced, and one rename makes it visible. Whoever installs holds the identity's lock.

The files themselves are not synced one by one: 20 000 of them take a minute on a slow disk, and a sync of the whole system waits for
everybody. What a power failure cuts off has another size than the list says; `ensure` looks at that before first use and installs
the tree again.

A tree is believed because of where it is (`shelves`), because its receipt fits the pin, and because its list is the one that this user
has seen there before (`records`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

from wbuild.doors.archive.tree import MTIME
from wbuild.doors.interfaces import Doors
from wbuild.doors.machine import disk_full, machine_errors
from wbuild.doors.ownership import closed, writable
from wbuild.errors import IntegrityError, ProvisionError, WbuildError, worst
from wbuild.model.locked import SHIMS, SYSTEM, Pin
from wbuild.model.planned import Late
from wbuild.sources import SOURCES, Source
from wbuild.steps.kit import command, with_needs
from wbuild.steps.words import Places, expand
from wbuild.store import contents, receipt, usage
from wbuild.store.contents import CONTENTS, RECEIPT
from wbuild.store.download_progress import watched
from wbuild.store.events import Say, StoreEvent
from wbuild.store.glance import LOOKED, Glance
from wbuild.store.older import take_over
from wbuild.store.probe import missing_programs, probe
from wbuild.store.receipt import Receipt
from wbuild.store.records import Records
from wbuild.store.shelves import LAYOUT, Shelves, User
from wbuild.store.shims import shims
from wbuild.store.unpack import AT_ONCE, unpack
from wbuild.store.verify import received_digests
from wbuild.text.units import show_bytes

__all__ = ["CHECKPOINTS", "LAYOUT", "Store", "StoreEvent", "User"]

CHECKPOINTS: Final = (
    "store.start",
    "store.after-download",
    "store.after-unpack",
    "store.before-receipt",
    "store.before-rename",
    "store.after-rename",
)
"""Places where tests kill an installation."""
_ROOM: Final = 2
"""Free bytes wanted per byte to download before anything starts: the archive and at least as much unpacked."""
_RUNNERS: Final = Path(__file__).resolve().parent.parent / "runners"


def _ignore(_: object) -> None:
    """Take an event that nobody listens to."""


class Store:
    """Folders of pins below `root`. Safe to use from several threads and processes."""

    def __init__(
        self,
        root: Path,
        doors: Doors,
        sources: Mapping[str, Source] = SOURCES,
        *,
        lock_timeout: float = 600.0,
        checkpoint: Callable[[str], None] = _ignore,
        user: User | None = None,
    ) -> None:
        user = user or User()
        self._shelves = Shelves(root=root, files=doors.files, user=user)
        self._records = Records(user.data, doors.files)
        self._doors = doors
        self._sources = sources
        self._lock_timeout = lock_timeout
        self._watch = user.watch
        self._checkpoint = checkpoint
        self._sound: set[str] = set()

    def path(self, pin: Pin) -> Path:
        """The pin's folder, whether it is there or not."""
        return Path(pin.folder) if pin.source == SYSTEM else self._shelf(pin) / pin.identity

    def _shelf(self, pin: Pin) -> Path:
        """The folder of trees that holds a pin, or will."""
        return self._shelves.find(pin.identity) or self._shelves.free(_ROOM * pin.size)

    def has(self, pin: Pin) -> bool:
        """Whether the pin is installed: its receipt is there, or it is the machine's own."""
        return pin.source == SYSTEM or (self.path(pin) / RECEIPT).is_file()

    def argv(self, pin: Pin, program: str) -> tuple[str, ...]:
        """The command line of an installed pin's program. Raises UsageError when it has none of this name."""
        return self._argv(pin, program, {})

    def command(self, pin: Pin, program: str, say: Say = _ignore) -> tuple[str, ...]:
        """Like `argv`, installing what is missing first. Raises what `ensure` raises."""
        self.ensure((pin,), say)
        return self.argv(pin, program)

    def ensure(self, pins: Sequence[Pin], say: Say) -> None:
        """Install what is missing, needed pins first, several at once; what is visibly damaged is installed again.

        Raises ProvisionError (offline: with all that is missing), IntegrityError, MachineError.
        """
        wanted = with_needs(pins)
        self._mark(wanted)
        missing = [pin for pin in wanted if not self._usable(pin)]
        if not missing:
            return
        if self._doors.offline:
            self._refuse_offline(missing)
        jobs: dict[str, Future[None]] = {}
        with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
            for pin in missing:  # needs were submitted before, so they never wait behind whoever waits for them
                needs = [jobs[needed.identity] for needed in with_needs(pin.needs) if needed.identity in jobs]
                jobs[pin.identity] = pool.submit(self._install_after, needs, pin, say)
        self._mark(missing)
        _raise_worst(job.exception() for job in jobs.values())

    @contextmanager
    def using(self, pins: Sequence[Pin]) -> Iterator[None]:
        """Be a build with these pins: none of them is collected before it ends."""
        with ExitStack() as held:
            for shelf in self._shelves.believed():
                held.enter_context(self._doors.files.present(shelf / usage.RUNS))
            self._mark(pins)
            yield

    def _mark(self, pins: Iterable[Pin]) -> None:
        for shelf in self._shelves.believed():
            usage.mark(shelf, pins)

    def collect(self, age: float, keep: Sequence[Pin], *, dry: bool) -> tuple[usage.Unused, ...]:
        """Remove trees that were not used for `age` seconds, but for those of `keep`; see `usage.Collector`. Raises MachineError."""
        pins = with_needs(keep)
        kept = frozenset(pin.identity for pin in pins)
        shelves = [*self._shelves.believed(), *self._shelves.older()]
        found = [usage.Collector(trees=shelf, files=self._doors.files, keep=kept, age=age).run(dry=dry) for shelf in shelves]
        return tuple(tree for trees in found for tree in trees)

    def damage(self, pin: Pin) -> tuple[str, ...]:
        """What differs from what was installed, by reading every file; () for a sound tree. Raises MachineError."""
        root = self.path(pin)
        known = self._receipt(pin)
        if known is None:
            return (f"{RECEIPT} (missing, damaged or not that of this pin)",)
        text = receipt.text(root / CONTENTS)
        items = contents.decode(text)
        if items is None or contents.digest(text) != known.tree:
            return (f"{CONTENTS} (damaged)",)
        if not self._records.holds(root, known.tree):
            return (f"{CONTENTS} (another than was installed)",)
        return tuple(contents.compare(root, items, self._doors.files.sha256))

    def repair(self, pin: Pin, say: Say) -> None:
        """Install a pin again, whatever is there. Raises what `ensure` raises."""
        if self._doors.offline:
            self._refuse_offline([pin])
        self.ensure(pin.needs, say)
        self._install(pin, say, anew=True)

    def installed(self) -> list[tuple[str, int, Receipt]]:
        """Identity, bytes on disk and receipt of every tree, sorted."""
        found: dict[str, Receipt | None] = {}
        for shelf in self._shelves.believed():
            with machine_errors(shelf, "list"):
                names = [path.name for path in shelf.iterdir() if not path.name.startswith(".") and path.name not in found]
            found |= {name: receipt.decode(receipt.text(shelf / name / RECEIPT)) for name in names}
        return [(name, known.size, known) for name, known in sorted(found.items()) if known is not None]

    def _usable(self, pin: Pin) -> bool:
        """Whether a pin is installed and nobody wrote into it; looked at once a process."""
        if pin.source == SYSTEM or pin.identity in self._sound:
            return True
        usable = self.has(pin) and (self._looked(pin).holds() or not self._visible_damage(pin))
        if usable:
            self._sound.add(pin.identity)
        return usable

    def _visible_damage(self, pin: Pin) -> str:
        """The first thing that is wrong without reading the files; "" for nothing."""
        known = self._receipt(pin)
        root = self.path(pin)
        text = receipt.text(root / CONTENTS)
        items = contents.decode(text)
        if known is None or items is None or contents.digest(text) != known.tree or not self._records.holds(root, known.tree):
            return f"{RECEIPT} or {CONTENTS}"
        looked = self._looked(pin)
        stamps = looked.stamps(items)
        wrong = next(contents.glance(root, items), "")
        if not wrong:
            looked.remember(stamps)
            self._records.note(root, known.tree)
        return wrong

    def _looked(self, pin: Pin) -> Glance:
        root = self.path(pin)
        return Glance(root=root, note=root.parent / LOOKED / pin.identity, files=self._doors.files)

    def _receipt(self, pin: Pin) -> Receipt | None:
        found = receipt.decode(receipt.text(self.path(pin) / RECEIPT))
        return found if found is not None and found.identity == pin.identity and receipt.fits(found, pin) else None

    def _refuse_offline(self, missing: Sequence[Pin]) -> None:
        damaged = [pin for pin in missing if self.has(pin)]
        if damaged:
            names = ", ".join(f"{pin.name} {pin.version} ({self._visible_damage(pin)})" for pin in damaged)
            raise IntegrityError("WB515", f"damaged in the store: {names}", hint="run `wbuild tools verify --repair` while online")
        listed = ", ".join(f"{pin.name} {pin.version} ({show_bytes(pin.size)})" for pin in missing)
        raise ProvisionError("WB412", f"offline, and not in the store: {listed}", hint="run `wbuild fetch` while online")

    def _install_after(self, needs: Sequence[Future[None]], pin: Pin, say: Say) -> None:
        if any(job.exception() is not None for job in needs):
            return  # that error is reported; without it this pin cannot be probed
        self._install(pin, say)

    def _install(self, pin: Pin, say: Say, *, anew: bool = False) -> None:
        shelf = self._writable_shelf(pin, say)
        lock = usage.lock_of(shelf, pin.identity)
        what = f"install {pin.name} {pin.version}"
        waiting = lambda text: say(StoreEvent(kind="waiting", pin=pin, text=text))  # noqa: E731
        with self._doors.files.lock(lock, what=what, timeout=self._lock_timeout, say=waiting):
            if self.has(pin):
                wrong = self._visible_damage(pin)
                if not wrong and not anew:
                    return  # someone else was faster
                if wrong:
                    say(StoreEvent(kind="damaged", pin=pin, text=wrong))
            self._sound.discard(pin.identity)
            self._sweep(pin, shelf)
            work = usage.aside(shelf, pin.identity)
            try:
                self._build(pin, work, say)
            except BaseException as error:
                say(StoreEvent(kind="failed", pin=pin))
                if isinstance(error, IntegrityError):
                    raise self._explained(pin, error) from None
                raise
            finally:
                with suppress(WbuildError):
                    self._doors.files.remove(work)
            self._sound.add(pin.identity)
            say(StoreEvent(kind="installed", pin=pin))

    def _writable_shelf(self, pin: Pin, say: Say) -> Path:
        """The folder of trees that a pin comes to; one that holds it already and cannot be written is left for another."""
        found = self._shelves.find(pin.identity)
        shelf = found if found is not None and writable(found) else self._shelves.free(_ROOM * pin.size)
        why = self._shelves.why
        if shelf != self._shelves.first and why:
            say(StoreEvent(kind="elsewhere", pin=pin, text=f"{self._shelves.first} is not used for new tools: {why}; they are in {shelf}"))
        self._shelves.make(shelf)
        return shelf

    def _sweep(self, pin: Pin, shelf: Path) -> None:
        """Remove what killed installations of this pin left; its lock is held, so nobody works there."""
        for left in shelf.glob(f".tmp-{pin.identity}-*"):
            self._doors.files.remove(left)
        if os.path.lexists(shelf / pin.identity) and not (shelf / pin.identity / RECEIPT).is_file():
            self._doors.files.remove(shelf / pin.identity)

    def _build(self, pin: Pin, work: Path, say: Say) -> None:
        files, downloads, tree = self._doors.files, work / "files", work / "tree"
        if files.free(work.parent) < _ROOM * pin.size:
            raise disk_full(work.parent, f"install {pin.name} {pin.version} in", needed=_ROOM * pin.size)
        with machine_errors(work, "make"):
            downloads.mkdir(parents=True)
        if self._take_over(pin, tree):
            self._publish(pin, tree, work)
            return
        self._checkpoint("store.start")
        self._fetch(pin, work, downloads, say)
        self._checkpoint("store.after-download")
        received = received_digests(pin, downloads)
        unpack(pin, downloads, tree, self._doors)
        self._checkpoint("store.after-unpack")
        self._finish(pin, tree, work, received)
        files.remove(downloads)
        self._publish(pin, tree, work)

    def _take_over(self, pin: Pin, tree: Path) -> bool:
        """Whether an older wbuild has installed this very pin, and its tree is one of today's now."""
        for shelf in self._shelves.older():
            known = take_over(pin, shelf, tree, self._doors.files)
            if known is not None:
                self._doors.files.write(tree / RECEIPT, receipt.encode(known))
                return True
        return False

    def _fetch(self, pin: Pin, work: Path, downloads: Path, say: Say) -> None:
        say(StoreEvent(kind="download", pin=pin))

        def tell(size: int) -> None:
            say(StoreEvent(kind="progress", pin=pin, arrived=size))

        with watched(pin, work, tell) if self._watch else nullcontext():
            self._sources[pin.source].fetch(pin, downloads, self._client_doors(pin))
        if self._watch:
            tell(pin.size)

    def _finish(self, pin: Pin, tree: Path, work: Path, received: Mapping[str, str]) -> None:
        """Seal the tree, start its probe, and write the receipt. Raises IntegrityError, MachineError."""
        clash = sorted(contents.OWN.intersection(path.name for path in tree.iterdir()))
        if clash:
            raise IntegrityError("WB512", f"{pin.name} {pin.version} brings a file named {clash[0]}, which is the store's own")
        self._add_shims(pin, tree)
        missing_programs(pin, tree)
        items = contents.seal(tree, self._doors.files.sha256)
        if pin.probe is not None:
            probe(pin, self._argv(pin, pin.probe[0], {pin.name: tree}), work, self._doors)
        self._checkpoint("store.before-receipt")
        text = contents.encode(items)
        size = sum(item.size for item in items)
        written = receipt.receipt_of(pin, received, count=len(items), size=size, tree=contents.digest(text))
        self._doors.files.write(tree / CONTENTS, text)
        self._doors.files.write(tree / RECEIPT, receipt.encode(written))

    def _add_shims(self, pin: Pin, tree: Path) -> None:
        """Executables for programs that others start by path."""
        for program, text in shims(pin).items():
            path = tree / SHIMS / program
            self._doors.files.write(path, text)
            with machine_errors(path, "make executable"):
                path.chmod(0o755)
                os.utime(path, (MTIME, MTIME))

    def _publish(self, pin: Pin, tree: Path, work: Path) -> None:
        """Make the tree visible, by one rename."""
        self._checkpoint("store.before-rename")
        place = work.parent / pin.identity
        if not closed(tree):
            with machine_errors(tree, "close to others"):
                tree.chmod(0o755)
        if os.path.lexists(place):
            self._doors.files.move(place, work / "old")
        self._doors.files.move(tree, place)
        known = receipt.decode(receipt.text(place / RECEIPT))
        if known is not None:
            self._records.note(place, known.tree)
        self._checkpoint("store.after-rename")

    def _client_doors(self, pin: Pin) -> Doors:
        """Doors whose `program` finds package clients among what the pin needs."""

        def program(name: str) -> tuple[str, ...]:
            for needed in pin.needs:
                if name in needed.bin:
                    return self.argv(needed, name)
            raise ProvisionError("WB416", f"{pin.name} needs {name} to be installed, and the lock has no tool that brings it")

        return replace(self._doors, program=program)

    def _argv(self, pin: Pin, program: str, elsewhere: Mapping[str, Path]) -> tuple[str, ...]:
        pins = {known.name: known for known in with_needs((pin,))}
        places = Places(
            scratch="",
            tool=lambda name: elsewhere.get(name) or self.path(pins[name]),
            shared=lambda name: self._shelves.first / ".shared" / name,
            state="",
            late=_no_late,
            runner=lambda file: _RUNNERS / file,
            python=sys.executable,
        )
        return expand(command(pin, program), places)

    def _explained(self, pin: Pin, error: IntegrityError) -> IntegrityError:
        """A hint for a digest that did not match: whose it is, when the store knows it (a version was changed without its digest)."""
        wanted = {str(file.digest) for file in pin.files}
        for _, _, known in self.installed() if error.problems[0].code == "WB510" else ():
            if (known.name, known.version) != (pin.name, pin.version) and wanted <= {file.digest for file in known.files}:
                return IntegrityError(
                    "WB511",
                    f"the lock's digest of {pin.name} {pin.version} belongs to {known.name} {known.version}",
                    hint="take wbuild.lock back from version control, or remove it and run `wbuild lock`; versions are set in [tools]",
                )
        return error


def _raise_worst(errors: Iterable[BaseException | None]) -> None:
    """Raise the worst of several errors, with the problems of all that are of its kind."""
    found = [error for error in errors if error is not None]
    known = [error for error in found if isinstance(error, WbuildError)]
    for error in found:
        if not isinstance(error, WbuildError):
            raise error
    if known:
        status = worst({error.status for error in known})
        same = [error for error in known if error.status == status]
        raise type(same[0]).of(tuple(problem for error in same for problem in error.problems)) from None


def _no_late(part: Late) -> str:
    raise AssertionError(f"a program's command line cannot hold {part}")
