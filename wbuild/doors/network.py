"""The one door to the network besides package clients: sizes of files behind URLs, and which addresses may be asked at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin, urlsplit, urlunsplit

from wbuild.doors.addresses import host_of, hosts_in, plain, same_host
from wbuild.doors.machine import machine_errors
from wbuild.doors.peers import Named, guard, refuse_host
from wbuild.errors import IntegrityError, ProvisionError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import requests

CONNECT: Final = 10.0
"""Seconds until a connection stands."""
READ: Final = 30.0
"""Seconds without a byte."""
HOPS: Final = 5
"""Redirects that are followed."""
_TRIES: Final = 3
_CA_FILES: Final = ("PIP_CERT", "REQUESTS_CA_BUNDLE", "SSL_CERT_FILE")
_TOTAL = re.compile(r"bytes \d+-\d+/(\d+)")
_OFFLINE_HINT: Final = "check the network and the proxy settings; with --offline only what is in the store is used"


def redacted(url: str) -> str:
    """A URL without user, password and query, for messages."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "a malformed URL"
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpNetwork:
    """The real door. TLS trusts the system's store, and the CA file that package clients use."""

    env: Mapping[str, str]
    """Environment of package clients: proxies and CA file are taken from it."""
    offline: bool = False
    hosts: Callable[[], frozenset[str]] = frozenset
    """Hosts that files of the user's configuration name, besides those of `env`; only asked for an address that is not public."""

    def refuse_private(self, urls: Iterable[str]) -> None:
        """Raise ProvisionError for an address of this machine or of a private network that no configuration of the user names.

        Names are looked up, but not behind a proxy, which does that itself.
        """
        for url in {host_of(url): url for url in urls}.values():
            refuse_host(host_of(url), self._named, resolve=bool(host_of(url)) and not self._proxied(url))

    def _named(self, host: str) -> bool:
        variables = (value for name, value in self.env.items() if not name.lower().endswith("_proxy"))
        return same_host(host, hosts_in("\n".join(variables))) or same_host(host, self.hosts())

    def _proxied(self, url: str) -> bool:
        scheme = url.partition("://")[0].lower().rpartition("+")[2]
        return not {scheme, "all"}.isdisjoint(self._proxies(url))

    def size(self, url: str) -> int:
        """Bytes of the file behind an http(s) or file URL.

        Raises ProvisionError when it cannot be reached or has no size, IntegrityError for a redirect that must not be followed,
        UsageError for a CA file that cannot be read.
        """
        if url.lower().startswith("file:"):
            from urllib.request import url2pathname  # noqa: PLC0415 - a slow import, and most runs need no network

            path = Path(url2pathname(urlsplit(url).path))
            with machine_errors(path, "read"):
                return path.stat().st_size
        if self.offline:
            raise ProvisionError("WB412", f"offline: the size of {redacted(url)} is not known", hint="run once without --offline")
        first = host_of(url)  # the user's own client has named it, and reaches it in any case
        with _network_errors(url), self._session(lambda host: plain(host) == first or self._named(host)) as session:
            for method, headers in (("HEAD", {}), ("GET", {"Range": "bytes=0-0"})):
                size = _size_of(self._request(session, method, url, headers))
                if size:
                    return size
        raise ProvisionError("WB411", f"{redacted(url)}: the server does not say how large the file is")

    def _request(self, session: requests.Session, method: str, url: str, headers: Mapping[str, str]) -> requests.Response:
        """The answer behind at most five redirects; credentials (from netrc) only to the host that they are for."""
        from requests.utils import get_netrc_auth  # noqa: PLC0415 - heavy

        for _ in range(HOPS + 1):
            refuse_host(host_of(url), self._named, resolve=False)
            response = session.request(
                method,
                url,
                headers={"Accept-Encoding": "identity", **headers},
                auth=get_netrc_auth(url),
                proxies=self._proxies(url),
                timeout=(CONNECT, READ),
                allow_redirects=False,
                stream=True,
            )
            response.close()
            target = response.headers.get("Location", "")
            if response.status_code not in (301, 302, 303, 307, 308) or not target:
                return response
            url = _followed(url, urljoin(url, target))
        raise ProvisionError("WB411", f"{redacted(url)}: more than {HOPS} redirects")

    def _proxies(self, url: str) -> dict[str, str]:
        from requests.utils import should_bypass_proxies  # noqa: PLC0415 - heavy

        exceptions = self.env.get("no_proxy") or self.env.get("NO_PROXY") or ""
        if should_bypass_proxies(url, no_proxy=exceptions):
            return {}
        found = {}
        for scheme in ("http", "https", "all"):
            value = self.env.get(f"{scheme}_proxy") or self.env.get(f"{scheme.upper()}_PROXY")
            if value:
                found[scheme] = value
        return found

    @contextmanager
    def _session(self, named: Named) -> Iterator[requests.Session]:
        import requests  # noqa: PLC0415 - heavy
        from requests.adapters import HTTPAdapter  # noqa: PLC0415
        from urllib3.util.retry import Retry  # noqa: PLC0415

        from wbuild.doors.trust import system_trust  # noqa: PLC0415 - loads ssl

        retry = Retry(
            total=_TRIES,
            backoff_factor=0.3,
            status_forcelist=(408, 429, 500, 502, 503, 504),
            respect_retry_after_header=False,
            raise_on_status=False,
            redirect=False,
        )
        with requests.Session() as session:
            session.trust_env = False
            for scheme, adapter in (("http://", HTTPAdapter(max_retries=retry)), ("https://", system_trust(self._ca_file(), retry))):
                guard(adapter, named)
                session.mount(scheme, adapter)
            yield session

    def _ca_file(self) -> Path | None:
        for name in _CA_FILES:
            value = self.env.get(name)
            if value:
                path = Path(value)
                if not path.is_file():
                    raise UsageError("WB246", f"{name} names a CA file that cannot be read: {value}", hint=f"correct or unset {name}")
                return path
        return None


def _followed(url: str, target: str) -> str:
    """The target of a redirect. Raises IntegrityError when it must not be followed."""
    old, new = urlsplit(url).scheme.lower(), urlsplit(target).scheme.lower()
    if new not in ("http", "https") or (old == "https" and new == "http"):
        raise IntegrityError(
            "WB517",
            f"{redacted(url)} redirects to {redacted(target) if new in ('http', 'https') else f'a {new}: address'}: refusing downgrade",
            hint="the server or a proxy in between is not to be trusted",
        )
    return target


def _size_of(response: requests.Response) -> int:
    """The size that an answer tells, 0 for none. Raises ProvisionError for a refusal that another method would get too."""
    if response.status_code in (401, 403, 404, 407, 410, 429) or response.status_code >= 500:
        credentials = "; credentials come from netrc and the package client's configuration" if response.status_code in (401, 403) else ""
        raise ProvisionError("WB411", f"{redacted(response.url)}: HTTP {response.status_code} {response.reason}{credentials}")
    if response.status_code == 206:
        match = _TOTAL.fullmatch(response.headers.get("Content-Range", ""))
        return int(match[1]) if match else 0
    length = response.headers.get("Content-Length", "")
    if response.status_code == 200 and length.isdigit() and response.headers.get("Content-Encoding", "identity") == "identity":
        return int(length)
    return 0


@contextmanager
def _network_errors(url: str) -> Iterator[None]:
    import requests  # noqa: PLC0415 - heavy

    try:
        yield
    except (requests.RequestException, OSError, ValueError) as error:
        raise ProvisionError("WB410", f"cannot reach {redacted(url)}: {_reason(error)}", hint=_OFFLINE_HINT) from None


def _reason(error: BaseException) -> str:
    """The innermost cause in one line, without addresses that may hold credentials."""
    cause: BaseException = error
    while isinstance(inner := getattr(cause, "reason", None) or (cause.args[0] if cause.args else None), BaseException):
        cause = inner
    text = str(cause).splitlines()[0] if str(cause) else type(cause).__name__
    return re.sub(r"//[^/@\s]+@", "//***@", re.sub(r"^<[^>]*>: ", "", text))[:200]
