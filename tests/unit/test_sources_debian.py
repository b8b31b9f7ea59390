"""Debian: what APT is asked, with which configuration, and what its answers mean."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.doors import Answer, FakeRunner, fake_doors
from wbuild.doors.interfaces import Command, Doors
from wbuild.errors import IntegrityError, MachineError, ProvisionError
from wbuild.model.locked import PLATFORMS, Digest, Pin, PinnedFile, Platform, Unavailable
from wbuild.model.tool_recipe import Route, ToolRecipe
from wbuild.sources import debian
from wbuild.sources.apt import held

TOOL = ToolRecipe(name="binaryen", summary="", versions=">=116")
ROUTE = Route(source="debian", package="binaryen/trixie", packages=("more",), without=("gcc", "perl"))
MIRROR = "http://mirror.example/debian"
SOURCES = f"deb {MIRROR} bookworm main\n"
DUMP = """\
APT::Architecture "amd64";
APT::Update::Post-Invoke:: "rm -rf /";
Acquire::http::Proxy "http://user:secret@proxy.example:3128";
Acquire::IndexTargets::deb::Contents "x";
Acquire::AllowInsecureRepositories "1";
Dir::Etc::trusted "trusted.gpg";
Dir::State::lists "lists/";
"""
SHOWN = """\
Package: gcc
Version: 4:14.2.0-1
Depends: cpp
Provides: c-compiler
Architecture: amd64

Package: perl
Version: 5.40
"""
HEX = "ab" * 32


def uris(architecture: str, version: str = "120-4") -> str:
    return (
        f"'{MIRROR}/pool/main/g/glibc/libc6_2.41-12%2bdeb13u5_{architecture}.deb' libc6_x.deb 20 SHA256:{HEX}\n"
        f"'{MIRROR}/pool/main/b/binaryen/binaryen_{version}_{architecture}.deb' binaryen_1%3a{version}_{architecture}.deb 10 SHA256:{HEX}\n"
    )


@dataclass
class Machine:
    """A machine with APT, in memory but for its list of sources."""

    folder: Path
    sources: str = SOURCES
    update: Answer = field(default_factory=Answer)
    install: Mapping[str, Answer] = field(default_factory=dict)
    download: Answer | None = None
    configs: list[str] = field(default_factory=list)
    sites: list[str] = field(default_factory=list)
    status: list[str] = field(default_factory=list)

    def respond(self, command: Command) -> Answer:
        match command.argv[:2]:
            case ("apt-config", "shell"):
                (self.folder / "sources.list").write_text(self.sources)
                places = {"LIST": self.folder / "sources.list", "PARTS": self.folder / "none", "METHODS": "/usr/lib/apt/methods"}
                return Answer(stdout="".join(f"{name}='{path}'\n" for name, path in places.items()))
            case ("apt-config", "dump"):
                return Answer(stdout=DUMP)
            case ("apt-cache", "show"):
                return Answer(stdout=SHOWN)
        self.configs.append(Path(command.env["APT_CONFIG"]).read_text())
        match command.argv[:2]:
            case ("apt-get", "update"):
                self.sites.append((command.cwd / "sources" / "debian.sources").read_text())
                return self.update
            case ("apt-get", "install"):
                architecture = re.findall(r'APT::Architecture "(.*)";', self.configs[-1])[0]
                self.status.append((command.cwd / "status").read_text())
                return self.install.get(architecture, Answer(stdout=uris(architecture)))
        assert command.argv[0] == "/usr/lib/apt/apt-helper"
        return self.download or self.deliver(command)

    def deliver(self, command: Command) -> Answer:
        for target in command.argv[4::3]:
            Path(target).write_bytes(b"x")
        return Answer()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def doors(machine: Machine, **rest: object) -> tuple[Doors, FakeRunner]:
    runner = FakeRunner(machine.respond)
    return fake_doors(runner=runner, **rest), runner  # type: ignore[arg-type]


def resolved(machine: Machine, version: str = "", tool: ToolRecipe = TOOL) -> Mapping[Platform, Pin | Unavailable]:
    return debian.resolve(tool, ROUTE, version, PLATFORMS, doors(machine)[0])


def reason(machine: Machine, version: str = "", platform: Platform = "linux-x86_64", tool: ToolRecipe = TOOL) -> str:
    found = resolved(machine, version, tool)[platform]
    assert isinstance(found, Unavailable)
    return found.reason


def pinned(machine: Machine) -> Pin:
    found = resolved(machine)["linux-x86_64"]
    assert isinstance(found, Pin)
    return found


def test_a_package_with_its_closure_for_both_linux_platforms(machine: Machine) -> None:
    opened, runner = doors(machine)
    found = debian.resolve(TOOL, ROUTE, "", PLATFORMS, opened)
    assert tuple(found) == PLATFORMS
    file = PinnedFile(
        name="binaryen_120-4_arm64.deb",
        path="pool/main/b/binaryen/binaryen_120-4_arm64.deb",
        size=10,
        digest=Digest(algorithm="sha256", hex=HEX),
        trust="signature",
    )
    pin = found["linux-aarch64"]
    assert isinstance(pin, Pin)
    assert (pin.version, pin.source, pin.package, pin.files[1]) == ("120", "debian", "binaryen/trixie", file)
    assert pin.files[0].path == "pool/main/g/glibc/libc6_2.41-12+deb13u5_arm64.deb"
    assert {found[p] for p in PLATFORMS if not p.startswith("linux")} == {Unavailable(reason="Debian's programs run on Linux only")}
    (asked, other) = (line for line in runner.lines if line[:2] == ("apt-get", "install"))
    assert asked[-2:] == other[-2:] == ("binaryen", "more")
    assert {"--print-uris", "--no-install-recommends"} <= set(asked)


def test_the_configuration_is_private(machine: Machine) -> None:
    resolved(machine)
    for config in machine.configs:
        lines = config.splitlines()
        assert 'Acquire::http::Proxy "http://user:secret@proxy.example:3128";' in lines
        assert 'Dir::Etc::trusted "trusted.gpg";' in lines
        assert 'Acquire::AllowInsecureRepositories "false";' in lines
        assert not [line for line in lines if "Post-Invoke" in line or "IndexTargets" in line or "lists/" in line]
        folders = re.findall(r'^(?:Dir::State|Dir::Cache|Dir::Etc::parts|Dir::State::status) "(.*)";$', config, re.MULTILINE)
        assert len(folders) == 4
        assert all(".tmp-wbuild-" in folder for folder in folders)
    assert sorted(re.findall(r"Architectures: (\w+)", "".join(machine.sites))) == ["amd64", "arm64"]
    assert all(f"URIs: {MIRROR}\nSuites: trixie\n" in site for site in machine.sites)
    assert all("Package: gcc\nVersion: 4:14.2.0-1\nProvides: c-compiler\n" in text and "Depends" not in text for text in machine.status)


def test_what_is_held_needs_nothing() -> None:
    text = held(SHOWN)
    assert text.count("Status: hold ok installed\n") == 2
    assert text.startswith("Package: gcc\n")
    assert "\n\nPackage: perl\nVersion: 5.40\nStatus" in text
    assert held("") == ""


def test_lists_are_kept_where_they_may_be(machine: Machine, tmp_path: Path) -> None:
    opened, _ = doors(machine, keep=tmp_path / "keep")
    debian.resolve(TOOL, ROUTE, "", ["linux-x86_64"], opened)
    assert f'Dir::State::lists "{tmp_path}/keep/apt-v1/trixie-amd64";' in machine.configs[0]
    assert (tmp_path / "keep/apt-v1/trixie-amd64/partial").is_dir()


@pytest.mark.parametrize("version", ["120", "120.0", "120.0.0"])
def test_an_exact_version_may_have_more_zeros(machine: Machine, version: str) -> None:
    assert isinstance(resolved(machine, version)["linux-x86_64"], Pin)


def test_versions_that_the_suite_does_not_have(machine: Machine) -> None:
    assert reason(machine, "132") == "Debian trixie has binaryen 120, not 132"
    assert reason(machine, tool=ToolRecipe(name="b", summary="", versions=">=131")) == "Debian trixie has binaryen 120, not >=131"
    machine.install = {"arm64": Answer(stdout=uris("arm64", "119-1"))}
    assert reason(machine, platform="linux-aarch64") == "Debian trixie has binaryen 119, not 120"
    assert isinstance(resolved(machine)["linux-x86_64"], Pin)


def test_packages_that_the_suite_does_not_have(machine: Machine) -> None:
    machine.install = {"arm64": Answer(code=100, stderr="Reading\nE: Unable to locate package binaryen\n")}
    assert reason(machine, platform="linux-aarch64") == "Debian trixie does not give binaryen for arm64: Unable to locate package binaryen"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("E: The repository 'x trixie Release' does not have a Release file.", "the mirror of this machine does not have Debian trixie"),
        ("W: GPG error: the public key is not available: NO_PUBKEY 6ED0", "this machine has no key for the package lists of Debian trixie"),
        ("sqv returned an error code (1): Missing key 4CB50190", "this machine has no key for the package lists of Debian trixie"),
    ],
)
def test_suites_that_the_mirror_does_not_have(machine: Machine, said: str, expected: str) -> None:
    machine.update = Answer(code=100, stderr=said)
    assert reason(machine) == expected


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("W: Failed to fetch x  Could not resolve 'mirror.example'", "WB410"),
        ("E: Failed to fetch x  407  Proxy Authentication Required", "WB410"),
        ("E: Failed to fetch x  401  Unauthorized", "WB411"),
        ("E: something else", "WB414"),
    ],
)
def test_mirrors_that_cannot_be_asked(machine: Machine, said: str, code: str) -> None:
    machine.update = Answer(code=100, stderr=said)
    with pytest.raises(ProvisionError, match="package lists of Debian trixie") as caught:
        resolved(machine)
    assert caught.value.problems[0].code == code


@pytest.mark.parametrize("said", ["The following signatures were invalid: BADSIG 6ED0E7B82643E131", "Message has been manipulated"])
def test_forged_lists_are_an_integrity_error(machine: Machine, said: str) -> None:
    machine.update = Answer(code=100, stderr=f"W: GPG error: {said}\nE: The repository 'x trixie InRelease' is not signed.")
    with pytest.raises(IntegrityError, match="WB518"):
        resolved(machine)


@pytest.mark.parametrize(
    "line",
    [
        f"'http://elsewhere.example/pool/main/b/b/b_1_amd64.deb' b_1_amd64.deb 10 SHA256:{HEX}\n",
        f"'{MIRROR}/pool/../../b_1_amd64.deb' b_1_amd64.deb 10 SHA256:{HEX}\n",
        f"'{MIRROR}/pool/main/b/b_1_amd64.sh' b_1_amd64.deb 10 SHA256:{HEX}\n",
        f"'{MIRROR}/pool/main/b/b/b_1_amd64.deb' b_1_amd64.deb 10 MD5Sum:{'a' * 32}\n",
    ],
)
def test_answers_that_make_no_sense(machine: Machine, line: str) -> None:
    machine.install = {"amd64": Answer(stdout=line)}
    with pytest.raises(ProvisionError, match="WB414"):
        resolved(machine)


def test_machines_without_apt_or_without_a_mirror(machine: Machine) -> None:
    def nothing(command: Command) -> Answer:
        raise ProvisionError("WB490", "cannot start apt-config")

    found = debian.resolve(TOOL, ROUTE, "", PLATFORMS, fake_doors(runner=FakeRunner(nothing)))
    assert found["linux-x86_64"] == Unavailable(reason="this machine has no apt", local=True)
    assert found["macos-arm64"] == Unavailable(reason="Debian's programs run on Linux only")
    assert debian.resolve(TOOL, ROUTE, "", ["macos-arm64"], fake_doors(runner=FakeRunner(nothing)))
    with pytest.raises(ProvisionError, match="WB418"):
        debian.fetch(pinned(machine), machine.folder, fake_doors(runner=FakeRunner(nothing)))
    machine.sources = "deb http://mirror.example/ubuntu noble main\n"
    assert reason(machine) == "the APT sources of this machine name no Debian mirror"


def test_mirrors_without_signatures_are_trusted_less(machine: Machine) -> None:
    machine.sources = SOURCES.replace("deb ", "deb [trusted=yes] ")
    assert {file.trust for file in pinned(machine).files} == {"registry"}
    assert "Trusted: yes\n" in machine.sites[0]


def test_fetching_needs_no_lists(machine: Machine, tmp_path: Path) -> None:
    pin, into = pinned(machine), tmp_path / "into"
    into.mkdir()
    opened, runner = doors(machine)
    debian.fetch(pin, into, opened)
    argv = runner.lines[-1]
    assert argv[:3] == ("/usr/lib/apt/apt-helper", "-q", "download-file")
    first = (f"{MIRROR}/{pin.files[0].path}", str(into / pin.files[0].name), f"SHA256:{HEX}")
    assert argv[3:6] == first
    assert {path.name for path in into.iterdir()} == {file.name for file in pin.files}
    assert not [line for line in runner.lines if line[0] == "apt-get"]


@pytest.mark.parametrize(
    ("said", "kind", "code"),
    [
        ("E: Failed to fetch x  404  Not Found [IP: 1.2.3.4 80]", ProvisionError, "WB417"),
        ("E: Failed to fetch x  Hash Sum mismatch", IntegrityError, "WB510"),
        ("E: Failed to fetch x  Could not connect to mirror.example:80", ProvisionError, "WB410"),
        ("E: Write error - write (28: No space left on device)", MachineError, "WB610"),
        ("E: strange", ProvisionError, "WB414"),
    ],
)
def test_downloads_that_fail(machine: Machine, tmp_path: Path, said: str, kind: type[Exception], code: str) -> None:
    pin = pinned(machine)
    machine.download = Answer(code=100, stderr=said)
    with pytest.raises(kind, match=code):
        debian.fetch(pin, tmp_path, doors(machine)[0])


def test_a_mirror_in_a_folder_is_copied_from(machine: Machine, tmp_path: Path) -> None:
    pin = pinned(machine)
    machine.sources = "deb file:/srv/debian bookworm main\n"
    opened, runner = doors(machine)
    debian.fetch(pin, tmp_path, opened)
    assert runner.lines[-1][3] == f"copy:/srv/debian/{pin.files[0].path}"


def test_F22_offline_starts_nothing(machine: Machine, tmp_path: Path) -> None:
    pin = pinned(machine)
    opened, runner = doors(machine, offline=True)
    with pytest.raises(ProvisionError, match="WB412"):
        debian.resolve(TOOL, ROUTE, "", PLATFORMS, opened)
    with pytest.raises(ProvisionError, match="WB412"):
        debian.fetch(pin, tmp_path, opened)
    assert runner.lines == []


@pytest.mark.parametrize(
    ("package", "file", "expected"),
    [
        ("clang-22", "clang-22_22.1.8-1~deb13u5_amd64.deb", "22.1.8"),
        ("rustc", "rustc_1.85.1+dfsg1-1+deb13u1_amd64.deb", "1.85.1"),
        ("wasi-libc", "wasi-libc_0.0~git20241209.574b88d-2_all.deb", "0.0"),
        ("clang-22", "clang-22-doc_22.1.8-1_all.deb", ""),
        ("x", "x_odd_all.deb", ""),
    ],
)
def test_versions_as_authors_count(package: str, file: str, expected: str) -> None:
    assert debian.upstream(package, file) == expected
