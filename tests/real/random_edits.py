"""Random edits of projects in all languages: after each, a build equals one of a copy that knows nothing.

`python -m tests.real.random_edits SECONDS [SEED]` goes on for so long and says how many rounds it ran. A round edits what one language
may read: files below its folder, in neighbouring folders, behind links, names in folders, time stamps, variables. Then the project is
built with all that it remembers, and a copy of it with no results and with caches of tools as they were before it was edited (the tools
and their C library stay). Both must make the same module; and what the first one made must stay the same when nothing is edited.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tests.real.machine import CACHE, Machine

NUMBER: Final = "@"
"""Stands in a text for a digit, which edits change."""
YEAR: Final = 365 * 86400


@dataclass(frozen=True, kw_only=True)
class Part:
    """What one artifact reads."""

    lang: str
    manifest: str
    files: Mapping[str, str]
    """Path → text; NUMBER in it is a digit."""
    optional: Mapping[str, str] = field(default_factory=dict)
    """Files that come and go, and are read when they are there."""
    links: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    """Link → two targets."""
    folders: Sequence[str] = ()
    """Folders whose names are read."""
    idle: Sequence[str] = ()
    """Files that nothing reads."""


C: Final = Part(
    lang="c",
    manifest='[artifact.c]\nlang = "c"\npath = "c"\ninputs = ["data.bin"]\nc = { include = ["inc"], sources = ["main.c", "src/**/*.c"], '
    'defines = ["VERSION=9"] }\nflags = { compile = ["@c/flags.txt"] }\n',
    files={
        "c/main.c": '#include <stdio.h>\n#include "table.def"\n#include "linked/deep.h"\n#include "used.h"\n#include "../shared/above.h"\n'
        '#if __has_include("maybe.def")\n#include "maybe.def"\n#else\n#define MAYBE 7\n#endif\n'
        '__asm__(".section .rodata.blob,\\"\\",\0\\n.globl blob\\n.type blob,\0object\\nblob:\\n.incbin \\"c/data.bin\\"\\n.int8 0\\n'
        '.size blob, 2\\n");\nextern const char blob[];\nint helper(void);\n'
        'int main(void) { printf("%d %d %d %d %d %d %s @\\n", TABLE, MAYBE, DEEP, ABOVE, FLAG + USED, helper(), blob); }\n',
        "c/table.def": "#define TABLE @\n",
        "c/data.bin": "@",
        "c/flags.txt": "-DFLAG=@\n",
        "c/inc/used.h": "#define USED @\n",
        "c/src/target/helper.c": "int helper(void) { return @; }\n",
        "shared/above.h": "#define ABOVE @\n",
        "shared/one/deep.h": "#define DEEP 1@\n",
        "shared/two/deep.h": "#define DEEP 2@\n",
    },
    optional={
        "c/maybe.def": "#define MAYBE @\n",
        "c/inc/maybe.def": "#define MAYBE 1@\n",
        "c/src/more.c": "int more(void) { return @; }\n",
    },
    links={"c/linked": ("../shared/one", "../shared/two")},
    idle=("c/README.md", "c/.main.c.swp", "shared/notes.txt"),
)
RUST: Final = Part(
    lang="rust",
    manifest='[artifact.rs]\nlang = "rust"\npath = "rs/app"\nenv = { NUMBER = { from = "BUILD_VERSION", default = "0" } }\n',
    files={
        ".cargo/config.toml": '[env]\nABOVE = "@"\n',
        "rs/app/Cargo.toml": '[package]\nname = "rs"\nversion = "0.1.@"\nedition = "2021"\n[dependencies]\ninner = { path = "../inner" }\n'
        '[[bin]]\nname = "rs"\npath = "../main.rs"\n',
        "rs/main.rs": 'mod v;\nmod target;\n#[path = "../shared/common.rs"]\nmod common;\n#[path = "linked/deep.rs"]\nmod deep;\n'
        "fn main() { "
        'println!("{} {} {} {} {} {} {} {} {} {} @", v::V, target::T, common::C, deep::D, inner::I, include_str!("../shared/text.txt"), '
        'include_str!("dist/page.html"), env!("ABOVE"), env!("SCRIPT"), env!("NUMBER")); }\n',
        "rs/v.rs": "pub const V: u32 = @;\n",
        "rs/target/mod.rs": "pub const T: u32 = @;\n",
        "rs/dist/page.html": "@",
        "shared/common.rs": "pub const C: u32 = @;\n",
        "shared/text.txt": "@",
        "shared/one/deep.rs": "pub const D: u32 = 1@;\n",
        "shared/two/deep.rs": "pub const D: u32 = 2@;\n",
        "rs/inner/Cargo.toml": '[package]\nname = "inner"\nversion = "0.1.0"\nedition = "2021"\n',
        "rs/inner/src/lib.rs": "pub const I: u32 = @;\n",
        "rs/app/build.rs": 'fn main() { let mut all = vec![];\nfor entry in std::fs::read_dir("data").unwrap() { '
        'let path = entry.unwrap().path(); all.push(format!("{}={}", path.display(), std::fs::read_to_string(&path).unwrap().len() as u32 '
        "+ std::fs::read(&path).unwrap().iter().map(|b| *b as u32).sum::<u32>())); }\nall.sort();\n"
        'println!("cargo:rustc-env=SCRIPT={}", all.join("-")); }\n',
        "rs/app/data/first": "@",
    },
    optional={"rs/app/data/second": "@", "rs/v/mod.rs.bak": "@"},
    links={"rs/linked": ("../shared/one", "../shared/two")},
    folders=("rs/app/data",),
    idle=("rs/app/README.md", "rs/notes.txt"),
)
GO: Final = Part(
    lang="go",
    manifest='[artifact.go]\nlang = "go"\npath = "go"\n',
    files={
        "go/go.mod": "module example.org/app\n\ngo 1.23\n\nrequire example.org/lib v0.0.0\n\nreplace example.org/lib => ../golib\n",
        "go/main.go": 'package main\n\nimport (\n\t"embed"\n\t"fmt"\n\n\t"example.org/app/internal/target"\n\t"example.org/lib"\n)\n\n'
        '//go:embed web/dist\nvar web embed.FS\n\nfunc main() {\n\tlist, _ := web.ReadDir("web/dist")\n\tfor _, one := range list {\n'
        '\t\ttext, _ := web.ReadFile("web/dist/" + one.Name())\n\t\tfmt.Print(one.Name(), string(text))\n\t}\n'
        "\tfmt.Println(target.T, lib.L, extra, @)\n}\n",
        "go/extra.go": "package main\n\nconst extra = @\n",
        "go/internal/target/target.go": "package target\n\nconst T = @\n",
        "go/web/dist/index.html": "@",
        "golib/go.mod": "module example.org/lib\n\ngo 1.23\n",
        "golib/lib.go": "package lib\n\nconst L = @\n",
    },
    optional={
        "go/web/dist/more.txt": "@",
        "go/more_test.go": "package main\n\nconst more = @\n",
        "go/other_wasip1.go": "package main\n\nvar _ = @\n",
    },
    folders=("go/web/dist",),
    idle=("go/notes.txt", "golib/notes.txt"),
)


def _zig() -> Part:
    """Zig writes builtins with an at sign, which is a digit elsewhere: here the digit is `#`."""
    texts = {
        "zig/src/main.zig": 'const std = @import("std");\nconst t = @import("target/t.zig");\nconst linked = @import("linked/deep.zig");\n'
        'const text = @embedFile("dist/text.txt");\npub fn main(init: std.process.Init) !void {\n'
        "    try std.Io.File.stdout().writeStreamingAll(init.io, text ++ "
        'std.fmt.comptimePrint(" {d} {d} #", .{ t.T + t.u.U, linked.D }));\n}\n',
        "zig/src/target/t.zig": 'pub const u = @import("u.zig");\npub const T = 1#;\n',
        "zig/src/target/u.zig": "pub const U = #00;\n",
        "zig/src/dist/text.txt": "#",
        "shared/one/deep.zig": "pub const D = 1#;\n",
        "shared/two/deep.zig": "pub const D = 2#;\n",
    }
    return Part(
        lang="zig",
        manifest='[artifact.zig]\nlang = "zig"\npath = "zig"\n',
        files={name: text.replace("@", "\0").replace("#", NUMBER) for name, text in texts.items()},
        links={"zig/src/linked": ("../../shared/one", "../../shared/two")},
        idle=("zig/README.md", "zig/src/notes.txt"),
    )


AS: Final = Part(
    lang="as",
    manifest='[artifact.as]\nlang = "assemblyscript"\npath = "as"\nkind = "reactor"\ntarget = "freestanding"\n',
    files={
        "as/package.json": '{ "name": "app", "private": true, "dependencies": { "assemblyscript": "0.28.9" } }\n',
        "as/asconfig.json": '{ "extends": "../shared/base.json", "entries": ["assembly/index.ts"] }\n',
        "as/assembly/index.ts": 'import { C } from "../../shared/c";\nimport { T } from "./target/t";\n'
        "export function f(): i32 { return C * 100 + T * 10 + @; }\n",
        "as/assembly/target/t.ts": "export const T: i32 = @;\n",
        "shared/c.ts": "export const C: i32 = @;\n",
        "shared/base.json": '{ "options": { "initialMemory": 1@ } }\n',
    },
    idle=("as/README.md",),
)
PARTS: Final = {"c": C, "rs": RUST, "go": GO, "zig": _zig(), "as": AS}


@dataclass(kw_only=True)
class Edited:
    """The project, and what a random number generator does to it."""

    root: Path
    parts: Mapping[str, Part]
    random: random.Random
    digits: dict[str, str] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)
    """The edits of a round, in words."""
    version: str = "0"

    def create(self) -> None:
        manifests = ['[project]\nname = "edited"\n', *(part.manifest for part in self.parts.values())]
        self.put("wbuild.toml", "\n".join(manifests))
        for part in self.parts.values():
            for name, text in part.files.items():
                self.put(name, self.text(name, text))
            for name in part.idle:
                self.put(name, "nobody reads this\n")
            for name, (target, _) in part.links.items():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                (self.root / name).symlink_to(target)

    def text(self, name: str, text: str) -> str:
        return text.replace(NUMBER, self.digits.setdefault(name, "1")).replace("\0", "@")

    def put(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")

    def edit(self, part: Part) -> None:
        """One edit that a person, an editor or a tool might make."""
        others: tuple[Callable[[Part], None], ...] = (self.toggle, self.touch, self.idle, self.names, self.point, self.variable)
        self.random.choice((*(self.change,) * 5, *others))(part)

    def change(self, part: Part) -> None:
        """Another digit: the same size, written in one of the ways that there are, with one of the times that there are."""
        name = self.random.choice(sorted(name for name, text in part.files.items() if NUMBER in text))
        path = self.root / name
        self.digits[name] = self.random.choice([digit for digit in "123456789" if digit != self.digits[name]])
        text, before = self.text(name, part.files[name]), path.stat()
        way = self.random.choice(["in place", "renamed"])
        if way == "in place":
            with path.open("r+", encoding="utf-8") as file:
                file.write(text)
                file.truncate()
        else:
            aside = path.with_name(f"{path.name}.aside")
            aside.write_text(text, "utf-8")
            aside.replace(path)
        when = self.random.choice(["now", "the same", "older", "future", "1970"])
        times = {
            "the same": before.st_mtime_ns,
            "older": before.st_mtime_ns - YEAR * 10**9,
            "future": time.time_ns() + YEAR * 10**9,
            "1970": 0,
        }
        if when in times:
            os.utime(path, ns=(times[when], times[when]))
        self.log.append(f"{name}: {self.digits[name]}, {way}, time {when}")

    def toggle(self, part: Part) -> None:
        """A file that comes or goes."""
        if part.optional:
            name = self.random.choice(sorted(part.optional))
            path = self.root / name
            if path.exists():
                path.unlink()
            else:
                self.digits[name] = self.random.choice("123456789")
                self.put(name, self.text(name, part.optional[name]))
            self.log.append(f"{name}: {'came' if path.exists() else 'went'}")

    def touch(self, part: Part) -> None:
        name = self.random.choice(sorted(part.files))
        stamp = self.random.choice([0, time.time_ns(), time.time_ns() + YEAR * 10**9])
        os.utime(self.root / name, ns=(stamp, stamp))
        self.log.append(f"{name}: touched, {stamp}")

    def idle(self, part: Part) -> None:
        if part.idle:
            name = self.random.choice(sorted(part.idle))
            self.put(name, f"{self.random.random()}\n")
            self.log.append(f"{name}: rewritten")

    def names(self, part: Part) -> None:
        """A name in a folder that is listed by what the project brings."""
        for folder in part.folders:
            path = self.root / folder / "empty"
            if path.exists():
                path.unlink()
            else:
                path.write_text("")
            self.log.append(f"{folder}/empty: {'came' if path.exists() else 'went'}")

    def point(self, part: Part) -> None:
        for name, (first, second) in part.links.items():
            link = self.root / name
            target = second if link.readlink() == Path(first) else first
            link.unlink()
            link.symlink_to(target)
            self.log.append(f"{name} -> {target}")

    def variable(self, part: Part) -> None:
        del part
        self.version = self.random.choice("0123456789")
        self.log.append(f"BUILD_VERSION={self.version}")


@dataclass(kw_only=True)
class Rounds:
    """The project with its memory, and the place where nothing is remembered."""

    folder: Path
    names: Sequence[str]
    seed: int
    machine: Machine = field(init=False)
    edited: Edited = field(init=False)
    fresh: Path = field(init=False)
    """Caches of tools before the project was built: what every copy begins with."""

    def __post_init__(self) -> None:
        parts = {name: PARTS[name] for name in self.names}
        self.edited = Edited(root=self.folder / "project", parts=parts, random=random.Random(self.seed))
        self.edited.create()
        self.fresh = self.folder / "fresh"
        self.machine = Machine.make(self.folder / "machine", shared=False)
        self._copy(CACHE, self.folder / "machine/cache")
        self.build("first", self.edited.root, self.machine)
        # Tools and their C libraries are in them now, and what they have kept of this project is of its first state.
        shutil.copytree(self.folder / "machine/cache", self.fresh, symlinks=True, ignore=shutil.ignore_patterns("cache-v*", "ac", "cas"))

    def rounds(self, until: float, most: int = 1 << 30) -> int:
        """Rounds until a time (of `time.monotonic`); how many there were. Raises AssertionError with the edits of a round that fails."""
        count = 0
        while count < most and time.monotonic() < until:
            count += 1
            self.round(self.edited.random.choice(list(self.names)))
        return count

    def round(self, name: str) -> None:
        edited = self.edited
        edited.log = []
        for _ in range(edited.random.randint(1, 3)):
            edited.edit(edited.parts[name])
        here = self.build(name, edited.root, self.machine)
        there = self.copy(name)
        assert here == there, f"seed {self.seed}, {name}: after {edited.log} the build made {here}, a fresh copy {there}"
        assert self.build(name, edited.root, self.machine) == here, f"seed {self.seed}, {name}: built again without an edit"

    def copy(self, name: str) -> str:
        """What a copy makes that remembers nothing. It takes the project's place: cargo's names of symbols depend on folders."""
        place, root = self.folder / "copy", self.edited.root
        shutil.rmtree(place, ignore_errors=True)
        machine = Machine.make(place / "machine", shared=False)
        shutil.rmtree(place / "machine/cache")
        shutil.copytree(self.fresh, place / "machine/cache", symlinks=True)
        aside = root.rename(place / "project")
        try:
            shutil.copytree(aside, root, symlinks=True, ignore=shutil.ignore_patterns(".wbuild"))
            shutil.rmtree(root / "dist", ignore_errors=True)
            return self.build(name, root, machine)
        finally:
            shutil.rmtree(root, ignore_errors=True)
            aside.rename(root)

    def build(self, name: str, root: Path, machine: Machine) -> str:
        """Build an artifact ("first": all); a digest of the module, or the last line of what went wrong."""
        words = [] if name == "first" else [name]
        done = machine.wbuild("build", "-q", *words, cwd=root, BUILD_VERSION=self.edited.version)
        if name == "first":
            done.succeeds()
        if done.code:
            return f"exit {done.code}"
        modules = sorted((root / "dist/dev").glob(f"{name}.wasm"))
        return " ".join(hashlib.sha256(module.read_bytes()).hexdigest()[:16] for module in modules)

    @staticmethod
    def _copy(source: Path, into: Path) -> None:
        for name in ("shared", "clients-v1"):
            if (source / name).is_dir():
                shutil.copytree(source / name, into / name, symlinks=True, dirs_exist_ok=True)


def seeds(first: int) -> Iterator[int]:
    while True:
        yield first
        first += 1


def main() -> None:
    """Rounds for so many seconds, with a new project every ten minutes."""
    end = time.monotonic() + float(sys.argv[1])
    names = os.environ.get("LANGUAGES", ",".join(PARTS)).split(",")
    total = 0
    for seed in seeds(int(sys.argv[2]) if len(sys.argv) > 2 else 1):
        if time.monotonic() >= end:
            break
        with tempfile.TemporaryDirectory(prefix="edits-") as folder:
            total += Rounds(folder=Path(folder), names=names, seed=seed).rounds(min(end, time.monotonic() + 600))
        print(f"{total} rounds in {', '.join(names)}; the last seed was {seed}", flush=True)


if __name__ == "__main__":
    main()
