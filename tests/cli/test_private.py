"""A private index of pip: its user's password gets the tools, and is in nothing that wbuild says or writes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.canary import SECRET, USER, WRONG, basic, holds, leaks
from tests.cli.toys import Done, Shell, with_toys
from tests.registries import wheel_index
from tests.server import Server, serving

MANIFEST = """
[vendor.parts]
from = "pypi:toytools"
version = "1.0"

[artifact.hello]
lang = "toy"
path = "hello"
inputs = ["{vendor.parts}/toytools/ballast.bin"]
"""


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        server.credentials = basic()
        yield server


@pytest.fixture
def project(place: Shell, server: Server) -> Shell:
    """Toys that only the index has; the compiler would print the variable with the password."""
    with_toys(place, MANIFEST)
    place.write("hello/hello.toy", "say hello\nenv PIP_INDEX_URL\n")
    (wheel,) = (place.home / "wheels").iterdir()
    server.serve(wheel_index("toytools", wheel.name, wheel.read_bytes()).files)
    wheel.unlink()
    place.env |= {"PIP_NO_INDEX": "0", "PIP_FIND_LINKS": "", "PIP_CONFIG_FILE": str(place.home / "pip.conf")}
    return place


def index(server: Server, password: str) -> str:
    return f"{server.base}/simple".replace("://", f"://{USER}:{password}@")


def quiet(project: Shell, *args: str, **env: str) -> Done:
    done = project.run("-vv", *args, env=env)
    assert not holds((done.out + done.err).encode()), done
    return done


@pytest.mark.parametrize("where", ["variable", "file"])
def test_F116_the_password_of_an_index_stays_with_pip(where: str, server: Server, project: Shell) -> None:
    env = {"PIP_INDEX_URL": index(server, SECRET)} if where == "variable" else {}
    config = project.home / "pip.conf"
    config.write_text(f"[global]\nindex-url = {index(server, SECRET)}\n" if where == "file" else "")
    for line in ("lock", "fetch", "build --opt", "plan --format json --opt", "tools verify", "config", "build --explain"):
        quiet(project, *line.split(), **env).ends(0)
    assert project.run("run", "hello", env=env).ends(0).out == "hello\nunset\n"
    config.unlink()
    assert leaks(project.folder, project.home) == []


@pytest.mark.parametrize("password", ["", WRONG], ids=["none", "wrong"])
def test_F17_an_index_that_refuses_says_so(password: str, server: Server, project: Shell) -> None:
    url = index(server, password) if password else f"{server.base}/simple"
    done = quiet(project, "lock", PIP_INDEX_URL=url).ends(4)
    assert done.err.count("error[") == 1
    assert "the registry answers 401" in done.err
    assert "hint: check the credentials in pip's own configuration" in done.err
    assert server.seen
    assert leaks(project.folder, project.home) == []
