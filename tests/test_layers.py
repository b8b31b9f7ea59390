"""Packages stand in one order and import only what is above them; pure ones reach nothing of the world; heavy libraries load late."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import wbuild

ROOT = Path(wbuild.__file__).parent
ORDER = (
    *(
        "errors",
        "text",
        "model",
        "toml",
        "wasm",
        "doors",
        "manifest",
        "steps",
        "catalog",
        "drivers",
        "builtins",
        "plan",
        "sources",
        "cache",
    ),
    *("lock", "store", "engine", "report", "terminal", "session", "init", "ci", "cli"),
)
"""A package imports only packages that stand before it."""
PURE = ("errors", "text", "model", "toml", "wasm", "manifest", "steps", "catalog", "drivers", "builtins", "plan")
"""Nothing that they reach, in however many steps, is a door."""
ENTRY = {"__init__", "__main__", "nothing_to_do"}
"""The fast path stands beside the order: it imports next to nothing, and the command line only when it gives up."""
APART = {"runners", "_data", "schemas"}
"""Programs of their own, and data."""
WORLD = {"subprocess", "socket", "shutil", "requests", "tempfile"}
HEAVY = {"requests", "jinja2", "rich", "brotli", "zstandard", "difflib", "watchfiles", "ctypes"}
"""Loaded where they are used only."""
MAX_LINES = 420
MAX_FUNCTION = 55


@dataclass(frozen=True)
class Edge:
    """One import."""

    file: Path
    line: int
    importer: str
    """A whole module's name."""
    imported: str
    inner: bool
    """Inside a function, or for type checkers only."""

    @property
    def package(self) -> str:
        return package(self.importer)

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line} imports {self.imported}"


def module(path: Path) -> str:
    return ".".join(("wbuild", *path.relative_to(ROOT).with_suffix("").parts)).removesuffix(".__init__")


def package(name: str) -> str:
    """The word of `ORDER` for a module; the module itself where it lies loose in the root."""
    return (*name.split("."), "__init__")[1]


MODULES = {module(path): path for path in sorted(ROOT.rglob("*.py"))}
TREES = {path: ast.parse(path.read_text("utf-8")) for path in MODULES.values()}


def edges() -> Iterator[Edge]:
    for name, path in MODULES.items():
        tree = TREES[path]
        late = {id(n) for f in ast.walk(tree) if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef)) for n in ast.walk(f)}
        late |= {id(n) for block in ast.walk(tree) if isinstance(block, ast.If) and for_types(block) for n in ast.walk(block)}
        for node in ast.walk(tree):
            found: list[str] = []
            if isinstance(node, ast.Import):
                found = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                # A runner is loaded as a package of its own name, so its parts can only name each other relatively.
                assert node.level == 0 or (node.level == 1 and package(name) == "runners"), f"{path}:{node.lineno}: relative import"
                home = node.module or ""
                found = [inner if (inner := f"{home}.{alias.name}") in MODULES else home for alias in node.names]
            yield from (Edge(path, getattr(node, "lineno", 0), name, one, id(node) in late) for one in dict.fromkeys(found))


def for_types(block: ast.If) -> bool:
    """Whether a block is read by type checkers only."""
    return isinstance(block.test, ast.Name) and block.test.id == "TYPE_CHECKING"


EDGES = list(edges())
OWN = [edge for edge in EDGES if edge.imported in MODULES and edge.package not in ENTRY | APART and package(edge.imported) not in ENTRY]


def circle(graph: Mapping[str, set[str]]) -> list[str]:
    """The first circle in a graph; [] for none."""
    done: set[str] = set()

    def visit(node: str, trail: list[str]) -> list[str]:
        if node in trail:
            return [*trail[trail.index(node) :], node]
        if node not in done:
            for following in sorted(graph.get(node, ())):
                if found := visit(following, [*trail, node]):
                    return found
            done.add(node)
        return []

    return next((found for node in sorted(graph) if (found := visit(node, []))), [])


def test_nothing_lies_loose_in_the_root() -> None:
    assert {package(name) for name in MODULES} - set(ORDER) - ENTRY - APART == set()


def test_packages_import_only_what_stands_above_them() -> None:
    assert not [str(edge) for edge in OWN if ORDER.index(package(edge.imported)) > ORDER.index(edge.package)]


def test_no_package_has_a_circle_inside() -> None:
    graph: dict[str, set[str]] = defaultdict(set)
    for edge in OWN:
        if package(edge.imported) == edge.package and edge.imported != edge.importer:
            graph[edge.importer].add(edge.imported)
    assert circle(graph) == []


def test_pure_packages_reach_nothing_of_the_world() -> None:
    reached: dict[str, set[str]] = defaultdict(set)
    for edge in EDGES:
        reached[edge.importer].add(edge.imported)
    wrong = []
    for start in (name for name in MODULES if package(name) in PURE):
        seen, waiting = {start}, [start]
        while waiting:
            name = waiting.pop()
            if package(name) == "doors" or name.split(".")[0] in WORLD:
                wrong.append(f"{start} reaches {name}")
            waiting += reached[name] - seen if name in MODULES else ()
            seen |= reached[name]
    assert not wrong


def test_runners_import_nothing_of_wbuild() -> None:
    assert not [str(edge) for edge in EDGES if edge.package == "runners" and edge.imported.startswith("wbuild")]


def test_processes_and_sockets_belong_to_the_doors() -> None:
    net = {"subprocess", "socket", "http", "urllib"}
    found = [edge for edge in EDGES if edge.imported.split(".")[0] in net and edge.imported != "urllib.parse"]
    assert not [str(edge) for edge in found if edge.package not in ("doors", "runners")]


def test_heavy_libraries_are_loaded_inside_functions() -> None:
    """Runners are programs of their own, which are started for what they import."""
    assert not [str(edge) for edge in EDGES if edge.imported.split(".")[0] in HEAVY and not edge.inner and edge.package != "runners"]


def test_environment_is_read_in_one_place() -> None:
    for name, path in MODULES.items():
        if package(name) in ENTRY | APART or name == "wbuild.session.world":
            continue
        for node in ast.walk(TREES[path]):
            if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"} and isinstance(node.value, ast.Name):
                assert node.value.id != "os", f"{path}:{node.lineno} reads the environment"


def test_files_and_functions_stay_short() -> None:
    long = []
    for path, tree in TREES.items():
        lines = path.read_text("utf-8").count("\n")
        if lines > MAX_LINES:
            long.append(f"{path}: {lines} lines")
        for node in ast.walk(tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > MAX_FUNCTION:
                    long.append(f"{path}:{node.lineno} {node.name}: {length} lines")
    assert not long


def test_a_class_name_stands_once() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for name in (name for name in MODULES if package(name) not in APART):
        for node in TREES[MODULES[name]].body:
            if isinstance(node, ast.ClassDef):
                places[node.name].append(name)
    assert not {name: found for name, found in places.items() if len(found) > 1}
