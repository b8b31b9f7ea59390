"""What Go's own tools see in a source file: its package clause, directives and build constraints, comments and strings left aside."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from posixpath import basename
from typing import Final

_LEXEME: Final = re.compile(
    r"""(?P<line>//[^\n]*)|(?P<block>/\*.*?(?:\*/|\Z))|(?P<raw>`[^`]*(?:`|\Z))|(?P<text>"(?:[^"\\\n]|\\.)*"?)|(?P<rune>'(?:[^'\\\n]|\\.)*'?)""",
    re.DOTALL,
)
_PACKAGE: Final = re.compile(r"[\s;]*package\s+(\w+)")
_START: Final = re.compile(r"^func\s+main\s*\(\s*\)", re.MULTILINE)
_CGO: Final = re.compile(r'^import\s*(?:\([^)]*)?"C"', re.MULTILINE)
_EXPORT: Final = re.compile(r"//go:wasmexport[ \t]+\w")
_OLD_EXPORT: Final = re.compile(r"//export[ \t]+\w")
_EMBED: Final = re.compile(r"//go:embed[ \t]+(.*)")
_WILD: Final = re.compile(r"[*?\[\\]")
_BUILD: Final = re.compile(r"//go:build[ \t]+(.*)")
_WORD: Final = re.compile(r"\s*(&&|\|\||!|\(|\)|[\w.]+)")
_SYSTEMS: Final = frozenset(
    (
        *("aix", "android", "darwin", "dragonfly", "freebsd", "hurd", "illumos", "ios", "js", "linux", "nacl", "netbsd", "openbsd"),
        *("plan9", "solaris", "wasip1", "windows", "zos"),
    )
)
_MACHINES: Final = frozenset(
    (
        *("386", "amd64", "amd64p32", "arm", "armbe", "arm64", "arm64be", "loong64", "mips", "mipsle", "mips64", "mips64le"),
        *("mips64p32", "mips64p32le", "ppc", "ppc64", "ppc64le", "riscv", "riscv64", "s390", "s390x", "sparc", "sparc64", "wasm"),
    )
)
_TRUE: Final = frozenset({"wasip1", "wasm", "gc"})
"""Tags that hold when wbuild builds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GoSource:
    """The facts that a build needs of one Go source file."""

    package: str
    """Name in its package clause; "" for none."""
    start: bool
    """Whether it has a `func main()`."""
    exports: bool
    """Whether it exports functions to the host."""
    old_exports: bool
    """Whether it exports functions the way of cgo and TinyGo."""
    cgo: bool
    embeds: tuple[str, ...]
    """The patterns of its `//go:embed` directives, one line each."""
    constraint: str
    """The expression of its `//go:build` line; "" where there is none."""


def read(text: str) -> GoSource:
    """The facts of a source file, by its text; it need not be correct."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    code, directives = _split(text)
    package = _PACKAGE.match(code)
    head = text.find("package", _start_of(text)) if package else len(text)
    return GoSource(
        package=package[1] if package else "",
        start=_START.search(code) is not None,
        exports=any(_EXPORT.match(line) for _, line in directives),
        old_exports=any(_OLD_EXPORT.match(line) for _, line in directives),
        cgo=_CGO.search(code) is not None,
        embeds=tuple(found[1] for _, line in directives if (found := _EMBED.match(line))),
        constraint=next((found[1] for at, line in directives if at < head and (found := _BUILD.match(line))), ""),
    )


def builds(name: str, source: GoSource, tags: Collection[str] = ()) -> bool:
    """Whether a file is part of its package when wbuild builds it; tests are not."""
    file = basename(name)
    if not file.endswith(".go") or file.startswith(("_", ".")) or file.endswith("_test.go"):
        return False
    known = {*_TRUE, *tags}
    return _fits(file, known) and (not source.constraint or _holds(source.constraint, known))


def reaches(embed: str, file: str) -> bool:
    """Whether a file (relative to the source's folder) may be among what a line of `//go:embed` says; rather too often than too seldom."""
    if '"' in embed or "`" in embed:
        return True
    for pattern in embed.split():
        plain = _WILD.split(pattern.removeprefix("all:"), maxsplit=1)[0]
        wild = plain != pattern.removeprefix("all:")
        if plain in ("", ".") or (file.startswith(plain) if wild else file == plain or file.startswith(f"{plain}/")):
            return True
    return False


def _split(text: str) -> tuple[str, list[tuple[int, str]]]:
    """(code without comments and long strings, comments that begin a line with where they stand)."""
    code: list[str] = []
    directives: list[tuple[int, str]] = []
    last = 0
    for found in _LEXEME.finditer(text):
        code.append(text[last : found.start()])
        last = found.end()
        if found["line"] is not None:
            if found.start() == 0 or text[found.start() - 1] == "\n":
                directives.append((found.start(), found["line"]))
        elif found["block"] is not None:
            code.append("\n" if "\n" in found["block"] else " ")
        else:
            code.append('""' if found["raw"] is not None else found[0])
    code.append(text[last:])
    return "".join(code), directives


def _start_of(text: str) -> int:
    """The offset at which the code begins, behind the first comments."""
    at = 0
    while True:
        rest = re.compile(r"[\s;]*").match(text, at)
        at = rest.end() if rest else at
        found = _LEXEME.match(text, at)
        if found is None or (found["line"] is None and found["block"] is None):
            return at
        at = found.end()


def _fits(file: str, tags: Collection[str]) -> bool:
    """Whether systems and machines in a file's name are those that are built for."""
    stem = file.split(".", maxsplit=1)[0]
    parts = stem.split("_")[1:]
    if len(parts) >= 2 and parts[-2] in _SYSTEMS and parts[-1] in _MACHINES:
        return parts[-2] in tags and parts[-1] in tags
    return not parts or parts[-1] not in _SYSTEMS | _MACHINES or parts[-1] in tags


def _holds(constraint: str, tags: Collection[str]) -> bool:
    """The value of a constraint; True for one that only the compiler can refuse."""
    words = [found[1] for found in _WORD.finditer(constraint.split("//", maxsplit=1)[0])]
    try:
        waiting = iter([*words, ""])
        value, rest = _either(next(waiting), waiting, tags)
    except (StopIteration, RecursionError):
        return True
    return value or bool(rest)


def _either(word: str, words: Iterator[str], tags: Collection[str]) -> tuple[bool, str]:
    value, word = _both(word, words, tags)
    while word == "||":
        other, word = _both(next(words), words, tags)
        value = value or other
    return value, word


def _both(word: str, words: Iterator[str], tags: Collection[str]) -> tuple[bool, str]:
    value, word = _one(word, words, tags)
    while word == "&&":
        other, word = _one(next(words), words, tags)
        value = value and other
    return value, word


def _one(word: str, words: Iterator[str], tags: Collection[str]) -> tuple[bool, str]:
    if word == "!":
        value, rest = _one(next(words), words, tags)
        return not value, rest
    if word == "(":
        value, _ = _either(next(words), words, tags)
        return value, next(words)
    return word in tags or word.startswith("go1."), next(words)
