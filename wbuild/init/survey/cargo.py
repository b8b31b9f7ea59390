"""Cargo.toml → guesses: a binary is a command, a cdylib a reactor; other libraries are parts of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from wbuild.drivers.cargotargets import binaries, enabled
from wbuild.init.survey.guess import (
    NATIVE,
    Code,
    Guess,
    files,
    folder_of,
    inside,
    shown,
    sources_below,
    string,
    strings,
    table,
    toml,
    under,
)
from wbuild.model.written import OptionValue, Target

__all__ = ["guesses"]

MANIFEST: Final = "Cargo.toml"
TRIPLES: Final[Mapping[str, Target]] = {
    "wasm32-wasi": "wasip1",
    "wasm32-wasip1": "wasip1",
    "wasm32-wasip1-threads": "wasip1-threads",
    "wasm32-wasip2": "wasip2",
    "wasm32-unknown-unknown": "freestanding",
    "wasm32v1-none": "freestanding",
}


def guesses(code: Code) -> Iterator[Guess]:
    """One for each binary and cdylib of each package, member of a workspace or not."""
    for name in files(code, MANIFEST):
        manifest = toml(code.texts.get(name, ""))
        package = table(manifest.get("package"))
        if package and table(package.get("metadata")).get("cargo-fuzz") is not True:
            folder = folder_of(name)
            yield from _package(code, folder, manifest, _targets(code, folder))


def _package(code: Code, folder: str, manifest: Mapping[str, Any], targets: tuple[Target, ...]) -> Iterator[Guess]:
    package = string(table(manifest["package"]).get("name"))
    library = table(manifest.get("lib"))
    kinds = strings(library.get("crate-type", library.get("crate_type")))
    packages = {"cargo": frozenset(_dependencies(manifest))}
    claims = sources_below(code, folder, (".rs", *(NATIVE if code.has(under(folder, "build.rs")) else ())))
    file = under(folder, MANIFEST)
    if "cdylib" in kinds:
        why = f"{file}: package {shown(package)} with a cdylib"
        yield Guess(
            name=package,
            lang="rust",
            folder=folder,
            why=why,
            kind="reactor",
            told=True,
            targets=targets,
            packages=packages,
            claims=claims,
        )
    on = enabled(manifest, (), default=True)
    found = sorted(binaries(manifest, (inside(folder, name) for name in code.below(folder))), key=lambda one: one.name)
    for binary in found:
        name = binary.name
        options: dict[str, OptionValue] = {"bin": name} if len(found) > 1 or "cdylib" in kinds else {}
        lacking = tuple(feature for feature in binary.needs if feature not in on)
        options |= {"features": lacking} if lacking else {}
        why = f"{file}: binary {shown(name)} of package {shown(package)}"
        called = f"{name}-bin" if "cdylib" in kinds and name == package else name
        yield Guess(
            name=called,
            lang="rust",
            folder=folder,
            why=why,
            kind="command",
            told=True,
            targets=targets,
            options=options,
            packages=packages,
            claims=claims,
        )


def _dependencies(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Names of the crates that end up in the artifact, `_` and `-` being the same."""
    tables = [table(manifest.get("dependencies"))]
    tables += [table(table(entry).get("dependencies")) for entry in table(manifest.get("target")).values()]
    for entries in tables:
        for name, entry in entries.items():
            yield (string(table(entry).get("package")) or name).replace("_", "-")


def _targets(code: Code, folder: str) -> tuple[Target, ...]:
    """What .cargo/config.toml of the folder, or of one above it, builds for."""
    while True:
        for name in ("config.toml", "config"):
            wanted = table(toml(code.texts.get(under(folder, f".cargo/{name}"), "")).get("build")).get("target")
            triples = (wanted,) if isinstance(wanted, str) else strings(wanted)
            if found := tuple(dict.fromkeys(TRIPLES[triple] for triple in triples if triple in TRIPLES)):
                return found
        if folder == ".":
            return ()
        folder = folder_of(folder)
