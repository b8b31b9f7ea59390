"""package.json and asconfig.json → guesses: AssemblyScript, else JavaScript or TypeScript with an entry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from posixpath import basename, normpath
from typing import Any, Final

from wbuild.init.survey.guess import Code, Guess, files, folder_of, json_table, shown, sources_below, string, strings, table, under
from wbuild.model.written import OptionValue, Target

__all__ = ["guesses"]

PACKAGE: Final = "package.json"
CONFIG: Final = "asconfig.json"
SHIM: Final = "@assemblyscript/wasi-shim"
ENTRY: Final = "assembly/index.ts"
_ENTRIES: Final = ("src/index.ts", "src/index.js", "index.ts", "index.js", "src/main.ts", "src/main.js", "main.js")


def guesses(code: Code) -> Iterator[Guess]:
    """One for each folder with a package."""
    folders = dict.fromkeys(folder_of(name) for file in (CONFIG, PACKAGE) for name in files(code, file))
    for folder in folders:
        package = json_table(code.texts.get(under(folder, PACKAGE), ""))
        config = under(folder, CONFIG)
        found = frozenset(name for key in ("dependencies", "devDependencies") for name in table(package.get(key)))
        if code.has(config) or "assemblyscript" in found:
            yield _assemblyscript(code, folder, package, json_table(code.texts.get(config, "")), found)
        elif guess := _script(code, folder, package, found):
            yield guess


def _assemblyscript(code: Code, folder: str, package: Mapping[str, Any], config: Mapping[str, Any], found: frozenset[str]) -> Guess:
    entries = tuple(normpath(entry) for entry in strings(config.get("entries"))) or (ENTRY,)
    shim = SHIM in found or SHIM in string(config.get("extends"))
    options: dict[str, OptionValue] = {} if entries == (ENTRY,) else {"entry": entries}
    targets: tuple[Target, ...] = ("wasip1",) if shim else ("freestanding",)
    file = CONFIG if code.has(under(folder, CONFIG)) else PACKAGE
    return Guess(
        name=_name(package, folder),
        lang="assemblyscript",
        folder=folder,
        why=f"{under(folder, file)}: AssemblyScript from {shown(entries[0])}" + (f", with {SHIM}" if shim else ""),
        kind="command" if shim else "reactor",
        targets=targets,
        options=options,
        packages={"npm": found},
        claims=sources_below(code, folder, (".ts",)),
    )


def _script(code: Code, folder: str, package: Mapping[str, Any], found: frozenset[str]) -> Guess | None:
    """JavaScript or TypeScript, when there is a file that could be run."""
    wanted = [normpath(string(package.get(key))) for key in ("module", "main") if string(package.get(key))]
    entry = next((e for e in (*wanted, *_ENTRIES) if code.has(under(folder, e))), "")
    if not entry:
        return None
    typed = entry.endswith((".ts", ".mts"))
    return Guess(
        name=_name(package, folder),
        lang="typescript" if typed else "javascript",
        folder=folder,
        why=f"{under(folder, PACKAGE)}: {'TypeScript' if typed else 'JavaScript'} that begins in {shown(entry)}",
        options={"entry": entry},
        packages={"npm": found},
    )


def _name(package: Mapping[str, Any], folder: str) -> str:
    return string(package.get("name")).rpartition("/")[2] or ("" if folder == "." else basename(folder))
