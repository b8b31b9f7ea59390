"""Imports point down only, pure modules never reach for the world, heavy libraries load where they are used."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import wbuild

ROOT = Path(wbuild.__file__).parent
LAYERS = [
    ["errors", "model"],
    [
        "names",
        "control",
        "units",
        "locate",
        "faults",
        "decode",
        "versions",
        "words",
        "globs",
        "gitindex",
        "addresses",
        "tree",
        "wasm",
        "legible",
        "proposals",
        "redact",
        "clients",
        "reapi",
        "lazy",
        "jsontext",
        "doors",
    ],
    [
        "kit",
        "shims",
        "boundary",
        "defaults",
        "profiles",
        "check_rules",
        "needs",
        "artifact_rules",
        "manifest",
        "recipe_rules",
        "catalog",
        "schema",
        "reference",
        "runtimes",
    ],
    [
        "drivers",
        "sources",
        "optimize",
        "ledger",
        "measure",
        "checks",
        "outcome",
        "variables",
        "verdict",
        "fit",
        "given",
        "installed",
        "wiring",
        "reproducible",
    ],
    ["finish", "matrix", "plan", "affected", "lock", "locktext", "store", "keys", "cache", "builtin"],
    ["engine"],
    ["report", "scaffold", "survey", "workflows"],
    ["cli"],
]
PURE = [
    "names",
    "control",
    "units",
    "faults",
    "boundary",
    "defaults",
    "profiles",
    "check_rules",
    "artifact_rules",
    "recipe_rules",
    "reference",
]
PURE += ["errors", "model", "decode", "locate", "versions", "words", "tree", "wasm", "kit", "manifest", "catalog", "schema", "drivers"]
PURE += ["shims", "legible", "optimize", "ledger", "measure", "checks", "outcome", "variables", "verdict", "finish", "plan", "report"]
PURE += ["builtin", "fit", "affected", "survey", "matrix", "workflows", "proposals", "given", "redact", "reapi", "lazy", "jsontext"]
PURE += ["needs", "wiring", "reproducible", "globs", "gitindex", "addresses"]
ENTRY = {"__init__", "__main__", "fast"}
"""The fast path stands beside the layers: it imports nothing of wbuild but its version, and the CLI only when it gives up."""
HEAVY = {"requests", "jinja2", "rich", "wasmtime", "brotli", "zstandard", "click", "watchfiles"}
ONLY_IN_FUNCTIONS = {"requests", "jinja2", "rich", "brotli", "zstandard", "difflib", "tomli", "watchfiles", "ctypes"}
MAX_LINES = 420
MAX_FUNCTION = 55


@dataclass(frozen=True)
class Edge:
    file: Path
    line: int
    importer: str
    imported: str
    inner: bool
    """Inside a function, or for type checkers only."""


def unit(path: Path) -> str:
    """The layer member that a file belongs to: its top-level module or package."""
    relative = path.relative_to(ROOT)
    return relative.parts[0].removesuffix(".py")


def edges() -> Iterator[Edge]:
    for path in sorted(ROOT.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        inner = {id(n) for f in ast.walk(tree) if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef)) for n in ast.walk(f)}
        inner |= {id(n) for block in ast.walk(tree) if isinstance(block, ast.If) and for_types(block) for n in ast.walk(block)}
        for node in ast.walk(tree):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                # A runner is loaded as a package of its own name, so its parts can only name each other relatively.
                assert node.level == 0 or (node.level == 1 and unit(path) == "runners"), f"{path}:{node.lineno}: relative import"
                names = [f"wbuild.{a.name}" for a in node.names] if node.module == "wbuild" else [node.module or ""]
            for name in names:
                yield Edge(path, getattr(node, "lineno", 0), unit(path), name, id(node) in inner)


def for_types(block: ast.If) -> bool:
    """Whether a block is read by type checkers only."""
    return isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"


EDGES = list(edges())


def rank(member: str) -> int:
    return next(i for i, layer in enumerate(LAYERS) if member in layer)


def internal() -> Iterator[tuple[Edge, str]]:
    for edge in EDGES:
        if edge.imported.startswith("wbuild.") and edge.importer not in ENTRY | {"runners"}:
            target = edge.imported.split(".")[1]
            if target not in (edge.importer, "__version__") and target not in ENTRY:
                yield edge, target


def test_every_module_has_a_layer() -> None:
    known = {member for layer in LAYERS for member in layer} | ENTRY | {"runners", "_data", "schemas"}
    assert {unit(p) for p in ROOT.rglob("*.py")} <= known


def test_imports_point_down() -> None:
    wrong = [f"{e.file.name}:{e.line} imports {t}" for e, t in internal() if rank(t) > rank(e.importer)]
    assert not wrong


def test_no_cycles_between_members() -> None:
    graph: dict[str, set[str]] = {}
    for edge, target in internal():
        graph.setdefault(edge.importer, set()).add(target)
    done: set[str] = set()

    def visit(node: str, trail: tuple[str, ...]) -> None:
        assert node not in trail, f"cycle: {' -> '.join([*trail, node])}"
        if node not in done:
            for following in graph.get(node, ()):
                visit(following, (*trail, node))
            done.add(node)

    for node in graph:
        visit(node, ())


def test_pure_modules_never_import_doors() -> None:
    forbidden = {"subprocess", "socket", "shutil", "requests", "tempfile"}
    for edge in EDGES:
        if edge.importer in PURE:
            head = edge.imported.split(".")[0]
            assert not edge.imported.startswith("wbuild.doors"), f"{edge.file}:{edge.line}"
            assert head not in forbidden, f"{edge.file}:{edge.line} imports {head}"


def test_runners_import_nothing_of_wbuild() -> None:
    assert not [e for e in EDGES if e.importer == "runners" and e.imported.startswith("wbuild")]


def test_subprocess_and_sockets_only_in_doors() -> None:
    for edge in EDGES:
        if edge.imported.split(".")[0] in {"subprocess", "socket", "http", "urllib"} and edge.importer != "runners":
            assert edge.importer == "doors" or edge.imported == "urllib.parse", f"{edge.file}:{edge.line}"


def test_heavy_imports_stay_inside_functions() -> None:
    """Runners are programs of their own, which are started for what they import."""
    edges = [edge for edge in EDGES if edge.importer != "runners" and not edge.inner]
    assert not [f"{e.file}:{e.line} {e.imported}" for e in edges if e.imported.split(".")[0] in ONLY_IN_FUNCTIONS - {"tomli"}]


def test_environment_is_read_in_one_place() -> None:
    for path in ROOT.rglob("*.py"):
        if unit(path) in ENTRY | {"runners"} or path.relative_to(ROOT).as_posix() == "cli/world.py":
            continue
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} and isinstance(node.value, ast.Name):
                assert node.value.id != "os", f"{path}:{node.lineno} reads the environment"


def test_files_and_functions_stay_short() -> None:
    long = []
    for path in ROOT.rglob("*.py"):
        text = path.read_text("utf-8")
        if text.count("\n") > MAX_LINES:
            long.append(f"{path}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > MAX_FUNCTION:
                    long.append(f"{path}:{node.lineno} {node.name}: {length} lines")
    assert not long
