"""An HTTP server on the loopback interface: one path, one script; requests are recorded."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import unquote

CERTIFICATE: Final = Path(__file__).with_name("loopback.pem")
"""Of 127.0.0.1, signed by itself, with its key: nobody trusts it who was not told to."""
Script: TypeAlias = "Callable[[BaseHTTPRequestHandler], None]"


class Server:
    """Answers by the scripts; with `credentials`, refuses every request whose Authorization is another."""

    def __init__(self, *, tls: bool = False) -> None:
        self.scripts: dict[str, Script] = {}
        self.credentials = ""
        self.seen: list[tuple[str, str, Mapping[str, str]]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                outer.seen.append((self.command, self.path, dict(self.headers.items())))
                outer.script(self)(self)

            do_HEAD = do_GET  # noqa: N815 - the name is the protocol's

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002
                """Silence."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(CERTIFICATE)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.base = f"http{'s' if tls else ''}://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def script(self, handler: BaseHTTPRequestHandler) -> Script:
        """What answers a request."""
        if self.credentials and handler.headers.get("Authorization") != self.credentials:
            return status(401, {"WWW-Authenticate": 'Basic realm="test"'})
        return self.scripts.get(handler.path) or self.scripts.get(unquote(handler.path)) or status(404)

    def serve(self, files: Mapping[str, bytes]) -> None:
        """Answer each path with its bytes."""
        for path, body in files.items():
            kind = "text/html" if body.startswith(b"<") else "application/octet-stream"
            self.scripts[path] = status(200, {"Content-Type": kind}, body)

    def methods(self) -> list[str]:
        """Of the requests so far."""
        return [method for method, _, _ in self.seen]


@contextmanager
def serving(*, tls: bool = False) -> Iterator[Server]:
    """A server for as long as the block runs."""
    server = Server(tls=tls)
    try:
        yield server
    finally:
        server.server.shutdown()
        server.server.server_close()


def status(code: int, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Script:
    """A script that gives one answer and closes the connection."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **(headers or {})}.items():
            if value:
                handler.send_header(name, value)
        handler.send_header("Connection", "close")
        handler.end_headers()
        if handler.command != "HEAD":
            handler.wfile.write(body)
        handler.close_connection = True

    return answer
