"""cargo with the network obeys the user; of the project's configuration it sees addresses and folders."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tomli

from wbuild.engine.session import RUNNERS

CARGO = """
import json, os, sys
found, here = [], os.getcwd()
while True:
    path = os.path.join(here, ".cargo", "config.toml")
    if os.path.exists(path):
        found.append(open(path).read())
    if os.path.dirname(here) == here:
        break
    here = os.path.dirname(here)
print(json.dumps({"argv": sys.argv[1:], "env": dict(os.environ), "configs": found}))
"""


@dataclass
class Place:
    """A home, a project and a cargo that says what it sees."""

    home: Path
    project: Path

    def put(self, name: str, text: str) -> Path:
        path = self.project.parent / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return path

    def run(self, env: Mapping[str, str] | None = None, words: tuple[str, ...] = ()) -> tuple[dict[str, Any], str]:
        cargo = self.put("cargo.py", CARGO)
        argv = [sys.executable, "-I", str(RUNNERS / "cargo_fetch.py"), str(self.home / "cache/cargo"), sys.executable, str(cargo)]
        done = subprocess.run(
            [*argv, "fetch", "--manifest-path", "Cargo.toml", *words],
            cwd=self.project,
            env={"HOME": str(self.home), **(env or {})},
            capture_output=True,
            text=True,
            check=True,
        )
        return json.loads(done.stdout), done.stderr

    def seen(self, env: Mapping[str, str] | None = None) -> dict[str, Any]:
        (config,) = self.run(env)[0]["configs"]
        return tomli.loads(config)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    for name in ("home", "project"):
        (tmp_path / name).mkdir()
    return Place(tmp_path / "home", tmp_path / "project")


HOSTILE = """
paths = ["../beside"]
[registry]
default = "house"
credential-provider = ["./steal.sh"]
global-credential-providers = ["./steal.sh"]
[registries.house]
index = "sparse+https://house.example/"
credential-provider = "./steal.sh"
[credential-alias]
token = ["./steal.sh"]
[net]
git-fetch-with-cli = true
retry = 7
[http]
proxy = "http://evil.example"
cainfo = "evil.pem"
timeout = 3
[env]
LD_PRELOAD = "evil.so"
[build]
rustc = "./steal.sh"
rustc-wrapper = "./steal.sh"
[target.x86_64-unknown-linux-gnu]
runner = "./steal.sh"
linker = "./steal.sh"
rustflags = ["--print", "cfg=/tmp/x"]
[alias]
fetch = ["run"]
[source.crates-io]
replace-with = "kept"
[source.kept]
directory = "vendor"
[patch.crates-io.one]
path = "one"
"""


def test_programs_proxies_and_certificates_of_a_project_are_passed_over_in_words(place: Place) -> None:
    place.put("project/.cargo/config.toml", HOSTILE)
    seen, said = place.run()
    (text,) = seen["configs"]
    assert "steal" not in text
    assert "evil" not in text
    assert tomli.loads(text) == {
        "paths": [f"{place.project}/../beside"],
        "registry": {"default": "house"},
        "registries": {"house": {"index": "sparse+https://house.example/"}},
        "net": {"retry": 7},
        "http": {"timeout": 3},
        "source": {"crates-io": {"replace-with": "kept"}, "kept": {"directory": f"{place.project}/vendor"}},
        "patch": {"crates-io": {"one": {"path": f"{place.project}/one"}}},
    }
    assert said.startswith(f"wbuild: {place.project}/.cargo/config.toml: not used while fetching: registry.credential-provider, ")
    for name in ("registries.house.credential-provider", "credential-alias", "net.git-fetch-with-cli", "http.proxy", "http.cainfo"):
        assert name in said
    assert seen["argv"] == ["fetch", "--manifest-path", str(place.project / "Cargo.toml")]
    assert seen["env"]["CARGO_ENCODED_RUSTFLAGS"] == ""


@pytest.mark.parametrize("where", ["project/.cargo/config.toml", "project/.cargo/config", ".cargo/config.toml"])
def test_wherever_it_lies_around_the_project(place: Place, where: str) -> None:
    place.put(where, '[registry]\ncredential-provider = "./steal.sh"\n')
    seen, said = place.run()
    assert "steal" not in str(seen)
    assert "registry.credential-provider" in said


def test_a_configuration_that_the_step_names(place: Place) -> None:
    place.put("project/in/.cargo/config.toml", "[net]\ngit-fetch-with-cli = true\nretry = 4\n")
    seen, said = place.run(words=("--config", "in/.cargo/config.toml"))
    assert [tomli.loads(text) for text in seen["configs"]] == [{"net": {"retry": 4}}]
    assert "--config" not in seen["argv"]
    assert "net.git-fetch-with-cli" in said


def test_the_users_own_configuration_is_taken_as_it_is(place: Place) -> None:
    project = place.home / "work"
    project.mkdir()
    inside = Place(place.home, project)
    own = inside.put(".cargo/config.toml", "[net]\ngit-fetch-with-cli = true\n")
    assert own == place.home / ".cargo/config.toml"
    seen, said = inside.run()
    assert seen["argv"][-2:] == ["--config", str(own)]
    assert said == ""


REGISTRY = '[registries.my-house]\nindex = "sparse+https://house.example/index/"\n'
TOKEN = "CARGO_REGISTRIES_MY_HOUSE_TOKEN"


def test_a_host_that_only_the_project_names_gets_no_token(place: Place) -> None:
    place.put("project/.cargo/config.toml", REGISTRY)
    seen, said = place.run({TOKEN: "secret", "CARGO_REGISTRIES_OTHER_TOKEN": "mine"})
    assert TOKEN not in seen["env"]
    assert seen["env"]["CARGO_REGISTRIES_OTHER_TOKEN"] == "mine"
    assert "the token of the registry my-house is not sent to house.example" in said
    assert "set CARGO_REGISTRIES_MY_HOUSE_INDEX too" in said

    place.put("home/.cargo/credentials.toml", '[registries.my-house]\ntoken = "secret"\n[registries.other]\ntoken = "mine"\n')
    seen, said = place.run()
    assert "--config" not in seen["argv"]
    assert "CARGO_REGISTRIES_MY_HOUSE_TOKEN" not in seen["env"]
    assert seen["env"]["CARGO_REGISTRIES_OTHER_TOKEN"] == "mine"
    assert "is not sent to house.example" in said
    assert "secret" not in said


@pytest.mark.parametrize("where", ["environment", "home", "credentials"])
def test_a_host_that_the_user_names_gets_the_token(place: Place, where: str) -> None:
    place.put("project/.cargo/config.toml", REGISTRY)
    env = {TOKEN: "secret"}
    if where == "environment":
        env["CARGO_REGISTRIES_MY_HOUSE_INDEX"] = "sparse+https://house.example/index/"
    elif where == "home":
        place.put("home/.cargo/config.toml", '[registries.any]\nindex = "sparse+https://house.example/other/"\n')
    else:
        place.put("home/.cargo/credentials.toml", f'{REGISTRY}token = "secret"\n')
    seen, said = place.run(env)
    assert seen["env"][TOKEN] == "secret"
    assert "registries" not in " ".join(seen["argv"])
    assert said == ""


def test_a_token_in_the_project_is_the_projects_own(place: Place) -> None:
    place.put("project/.cargo/config.toml", REGISTRY + 'token = "shared"\n')
    assert place.seen()["registries"]["my-house"]["token"] == "shared"


def test_nothing_stays_behind(place: Place) -> None:
    place.put("project/.cargo/config.toml", REGISTRY)
    before = sorted(place.project.iterdir())
    place.run()
    assert sorted(place.project.iterdir()) == before
    assert [path.name for path in (place.home / "cache/cargo").iterdir()] == ["config.toml"]
