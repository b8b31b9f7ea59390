"""cargo with the network: credentials and programs are the user's, addresses may be the project's.

FOLDER is where cargo keeps downloads; wbuild's own, so that no other step finds a token. cargo reads credentials from there only, so
the user's file of them (in CARGO_HOME, else in .cargo of the home) is named to it, never copied; where it has a token that cargo may
not send, the others go into its environment. cargo has no
provider of credentials unless its configuration names one: it gets the one that reads tokens from its own variables and file.

What the project's .cargo/config.toml says is taken as far as it names addresses and folders (`cargo_fetch_config`); programs, proxies and
certificates that it names are not, and a line that begins with "wbuild: " says so. For that cargo starts in a folder beside the
project, with what is taken.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

from .cargo_fetch_config import Taken, read, take, variable, variables, written

CONFIG = '[registry]\nglobal-credential-providers = ["cargo:token"]\n'
NAMES = ("config", "config.toml")
"""cargo prefers the old name too."""
SAYS = "wbuild: "
"""In front of what people are told."""


def configure(folder: Path) -> None:
    """Write the configuration of the folder; another process may do the same."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f"config.toml.{os.getpid()}.part"
    aside.write_text(CONFIG, "utf-8")
    aside.replace(folder / "config.toml")


def in_folder(folder: Path, names: Sequence[str]) -> Path | None:
    """The first of some files that a folder has."""
    return next((path for name in names if (path := folder / name).is_file()), None)


def configs(above: Path) -> Iterator[Path]:
    """cargo's configuration in a folder and in all above it, outermost first."""
    for folder in (*reversed(above.parents), above):
        found = in_folder(folder / ".cargo", NAMES)
        if found is not None:
            yield found


def absolute(words: Sequence[str]) -> tuple[list[str], list[Path]]:
    """cargo's words without configuration files, with paths that hold anywhere; and those files."""
    kept: list[str] = []
    named: list[Path] = []
    waiting = list(words)
    while waiting:
        word = waiting.pop(0)
        if word == "--config" and waiting and Path(waiting[0]).is_file():
            named.append(Path(waiting.pop(0)).absolute())
        elif word == "--manifest-path" and waiting:
            kept += [word, str(Path(waiting.pop(0)).absolute())]
        else:
            kept.append(word)
    return kept, named


def beside(folder: Path, own: Sequence[Path]) -> tempfile.TemporaryDirectory[str] | None:
    """A new folder above which no configuration of cargo lies but the user's own; None where no such folder can be made."""
    for place in (Path("/dev/shm"), Path(os.environ.get("TMPDIR", "/tmp")), Path("/tmp"), folder):  # noqa: S108 - checked, and closed to others
        if all(config in own for config in configs(place.absolute())):
            try:
                return tempfile.TemporaryDirectory(prefix=".wbuild-cargo-", dir=place)
            except OSError:  # the fence leaves few places
                continue
    return None


def main(folder: str, *cargo: str) -> int:
    """The exit code of cargo."""
    configure(Path(folder))
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - there may be none
    theirs = Path(os.environ.get("CARGO_HOME") or home / ".cargo")
    words, named = absolute(cargo)
    found = list(dict.fromkeys((*configs(Path.cwd()), *named)))
    own = [path for path in found if path.parent in (theirs, home / ".cargo")]
    credentials = in_folder(theirs, ("credentials", "credentials.toml"))
    known = [read(path) for path in (*own, *filter(None, (in_folder(theirs, NAMES), credentials)))]
    taken: list[Taken] = [take(path, known, os.environ) for path in found if path not in own]
    env = {name: value for name, value in os.environ.items() if not any(name in one.withheld for one in taken)}
    for line in dict.fromkeys(line for one in taken for line in one.says):
        print(f"{SAYS}{line}", file=sys.stderr, flush=True)
    masked = [name for one in taken for name in one.masked]
    if credentials and masked:
        env = {**variables(read(credentials), masked), **env}
        credentials = None
    words += [word for path in (*own, *((credentials,) if credentials else ())) for word in ("--config", str(path))]
    kept = {name for path in own for name in variables(read(path), ())}
    words += [
        word for name in masked if f"{variable(name)}_TOKEN" in kept for word in ("--config", f'registries.{json.dumps(name)}.token=""')
    ]
    aside = beside(Path(folder), [*own, theirs / "config.toml", theirs / "config", *(home / ".cargo" / name for name in NAMES)])
    if aside is None:
        print(f"{SAYS}cargo cannot be started apart from {Path.cwd()}: set TMPDIR to a folder outside of it", file=sys.stderr)
        return 1
    with aside as name:
        place = Path(name)
        for one in taken:
            place = place / "in"
            (place / ".cargo").mkdir(parents=True)
            (place / ".cargo" / "config.toml").write_text(written(one.config), "utf-8")
        env |= {"CARGO_HOME": str(Path(folder).absolute()), "CARGO_ENCODED_RUSTFLAGS": ""}
        return subprocess.run(absolute_program(words), env=env, cwd=place, check=False).returncode


def absolute_program(words: list[str]) -> list[str]:
    """The command line with a program that is found from any folder."""
    return [str(Path(words[0]).absolute()) if os.sep in words[0] else words[0], *words[1:]]
