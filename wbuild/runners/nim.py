"""Start `nim c --compileOnly --nimcache:FOLDER …`, and make what it wrote the same wherever sources and tools lie.

usage: python -I nim.py FOLDER PREFIX=NAME… -- NIM ARGUMENTS…

FOLDER then holds C files only, and in their #line directives, as in what nim says, PREFIX has become NAME.
A program of its own: it imports nothing of wbuild. Ends with the exit code of nim.

Nim names C types by a digest of the absolute path of the file that declares them, and marks exceptions and objects at run time with
numbers from the same digest; it has no option against that. Both are replaced by digests of names: the type's own and, where several
types have one name, how many came before it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from hashlib import sha256
from pathlib import Path

SIGN = "(?:9[abc]|[A-Za-z0-8])"
"""One of Nim's digits to the base 64: 22 are 16 bytes."""
NAME = re.compile(rf"\b([A-Za-z_0-9]*?)__({SIGN}{{22}})(?![A-Za-z0-9])")
"""A name with a digest."""
LITERAL = re.compile(r'"(?:[^"\\\n]|\\.)*"')
TYPE = re.compile(r"\bNTIv2__(\w+?)_ = \{[^\n]*?\.display = (\w+)")
"""What a type knows of itself at run time: its digest, and the array of its own number and those of the types that it inherits from."""
ARRAY = re.compile(r"\bNU32 (TM__\w+)\[\d+\] = \{([\d, ]*)\}")
CHECK = re.compile(r"(\bisObjDisplayCheck\([^\n{}]*?, \d+, )(\d+)(?=\))")
"""A comparison with a number."""
PLACE = re.compile(r'^(#define FX_\d+ ")((?:[^"\\\n]|\\.)*)(")', re.MULTILINE)
"""A file that #line directives name."""
ESCAPED = b"'\"\\?"
"""Bytes before which Nim writes a backslash in strings of C; those that are not printable ASCII become octal numbers."""


def new_names(texts: Iterable[str]) -> dict[str, str]:
    """Digest in Nim's spelling → what it becomes."""
    owners: dict[str, str] = {}
    for text in texts:
        for owner, digest in NAME.findall(text):
            if owner != "TM" and (digest not in owners or owners[digest].startswith("NTI")):
                owners[digest] = owner
    seen: dict[str, int] = {}
    names: dict[str, str] = {}
    for digest, owner in owners.items():
        seen[owner] = seen.get(owner, 0) + 1
        names[digest] = sha256(f"{owner} {seen[owner]}".encode()).hexdigest()[:22]
    return names


def number_of(text: str) -> int:
    """A number of 32 bits."""
    return int(sha256(text.encode()).hexdigest()[:8], 16)


def new_numbers(texts: Sequence[str], names: Mapping[str, str]) -> dict[int, int]:
    """Number of a type at run time → what it becomes. Raises SystemExit where two types would have one."""
    arrays = {name: [int(n) for n in row.split(",")] for text in texts for name, row in ARRAY.findall(text)}
    numbers = {arrays[array][-1]: number_of(names[digest]) for text in texts for digest, array in TYPE.findall(text)}
    others = [number for array in arrays.values() for number in array]
    others += [int(number) for text in texts for _, number in CHECK.findall(text)]
    for number in others:
        numbers.setdefault(number, number_of(f"unknown {len(numbers)}"))
    if len({*numbers.values()}) != len(numbers):
        raise SystemExit("nim.py: two types have one number; rename one of them")
    return numbers


def outside_of_literals(text: str, change: Callable[[str], str]) -> str:
    """A C text with all changed but what stands in strings."""
    parts: list[str] = []
    at = 0
    for literal in LITERAL.finditer(text):
        parts += [change(text[at : literal.start()]), literal[0]]
        at = literal.end()
    return "".join([*parts, change(text[at:])])


def renamed(text: str, names: Mapping[str, str], numbers: Mapping[int, int]) -> str:
    """C outside of strings, with the new names and numbers."""

    def row(match: re.Match[str]) -> str:
        new = ", ".join(str(numbers[int(number)]) for number in match[2].split(","))
        return match[0].replace(f"{{{match[2]}}}", f"{{{new}}}")

    text = NAME.sub(lambda match: f"{match[1]}__{names.get(match[2], match[2])}", text)
    text = ARRAY.sub(row, text)
    return CHECK.sub(lambda match: f"{match[1]}{numbers[int(match[2])]}", text)


def placed(text: str, places: Mapping[str, str]) -> str:
    """C in which no #line directive names a folder of the machine."""

    def one(match: re.Match[str]) -> str:
        prefix = next((prefix for prefix in places if match[2].startswith(prefix)), None)
        name = match[2] if prefix is None else places[prefix] + match[2][len(prefix) :]
        return f"{match[1]}{name}{match[3]}"

    return PLACE.sub(one, text)


def in_c(text: str) -> str:
    """The inside of a string of C, in Nim's spelling."""
    data = text.encode("utf-8", "surrogateescape")
    return "".join(f"\\{byte:03o}" if not 0x20 <= byte < 0x7F else f"\\{byte:c}" if byte in ESCAPED else f"{byte:c}" for byte in data)


def started(argv: Sequence[str], prefixes: Mapping[str, str]) -> int:
    """Start nim, and say what it says, as text in which no place begins with a prefix; its exit code."""
    done = subprocess.run(argv, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = os.fsdecode(done.stdout)
    for prefix, name in prefixes.items():
        said = said.replace(prefix, name)
    sys.stderr.buffer.write(os.fsencode(said))
    return done.returncode


def main(argv: list[str]) -> int:
    """Returns the exit code."""
    if "--" not in argv[1:]:
        print("usage: nim.py FOLDER PREFIX=NAME… -- NIM ARGUMENTS…", file=sys.stderr)
        return 2
    at = argv.index("--")
    folder, *words = argv[:at]
    prefixes = dict(word.rsplit("=", 1) for word in words)
    code = started(argv[at + 1 :], prefixes)
    if code:
        return code
    for told in Path(folder).glob("*.json"):  # how nim would start a compiler of C, with paths of the machine
        told.unlink()
    texts = {file: file.read_text("utf-8", "surrogateescape") for file in sorted(Path(folder).glob("*.c"))}
    names = new_names(texts.values())
    numbers = new_numbers(list(texts.values()), names)
    places = {in_c(prefix): name for prefix, name in prefixes.items()}
    for file, text in texts.items():
        new = outside_of_literals(text, lambda part: renamed(part, names, numbers))
        file.write_text(placed(new, places), "utf-8", "surrogateescape")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
