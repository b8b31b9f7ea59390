"""Whom this machine talks to: addresses that are not of the whole internet are reached only where the user has named the host.

A name is resolved before anything is sent, and the address that is really connected to is looked at again: a name server may give
another answer each time.
"""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Final

from wbuild.doors.addresses import address_of, is_public
from wbuild.errors import ProvisionError

if TYPE_CHECKING:
    from requests.adapters import HTTPAdapter

_STAND_IN: Final = IPv4Network("198.18.0.0/15")
"""What resolvers of proxies that take the whole traffic of a machine give for any name; they look up the real address themselves."""
Named = Callable[[str], bool]
"""Whether the user's own configuration names a host."""


def refuse_host(host: str, named: Named, *, resolve: bool) -> None:
    """Raise ProvisionError WB421 for a host at an address that is not public; a name is looked up if `resolve`."""
    literal = address_of(host)
    if literal is not None:
        _judge(host, str(literal), named)
    elif resolve:
        with suppress(OSError, UnicodeError):  # whoever connects will tell
            for found in socket.getaddrinfo(host, None, type=socket.SOCK_STREAM):
                _judge(host, str(found[4][0]), named)


def _judge(host: str, address: str, named: Named) -> None:
    literal, known = address_of(address), address_of(host) is not None
    if literal is None or is_public(literal) or (not known and literal in _STAND_IN) or named(host):
        return
    where = host if host == address else f"{host} ({address})"
    raise ProvisionError(
        "WB421",
        f"{where} is an address of this machine or of a private network, and only a project or a server names it: nothing was sent",
        hint=f"if it is a server of yours, name it in your own configuration: `machine {host}` in ~/.netrc is enough, and so are "
        "~/.npmrc, pip.conf, ~/.gitconfig, config.toml of CARGO_HOME, or a variable such as NPM_CONFIG_REGISTRY",
    )


def guard(adapter: HTTPAdapter, named: Named) -> None:
    """Have every connection that an adapter makes itself (not those to a proxy) looked at."""
    from urllib3.connection import HTTPConnection, HTTPSConnection  # noqa: PLC0415 - heavy
    from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool  # noqa: PLC0415

    class Plain(HTTPConnection):
        def _new_conn(self) -> socket.socket:
            refuse_host(self.host, named, resolve=True)
            return _looked_at(super()._new_conn(), self.host, named)

    class Secure(HTTPSConnection):
        def _new_conn(self) -> socket.socket:
            refuse_host(self.host, named, resolve=True)
            return _looked_at(super()._new_conn(), self.host, named)

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    adapter.poolmanager.pool_classes_by_scheme = {"http": PlainPool, "https": SecurePool}


def _looked_at(connection: socket.socket, host: str, named: Named) -> socket.socket:
    try:
        _judge(host, str(connection.getpeername()[0]), named)
    except BaseException:
        connection.close()
        raise
    return connection
