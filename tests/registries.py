"""Packages and the registries that serve them, as files of a server: cargo's sparse index, npm's, a Go module proxy, pip's index."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """What a server answers, and what the lock file of a project says about it."""

    files: Mapping[str, bytes]
    """Path → bytes."""
    digest: str = ""
    """Of the package, in the notation of the ecosystem's lock file."""
    mod_digest: str = ""
    """Of a Go module: that of its go.mod."""


def crate(base: str, name: str, source: str) -> Registry:
    """A sparse index below /index/ whose every request needs a token, with one crate at 1.0.0. Names have 4 letters or more."""
    manifest = f'[package]\nname = "{name}"\nversion = "1.0.0"\nedition = "2021"\n'
    data = _tar({f"{name}-1.0.0/Cargo.toml": manifest, f"{name}-1.0.0/src/lib.rs": source})
    digest = hashlib.sha256(data).hexdigest()
    entry = {"name": name, "vers": "1.0.0", "deps": [], "cksum": digest, "features": {}, "yanked": False}
    files = {
        "/index/config.json": json.dumps({"dl": f"{base}/crates/{{crate}}/{{version}}", "auth-required": True}).encode(),
        f"/index/{name[:2]}/{name[2:4]}/{name}": json.dumps(entry).encode(),
        f"/crates/{name}/1.0.0": data,
    }
    return Registry(files=files, digest=digest)


def npm_package(base: str, name: str, sources: Mapping[str, str], **more: object) -> Registry:
    """One package at 1.0.0, below the registry's root; `more` is in its package.json."""
    about = {"name": name, "version": "1.0.0", **more}
    data = _tar({"package/package.json": json.dumps(about), **{f"package/{path}": text for path, text in sources.items()}})
    digest = "sha512-" + base64.b64encode(hashlib.sha512(data).digest()).decode()
    file = f"/{name}/-/{name.rpartition('/')[2]}-1.0.0.tgz"
    version = {**about, "dist": {"tarball": base + file, "integrity": digest}}
    answer = {"name": name, "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
    return Registry(files={f"/{name}": json.dumps(answer).encode(), file: data}, digest=digest)


def go_module(path: str, sources: Mapping[str, str]) -> Registry:
    """A proxy's answers about one module at v1.0.0."""
    mod = f"module {path}\n\ngo 1.21\n"
    inside = {f"{path}@v1.0.0/{name}": text for name, text in {"go.mod": mod, **sources}.items()}
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in inside.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), text)
    files = {
        f"/{path}/@v/list": b"v1.0.0\n",
        f"/{path}/@v/v1.0.0.info": json.dumps({"Version": "v1.0.0", "Time": "2020-01-01T00:00:00Z"}).encode(),
        f"/{path}/@v/v1.0.0.mod": mod.encode(),
        f"/{path}/@v/v1.0.0.zip": packed.getvalue(),
    }
    return Registry(files=files, digest=_h1(inside), mod_digest=_h1({"go.mod": mod}))


def wheel_index(package: str, wheel: str, data: bytes) -> Registry:
    """A simple index below /simple/ with one wheel."""
    digest = hashlib.sha256(data).hexdigest()
    page = f'<!DOCTYPE html><html><body><a href="/files/{wheel}#sha256={digest}">{wheel}</a></body></html>'
    return Registry(files={f"/simple/{package}/": page.encode(), f"/files/{wheel}": data}, digest=digest)


def _h1(files: Mapping[str, str]) -> str:
    """Go's digest of a set of files."""
    lines = [f"{hashlib.sha256(text.encode()).hexdigest()}  {name}\n" for name, text in sorted(files.items())]
    return "h1:" + base64.b64encode(hashlib.sha256("".join(lines).encode()).digest()).decode()


def _tar(files: Mapping[str, str]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as archive:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            archive.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(packed.getvalue(), mtime=0)
