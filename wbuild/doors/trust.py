"""TLS with the system's trust store instead of the one that comes with requests."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import TYPE_CHECKING

from wbuild.errors import UsageError

if TYPE_CHECKING:
    from requests.adapters import HTTPAdapter
    from urllib3.util.retry import Retry


def system_trust(ca_file: Path | None, retry: Retry) -> HTTPAdapter:
    """An adapter whose connections trust the system's store and, if given, a CA file. Raises UsageError for a bad file."""
    from requests.adapters import HTTPAdapter  # noqa: PLC0415 - heavy

    context = ssl.create_default_context()
    if ca_file is not None:
        try:
            context.load_verify_locations(cafile=str(ca_file))
        except (OSError, ssl.SSLError) as error:
            raise UsageError(
                "WB246", f"the CA file {ca_file} cannot be used: {error}", hint="it must hold certificates in PEM form"
            ) from None

    class SystemTrust(HTTPAdapter):
        def init_poolmanager(self, *args: object, **kwargs: object) -> None:
            super().init_poolmanager(*args, **{**kwargs, "ssl_context": context})  # type: ignore[arg-type]

        def proxy_manager_for(self, proxy: str, **kwargs: object) -> object:
            return super().proxy_manager_for(proxy, **{**kwargs, "ssl_context": context})

        def cert_verify(self, conn: object, url: str, verify: object, cert: object) -> None:
            """Leave the context as it is: it verifies, with the right store."""

    return SystemTrust(max_retries=retry)
