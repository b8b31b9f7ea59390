"""Addresses of the network: which are everybody's, and which of them lock files name. Lexical; nothing is resolved here.

A lock file that somebody else wrote can name a service of this machine, of the network around it, or the one that tells machines of a
cloud their credentials. Systems understand many spellings of such an address.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Any, Final
from urllib.parse import unquote, urlsplit

Address = IPv4Address | IPv6Address

_HERE: Final = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")
"""Names of this machine that need no resolver."""
_EMBEDDING: Final = tuple((IPv6Network(text), shift) for text, shift in (("::/96", 0), ("64:ff9b::/96", 0), ("2002::/16", 80)))
"""Networks of IPv6 whose addresses hold one of IPv4, and how many bits are behind it."""
_CLOSED_4: Final = tuple(
    IPv4Network(text)
    for text in (
        *("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24"),
        *("192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4"),
    )
)
_CLOSED_6: Final = tuple(
    IPv6Network(text) for text in ("::/8", "64:ff9b:1::/48", "100::/64", "2001::/32", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8")
)
_NUMBER: Final = re.compile(r"0[xX][0-9a-fA-F]{0,16}|[0-9]{1,20}")
_HOST: Final = re.compile(r"//(?:[^/\s\"'@<>]*@)?(\[[0-9a-fA-F:.]+\]|[^/\s\"':@?#,;<>]+)")
_SCP: Final = re.compile(r"(?:git\+)?(?:ssh://)?[\w.-]+@([^/\s:]+):")
_CARGO: Final = re.compile(r'^source\s*=\s*"(git\+[^"]+)"', re.MULTILINE)
_NPM: Final = ("package-lock.json", "npm-shrinkwrap.json")
LOCK_FILES: Final = (*_NPM, "Cargo.lock", "build.zig.zon")
_ZIG: Final = re.compile(r'\.url\s*=\s*"([^"]+)"')


def host_of(url: str) -> str:
    """The host of a URL as it is compared: small letters, no dot at the end, no brackets; "" for one that has none."""
    text = url.partition("+")[2] if re.match(r"[a-z]+\+", url) else url
    try:
        host = urlsplit(text).hostname or ""
    except ValueError:
        return ""
    if not host and (match := _SCP.match(url)):
        host = match[1]
    return plain(host)


def plain(host: str) -> str:
    """A host as it is compared."""
    seen = unicodedata.normalize("NFKC", unquote(host)).replace("\u3002", ".")
    return seen.strip().strip("[]").rstrip(".").lower()


def hosts_in(text: str) -> frozenset[str]:
    """Hosts of all addresses in the configuration of a client, `//host/…` of npm included."""
    return frozenset(plain(match[1]) for match in _HOST.finditer(text))


def address_of(host: str) -> Address | None:
    """The address that a host is, in any spelling that systems understand (`0x7f.1`, `2130706433`, `localhost`); None for a name."""
    text = plain(host).partition("%")[0]
    if text in _HERE or text.endswith(".localhost"):
        return IPv4Address("127.0.0.1")
    try:
        return ip_address(text)
    except ValueError:
        return _classful(text.split("."))


def same_host(host: str, hosts: Iterable[str]) -> bool:
    """Whether a host is one of some, in any spelling of its address."""
    wanted = address_of(host) or plain(host)
    return any((address_of(other) or plain(other)) == wanted for other in hosts)


def _classful(parts: list[str]) -> IPv4Address | None:
    """One to four numbers, the last of which fills what is left (inet_aton)."""
    if not 1 <= len(parts) <= 4 or not all(_NUMBER.fullmatch(part) for part in parts):
        return None
    numbers = [_number(part) for part in parts]
    last = numbers.pop()
    value = sum(number << (24 - 8 * position) for position, number in enumerate(numbers)) + last
    fits = all(number < 256 for number in numbers) and last < 1 << (32 - 8 * len(numbers))
    return IPv4Address(value) if fits else None


def _number(text: str) -> int:
    if text[:2].lower() == "0x":
        return int(text[2:] or "0", 16)
    octal = len(text) > 1 and text[0] == "0" and set(text) <= set("01234567")
    return int(text, 8) if octal else int(text)


def is_public(address: Address) -> bool:
    """Whether an address is none of this machine, of a private network or of no single machine (RFC 6890; multicast and reserved too).

    Networks for documentation count as public: nobody's services are there, and sealed networks answer for all names with them.
    """
    if isinstance(address, IPv6Address):
        inner = address.ipv4_mapped or next((_embedded(address, s) for network, s in _EMBEDDING if address in network), None)
        if inner is not None:
            return is_public(inner)
        return not any(address in network for network in _CLOSED_6)
    return not any(address in network for network in _CLOSED_4)


def _embedded(address: IPv6Address, shift: int) -> IPv4Address:
    return IPv4Address(int(address) >> shift & 0xFFFFFFFF)


def locked_urls(name: str, text: str) -> tuple[str, ...]:
    """Addresses from which a package client fetches because a lock file of this name says so; () for any other file."""
    if name in _NPM:
        try:
            found = list(_resolved(json.loads(text)))
        except (ValueError, RecursionError):
            found = []
    else:
        found = _CARGO.findall(text) if name == "Cargo.lock" else _ZIG.findall(text) if name == "build.zig.zon" else []
    return tuple(dict.fromkeys(found))


def _resolved(lock: Any) -> Iterable[str]:  # noqa: ANN401 - JSON
    """`resolved` of the packages of a lock of npm, also of the older form, in which they lie in each other."""
    waiting = [lock]
    while waiting:
        table = waiting.pop()
        for entries in (table.get(key) for key in ("packages", "dependencies")) if isinstance(table, dict) else ():
            for entry in entries.values() if isinstance(entries, dict) else ():
                if isinstance(entry, dict):
                    waiting.append(entry)
                    if isinstance(entry.get("resolved"), str) and not entry.get("link"):
                        yield entry["resolved"]
