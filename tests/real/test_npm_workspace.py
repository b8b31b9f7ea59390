"""AssemblyScript projects whose packages are around them: npm workspaces, file: dependencies, transforms. Nothing of the project is
ever asked of a registry; a server stands in for it and notes what is asked, and serves a small compiler in place of asc.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.real.machine import Machine
from tests.registries import npm_package
from tests.server import Server, serving

COMPILER = r"""import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
// Exports f(), which gives the sum of all numbers that sources and transforms say.
export async function main(words, io) {
  let sum = 0;
  const config = JSON.parse((await io.readFile("asconfig.json", ".")) ?? "{}");
  for (const name of config.options?.transform ?? []) {
    const file = createRequire(import.meta.url).resolve(name, { paths: [process.cwd()] });
    sum += (await import(pathToFileURL(file))).default();
  }
  const waiting = words.filter((word) => word.endsWith(".ts"));
  while (waiting.length) {
    const text = await io.readFile(waiting.pop(), ".");
    if (text === null) return { error: new Error("gone") };
    sum += Number(/= (\d+)/.exec(text)?.[1] ?? 0);
    for (const [, name] of text.matchAll(/from "([^"]+)"/g)) {
      const places = ["", "../", "../../"].map((up) => join(up, "node_modules", name, "index.ts"));
      for (const place of places) if ((await io.readFile(place, ".")) !== null) { waiting.push(place); break; }
    }
  }
  const head = [0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 127, 3, 2, 1, 0, 7, 5, 1, 1, 102, 0, 0, 10, 6, 1, 4, 0, 65];
  const out = words[words.indexOf("--outFile") + 1];
  await io.writeFile(out, Uint8Array.from([...head, sum, 11]), ".");
  return { error: null };
}
"""
SOURCES = {"dist/asc.js": COMPILER, "transform.js": "export const base = 1;\n"}
ASC = {"assemblyscript": "1.0.0"}
MANIFEST = '[project]\nname = "x"\n[artifact.app]\nlang = "assemblyscript"\ntarget = "freestanding"\npath = "packages/app"\n'


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        server.serve(npm_package(server.base, "assemblyscript", SOURCES, type="module").files)
        server.serve(npm_package(server.base, "lib", {"index.ts": "export const evil = 60;\n"}).files)
        yield server


def package(name: str, **more: object) -> str:
    return json.dumps({"name": name, "version": "1.0.0", **more})


def project(tmp_path: Path, server: Server, files: Mapping[str, str]) -> tuple[Machine, Path]:
    machine = Machine.make(tmp_path)
    (tmp_path / "home" / ".netrc").write_text("machine 127.0.0.1\n")  # the user means this server, which only the project names besides
    here = tmp_path / "project"
    place = dict.fromkeys((".npmrc", "packages/app/.npmrc"), f"registry={server.base}/\n")
    for name, text in {"wbuild.toml": MANIFEST, **place, **files}.items():
        (here / name).parent.mkdir(parents=True, exist_ok=True)
        (here / name).write_text(text)
    machine.wbuild("lock", cwd=here)
    return machine, here


def built(machine: Machine, here: Path) -> int:
    """What f() gives."""
    machine.wbuild("build", cwd=here).succeeds()
    return (here / "dist/dev/app.wasm").read_bytes()[-2]


def asked(server: Server) -> set[str]:
    return {path for _, path, _ in server.seen}


WORKSPACE = {
    "package.json": package("root", workspaces=["packages/*"], devDependencies=ASC),
    "packages/app/package.json": package("app", dependencies={"lib": "^1.0.0"}),
    "packages/app/assembly/index.ts": 'import { a } from "lib";\nconst b = 1;\n',
    "packages/lib/package.json": package("lib"),
    "packages/lib/index.ts": "export const a = 2;\n",
}


def test_members_of_a_workspace_are_linked_and_never_fetched(tmp_path: Path, server: Server) -> None:
    machine, here = project(tmp_path, server, WORKSPACE)
    assert built(machine, here) == 3
    assert asked(server) == {"/assemblyscript", "/assemblyscript/-/assemblyscript-1.0.0.tgz"}
    assert not (here / "packages/app/package-lock.json").exists()
    assert json.loads((here / "package-lock.json").read_text())["packages"]["node_modules/lib"]["link"]
    (here / "packages/lib/index.ts").write_text("export const a = 4;\n")
    assert built(machine, here) == 5
    machine.wbuild("build", "--locked", "--offline", cwd=here).succeeds()


def test_a_configuration_with_a_byte_order_mark_is_read(tmp_path: Path, server: Server) -> None:
    """Editors of Windows write one; asc itself parses JSON without looking for it."""
    files = {
        "packages/app/package.json": "\ufeff" + package("app", devDependencies=ASC),
        "packages/app/asconfig.json": "\ufeff" + json.dumps({"options": {"transform": ["./transform.mjs"]}}).replace(" ", "\r\n"),
        "packages/app/transform.mjs": "export default () => 6;\n",
        "packages/app/assembly/index.ts": "const b = 1;\n",
    }
    machine, here = project(tmp_path, server, files)
    assert built(machine, here) == 7


def test_a_compiler_that_throws_is_told_by_its_message_alone(tmp_path: Path, server: Server) -> None:
    files = {
        "packages/app/package.json": package("app", devDependencies=ASC),
        "packages/app/asconfig.json": json.dumps({"options": {"transform": ["./transform.mjs"]}}),
        "packages/app/transform.mjs": 'export default () => { throw new Error("no such template"); };\n',
        "packages/app/assembly/index.ts": "const b = 1;\n",
    }
    machine, here = project(tmp_path, server, files)
    said = machine.wbuild("build", cwd=here).ends(1).stderr
    assert "\nno such template\n" in said
    assert "asc.mjs:" not in said


def test_a_member_of_another_version_is_an_error_before_anything_is_asked(tmp_path: Path, server: Server) -> None:
    app = package("app", dependencies={"lib": "^2.0.0"})
    machine, here = project(tmp_path, server, {**WORKSPACE, "packages/app/package.json": app})
    refused = machine.wbuild("build", cwd=here).ends(2)
    assert "the member of the workspace in packages/lib is version 1.0.0" in refused.stderr
    assert asked(server) == set()


def test_file_dependencies_are_linked_with_what_they_depend_on(tmp_path: Path, server: Server) -> None:
    files = {
        "packages/app/package.json": package("app", dependencies={"lib": "file:../../shared/lib"}, devDependencies=ASC),
        "packages/app/assembly/index.ts": 'import { a } from "lib";\nconst b = 1;\n',
        "shared/lib/package.json": package("lib"),
        "shared/lib/index.ts": "export const a = 2;\n",
    }
    machine, here = project(tmp_path, server, files)
    assert built(machine, here) == 3
    assert asked(server) == {"/assemblyscript", "/assemblyscript/-/assemblyscript-1.0.0.tgz"}
    (here / "shared/lib/index.ts").write_text("export const a = 5;\n")
    assert built(machine, here) == 6


def test_a_module_that_transforms_finds_its_packages_and_all_that_it_reads_counts(tmp_path: Path, server: Server) -> None:
    transform = """import { base } from "assemblyscript/transform.js";
import { readFileSync } from "node:fs";
import { more } from "../../shared/more.mjs";
export default () => base + more + Number(readFileSync(new URL("../../shared/number.txt", import.meta.url), "utf8"));
"""
    files = {
        "packages/app/package.json": package("app", devDependencies=ASC),
        "packages/app/asconfig.json": json.dumps({"options": {"transform": ["./transform.mjs"]}}),
        "packages/app/transform.mjs": transform,
        "packages/app/assembly/index.ts": "const b = 1;\n",
        "shared/more.mjs": "export const more = 2;\n",
        "shared/number.txt": "3",
    }
    machine, here = project(tmp_path, server, files)
    assert built(machine, here) == 7
    (here / "shared/number.txt").write_text("4")
    assert built(machine, here) == 8
    (here / "shared/more.mjs").write_text("export const more = 4;\n")
    assert built(machine, here) == 10
    (here / "packages/app/transform.mjs").write_text(transform.replace("base +", "base + base +"))
    assert built(machine, here) == 11
