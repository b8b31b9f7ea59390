"""Sizes of files behind URLs, against a server on the loopback interface."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from tests.server import Server, serving, status
from wbuild.doors.network import HttpNetwork
from wbuild.errors import IntegrityError, MachineError, ProvisionError, UsageError


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


def size(url: str, **env: str) -> int:
    """As a user whose configuration names the server."""
    return HttpNetwork(env=env, hosts=lambda: frozenset({"127.0.0.1"})).size(url)


def test_the_size_of_a_file(server: Server) -> None:
    server.scripts["/f"] = status(200, {"Content-Length": "12345678901"})
    assert size(f"{server.base}/f") == 12_345_678_901
    assert server.methods() == ["HEAD"]
    assert server.seen[0][2]["Accept-Encoding"] == "identity"


def test_a_server_without_head(server: Server) -> None:
    def answer(handler: BaseHTTPRequestHandler) -> None:
        if handler.command == "HEAD":
            status(405)(handler)
        else:
            assert handler.headers["Range"] == "bytes=0-0"
            status(206, {"Content-Range": "bytes 0-0/4711"}, b"x")(handler)

    server.scripts["/f"] = answer
    assert size(f"{server.base}/f") == 4711
    assert server.methods() == ["HEAD", "GET"]


@pytest.mark.parametrize("code", [401, 403, 404, 410])
def test_F17_refusals_say_what_the_server_said(server: Server, code: int) -> None:
    server.scripts["/f?token=secret"] = status(code)
    with pytest.raises(ProvisionError, match=f"HTTP {code} ") as caught:
        size(f"{server.base}/f?token=secret")
    assert "secret" not in str(caught.value)
    assert len(server.seen) == 1


def test_F03_a_server_that_fails_for_a_while(server: Server) -> None:
    left = [500, 503]

    def answer(handler: BaseHTTPRequestHandler) -> None:
        status(left.pop() if left else 200, {"Content-Length": "7"} if not left else None)(handler)

    server.scripts["/f"] = answer
    assert size(f"{server.base}/f") == 7
    server.scripts["/f"] = status(500)
    with pytest.raises(ProvisionError, match="HTTP 500"):
        size(f"{server.base}/f")


@pytest.mark.parametrize("headers", [{}, {"Content-Length": "9", "Content-Encoding": "gzip"}])
def test_no_size_at_all(server: Server, headers: Mapping[str, str]) -> None:
    server.scripts["/f"] = status(200, {"Content-Length": "", **headers})
    with pytest.raises(ProvisionError, match="does not say how large"):
        size(f"{server.base}/f")


def test_redirects_are_followed_five_times(server: Server) -> None:
    for number in range(9):
        server.scripts[f"/{number}"] = status(302, {"Location": f"/{number + 1}"})
    server.scripts["/9"] = status(200, {"Content-Length": "3"})
    assert size(f"{server.base}/4") == 3
    with pytest.raises(ProvisionError, match="more than 5 redirects"):
        size(f"{server.base}/3")


def test_F13_a_loop_of_redirects(server: Server) -> None:
    server.scripts["/a"] = status(307, {"Location": "/a"})
    with pytest.raises(ProvisionError, match="more than 5 redirects"):
        size(f"{server.base}/a")


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/x", "data:,x"])
def test_F16_redirects_to_other_schemes(server: Server, target: str) -> None:
    server.scripts["/f"] = status(302, {"Location": target})
    with pytest.raises(IntegrityError, match="refusing downgrade"):
        size(f"{server.base}/f")


def test_F15_credentials_stay_with_their_origin(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    other = f"http://localhost:{server.server.server_port}/other"
    server.scripts["/f"] = status(302, {"Location": other})
    server.scripts["/other"] = status(200, {"Content-Length": "5"})
    assert size(f"{server.base}/f", no_proxy="*") == 5
    assert "Authorization" in server.seen[0][2]
    assert "Authorization" not in server.seen[1][2]


def test_F20_a_proxy_is_used_unless_excepted(server: Server) -> None:
    server.scripts["http://files.example/f"] = status(200, {"Content-Length": "11"})
    assert size("http://files.example/f", HTTP_PROXY=server.base) == 11
    server.scripts["/f"] = status(200, {"Content-Length": "12"})
    assert size(f"{server.base}/f", http_proxy="http://127.0.0.1:9", NO_PROXY="127.0.0.1") == 12
    with pytest.raises(ProvisionError, match="cannot reach") as caught:
        size("http://files.example/f", http_proxy="http://me:secret@127.0.0.1:9")
    assert "secret" not in str(caught.value)


def test_F21_nobody_there() -> None:
    with pytest.raises(ProvisionError, match=r"cannot reach http://127\.0\.0\.1:9/f") as caught:
        size("http://me:secret@127.0.0.1:9/f")
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(ProvisionError, match="cannot reach"):
        size("http://[bad/f")


def test_F19_a_ca_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="names a CA file that cannot be read"):
        size("https://127.0.0.1:9/f", PIP_CERT=str(tmp_path / "nothing"))
    (tmp_path / "empty").write_text("no certificate")
    with pytest.raises(UsageError, match="cannot be used"):
        size("https://127.0.0.1:9/f", REQUESTS_CA_BUNDLE=str(tmp_path / "empty"))


def test_files_are_looked_at(tmp_path: Path) -> None:
    (tmp_path / "a b").write_bytes(b"1234")
    assert size((tmp_path / "a b").as_uri()) == 4
    with pytest.raises(MachineError, match="No such file"):
        size((tmp_path / "none").as_uri())


def test_F22_offline_opens_no_socket(server: Server) -> None:
    with pytest.raises(ProvisionError, match="offline"):
        HttpNetwork(env={}, offline=True).size(f"{server.base}/f")
    assert server.seen == []


class Resolver:
    """Gives a name other addresses each time, as a hostile name server does; the system's own is asked for what it does not know."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, **answers: list[str]) -> None:
        self.answers, self.really = answers, socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self)

    def __call__(self, host: str, port: object, *args: object, **more: object) -> list[Any]:
        known = self.answers.get(host.partition(".")[0])
        if known is None:
            return self.really(host, port, *args, **more)  # type: ignore[arg-type]
        address = known.pop(0) if len(known) > 1 else known[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port or 0))]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "0x7f.1", "2130706433", "[::ffff:127.0.0.1]", "10.1.2.3", "169.254.169.254", "0"]
)
def test_a_redirect_to_an_address_that_nobody_named_is_refused(server: Server, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Resolver(monkeypatch, files=["127.0.0.1"])
    start = f"http://files.example:{server.server.server_port}/f"
    server.scripts["/f"] = status(302, {"Location": f"http://{host}:{server.server.server_port}/secret"})
    server.scripts["/secret"] = status(200, {"Content-Length": "5"})
    with pytest.raises(ProvisionError, match="WB421"):
        HttpNetwork(env={}).size(start)
    assert [path for _, path, _ in server.seen] == ["/f"]


def test_a_name_that_resolves_anew_to_a_private_address_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    Resolver(monkeypatch, files=["127.0.0.1"], inside=["127.0.0.1"], rebound=["93.184.215.14", "127.0.0.1"])
    port = server.server.server_port
    server.scripts["/secret"] = status(200, {"Content-Length": "5"})
    for name in ("inside", "rebound"):
        server.scripts["/f"] = status(302, {"Location": f"http://{name}.example:{port}/secret"})
        with pytest.raises(ProvisionError, match=r"WB421.*127\.0\.0\.1"):
            HttpNetwork(env={}).size(f"http://files.example:{port}/f")
    assert {path for _, path, _ in server.seen} == {"/f"}
    named = HttpNetwork(env={"PIP_INDEX_URL": "https://inside.example/simple"})
    server.scripts["/f"] = status(302, {"Location": f"http://inside.example:{port}/secret"})
    assert named.size(f"http://files.example:{port}/f") == 5


def test_behind_a_proxy_only_the_spelling_of_an_address_counts(server: Server) -> None:
    server.scripts["http://inside.example/f"] = status(200, {"Content-Length": "5"})
    assert HttpNetwork(env={"http_proxy": server.base}).size("http://inside.example/f") == 5
    seen = len(server.seen)
    for url in ("http://169.254.169.254/f", "http://2852039166/f", "http://localhost/f"):
        with pytest.raises(ProvisionError, match="WB421"):
            HttpNetwork(env={"http_proxy": server.base}).size(url)
    assert len(server.seen) == seen


def test_addresses_of_lock_files_are_judged_by_what_they_resolve_to(monkeypatch: pytest.MonkeyPatch) -> None:
    Resolver(monkeypatch, inside=["10.0.0.7"], outside=["93.184.215.14"], everything=["198.18.3.4"])
    network = HttpNetwork(env={"NPM_CONFIG_REGISTRY": "https://npm.corp.example/"})
    network.refuse_private(["https://outside.example/x.tgz", "https://everything.example/x.tgz", "git+ssh://git@outside.example/x.git"])
    for url in ("https://inside.example/x.tgz", "git+ssh://git@inside.example/x.git", "git+https://10.0.0.1/x", "http://[fe80::1]/x"):
        with pytest.raises(ProvisionError, match="WB421"):
            network.refuse_private([url])
    HttpNetwork(env={"NPM_CONFIG_REGISTRY": "https://inside.example/"}).refuse_private(["https://inside.example/x.tgz"])
