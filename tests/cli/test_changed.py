"""`--changed-since REF`: what a change touches is built, and nothing else."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from tests.cli.toys import Shell, copied, shell, with_toys

ARTIFACTS = """
[artifact.a]
lang = "toy"
path = "a"

[[artifact.a.check]]
stdout-file = "expected.txt"

[artifact.b]
lang = "toy"
path = "b"
inputs = ["../shared/*.inc"]
"""


def git(place: Shell, *words: str) -> None:
    identity = ["-c", "user.name=x", "-c", "user.email=x@example.com", "-c", "commit.gpgsign=false", "-c", "init.defaultBranch=main"]
    env = {"PATH": os.environ["PATH"], "HOME": str(place.home)}
    subprocess.run(["git", *identity, *words], cwd=place.folder, env=env, check=True, capture_output=True)


@pytest.fixture(scope="module")
def committed(tmp_path_factory: pytest.TempPathFactory) -> Shell:
    """Artifacts a (with a check, so with all optimizing) and b and a member c, committed and locked."""
    folder = tmp_path_factory.mktemp("changed")
    place = shell(folder / "work", folder / "home")
    with_toys(place, ARTIFACTS)
    place.write("wbuild.toml", place.read("wbuild.toml").replace('name = "toys"\n', 'name = "toys"\nmembers = ["services/*"]\n'))
    place.write("a/a.toy", "say a\n")
    place.write("a/expected.txt", "a\n")
    place.write("b/b.toy", "include ../shared/x.inc\n")
    place.write("b/old.inc", "")
    place.write("shared/x.inc", "say b\n")
    place.write("services/c/wbuild.toml", '[artifact.c]\nlang = "toy"\n')
    place.write("services/c/c.toy", "say c\n")
    place.write(".gitignore", "/dist/\n/.wbuild/\n")
    place.env["PATH"] = os.environ["PATH"]
    place.run("lock").ends(0)
    git(place, "init", "-q")
    git(place, "add", "-A")
    git(place, "commit", "-qm", "first")
    return place


@pytest.fixture
def repository(committed: Shell, tmp_path: Path) -> Shell:
    """A fresh copy of it."""
    place = copied(committed, tmp_path)
    place.env["PATH"] = os.environ["PATH"]
    return place


def touched(place: Shell, *words: str, ref: str = "HEAD", cwd: Path | None = None) -> list[str]:
    done = place.run("plan", "--changed-since", ref, "--format", "json", *words, cwd=cwd).ends(0)
    return sorted({step["artifact"] for step in json.loads(done.out)["steps"]})


def test_nothing_changed(repository: Shell) -> None:
    for command in ("build", "check", "size", "plan"):
        done = repository.run(command, "--changed-since", "HEAD").ends(0)
        assert done.out == ""
        assert "no chosen artifact differs from HEAD: nothing to do" in done.err
    assert json.loads(repository.run("build", "--changed-since", "HEAD", "--format", "json").ends(0).out)["artifacts"] == []


@pytest.mark.parametrize(
    ("file", "text", "names"),
    [
        ("a/a.toy", "say A\n", ["a"]),
        ("a/expected.txt", "A\n", ["a"]),
        ("shared/x.inc", "say B\n", ["b"]),
        ("shared/new.inc", "", ["b"]),
        ("b/old.inc", None, ["b"]),
        ("services/c/c.toy", "say C\n", ["c"]),
        ("README.md", "x\n", []),
        ("services/c/wbuild.toml", '[artifact.c]\nlang = "toy"\ntags = ["x"]\n', ["c"]),
        ("services/c/wbuild.toml", '# a comment\n[artifact.c]\nlang = "toy"\n', []),
        ("services/d/wbuild.toml", '[artifact.d]\nlang = "toy"\npath = "../c"\n', ["d"]),
        ("recipes/toy.toml", "# a comment\n", ["a", "b", "c"]),
        ("recipes/binaryen.toml", "# a comment\n", ["a"]),
        ("wbuild.lock", "# a comment\n", []),
    ],
)
def test_what_a_change_touches(file: str, text: str | None, names: list[str], repository: Shell) -> None:
    path = repository.folder / file
    if text is None:
        path.unlink()
    else:
        before = path.read_text("utf-8") if text == "# a comment\n" else ""
        repository.write(file, text + before)
    assert touched(repository, "--opt") == names
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "second")
    assert touched(repository, "--opt") == []
    assert touched(repository, "--opt", ref="HEAD~1") == names


@pytest.mark.parametrize(
    ("old", "new", "names"),
    [
        ('path = "a"', 'path = "a"\ntags = ["x"]', ["a"]),
        ("[artifact.b]", "# only words\n[artifact.b]", []),
        ("[artifact.a]", '[defaults]\ntags = ["x"]\n[artifact.a]', ["a", "b", "c"]),
        ("[artifact.a]", '[profile.release]\nopt = "smallest"\n[artifact.a]', ["a", "b", "c"]),
        ('stdout-file = "expected.txt"', 'stdout = "a\\n"', ["a"]),
    ],
)
def test_what_a_change_of_the_manifest_touches(old: str, new: str, names: list[str], repository: Shell) -> None:
    repository.write("wbuild.toml", repository.read("wbuild.toml").replace(old, new))
    assert touched(repository) == names


def test_words_and_members_choose_first(repository: Shell) -> None:
    for name in ("a/a.toy", "b/b.toy", "services/c/c.toy"):
        repository.write(name, "say changed\n")
    assert touched(repository, "a", "c") == ["a", "c"]
    assert touched(repository, cwd=repository.folder / "services/c") == ["c"]
    assert repository.run("plan", "zzz", "--changed-since", "HEAD").ends(2).err.startswith("error[WB267]")


def test_a_branch_is_compared_with_where_it_left(repository: Shell) -> None:
    git(repository, "checkout", "-qb", "topic")
    repository.write("a/a.toy", "say A\n")
    git(repository, "commit", "-qam", "topic")
    git(repository, "checkout", "-q", "main")
    repository.write("b/b.toy", "say B\n")
    git(repository, "commit", "-qam", "main goes on")
    git(repository, "checkout", "-q", "topic")
    assert touched(repository, ref="main") == ["a"]


def test_what_was_changed_is_built_every_time(repository: Shell) -> None:
    repository.write("a/a.toy", "say A\n")
    assert repository.run("build", "--changed-since", "HEAD").ends(0).out == "dist/dev/a.wasm\n"
    git(repository, "commit", "-qam", "second")
    assert repository.run("build", "--changed-since", "HEAD").ends(0).out == ""


@pytest.mark.parametrize("ref", ["nothing", "--help", "-x", "HEAD:a", ""])
def test_revisions_that_are_none(ref: str, repository: Shell) -> None:
    done = repository.run("plan", f"--changed-since={ref}")
    if ref:
        assert done.ends(2).err.startswith("error[WB289]: no commit is called ")
    else:
        done.ends(0)


def test_without_a_repository_or_git(place: Shell) -> None:
    with_toys(place, a="say a")
    assert "there is none on PATH" in place.run("plan", "--changed-since", "HEAD").ends(2).err
    assert "needs a git repository" in place.run("plan", "--changed-since", "HEAD", env={"PATH": os.environ["PATH"]}).ends(2).err


@pytest.fixture
def with_submodule(repository: Shell, tmp_path: Path) -> Shell:
    """Artifact b reads third/lib/y.inc, which lies in a submodule."""
    library = shell(tmp_path / "library", repository.home)
    library.write("y.inc", "say y\n")
    git(library, "init", "-q")
    git(library, "add", "-A")
    git(library, "commit", "-qm", "library")
    git(repository, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(library.folder), "third/lib")
    manifest = repository.read("wbuild.toml")
    repository.write("wbuild.toml", manifest.replace('inputs = ["../shared/*.inc"]', 'inputs = ["../shared/*.inc", "../third/lib/*.inc"]'))
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "with a submodule")
    assert touched(repository) == []
    return repository


def test_a_file_in_a_submodule(with_submodule: Shell) -> None:
    with_submodule.write("third/lib/y.inc", "say z\n")
    assert touched(with_submodule) == ["b"]


def test_a_new_file_in_a_submodule(with_submodule: Shell) -> None:
    with_submodule.write("third/lib/z.inc", "say z\n")
    assert touched(with_submodule) == ["b"]


def test_a_submodule_that_moved_on(with_submodule: Shell) -> None:
    with_submodule.write("third/lib/y.inc", "say z\n")
    inner = shell(with_submodule.folder / "third/lib", with_submodule.home)
    git(inner, "commit", "-qam", "two")
    assert touched(with_submodule) == ["b"]
    git(with_submodule, "commit", "-qam", "the library moved on")
    assert touched(with_submodule) == []
    assert touched(with_submodule, ref="HEAD~1") == ["b"]


def test_a_submodule_whose_old_commit_is_not_here(with_submodule: Shell) -> None:
    nobody = "1" * 40
    git(with_submodule, "update-index", "--cacheinfo", f"160000,{nobody},third/lib")
    git(with_submodule, "commit", "-qm", "a commit that nobody has")
    git(with_submodule, "add", "third/lib")
    assert touched(with_submodule) == ["b"]


def test_what_a_link_leads_to(repository: Shell) -> None:
    repository.write("elsewhere/x.inc", "say b\n")
    (repository.folder / "shared/x.inc").unlink()
    (repository.folder / "shared/x.inc").symlink_to("../elsewhere/x.inc")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "a link")
    assert touched(repository) == []
    repository.write("elsewhere/x.inc", "say c\n")
    assert touched(repository) == ["b"]


def test_times_alone_are_no_change(repository: Shell) -> None:
    os.utime(repository.folder / "a/a.toy", (1, 1))
    assert touched(repository) == []


def test_programs_that_the_repository_names_are_not_started(with_submodule: Shell, tmp_path: Path) -> None:
    mark = tmp_path / "started"
    program = tmp_path / "evil.sh"
    program.write_text(f"#!/bin/sh\necho $0 >> {mark}\ncat\n")
    program.chmod(0o755)
    inner = shell(with_submodule.folder / "third/lib", with_submodule.home)
    for place in (with_submodule, inner):
        for name in (
            "core.fsmonitor",
            "filter.evil.clean",
            "filter.evil.smudge",
            "filter.evil.process",
            "diff.evil.textconv",
            "core.pager",
        ):
            git(place, "config", name, str(program))
        git(place, "config", "filter.evil.required", "true")
        git(place, "config", "diff.external", str(program))
        hooks = tmp_path / f"hooks-{place.folder.name}"
        hooks.mkdir()
        for name in ("post-index-change", "post-checkout", "pre-auto-gc"):
            (hooks / name).symlink_to(program)
        git(place, "config", "core.hooksPath", str(hooks))
        place.write(".gitattributes", "* filter=evil diff=evil\n")
    mark.unlink(missing_ok=True)
    with_submodule.write("a/a.toy", "say d\n")
    inner.write("y.inc", "say d\n")
    os.utime(with_submodule.folder / "shared/x.inc", (1, 1))
    assert {"a", "b"} <= {*touched(with_submodule)}
    assert not mark.exists()


def test_a_folder_of_another_user_is_a_plain_error(repository: Shell) -> None:
    programs = repository.home / "programs"
    programs.mkdir(parents=True)
    fake = programs / "git"
    fake.write_text("#!/bin/sh\necho \"fatal: detected dubious ownership in repository at '$PWD'\" >&2\nexit 128\n")
    fake.chmod(0o755)
    repository.env["PATH"] = f"{programs}{os.pathsep}{repository.env['PATH']}"
    done = repository.run("build", "--changed-since", "HEAD").ends(2)
    assert "belongs to another user" in done.err
    assert "safe.directory" in done.err
