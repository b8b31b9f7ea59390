"""Run `cargo fetch` with a folder for downloads of wbuild's own, and the user's credentials. A program of its own.

usage: python -I cargo_fetch.py FOLDER CARGO…

cargo reads credentials from the folder in which it keeps downloads only; here the folders differ, so that no other step finds
a token. CARGO_HOME of the environment, else .cargo in the user's home, holds the credentials; they are named to cargo, never read or
copied. cargo has no provider of credentials unless its configuration names one: it gets the one that reads tokens from its own
variables and file, in the file of FOLDER, which counts less than any other configuration.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

CONFIG = '[registry]\nglobal-credential-providers = ["cargo:token"]\n'


def configure(folder: Path) -> None:
    """Write the configuration of the folder; another process may do the same."""
    folder.mkdir(parents=True, exist_ok=True)
    aside = folder / f"config.toml.{os.getpid()}.part"
    aside.write_text(CONFIG, "utf-8")
    aside.replace(folder / "config.toml")


def credentials(theirs: Path) -> list[str]:
    """Words for cargo that name the user's file of tokens; cargo prefers the old name too."""
    found = next((path for name in ("credentials", "credentials.toml") if (path := theirs / name).is_file()), None)
    return ["--config", str(found)] if found else []


def main(folder: str, *cargo: str) -> int:
    """The exit code of cargo."""
    configure(Path(folder))
    theirs = Path(os.environ.get("CARGO_HOME") or Path.home() / ".cargo")
    return subprocess.run([*cargo, *credentials(theirs)], env={**os.environ, "CARGO_HOME": folder}, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
