"""A Zig project with its own build.zig and a package from a server: fetched once with the network, built without it."""

from __future__ import annotations

import io
import shutil
import tarfile
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.real.machine import Machine

BUILD = """const std = @import("std");
pub fn build(b: *std.Build) void {
    const module = b.createModule(.{
        .root_source_file = b.path("src/main.zig"),
        .target = b.standardTargetOptions(.{}),
        .optimize = b.standardOptimizeOption(.{}),
    });
    module.addImport("words", b.dependency("words", .{}).module("words"));
    b.installArtifact(b.addExecutable(.{ .name = "hello", .root_module = module }));
}
"""
MAIN = """const std = @import("std");
const words = @import("words");
pub fn main(init: std.process.Init) !void {
    try std.Io.File.stdout().writeStreamingAll(init.io, words.greeting);
}
"""
PACKAGE = """const std = @import("std");
pub fn build(b: *std.Build) void { _ = b.addModule("words", .{ .root_source_file = b.path("words.zig") }); }
"""
MANIFEST = """[artifact.hello]
lang = "zig"
toolchain = "zig-build"
[[artifact.hello.check]]
stdout = "hello from a package\\n"
"""
ZON = '.{{ .name = .{name}, .version = "0.1.0", .fingerprint = {fingerprint}, .paths = .{{""}}, .dependencies = .{{ {dependencies} }} }}\n'
FINGERPRINTS = {"hello": "0x3610a68624880d49", "words": "0x36c50f8f8f5a5a01"}


class Quiet(SimpleHTTPRequestHandler):
    """A server of files that says nothing."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the library's
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A folder and the address at which it is served on loopback."""
    folder = tmp_path / "served"
    folder.mkdir()
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder))) as http:
        threading.Thread(target=http.serve_forever, daemon=True).start()
        yield folder, f"http://127.0.0.1:{http.server_address[1]}"
        http.shutdown()


def pack(path: Path, files: dict[str, str]) -> None:
    """A source package as a registry serves it."""
    with tarfile.open(path, "w:gz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(f"words-0.1.0/{name}")
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))


def knowing(folder: Path) -> Machine:
    """A machine whose user has named the server: it is in a private network, and lock files alone may not lead there."""
    machine = Machine.make(folder)
    (folder / "home" / ".netrc").write_text("machine 127.0.0.1\n")
    return machine


def test_packages_are_fetched_once_and_the_build_needs_no_network(tmp_path: Path, server: tuple[Path, str]) -> None:
    served, address = server
    pack(served / "words.tar.gz", {"build.zig": PACKAGE, "words.zig": 'pub const greeting = "hello from a package\\n";\n'})
    machine = knowing(tmp_path)
    project = tmp_path / "project"
    (project / "src").mkdir(parents=True)
    for name, text in {"build.zig": BUILD, "src/main.zig": MAIN, "wbuild.toml": MANIFEST}.items():
        (project / name).write_text(text)
    (project / "build.zig.zon").write_text(ZON.format(name="hello", fingerprint=FINGERPRINTS["hello"], dependencies=""))
    machine.run(["wbuild", "lock"], project).succeeds()
    machine.run(["wbuild", "tools", "install", "zig"], project).succeeds()
    zig = Path(machine.run(["wbuild", "tools", "where", "zig"], project).succeeds().stdout.strip())
    caches = {"ZIG_GLOBAL_CACHE_DIR": str(tmp_path / "zig"), "ZIG_LOCAL_CACHE_DIR": str(tmp_path / "zig-local")}
    program = next(path for path in (zig, zig / "ziglang" / "zig") if path.is_file())
    machine.run([str(program), "fetch", "--save=words", f"{address}/words.tar.gz"], project, **caches).succeeds()

    fetched = machine.run(["wbuild", "fetch"], project).succeeds()
    assert "fetch     hello" in fetched.stderr
    shutil.rmtree(served)
    built = machine.run(["wbuild", "build", "--opt", "--offline"], project).succeeds()
    assert "1 passed" in built.stderr
    assert (project / "dist/release/hello.wasm").is_file()
    assert machine.run(["wbuild", "build", "--opt", "--offline", "-v"], project).succeeds().stdout == built.stdout


def test_what_was_not_fetched_is_named_offline(tmp_path: Path, server: tuple[Path, str]) -> None:
    served, address = server
    pack(served / "words.tar.gz", {"build.zig": PACKAGE, "words.zig": ""})
    machine = knowing(tmp_path)
    project = tmp_path / "project"
    (project / "src").mkdir(parents=True)
    words = f'.words = .{{ .url = "{address}/words.tar.gz" }}'
    zon = ZON.format(name="hello", fingerprint=FINGERPRINTS["hello"], dependencies=words)
    for name, text in {"build.zig": BUILD, "src/main.zig": MAIN, "wbuild.toml": MANIFEST, "build.zig.zon": zon}.items():
        (project / name).write_text(text)
    machine.run(["wbuild", "lock"], project).succeeds()
    refused = machine.run(["wbuild", "build", "--offline"], project).ends(4)
    assert "WB493" in refused.stderr
    assert "ConnectionRefused" in refused.stderr  # zig was kept from the server, which would have answered
