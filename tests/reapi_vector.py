"""Actions in the bytes that the official protocol definitions give them: `python -m tests.reapi_vector` writes golden/reapi.json.

Needs protobuf and the compiled definitions of build.bazel.remote.execution.v2, as the package `buildgrid-common` carries them
(`pip install --no-deps buildgrid-common`, then `pip install protobuf googleapis-common-protos grpcio`). The tests need only the file.
"""

from __future__ import annotations

import hashlib
import json
import random
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

VECTOR = Path(__file__).parent / "golden" / "reapi.json"
DEFINITIONS = "buildgrid.common.protos.build.bazel.remote.execution.v2.remote_execution_pb2"
Case = dict[str, Any]
_LETTERS = ("a", "b", "B", "-", ".", "0", "_", "é", "ß", "漢", "\ufffd", "🦀", "\U0010ffff", " ")
"""Code points in an order that UTF-16 would change, with one, two, three and four bytes of UTF-8."""


def cases() -> Iterator[Case]:
    """What is encoded: a tree is name → folder, or [hash, size, executable] for a file."""
    yield {"name": "nothing at all", **_case()}
    yield {"name": "an empty word and an empty value", **_case(arguments=["cc", ""], environment={"A": "", "": "x"})}
    compiler = ["{zig}/zig", "cc", "-o", "{out}/a.o", "a.c"]
    yield {"name": "a compiler", **_case(arguments=compiler, outputs=["{out}/a.o"], tree={"a.c": _file("int a;")})}
    environment, platform = {"b": "1", "a": "2", "B": "3"}, {"z": "1", "a": "2"}
    yield {"name": "lists are sorted", **_case(environment=environment, outputs=["b", "a/b", "a-b", "a"], platform=platform)}
    step = ["{stdin}=a.txt", "{result}={state}/o=o.wasm", "{cc}/cc", "-o", "{out}/o.wasm", "src/a.c"]
    files = {"a.txt": _file("in", executable=True), "src": {"a.c": _file("int a;", executable=True), "x.h": _file("", executable=True)}}
    tools = {"wbuild-platform": "linux-x86_64", "wbuild-tool:cc": "cc-1.0-linux-x86_64-aaaaaaaaaaaa"}
    yield {
        "name": "a step of wbuild",
        **_case(
            arguments=step,
            environment={"TZ": "UTC", "A": "1"},
            outputs=["{out}/o.wasm", "{out}/map.txt"],
            platform=tools,
            salt="wbuild-2",
            tree={**files, "{scratch}": {"r": {"run": _file("#!", executable=True)}}},
        ),
    }
    builtin = ["{builtin}", "join", "v1", 'text="x"', "--", "b", "lost", "a", "{out}/z", "{out}/y"]
    made = {"b": _file("1", executable=True), "a": _file("2", executable=True)}
    yield {"name": "a builtin of wbuild", **_case(arguments=builtin, outputs=["{out}/y", "{out}/z"], salt="wbuild-2", tree=made)}
    yield {"name": "an output named twice", **_case(outputs=["x", "x"])}
    yield {
        "name": "names beyond ASCII",
        **_case(arguments=["漢字", "🦀"], tree={"\ufffd": _file("1"), "🦀": _file("2"), "é": {"ß": _file("3")}}),
    }
    hyphen = {"a": {"x": _file("1")}, "a-b": {"x": _file("2")}, "a.c": _file("3"), "a0": _file("4")}
    yield {"name": "a hyphen before a slash", **_case(tree=hyphen)}
    yield {"name": "empty folders", **_case(tree={"empty": {}, "also": {"empty": {}}})}
    yield {"name": "three levels", **_case(tree={"src": {"lib": {"deep": {"x.h": _file("h")}}, "main.c": _file("c")}, "README": _file("")})}
    yield {"name": "programs and files", **_case(tree={"run": _file("#!", executable=True), "data": _file("#!")})}
    sizes = (0, 1, 127, 128, 16383, 16384, 2**31, 2**53, 2**63 - 1)
    yield {"name": "sizes", **_case(tree={f"n{size}": [hashlib.sha256(str(size).encode()).hexdigest(), size, False] for size in sizes})}
    yield {
        "name": "long texts",
        **_case(arguments=["x" * size for size in (127, 128, 300, 16384)], environment={"LONG": "y" * 128}, salt="s" * 200),
    }
    chance = random.Random(20)
    for number in range(25):
        yield {"name": f"made up {number}", **_made_up(chance)}


def _case(**given: Any) -> Case:  # noqa: ANN401 - JSON
    return {"arguments": [], "environment": {}, "outputs": [], "platform": {}, "salt": "", "tree": {}, **given}


def _file(text: str, *, executable: bool = False) -> list[object]:
    data = text.encode()
    return [hashlib.sha256(data).hexdigest(), len(data), executable]


def _made_up(chance: random.Random) -> Case:
    def word() -> str:
        return "".join(chance.choices(_LETTERS, k=chance.randint(1, 6)))

    def pairs() -> dict[str, str]:
        return {word(): word() for _ in range(chance.randint(0, 5))}

    def tree(depth: int) -> dict[str, object]:
        names = [word() for _ in range(chance.randint(0, 5))]
        return {
            name: tree(depth - 1) if depth and chance.random() < 0.5 else _file(name, executable=chance.random() < 0.3) for name in names
        }

    words = [word() for _ in range(chance.randint(0, 6))]
    return _case(arguments=words, environment=pairs(), outputs=[word() for _ in words], platform=pairs(), salt=word(), tree=tree(3))


class Official:
    """The official messages of one case."""

    def __init__(self, case: Case) -> None:
        self.pb: Any = import_module(DEFINITIONS)
        self.folders: list[str] = []
        """Hashes of the directories below the root, children first."""
        self.command = self._command(case).SerializeToString(deterministic=True)
        self.root = self._directory(case["tree"]).SerializeToString(deterministic=True)
        action = self.pb.Action(salt=case["salt"].encode(), platform=self._platform(case))
        action.command_digest.CopyFrom(self._digest(self.command))
        action.input_root_digest.CopyFrom(self._digest(self.root))
        self.action = action.SerializeToString(deterministic=True)

    def expected(self) -> Case:
        """What the vector holds of it."""
        found = {"command": self.command.hex(), "folders": self.folders, "root": self.root.hex(), "action": self.action.hex()}
        return {**found, "digest": [hashlib.sha256(self.action).hexdigest(), len(self.action)]}

    def _command(self, case: Case) -> Any:  # noqa: ANN401 - a message
        variables = [self.pb.Command.EnvironmentVariable(name=name, value=value) for name, value in _by_utf8(case["environment"])]
        return self.pb.Command(
            arguments=case["arguments"],
            environment_variables=variables,
            output_paths=sorted(set(case["outputs"]), key=str.encode),
            platform=self._platform(case),
        )

    def _platform(self, case: Case) -> Any:  # noqa: ANN401 - a message, or None
        properties = [self.pb.Platform.Property(name=name, value=value) for name, value in _by_utf8(case["platform"])]
        return self.pb.Platform(properties=properties) if properties else None

    def _directory(self, tree: Case) -> Any:  # noqa: ANN401 - a message
        found = self.pb.Directory()
        for name, node in _by_utf8(tree):
            if isinstance(node, dict):
                below = self._directory(node).SerializeToString(deterministic=True)
                self.folders.append(hashlib.sha256(below).hexdigest())
                found.directories.add(name=name).digest.CopyFrom(self._digest(below))
            else:
                digest = self.pb.Digest(hash=node[0], size_bytes=node[1])
                found.files.add(name=name, is_executable=node[2]).digest.CopyFrom(digest)
        return found

    def _digest(self, data: bytes) -> Any:  # noqa: ANN401 - a message
        return self.pb.Digest(hash=hashlib.sha256(data).hexdigest(), size_bytes=len(data))


def _by_utf8(items: Case) -> list[tuple[str, Any]]:
    return sorted(items.items(), key=lambda item: item[0].encode())


if __name__ == "__main__":
    made = [{**case, "expected": Official(case).expected()} for case in cases()]
    text = "[\n" + ",\n".join(json.dumps(case, ensure_ascii=True) for case in made) + "\n]\n"
    VECTOR.write_text(text, encoding="utf-8", newline="\n")
    sys.stdout.write(f"{VECTOR.name}: {len(made)} actions\n")
