"""pypi: what pip is asked, and what its answers mean."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.doors import Answer, FakeNetwork, FakeRunner, fake_doors
from wbuild.doors.interfaces import Command, Doors, Exit
from wbuild.errors import IntegrityError, MachineError, ProvisionError, WbuildError
from wbuild.model.locked import PLATFORMS, Digest, Pin, PinnedFile, Platform, Unavailable
from wbuild.model.tool_recipe import Route, ToolRecipe
from wbuild.sources import pypi

SHA = "a" * 64
TOOL = ToolRecipe(name="zig", summary="", versions=">=0.16,<0.18")
ROUTE = Route(source="pypi", package="ziglang", bin={"zig": ("{self}/zig",)})
TAGS: dict[Platform, str] = {
    "linux-x86_64": "manylinux_2_28_x86_64",
    "linux-aarch64": "manylinux_2_28_aarch64",
    "macos-x86_64": "macosx_14_0_x86_64",
    "macos-arm64": "macosx_14_0_arm64",
    "windows-x86_64": "win_amd64",
}


class Index:
    """pip with an index in memory: platform tag (or "any") → versions, oldest first."""

    def __init__(self, versions: Mapping[str, list[str]]) -> None:
        self.versions = versions
        self.url = "https://files.example/{name}"

    def respond(self, command: Command) -> Answer:
        words = command.argv
        tags = [words[at + 1] for at, word in enumerate(words) if word == "--platform"]
        specifier = re.sub(r"^[a-z-]+", "", words[-1])
        for tag in [*tags, "any"] if "any" in tags else tags:
            known = [v for v in self.versions.get(tag, []) if not specifier.startswith("==") or specifier == f"=={v}"]
            if known:
                return self.report(Path(words[words.index("--report") + 1]), f"ziglang-{known[-1]}-py3-none-{tag}.whl", known[-1])
        everything = ", ".join(self.versions.get(tags[0], [])) or "none"
        said = f"ERROR: Could not find a version that satisfies the requirement {words[-1]} (from versions: {everything})\n"
        return Answer(code=1, stderr=f"{said}ERROR: No matching distribution found for {words[-1]}\n")

    def report(self, path: Path, name: str, version: str) -> Answer:
        url = self.url.format(name=name)
        item = {"metadata": {"version": version}, "download_info": {"url": url, "archive_info": {"hashes": {"sha256": SHA}}}}
        path.write_text(json.dumps({"version": "1", "install": [item]}))
        return Answer()


class AnySize(FakeNetwork):
    def size(self, url: str) -> int:
        self.asked.append(url)
        return len(url)


def doors(respond: Callable[[Command], Answer], **rest: object) -> tuple[Doors, FakeRunner]:
    runner = FakeRunner(respond)
    return fake_doors(runner=runner, network=AnySize(), **rest), runner  # type: ignore[arg-type]


def everywhere(*versions: str) -> dict[str, list[str]]:
    return {tag: list(versions) for tag in TAGS.values()}


def test_the_newest_version_that_all_platforms_have() -> None:
    index = Index(everywhere("0.16.0", "0.17.1"))
    opened, runner = doors(index.respond, client_env={"HOME": "/home/me", "PIP_INDEX_URL": "https://me:secret@index"})
    found = pypi.resolve(TOOL, ROUTE, "", PLATFORMS, opened)
    assert tuple(found) == PLATFORMS
    for platform, pin in found.items():
        assert isinstance(pin, Pin)
        name = f"ziglang-0.17.1-py3-none-{TAGS[platform]}.whl"
        assert (pin.name, pin.version, pin.platform, pin.package) == ("zig", "0.17.1", platform, "ziglang")
        assert pin.files == (PinnedFile(name=name, size=23 + len(name) - 1, digest=Digest(algorithm="sha256", hex=SHA)),)
    line = runner.lines[0]
    assert line[:4] == (sys.executable, "-m", "pip", "install")
    assert line[-1] == "ziglang>=0.16,<0.18"
    assert {"--dry-run", "--no-deps", "--only-binary", "--python-version"} <= set(line)
    env = runner.seen[0].env
    assert env["PIP_INDEX_URL"] == "https://me:secret@index"
    assert env["PIP_NO_INPUT"] == "1"


def test_what_is_known_of_a_version_is_not_asked_again(tmp_path: Path) -> None:
    index = Index(everywhere("0.16.0", "0.17.1"))
    opened, runner = doors(index.respond, keep=tmp_path)
    first = pypi.resolve(TOOL, ROUTE, "", PLATFORMS, opened)
    assert len(runner.lines) == 5
    again, runner = doors(index.respond, keep=tmp_path)
    assert pypi.resolve(TOOL, ROUTE, "", PLATFORMS, again) == first
    (line,) = runner.lines
    assert line[-1] == "ziglang>=0.16,<0.18"
    assert "manylinux_2_28_x86_64" in line
    assert again.network.asked == []  # type: ignore[attr-defined]


def test_a_newer_version_is_found_and_asked_for_everywhere(tmp_path: Path) -> None:
    pypi.resolve(TOOL, ROUTE, "", PLATFORMS, doors(Index(everywhere("0.16.0")).respond, keep=tmp_path)[0])
    opened, runner = doors(Index(everywhere("0.16.0", "0.17.1")).respond, keep=tmp_path)
    assert {pin.version for pin in pypi.resolve(TOOL, ROUTE, "", PLATFORMS, opened).values() if isinstance(pin, Pin)} == {"0.17.1"}
    assert len(runner.lines) == 5


@pytest.mark.parametrize(
    "harm", [lambda text: text[:-9], lambda text: text.replace(SHA, "b" * 64), lambda text: text.replace("ziglang-", "/")]
)
def test_a_damaged_answer_is_asked_again(tmp_path: Path, harm: Callable[[str], str]) -> None:
    index = Index(everywhere("0.17.1"))
    first = pypi.resolve(TOOL, ROUTE, "", PLATFORMS, doors(index.respond, keep=tmp_path)[0])
    for path in tmp_path.rglob("*.json"):
        path.write_text(harm(path.read_text()))
    opened, runner = doors(index.respond, keep=tmp_path)
    assert pypi.resolve(TOOL, ROUTE, "", PLATFORMS, opened) == first
    assert len(runner.lines) == 5


def test_answers_of_another_index_do_not_count_and_hold_no_secret(tmp_path: Path) -> None:
    index = Index(everywhere("0.17.1"))

    def elsewhere(command: Command) -> Answer:
        if command.argv[-1] == "list":
            return Answer(stdout="global.index-url='https://me:hunter2@files.example/simple'\n")
        index.respond(command)
        return Answer(stdout="Looking in indexes: https://me:hunter2@files.example/simple\nCollecting ziglang\n")

    for respond, asked in ((index.respond, "https://files.example/"), (elsewhere, "https://me:hunter2@files.example/")):
        opened, runner = doors(respond, keep=tmp_path)
        pypi.resolve(TOOL, ROUTE, "", PLATFORMS, opened)
        assert len([line for line in runner.lines if "install" in line]) == 5
        assert all(url.startswith(asked) for url in opened.network.asked)  # type: ignore[attr-defined]
    texts = [path.read_text() for path in tmp_path.rglob("*.json")]
    assert len(texts) == 10
    assert not any("hunter2" in text or "example" in text for text in texts)


def test_an_index_that_cannot_be_reached_is_asked_once_and_said_in_one_line() -> None:
    said = "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'"
    opened, runner = doors(lambda command: Answer(code=1, stderr=said))
    with pytest.raises(ProvisionError) as caught:
        pypi.resolve(TOOL, ROUTE, "", PLATFORMS, opened)
    (problem,) = caught.value.problems
    assert (problem.code, problem.detail, problem.log) == ("WB410", "", said)
    (command,) = runner.seen
    assert command.env["PIP_RETRIES"] == "1"
    own, runner = doors(Index(everywhere("0.17.1")).respond, client_env={"PIP_RETRIES": "7"})
    pypi.resolve(TOOL, ROUTE, "", ["linux-x86_64"], own)
    assert runner.seen[0].env["PIP_RETRIES"] == "7"


def test_an_exact_version() -> None:
    platform: Platform = "windows-x86_64"
    opened, runner = doors(Index(everywhere("0.16.0", "0.17.1")).respond)
    found = pypi.resolve(TOOL, ROUTE, "0.16.0", [platform], opened)
    assert found[platform].version == "0.16.0"  # type: ignore[union-attr]
    assert runner.lines[0][-1] == "ziglang==0.16.0"


def test_one_platform_lags_behind() -> None:
    versions = everywhere("0.16.0", "0.17.1") | {"win_amd64": ["0.15.0", "0.16.0"]}
    found = pypi.resolve(TOOL, ROUTE, "", PLATFORMS, doors(Index(versions).respond)[0])
    assert {pin.version for pin in found.values() if isinstance(pin, Pin)} == {"0.16.0"}


def test_a_platform_that_lags_too_far_is_left_out() -> None:
    versions = everywhere("0.17.1") | {"win_amd64": ["0.15.0"]}
    found = pypi.resolve(TOOL, ROUTE, "", PLATFORMS, doors(Index(versions).respond)[0])
    missing = found.pop("windows-x86_64")  # type: ignore[attr-defined]
    assert isinstance(missing, Unavailable)
    assert missing.reason == "pypi has no wheel of ziglang==0.17.1 for it; it has 0.15.0"
    assert {pin.version for pin in found.values() if isinstance(pin, Pin)} == {"0.17.1"}


def test_a_wheel_for_any_platform_does_not_stand_for_a_build() -> None:
    versions = everywhere("50.0")
    del versions["win_amd64"]
    found = pypi.resolve(TOOL, ROUTE, "50.0", PLATFORMS, doors(Index({**versions, "any": ["50.0"]}).respond)[0])
    assert found["windows-x86_64"] == Unavailable(reason="ziglang 50.0 has builds for other platforms only")
    pure = pypi.resolve(TOOL, ROUTE, "50.0", PLATFORMS, doors(Index({"any": ["50.0"]}).respond)[0])
    assert all(isinstance(pin, Pin) and pin.files[0].name.endswith("-any.whl") for pin in pure.values())


def test_source_is_one_wheel_for_all_platforms() -> None:
    opened, runner = doors(Index({"any": ["1.0"], **everywhere("1.0")}).respond)
    found = pypi.resolve(TOOL, Route(source="pypi", package="ziglang"), "1.0", PLATFORMS, opened)
    assert len(runner.lines) == 1
    assert len({pin.files for pin in found.values() if isinstance(pin, Pin)}) == 1


def test_no_such_package() -> None:
    found = pypi.resolve(TOOL, ROUTE, "", PLATFORMS, doors(Index({}).respond)[0])
    assert set(found.values()) == {Unavailable(reason="pypi has no wheel of ziglang>=0.16,<0.18 for it")}


def test_F17_an_index_that_refuses_is_none_without_packages() -> None:
    nothing = "Looking in indexes: https://me:****@h/\nERROR: x (from versions: none)\nERROR: No matching distribution found for x"
    told = "Could not fetch URL https://me:****@h/x/: 401 Client Error: Unauthorized for url: https://h/x/ - skipping"

    def respond(command: Command) -> Answer:
        return Answer(code=1, stderr=f"much else\n{told}\n{nothing}" if "-vv" in command.argv else nothing)

    with pytest.raises(ProvisionError, match="the registry answers 401") as caught:
        pypi.resolve(TOOL, ROUTE, "", ["linux-x86_64"], doors(respond)[0])
    assert "401 Client Error" in caught.value.problems[0].detail
    assert "much else" not in caught.value.problems[0].detail


def test_F22_offline_starts_nothing() -> None:
    opened, runner = doors(Index({}).respond, offline=True)
    with pytest.raises(ProvisionError, match="offline: cannot resolve zig from pypi"):
        pypi.resolve(TOOL, ROUTE, "", PLATFORMS, opened)
    with pytest.raises(ProvisionError, match=r"offline: cannot download zig 1\.0 from pypi"):
        pypi.fetch(pinned(), Path("nowhere"), opened)
    assert runner.seen == []


FAILURES: dict[str, tuple[type[WbuildError], str, str]] = {
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'\nERROR: No matching distribution found for x": (
        ProvisionError,
        "WB410",
        "cannot be reached",
    ),
    "ERROR: Could not install packages: 403 Client Error: Forbidden for url: https://me:secret@index/x": (
        ProvisionError,
        "WB411",
        "answers 403",
    ),
    "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE": (IntegrityError, "WB510", "another digest"),
    "ERROR: [Errno 28] No space left on device": (MachineError, "WB610", "disk full"),
    "ERROR: something else": (ProvisionError, "WB414", "pip failed with exit code 1"),
    "": (ProvisionError, "WB414", "pip failed with exit code 1"),
}


@pytest.mark.parametrize("said", FAILURES)
def test_what_failures_mean(said: str, tmp_path: Path) -> None:
    kind, code, words = FAILURES[said]
    opened, _ = doors(lambda command: Answer(code=1, stderr=said))
    for attempt in (lambda: pypi.resolve(TOOL, ROUTE, "", ["linux-x86_64"], opened), lambda: pypi.fetch(pinned(), tmp_path, opened)):
        with pytest.raises(kind, match=words) as caught:
            attempt()
        problem = caught.value.problems[0]
        assert problem.code == code
        assert "secret" not in problem.message + problem.detail


def test_F116_credentials_and_escapes_are_not_shown(tmp_path: Path) -> None:
    said = "Looking in indexes: https://user:hunter2@index.example/simple\n\x1b[31mERROR\x1b[0m _authToken=hunter2\n"
    opened, _ = doors(lambda command: Answer(code=1, stderr=said))
    with pytest.raises(ProvisionError) as caught:
        pypi.fetch(pinned(), tmp_path, opened)
    assert caught.value.problems[0].detail == "Looking in indexes: https://***@index.example/simple\nERROR _authToken=***"


def report(url: str, digest: str = SHA) -> object:
    return {"install": [{"metadata": {"version": "1"}, "download_info": {"url": url, "archive_info": {"hashes": {"sha256": digest}}}}]}


def answering(document: object) -> Doors:
    def respond(command: Command) -> Answer:
        Path(command.argv[command.argv.index("--report") + 1]).write_text(json.dumps(document))
        return Answer()

    return doors(respond)[0]


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        None,
        {"install": []},
        {"install": [{"metadata": {"version": "1"}, "download_info": {"url": "https://x/y.whl"}}]},
        report("https://x/y.tar.gz"),
        report("https://x/.hidden.whl"),
        report("https://x/y.whl", "zz"),
    ],
)
def test_reports_that_cannot_be_used(document: object) -> None:
    with pytest.raises(ProvisionError, match="pip's report about ziglang"):
        pypi.resolve(TOOL, ROUTE, "1", ["linux-x86_64"], answering(document))


def test_a_report_cannot_name_a_folder() -> None:
    found = pypi.resolve(TOOL, ROUTE, "1", ["linux-x86_64"], answering(report("https://x/..%2Fy.whl")))
    assert found["linux-x86_64"].files[0].name == "y.whl"  # type: ignore[union-attr]


def test_an_interrupted_client() -> None:
    opened, _ = doors(lambda command: Answer(exit=Exit(code=143, signal=15, cancelled=True)))
    with pytest.raises(ProvisionError, match="pip was interrupted"):
        pypi.resolve(TOOL, ROUTE, "1", ["linux-x86_64"], opened)


def pinned(name: str = "ziglang-1.0-py3-none-manylinux_2_12_x86_64.manylinux2010_x86_64.whl") -> Pin:
    file = PinnedFile(name=name, size=3, digest=Digest(algorithm="sha256", hex=SHA))
    return Pin(name="zig", version="1.0", platform="linux-x86_64", source="pypi", package="ziglang", files=(file,))


def test_fetching_asks_for_exactly_that_wheel(tmp_path: Path) -> None:
    wanted = tmp_path / "work/files"
    wanted.mkdir(parents=True)
    seen = {}

    def respond(command: Command) -> Answer:
        seen["requirements"] = Path(command.argv[-1]).read_text()
        seen["temporary"] = command.env["TMPDIR"]
        (Path(command.argv[command.argv.index("--dest") + 1]) / pinned().files[0].name).write_bytes(b"abc")
        return Answer()

    opened, runner = doors(respond)
    pypi.fetch(pinned(), wanted, opened)
    assert seen["requirements"] == f"ziglang==1.0 --hash=sha256:{SHA}\n"
    assert Path(seen["temporary"]).parent == tmp_path / "work"
    line = runner.lines[0]
    assert line[:4] == (sys.executable, "-m", "pip", "download")
    assert [line[at + 1] for at, word in enumerate(line) if word == "--platform"] == ["manylinux_2_12_x86_64", "manylinux2010_x86_64"]
    assert "--require-hashes" in line
    assert [path.name for path in wanted.iterdir()] == [pinned().files[0].name]
    assert [path.name for path in (tmp_path / "work").iterdir()] == ["files"]
