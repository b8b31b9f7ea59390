"""Matrix builds as CI systems run them, with toy tools and the very scripts of the workflows that `ci init` writes."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.toys import Shell, copied, shell, with_toys
from tests.workflow import Machine, outputs, read, step

SHA = "0123456789012345678901234567890123456789"


INSTALL = ("--install", "python -m pip install git+https://host.example/wbuild@0123456789012345678901234567890123456789")


def git(place: Shell, *words: str) -> str:
    identity = ["-c", "user.name=n", "-c", "user.email=e@example.invalid", "-c", "init.defaultBranch=main"]
    done = subprocess.run(
        ["git", *identity, *words], cwd=place.folder, env=place.env, capture_output=True, encoding="utf-8", check=True, timeout=60
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Three artifacts, locked, with their tools in the store."""
    folder = tmp_path_factory.mktemp("toys")
    place = with_toys(shell(folder / "work", folder / "home"), one="say one\n", two="say two\ninclude two.inc\n", three="say three\n")
    place.write("two/two.inc", "say more\n")
    place.run("lock").ends(0)
    place.run("tools", "install").ends(0)
    return place


@pytest.fixture
def project(locked: Shell, tmp_path: Path) -> Shell:
    """A repository with one commit, an empty cache and the same store; `wbuild` is on PATH."""
    place = copied(locked, tmp_path)
    wrapper = tmp_path / "bin/wbuild"
    wrapper.parent.mkdir()
    wrapper.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m wbuild "$@"\n')
    wrapper.chmod(0o755)
    place.env["PATH"] = f"{wrapper.parent}:/usr/bin:/bin"
    git(place, "init", "--quiet")
    commit(place)
    return place


def commit(place: Shell) -> None:
    git(place, "add", "--all")
    git(place, "commit", "--quiet", "--message", "x")


def jobs(place: Shell, *words: str) -> dict[str, list[str]]:
    """Id of each job → its artifacts."""
    document = json.loads(place.run("ci", "matrix", *words).ends(0).out)
    assert document["schema"] == "wbuild.matrix/1"
    return {job["id"]: job["artifacts"] for job in document["jobs"]}


def artifacts(place: Shell, *words: str) -> set[str]:
    return {name for names in jobs(place, *words).values() for name in names}


def test_matrix(project: Shell) -> None:
    assert jobs(project) == {"toycc-linux-x86_64": ["one", "two", "three"]}
    assert set(jobs(project, "--group", "artifact", "t*")) == {"two-linux-x86_64", "three-linux-x86_64"}
    assert len(jobs(project, "--group", "shard=2", "--platform", "linux-x86_64", "--platform", "macos-arm64")) <= 4
    assert project.run("ci", "matrix", "--group", "x").ends(2).err.startswith("error[WB299]")
    assert project.run("ci", "matrix", "nothing").ends(2).err.startswith("error[WB267]")
    assert project.run("ci", "matrix", "--profile", "nothing").ends(2).err.startswith("error[WB222]")


def test_outputs_are_appended(project: Shell) -> None:
    file = project.write("../output", "earlier=1\n")
    done = project.run("ci", "matrix", "--format", "github", env={"GITHUB_OUTPUT": str(file)}).ends(0)
    assert done.out == ""
    found = outputs(file.read_text("utf-8"))
    assert (found["earlier"], found["any"], found["count"]) == ("1", "true", "1")
    assert json.loads(found["matrix"])["include"][0]["args"] == "one two three"


def test_a_matrix_needs_a_lock_in_ci(project: Shell) -> None:
    (project.folder / "wbuild.lock").unlink()
    project.run("ci", "matrix", env={"CI": "true"}).ends(2)


def test_changed_since(project: Shell) -> None:
    assert artifacts(project, "--changed-since", "HEAD") == set()
    project.write("two/two.inc", "say else\n")
    assert artifacts(project, "--changed-since", "HEAD") == {"two"}
    commit(project)
    assert artifacts(project, "--changed-since", "HEAD") == set()
    assert artifacts(project, "--changed-since", "HEAD^1") == {"two"}
    project.write("one/new.toy", "say new\n")  # not yet known to git
    assert artifacts(project, "--changed-since", "HEAD^1") == {"one", "two"}
    (project.folder / "three/three.toy").unlink()
    assert artifacts(project, "--changed-since", "HEAD") == {"one", "three"}
    git(project, "checkout", "--quiet", ".")
    project.write("README.md", "nothing reads this\n")
    assert artifacts(project, "--changed-since", "HEAD") == {"one"}


def test_changed_since_compares_declarations_tools_and_recipes(project: Shell) -> None:
    manifest = project.read("wbuild.toml")
    project.write("wbuild.toml", manifest.replace('path = "two"\n', 'path = "two"\nbudget = "9 KiB"\n'))
    assert artifacts(project, "--changed-since", "HEAD") == {"two"}
    project.write("wbuild.toml", f"# a remark\n{manifest}")
    assert artifacts(project, "--changed-since", "HEAD") == set()
    recipe = project.read("recipes/toy.toml")
    project.write("recipes/toy.toml", recipe.replace('"{depfile}"]', '"{depfile}"]\ntimeout = "9s"'))
    project.run("lock").ends(0)
    assert artifacts(project, "--changed-since", "HEAD") == {"one", "two", "three"}


def test_changed_since_knows_the_folders_of_checks(project: Shell) -> None:
    project.write("one/data/x.txt", "x\n")
    manifest = project.read("wbuild.toml")
    project.write("wbuild.toml", f'{manifest}\n[[artifact.one.check]]\ndirs = {{ "/data" = "data" }}\nstdout = ""\n')
    commit(project)
    assert artifacts(project, "--changed-since", "HEAD") == set()
    project.write("one/data/x.txt", "y\n")
    assert artifacts(project, "--changed-since", "HEAD") == {"one"}


def test_changed_since_what_is_not_there(project: Shell) -> None:
    for ref in ("nothing", "-x", "--help", "HEAD:wbuild.toml"):
        assert project.run("ci", "matrix", f"--changed-since={ref}").ends(2).err.startswith("error[WB289]: no commit is called")
    git(project, "rm", "--quiet", "--cached", "wbuild.lock")
    commit_all = ["commit", "--quiet", "--message", "without a lock"]
    git(project, *commit_all)
    done = project.run("ci", "matrix", "--changed-since", "HEAD").ends(0)
    assert json.loads(done.out)["count"] == 1
    shutil.rmtree(project.folder / ".git")
    assert project.run("ci", "matrix", "--changed-since", "HEAD").ends(2).err.startswith("error[WB289]")


def test_cache_keys(project: Shell) -> None:
    commit_id = git(project, "rev-parse", "HEAD")
    store, results = project.run("ci", "cache-key").ends(0).out.splitlines()
    assert store.startswith("wbuild-store-v2-linux-x86_64-")
    assert results.endswith(f"-{commit_id}")
    assert project.run("ci", "cache-key", env={"GITHUB_SHA": SHA}).ends(0).out.endswith(f"-{SHA}\n")
    other = project.run("ci", "cache-key", "--platform", "macos-arm64", "--job", "toycc-macos-arm64").ends(0).out
    assert other.startswith("wbuild-store-v2-macos-arm64-toycc-macos-arm64-")
    found = outputs(project.run("ci", "cache-key", "--format", "github").ends(0).out)
    assert set(found) == {"store", "store-path", "results", "results-before", "results-path"}
    assert found["results"].startswith(found["results-before"])
    assert found["store-path"].splitlines()[0] == f"{project.env['WBUILD_STORE']}/store-v2"
    project.write("wbuild.lock", project.read("wbuild.lock") + "\n")
    assert project.run("ci", "cache-key").ends(0).out.splitlines()[0] != store
    assert project.run("ci", "cache-key", "--job", "a b").ends(2).err.startswith("error[WB296]")


def test_init_writes_only_new_files(project: Shell) -> None:
    before = project.files()
    shown = project.run("ci", "init", "github", *INSTALL, "--dry-run").ends(0)
    assert "runs-on: ubuntu-24.04" in shown.out
    assert project.files() == before
    project.run("ci", "init", "github", *INSTALL).ends(0)
    written = project.files()
    assert set(written) - set(before) == {".github/workflows/wbuild.yml", ".github/workflows/wbuild-comment.yml"}
    refused = project.run("ci", "init", "github", *INSTALL, "--group", "artifact").ends(2)
    assert refused.err.startswith("error[WB266]")
    assert project.files() == written


def test_a_workflow_never_installs_by_a_name(project: Shell) -> None:
    refused = project.run("ci", "init", "github").ends(2)
    assert "error[WB255]" in refused.err
    assert "--install" in refused.err
    assert not (project.folder / ".github").exists()
    assert "expected one line" in project.run("ci", "init", "github", "--install", "a\nb").ends(2).err


def test_init_gitlab_leaves_an_existing_pipeline_alone(project: Shell) -> None:
    project.write(".gitlab-ci.yml", "own: {script: [make]}\n")
    done = project.run("ci", "init", "gitlab", *INSTALL).ends(0)
    assert ".gitlab-ci.yml stays as it is" in done.err
    assert project.read(".gitlab-ci.yml") == "own: {script: [make]}\n"
    assert (project.folder / ".gitlab/wbuild-jobs.yml").is_file()


def test_init_in_a_folder_of_a_repository(project: Shell, tmp_path: Path) -> None:
    inner = shell(tmp_path / "work/services/a b", tmp_path / "home")
    inner.env = project.env
    inner.write(
        "wbuild.toml", project.read("wbuild.toml").replace('recipes = ["recipes/*.toml"]', "").replace('lang = "toy"', 'lang = "c"')
    )
    assert inner.run("ci", "init", "github", *INSTALL).ends(2).err.startswith("error[WB297]")
    (tmp_path / "work/services/a b").rename(tmp_path / "work/services/ab")
    inner.run("ci", "init", "github", *INSTALL, cwd=tmp_path / "work/services/ab").ends(0)
    assert "working-directory: services/ab" in project.read(".github/workflows/wbuild.yml")


def built(place: Shell) -> dict[str, bytes]:
    """The artifacts in dist/."""
    return {path.name: path.read_bytes() for path in (place.folder / "dist").rglob("*.wasm")}


class GitHub:
    """One run of the workflow on one machine, with one cache folder for all jobs."""

    def __init__(self, place: Shell) -> None:
        self.place = place
        self.temp = place.folder.parent / "temp"
        self.temp.mkdir(exist_ok=True)
        place.run("ci", "init", "github", *INSTALL, "--group", "artifact").ends(0)
        self.workflow = read(place.read(".github/workflows/wbuild.yml"))
        self.reports = self.temp / "reports"
        self.files: dict[str, bytes] = {}
        self.summary = self.temp / "summary.md"
        environ = {**place.env, "CI": "true", "RUNNER_TEMP": str(self.temp), "GITHUB_OUTPUT": str(self.temp / "output")}
        self.machine = Machine(folder=place.folder, environ={**environ, "GITHUB_STEP_SUMMARY": str(self.summary)})

    def plan(self, since: str) -> dict[str, Any]:
        """The matrix."""
        (self.temp / "output").write_text("")
        since_expression = "github.event_name == 'pull_request' && 'HEAD^1' || ''"
        done = self.machine.run(step(self.workflow, "plan", "Matrix"), {since_expression: since})
        assert done.returncode == 0, done.stderr
        found = outputs((self.temp / "output").read_text("utf-8"))
        self.reports.mkdir(exist_ok=True)
        shutil.copy(self.temp / "matrix.json", self.reports / "matrix.json")
        matrix: dict[str, Any] = json.loads(found["matrix"])
        assert found["any"] == ("true" if matrix["include"] else "false")
        return matrix

    def build(self, entry: dict[str, str]) -> int:
        """One cell, in a fresh checkout."""
        shutil.rmtree(self.place.folder / "dist", ignore_errors=True)
        shutil.rmtree(self.place.folder / ".wbuild", ignore_errors=True)
        values = {f"matrix.{name}": value for name, value in entry.items()}
        keys = self.machine.run(step(self.workflow, "build", "Keys of the caches"), values)
        assert keys.returncode == 0, keys.stderr
        done = self.machine.run(step(self.workflow, "build", "Build"), values)
        for report in (self.place.folder / "dist").glob("*/report.json"):
            target = self.reports / f"wbuild-report-{entry['id']}" / report.parent.name / report.name
            target.parent.mkdir(parents=True)
            shutil.copy(report, target)
        self.files |= built(self.place)
        return done.returncode

    def join(self) -> int:
        """The last job's script; what it wrote is in `summary`."""
        done = self.machine.run(step(self.workflow, "wbuild", "Join"), {})
        return done.returncode


def test_cell_by_cell_gives_what_one_build_gives(project: Shell) -> None:
    project.run("build", "--opt").ends(0)
    whole = built(project)
    assert len(whole) == 3
    shutil.rmtree(project.home / ".cache", ignore_errors=True)
    run = GitHub(project)
    matrix = run.plan("")
    assert [run.build(entry) for entry in matrix["include"]] == [0, 0, 0]
    assert run.files == whole
    assert run.join() == 0
    assert "3 new in 3 artifacts" in run.summary.read_text("utf-8")


def test_F99_one_cell_of_three_is_red(project: Shell) -> None:
    project.write("two/two.toy", "fail this is broken\n")
    run = GitHub(project)
    codes = {entry["id"]: run.build(entry) for entry in run.plan("")["include"]}
    assert codes == {"one-linux-x86_64": 0, "two-linux-x86_64": 1, "three-linux-x86_64": 0}
    assert set(run.files) == {"one.wasm", "three.wasm"}
    assert run.join() == 1
    text = run.summary.read_text("utf-8")
    assert text.startswith("### wbuild: 1 failed, 2 new in 3 artifacts")
    assert "this is broken" in text.replace("&#32;", " ")
    joined = json.loads((run.temp / "wbuild/report.json").read_text("utf-8"))
    assert {a["name"]: a["status"] for a in joined["artifacts"]} == {"one": "ok", "two": "failed", "three": "ok"}
    comment = project.run("ci", "comment", str(run.temp / "wbuild")).ends(0)
    assert comment.out.startswith("<!-- made by wbuild: report -->\n### wbuild: 1 failed")


def test_a_cell_whose_job_broke_down_is_red(project: Shell) -> None:
    run = GitHub(project)
    first, *_ = run.plan("")["include"]
    assert run.build(first) == 0
    assert run.join() == 1
    assert run.summary.read_text("utf-8").count("**WB191**") == 2


def test_a_change_that_concerns_nothing_is_green(project: Shell) -> None:
    run = GitHub(project)
    commit(project)
    project.write("README.md", "more\n")
    commit(project)
    assert run.plan("HEAD^1") == {"include": []}
    assert run.join() == 0
    assert run.summary.read_text("utf-8").startswith("### wbuild: no artifact of <code>toys</code> is concerned")
    result = step(run.workflow, "wbuild", "Result")
    for plan, build, code in (("success", "skipped", 0), ("success", "success", 0), ("success", "failure", 1), ("failure", "skipped", 1)):
        assert run.machine.run(result, {"needs.plan.result": plan, "needs.build.result": build}).returncode == code


def test_sizes_are_compared_with_the_last_push(project: Shell) -> None:
    run = GitHub(project)
    for entry in run.plan("")["include"]:
        run.build(entry)
    assert run.join() == 0
    shutil.rmtree(run.reports)
    project.write("one/one.toy", "say one and only\n")
    for entry in run.plan("")["include"]:
        run.build(entry)
    run.summary.unlink()
    assert run.join() == 0
    text = run.summary.read_text("utf-8")
    assert text.startswith("### wbuild: 1 changed in 3 artifacts")
    assert "<details><summary>2 unchanged</summary>" in text


def test_gitlab_cell_by_cell(project: Shell) -> None:
    project.run("build", "--opt").ends(0)
    whole = built(project)
    project.run("ci", "init", "gitlab", *INSTALL).ends(0)
    scripts = read(project.read(".gitlab/wbuild-jobs.yml"))
    pipeline = json.loads(project.run("ci", "matrix", "--group", "artifact", "--format", "gitlab").ends(0).out)
    files: dict[str, bytes] = {}
    for cell in pipeline["build"]["parallel"]["matrix"]:
        shutil.rmtree(project.folder / "dist")
        machine = Machine(folder=project.folder, environ={**project.env, "CI": "true", "CI_PROJECT_DIR": str(project.folder)})
        done = machine.bash(scripts[".wbuild-build"]["script"][-1], {**pipeline["variables"], **cell}, "-eo", "pipefail")
        assert done.returncode == 0, done.stderr
        files |= built(project)
    assert files == whole
    reports = project.folder / ".wbuild-ci/reports"
    assert len(list(reports.rglob("report.json"))) == 3
    project.run("report", "merge", str(reports)).ends(0)


def test_reports_that_cannot_be_used(project: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "reports"
    assert project.run("report", "merge", str(folder)).ends(2).err.startswith("error[WB293]: there is no folder")
    folder.mkdir()
    assert project.run("report", "merge", str(folder)).ends(2).err.startswith("error[WB293]: there is no report")
    (folder / "broken.json").write_text('{"schema": "wbuild.report/1"')
    done = project.run("report", "merge", str(folder)).ends(1)
    assert "broken.json is left out" in done.err
    (folder / "link.json").symlink_to("/etc/passwd")
    (folder / "folder").symlink_to("/etc")
    assert "is left out" in project.run("ci", "comment", str(folder)).ends(0).out.replace("&#46;", ".")
    project.run("build", "one").ends(0)
    other = project.folder / "dist/dev/one.wasm"
    assert project.run("report", "merge", "dist", "--against", str(other)).ends(2).err.startswith("error[WB294]")
    missing = project.run("report", "merge", "dist", "--against", "nowhere.json").ends(2).err
    assert missing.startswith("error[WB281]: there is no file nowhere.json")
    assert json.loads(project.run("report", "merge", "dist", "--format", "json", "-q").ends(0).out)["schema"] == "wbuild.report/1"
