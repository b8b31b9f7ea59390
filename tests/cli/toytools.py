"""The toys' program; a wheel holds it as `toytools/main.py`. It imports nothing but the standard library.

cc SOURCE... OUT DEPFILE · opt IN OUT · check REQUEST OUTCOME · exec MODULE [--invoke TEXT] -- ARGS · exports MODULE · version
wat IN OUT · start REQUEST · validate · lock MANIFEST · crate MANIFEST OUT
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path

HEAD = b"\0asm\1\0\0\0" + b"\1\4\1\x60\0\0" + b"\3\2\1\0" + b"\7\n\1\6_start\0\0" + b"\n\4\1\2\0\x0b"
"""A module whose `_start` does nothing; what it "says" is a passive data segment behind this."""


def leb(number: int) -> bytes:
    out = bytearray()
    while True:
        number, low = number >> 7, number & 127
        out.append(low | (128 if number else 0))
        if not number:
            return bytes(out)


def module(text: bytes) -> bytes:
    body = b"\1\1" + leb(len(text)) + text
    return HEAD + b"\x0b" + leb(len(body)) + body


def said_by(path: str) -> bytes:
    body = Path(path).read_bytes()[len(HEAD) :].split(b"\1\1", 1)[1]
    at = next(i for i, byte in enumerate(body) if byte < 128)
    return body[at + 1 :].rstrip(b"\0")


def linger(verb: str, file: Path) -> None:
    if verb == "die":
        os.kill(os.getpid(), int(file.name))
    elif verb == "pause":
        time.sleep(int(file.name) / 1000)
    elif verb == "daemon":
        idle = subprocess.Popen([sys.executable, "-I", "-c", "import time; time.sleep(600)"], start_new_session=True)
        file.write_text(str(idle.pid))
    elif verb == "sleep":
        aside = file.with_name(f"{file.name}.aside")
        aside.write_text(str(os.getpid()))
        aside.replace(file)
        time.sleep(60)
    else:
        file.with_name(f"{file.name}.waiting").touch()
    while verb == "wait" and not file.exists():
        time.sleep(0.02)


CHANGING: dict[str, Callable[[str], str]] = {
    "clock": lambda _: str(time.time_ns()),
    "today": lambda _: time.strftime("%Y-%m-%d", time.gmtime()),
    "here": lambda _: str(Path(__file__).parent.parent),
    "random": lambda _: "".join(chr(byte & 127) for byte in os.urandom(16)),
    "uuid": lambda _: str(uuid.uuid4()),
    "hashes": lambda count: "\0".join(sorted(map(str, range(int(count))), key=hash)),
}
"""What comes out differently each time, or on each machine."""


def seen(verb: str, name: str) -> str:
    if verb in CHANGING:
        return CHANGING[verb](name)
    value = os.environ.get(name, "unset")
    return value if verb == "env" else Path(value).read_bytes().decode("latin-1")


def compile_(sources: list[str], out: str, depfile: str) -> int:
    said, pad, read, waiting = [], 0, [], list(sources)
    while waiting:
        name = waiting.pop(0)
        read.append(name)
        for line in Path(name).read_text("utf-8").splitlines():
            verb, _, rest = line.partition(" ")
            if verb in ("say", "serve"):
                said.append(rest if verb == "say" else verb)
            elif verb == "pad":
                pad = int(rest)
            elif verb in ("env", "embed", *CHANGING):
                said.append(seen(verb, rest))
            elif verb == "include":
                waiting.append(os.path.normpath(Path(name).parent / rest))
            elif verb in ("sleep", "pause", "wait", "daemon", "die"):
                linger(verb, Path(rest))
            elif verb in ("warn", "fail"):
                print(rest, file=sys.stderr)
                if verb == "fail":
                    return 1
    Path(depfile).write_text(f"{out}: " + " ".join(name.replace(" ", "\\ ") for name in read) + "\n")
    Path(out).write_bytes(module("".join(f"{line}\n" for line in said).encode() + b"\0" * pad))
    return 0


def check(request: str, outcome: str) -> int:
    asked = json.loads(Path(request).read_text("utf-8"))
    if asked["stdin"] and Path(asked["stdin"]).read_text("utf-8") == "break\n":
        return 1
    text = base64.b64encode(said_by(asked["module"])).decode()
    document = {"schema": "wbuild.outcome/1", "runtime": "toyrt", "exit": 0, "stdout": text, "stderr": "", "fuel": 7}
    Path(outcome).write_text(json.dumps(document))
    return 0


def assemble(path: str, out: str) -> int:
    text = Path(path).read_text("utf-8").strip()
    if not text.endswith(")"):
        print(f"{path}:1:1: expected `)`", file=sys.stderr)
        return 1
    Path(out).write_bytes(module(f"{text}\n".encode()))
    return 0


def lock(manifest: str) -> int:
    """Write Cargo.lock for `NAME = "VERSION"` under [dependencies]; some names do something else."""
    if os.environ.get("APP_PROXY"):
        print(f"through {os.environ['APP_PROXY']}")
    wanted = dict(line.split(" = ") for line in Path(manifest).read_text("utf-8").partition("[dependencies]")[2].splitlines() if line)
    if "nobody" in wanted:
        print(f"error: nobody has a crate `nobody` (wanted by {Path(manifest).resolve()})", file=sys.stderr)
        return 101
    if "nothing" in wanted:
        return 0
    blocks = "".join(f'\n[[package]]\nname = "{n}"\nversion = {v}\nsource = "registry"\n' for n, v in wanted.items())
    own = "".join(f' "{name}",\n' for name in wanted)
    with Path(manifest).with_name("Cargo.lock").open("w", encoding="utf-8") as file:
        file.write(f'version = 4\n\n[[package]]\nname = "crate"\nversion = "0.1.0"\ndependencies = [\n{own}]\n')
        file.flush()
        if "slow" in wanted:
            linger("sleep", Path(json.loads(wanted["slow"])))
        file.write(blocks)
    return 0


def crate(manifest: str, out: str) -> int:
    """A program that says how many packages its lock file has."""
    count = Path(manifest).with_name("Cargo.lock").read_text("utf-8").count("source = ")
    Path(out).write_bytes(module(f"{count} packages\n".encode()))
    return 0


def execute(path: str, rest: list[str]) -> int:
    if "--invoke" in rest[: rest.index("--")]:
        Path(os.environ["WBUILD_REFUSAL"]).write_text("it exports no function `f`; there are none")
        return 2
    args = rest[rest.index("--") + 1 :]
    if "serve" in said_by(path).decode().splitlines():
        return serve()
    sys.stdout.buffer.write(said_by(path))
    sys.stdout.buffer.write("".join(f"{arg}\n" for arg in args).encode())
    return len(args)


def serve() -> int:
    """Run until told to end, or until nobody is left who could."""
    above = os.getppid()
    print(f"pid {os.getpid()}", flush=True)
    while os.getppid() == above:
        time.sleep(0.05)
    return 0


def validate() -> int:
    """Answer as a validator does: what says `mistyped` is invalid, what says `strange` uses something unknown."""
    while line := sys.stdin.buffer.readline():
        data = sys.stdin.buffer.read(int(line))
        status = "invalid" if b"mistyped" in data else "unable" if b"strange" in data else "valid"
        message = {"invalid": "type mismatch", "unable": "the strange proposal must be enabled", "valid": ""}[status]
        print(json.dumps({"status": status, "message": message, "offset": len(HEAD) - 1 if status == "invalid" else None}), flush=True)
    return 0


def main(argv: list[str]) -> int:
    mode, args = argv[0], argv[1:]
    if mode == "version":
        print("toytools 1.0")
    elif mode in ("cc", "wat"):
        return assemble(args[0], args[1]) if mode == "wat" else compile_(args[:-2], args[-2], args[-1])
    elif mode in ("lock", "crate"):
        return lock(args[0]) if mode == "lock" else crate(args[0], args[1])
    elif mode == "validate":
        return validate()
    elif mode == "opt":
        Path(args[1]).write_bytes(module(said_by(args[0])))
    elif mode == "check":
        return check(args[0], args[1])
    elif mode == "start":
        print(json.dumps({"schema": "wbuild.start/1", "runtime": "toyrt", "seconds": [0.001, 0.004, 0.0021]}))
    elif mode == "exec":
        return execute(args[0], args[1:])
    elif mode == "exports":
        print(json.dumps({"schema": "wbuild.exports/1", "kind": "module", "command": True, "functions": []}))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
