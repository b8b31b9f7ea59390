"""Which Debian mirror a machine's APT sources name, in both styles."""

from __future__ import annotations

import pytest

from wbuild.sources.mirrors import Mirror, debian_mirror, sources_text

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
DEB822 = f"""\
# the archive
Types: deb
URIs: https://mirror.example/debian/
Suites: bookworm bookworm-updates
# not everything
Components: main contrib
Signed-By: {KEYRING}

Types: deb
URIs: https://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""


def mirror(**texts: str) -> Mirror | None:
    return debian_mirror({name.replace("__", "."): text for name, text in texts.items()})


def test_a_sources_file() -> None:
    assert mirror(debian__sources=DEB822) == Mirror(uri="https://mirror.example/debian", signed_by=KEYRING)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("deb http://a.example/debian trixie main", Mirror(uri="http://a.example/debian")),
        (
            "deb [arch=amd64 signed-by=/k.gpg,ABCD] http://a.example/debian/ sid main contrib # x",
            Mirror(uri="http://a.example/debian", signed_by="/k.gpg ABCD"),
        ),
        ("deb [ trusted=yes ] file:/srv/mirror stable main", Mirror(uri="file:/srv/mirror", trusted=True)),
        ("deb [allow-insecure=yes] cdrom:[x]/ stable main", None),
        ("deb-src http://a.example/debian trixie main", None),
        ("# deb http://a.example/debian trixie main", None),
        ("deb http://a.example/debian trixie contrib", None),
        ("deb http://a.example/debian-security trixie-security main", None),
        ("deb http://a.example/ubuntu noble main", None),
        ("deb http://a.example/flat ./", None),
        ("nonsense", None),
    ],
)
def test_one_line_entries(line: str, expected: Mirror | None) -> None:
    assert mirror(sources__list=f"\n{line}\n") == expected


def test_addresses_that_say_debian_come_first() -> None:
    texts = {"a.list": "deb https://apt.vendor.example bookworm main", "z.list": "deb http://deb.debian.example/debian bookworm main"}
    assert debian_mirror(texts) == Mirror(uri="http://deb.debian.example/debian")
    assert debian_mirror({"a.list": texts["a.list"]}) == Mirror(uri="https://apt.vendor.example")
    assert debian_mirror({}) is None


def test_a_stanza_may_be_off_and_may_hold_its_key() -> None:
    off = DEB822.replace(
        "Types: deb\nURIs: https://mirror.example/debian/", "Enabled: no\nTypes: deb\nURIs: https://mirror.example/debian/"
    )
    assert mirror(debian__sources=off) is None
    key = " -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n mDMEY865\n -----END PGP PUBLIC KEY BLOCK-----"
    found = mirror(debian__sources=DEB822.replace(KEYRING, f"\n{key}").replace("\n\nTypes", "\nTrusted: yes\n\nTypes"))
    assert found == Mirror(uri="https://mirror.example/debian", signed_by=f"\n{key}", trusted=True)
    text = sources_text(found, "trixie", "arm64")
    assert debian_mirror({"again.sources": text}) == found
    assert "Suites: trixie\nComponents: main\nArchitectures: arm64\n" in text
