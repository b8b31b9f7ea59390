"""`wbuild init` as people meet it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.toys import Shell


@pytest.mark.parametrize("language", ["c", "zig", "wat"])
def test_a_new_project(language: str, place: Shell) -> None:
    done = place.run("init", "--lang", language, "hello").ends(0)
    assert done.out == ""
    assert "next: cd hello && wbuild build --opt" in done.err
    assert place.read("hello/wbuild.toml").startswith('#:schema .wbuild/wbuild.schema.json\n\n[project]\nname = "hello"\n')
    assert place.read("hello/.gitignore") == "/dist/\n"
    assert place.read("hello/.wbuild/.gitignore") == "*\n"
    assert json.loads(place.read("hello/.wbuild/wbuild.schema.json"))["type"] == "object"


def test_one_more_artifact_keeps_comments(place: Shell) -> None:
    place.run("init", "--lang", "c", "hello").ends(0)
    text = place.read("hello/wbuild.toml") + "# mine, at the end"
    place.write("hello/wbuild.toml", text)
    done = place.run("-C", "hello", "add", "--lang", "zig", "services/api", "--name", "api").ends(0)
    assert place.read("hello/wbuild.toml").startswith(f'{text}\n\n[artifact.api]\nlang = "zig"\npath = "services/api"\n')
    assert (place.folder / "hello/services/api/src/main.zig").is_file()
    assert "edit" in done.err


def test_a_default_that_would_change_is_written_out(place: Shell) -> None:
    place.write("wbuild.toml", '[artifact.only] # no path\nlang = "wat"\n')
    place.write("add.wat", "(module)")
    done = place.run("init", "--lang", "wat", "two").ends(0)
    assert place.read("wbuild.toml").startswith('[artifact.only] # no path\npath = "."\nlang = "wat"\n')
    assert "is written out for only" in done.err


def test_several_languages(place: Shell) -> None:
    place.run("init", "--lang", "c", "--lang", "wat", "shop").ends(0)
    text = place.read("shop/wbuild.toml")
    assert '[artifact.shop-c]\nlang = "c"\npath = "shop-c"' in text
    assert '[artifact.shop-wat]\nlang = "wat"\npath = "shop-wat"' in text


def test_new_makes_a_project_inside_another(place: Shell) -> None:
    place.run("init", "--lang", "wat", "outer").ends(0)
    before = place.read("outer/wbuild.toml")
    place.run("-C", "outer", "init", "--lang", "wat", "--new", "inner").ends(0)
    assert place.read("outer/wbuild.toml") == before
    assert (place.folder / "outer/inner/wbuild.toml").is_file()


@pytest.mark.parametrize("name", ["../x", "-rf", "con", "a/b", "pаypal", "a\u202eb", "x y", "LPT1"])
def test_F115_bad_folders(name: str, place: Shell) -> None:
    """F115."""
    done = place.run("init", "--lang", "c", "--", name).ends(2)
    assert done.err.startswith("error[WB265]: ")
    assert "\nhint: " in done.err
    assert "\u202e" not in done.err
    assert place.files() == {}


@pytest.mark.parametrize("name", ["../x", "a/b", "-rf", "con"])
def test_F115_bad_names(name: str, place: Shell) -> None:
    """F115."""
    assert place.run("init", "--lang", "c", f"--name={name}", "hello").ends(2).err.startswith("error[WB265]: the name ")
    assert place.files() == {}


def test_F115_existing_files(place: Shell) -> None:
    """F115: every file in the way is listed, nothing is changed; other files do not matter."""
    place.write("hello/src/main.c", "mine")
    place.write("hello/wbuild.toml.bak", "mine")
    place.write("hello/src/greeting.h", "mine")
    before = place.files()
    done = place.run("init", "--lang", "c", "hello").ends(2)
    assert [line for line in done.err.splitlines() if line.startswith("error")] == [
        'error[WB266]: "hello/src/greeting.h" exists already',
        'error[WB266]: "hello/src/main.c" exists already',
    ]
    assert place.files() == before
    (place.folder / "hello/src/main.c").unlink()
    (place.folder / "hello/src/greeting.h").unlink()
    place.run("init", "--lang", "c", "hello").ends(0)


@pytest.mark.parametrize("what", ["hello", "hello/src"])
def test_F115_links_are_not_followed(what: str, place: Shell, tmp_path: Path) -> None:
    """F115."""
    (tmp_path / "elsewhere").mkdir()
    (place.folder / what).parent.mkdir(exist_ok=True)
    (place.folder / what).symlink_to(tmp_path / "elsewhere")
    assert "is a symbolic link" in place.run("init", "--lang", "c", "hello").ends(2).err
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_dangling_link_is_in_the_way(place: Shell) -> None:
    place.folder.joinpath("hello").mkdir()
    place.folder.joinpath("hello/wbuild.toml").symlink_to("nowhere")
    assert "exists already" in place.run("init", "--lang", "c", "hello").ends(2).err
    assert not place.folder.joinpath("hello/nowhere").exists()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="becomes another user, which only root may")
def test_F115_a_read_only_folder(place: Shell) -> None:
    """F115."""
    for folder in place.folder.parents:
        if folder.stat().st_mode & 0o005 != 0o005:
            folder.chmod(folder.stat().st_mode | 0o055)
    target = place.folder / "closed"
    target.mkdir(mode=0o555)
    code = (  # the first run loads all modules, which may lie where nobody else can read
        "import os, sys\nfrom wbuild.cli.main import run\n"
        "run(['-q', 'init', '--lang', 'c', '--new', 'warm'], dict(os.environ))\n"
        "os.chdir('closed'); os.setgroups([]); os.setgid(65534); os.setuid(65534)\n"
        "sys.exit(run(['init', '--lang', 'c', '--new', 'hello'], dict(os.environ)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=place.folder, env=place.env, capture_output=True, text=True, check=False)
    assert done.returncode == 6, done.stderr
    assert done.stderr.startswith("error[WB611]: cannot write ")
    assert list(target.iterdir()) == []


def test_dry_run(place: Shell) -> None:
    done = place.run("init", "--lang", "c", "--dry-run", "hello").ends(0)
    assert "would add hello/src/main.c" in done.err
    assert done.out.startswith("#:schema ")
    assert place.files() == {}


def test_code_that_is_there_is_proposed_and_nothing_is_written(place: Shell) -> None:
    place.write("lib/a.c", "int main(void) { return 0; }\n")
    before = place.files()
    done = place.run("init").ends(2)
    assert 'name = "work"' in done.out
    assert '# guessed by `wbuild init` from lib/a.c, with a start\n[artifact.work]\nlang = "c"' in done.out
    assert done.err.splitlines() == [
        "error[WB277]: nothing was written: there is no terminal to ask at",
        "hint: --yes accepts the proposal; --lang L starts from a template",
    ]
    assert place.files() == before


def test_an_accepted_proposal(place: Shell) -> None:
    place.write("a.wat", "(module)")
    place.run("init", "--yes").ends(0)
    assert 'lang = "wat"' in place.read("wbuild.toml")
    assert place.read("a.wat") == "(module)"


def test_nothing_to_propose(place: Shell) -> None:
    assert place.run("init").ends(2).err.startswith("error[WB276]: no language was named, and . holds no code\n")


def test_unknown_language(place: Shell) -> None:
    done = place.run("init", "--lang", "zigg", "x").ends(2)
    assert done.err == 'error[WB275]: unknown language "zigg"\nhint: did you mean "zig"?\n'


def test_gitignore_is_added_to(place: Shell) -> None:
    place.write(".gitignore", "*.o")
    place.run("init", "--lang", "wat", "--name", "x").ends(0)
    assert place.read(".gitignore") == "*.o\n/dist/\n"
    place.run("init", "--lang", "wat", "y").ends(0)
    assert place.read(".gitignore") == "*.o\n/dist/\n"


def test_a_broken_manifest_stays_as_it_is(place: Shell) -> None:
    place.write("wbuild.toml", "[artifact.x]\nlang = 1\n")
    before = place.files()
    assert "error[WB2" in place.run("init", "--lang", "c", "y").ends(2).err
    assert place.files() == before


def test_list(place: Shell) -> None:
    done = place.run("init", "--list").ends(0)
    assert "hello (command), library (reactor)" in done.out


def test_existing_code_keeps_comments_and_leaves_out_what_is_declared(place: Shell) -> None:
    place.write("Makefile", "SRCS = main.c\nTARGET = calc\n")
    place.write("main.c", "int main(void) { return 0; }\n")
    place.write("tool/build.zig", 'b.addExecutable(.{ .name = "tool", .root_source_file = b.path("main.zig") });\n')
    place.write("tool/main.zig", "pub fn main() void {}\n")
    text = '# mine\n[artifact.calc] # calculates\nlang = "c"\npath = "."\n'
    place.write("wbuild.toml", text)
    done = place.run("init", "--yes").ends(0)
    assert place.read("wbuild.toml") == (
        f'{text}\n# guessed by `wbuild init` from tool/build.zig: executable "tool" from "main.zig"\n'
        '[artifact.tool]\nlang = "zig"\npath = "tool"\ntarget = "wasip1"\nkind = "command"\n'
    )
    assert "edit" in done.err
    again = place.run("init", "--yes").ends(2)
    assert again.err.startswith("error[WB276]: everything in . is declared already\n")


def test_names_of_the_proposal_are_new_ones(place: Shell) -> None:
    place.write("wbuild.toml", '[artifact.calc]\nlang = "wat"\npath = "wat"\n')
    place.write("Makefile", "SRCS = main.c\nTARGET = calc\n")
    place.write("main.c", "")
    place.run("init", "--yes").ends(0)
    assert "[artifact.calc-c]" in place.read("wbuild.toml")


def test_code_of_other_languages_is_named(place: Shell) -> None:
    place.write("pyproject.toml", '[project]\nname = "api"\n')
    place.write("app.py", "")
    done = place.run("init", "--yes").ends(2)
    assert done.err.startswith("error[WB291]: . holds code that this wbuild cannot build\n  api: python, from pyproject.toml: ")
    assert place.files().keys() == {"pyproject.toml", "app.py"}
    place.write("main.c", "int main(void) { return 0; }\n")
    shown = place.run("init", "--dry-run").ends(0)
    assert '# this wbuild has no language "python"; guessed by `wbuild init` from pyproject.toml' in shown.out
    place.run("init", "--yes").ends(0)
    assert place.read("wbuild.toml") == shown.out
    assert place.run("plan", "zzz").ends(2).err.startswith('error[WB267]: no artifact matches "zzz"')


def test_hosts_come_from_deploy_files(place: Shell) -> None:
    place.write("edge/fastly.toml", 'language = "other"\n')
    place.write("edge/main.c", "int main(void) { return 0; }\n")
    place.run("-C", "edge", "init", "--yes").ends(0)
    text = place.read("edge/wbuild.toml")
    assert 'hosts = ["fastly-compute"]  # fastly.toml is there\n' in text
    assert '# out = "bin/main.wasm"' in text


def test_what_is_found_in_an_own_folder_of_the_project(place: Shell) -> None:
    place.run("init", "--lang", "wat", "shop").ends(0)
    place.write("shop/tools/calc/main.c", "int main(void) { return 0; }\n")
    place.run("-C", "shop", "init", "--yes", "tools/calc").ends(0)
    assert '[artifact.calc]\nlang = "c"\npath = "tools/calc"' in place.read("shop/wbuild.toml")


def test_projects_below_are_left_alone(place: Shell) -> None:
    for name in ("one", "two"):
        place.run("init", "--lang", "c", name).ends(0)
    place.write("own/main.c", "int main(void) { return 0; }\n")
    done = place.run("init", "--dry-run").ends(0)
    assert 'sources = ["own/**/*.c"]' in done.out
    (place.folder / "own/main.c").unlink()
    assert "holds no code" in place.run("init", "--dry-run").ends(2).err
    place.write("wbuild.toml", '[project]\nmembers = ["one"]\n')
    place.write("one/wbuild.toml", '[artifact.one]\nlang = "c"\n')
    assert "everything in . is declared already" in place.run("init", "--dry-run").ends(2).err


def test_sources_of_declared_artifacts_are_not_proposed_again(place: Shell) -> None:
    place.run("init", "--lang", "c", "--lang", "wat", "shop").ends(0)
    place.run("-C", "shop", "init", "--lang", "c", "more").ends(0)
    assert "everything in shop is declared already" in place.run("-C", "shop", "init", "--dry-run").ends(2).err
    place.write("shop/new/main.c", "int main(void) { return 0; }\n")
    done = place.run("-C", "shop", "init", "--dry-run").ends(0)
    assert 'sources = ["new/**/*.c"]' in done.out
