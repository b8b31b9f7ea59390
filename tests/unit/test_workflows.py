"""The files that `ci init` writes. tests/real has them read by the systems' own tools."""

from __future__ import annotations

import re

import pytest

from tests.goldens import golden
from wbuild.ci.workflows import ACTIONS, Setup, System, render
from wbuild.session.shipped_data import template_texts

LINE = "python -m pip install 'git+https://host.example/wbuild@0123456789012345678901234567890123456789'"
PLAIN: dict[System, Setup] = {
    "github": Setup(system="github", folder=".", install=LINE),
    "gitlab": Setup(system="gitlab", folder=".", install=LINE),
}


def files(setup: Setup) -> dict[str, str]:
    return dict(render(setup, template_texts()))


@pytest.mark.parametrize("system", ["github", "gitlab"])
def test_files(system: System) -> None:
    for path, text in files(PLAIN[system]).items():
        golden(f"workflows/{path.strip('.').replace('/', '-')}.txt", text)


def test_a_project_in_a_folder_of_its_repository() -> None:
    setup = Setup(system="github", folder="services/shop", install=LINE, options=("--group artifact", "--profile dev"))
    text = files(setup)[".github/workflows/wbuild.yml"]
    assert text.count("working-directory: services/shop\n") == 2
    assert "path: services/shop/dist/*/report.json\n" in text
    assert "wbuild ci matrix --group artifact --profile dev --format github" in text
    gitlab = files(Setup(system="gitlab", folder="services/shop", install=LINE, tags=True))
    assert "files: [services/shop/wbuild.lock]" in gitlab[".gitlab/wbuild-jobs.yml"]
    assert "tags: [$WBUILD_PLATFORM]" in gitlab[".gitlab/wbuild-jobs.yml"]


def test_actions_are_pinned_by_commit() -> None:
    for text in files(PLAIN["github"]).values():
        for line in re.findall(r"uses: .*", text):
            assert re.fullmatch(r"uses: actions/[a-z/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)
    assert len({action.sha for action in ACTIONS.values()}) == len(ACTIONS) == 6


def test_no_script_holds_an_expression() -> None:
    """What GitHub fills in reaches a shell only as a variable, so no name can become a command."""
    for text in files(PLAIN["github"]).values():
        for script in re.findall(r"run: (?:[|>]-?\n((?: {10,}.*\n)+)|(.*)\n)", text):
            assert "${{" not in "".join(script)


def test_rights() -> None:
    build, comment = files(PLAIN["github"]).values()
    assert "permissions:\n  contents: read\n" in build
    assert "write" not in re.sub(r"#.*", "", build).replace("cache-write", "")
    assert "pull_request_target" not in build + comment
    assert "\npermissions: {}\n" in comment
    assert "actions/checkout" not in comment
    assert build.count("persist-credentials: false") == build.count("actions/checkout@")


def test_every_job_ends() -> None:
    for text in files(PLAIN["github"]).values():
        assert text.count("runs-on:") == text.count("timeout-minutes:")


def test_nothing_is_installed_by_a_name() -> None:
    for system, setup in PLAIN.items():
        text = "".join(files(setup).values())
        assert text.count("pip install") == text.count("git+https://host.example/wbuild@0123456789") > 0, system


def test_recipes_of_the_project_are_trusted_by_the_workflow_that_builds_them() -> None:
    build, comment = files(Setup(system="github", folder="services/shop", install="x", trust=True)).values()
    assert build.count('- run: "x && wbuild -C services/shop trust"\n') == 3
    assert "trust" not in re.findall(r"run: \|\n((?: {10,}.*\n)+)", comment)[0]


def test_shared_caches_are_written_from_trusted_branches_only() -> None:
    build = files(PLAIN["github"])[".github/workflows/wbuild.yml"]
    assert "actions/cache@" not in build
    saves = re.findall(r"- name: [^\n]*\n(?:\s+if: ([^\n]*)\n)?\s+uses: actions/cache/save@", build)
    assert len(saves) == 3
    assert all(condition.startswith("github.event_name == 'push'") for condition in saves)
    made = files(PLAIN["gitlab"])
    jobs, plan = made[".gitlab/wbuild-jobs.yml"], made[".gitlab/wbuild.yml"]
    assert jobs.count("policy: $WBUILD_CACHE_POLICY") == jobs.count("- key:") == 2
    assert "WBUILD_CACHE_POLICY: pull #" in jobs
    merge, default = plan.partition('- if: $CI_PIPELINE_SOURCE == "merge_request_event"\n      variables:')[2].split("- if: ", 1)
    assert "pull-push" not in merge
    assert "pull-push" in default
