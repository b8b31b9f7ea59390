"""`build --verify-reproducible`: the same plan twice more where everything is different that must not matter."""

from __future__ import annotations

import itertools
import os
import time
from pathlib import Path

import pytest

from tests.doors import Answer
from tests.modules import module
from tests.unit.session_world import MADE, TEXT, WAT, Shop
from wbuild.doors.interfaces import Command
from wbuild.model.happened import Report
from wbuild.session.reproduce import KEPT, verify


def verified(shop: Shop, **asked: object) -> Report:
    session = shop.prepare(**asked)
    return verify(session, session.build().report)


def holding(shop: Shop, text: object) -> None:
    """From now on the assembler writes a module that holds a text (or what a function of the command gives) where nothing strips it."""

    def assemble(command: Command) -> Answer:
        found = text(command) if callable(text) else text
        return Answer(files={command.argv[-1]: module(imports=[("env", str(found))])})

    shop.programs["wat.py"] = assemble


def assembled(shop: Shop) -> list[Command]:
    return [command for command in shop.runner.seen if any(word.endswith("wat.py") for word in command.argv)]


def test_what_comes_out_the_same_is_reproducible(shop: Shop) -> None:
    report = verified(shop)
    (artifact,) = report.artifacts
    assert artifact.reproducible is not None
    assert (artifact.reproducible.status, artifact.status, report.exit) == ("same", "ok", 0)
    assert shop.err.splitlines()[-1] == "reproducible: add"
    assert not (shop.root / ".wbuild" / KEPT).exists()


def test_folder_time_zone_language_and_rights_differ(shop: Shop) -> None:
    seen: list[tuple[str, str]] = []
    ages: list[float] = []

    def assemble(command: Command) -> Answer:
        ages.append((command.cwd / command.argv[-2]).stat().st_mtime)
        seen.append((command.env.get("TZ", ""), command.env.get("LANG", "")))
        return Answer(files={command.argv[-1]: MADE})

    shop.programs["wat.py"] = assemble
    verified(shop)
    assert seen[1:] == [("AAA-14", "C"), ("BBB+12", "tr_TR.UTF-8")]
    assert ages[1:] == [1_000_000_000, 1_700_000_000]
    folders = [command.cwd for command in assembled(shop)]
    assert len(set(folders)) == 3


def test_what_counts_up_is_not(shop: Shop) -> None:
    numbers = itertools.count()
    holding(shop, lambda command: f"n{next(numbers)}")
    report = verified(shop)
    (artifact,) = report.artifacts
    found = artifact.reproducible
    assert found is not None
    assert (found.status, found.section, artifact.status, report.exit) == ("differs", "import section", "failed", 3)
    assert found.builds == ("the second build", "the third build")
    assert [Path(file).parent.name for file in found.files] == ["second", "third"]
    assert all((shop.root / file).is_file() for file in found.files)
    assert "dist/dev/add.wasm is not reproducible: the third build differs from the second build in the" in shop.err
    assert "it begins with: " in shop.err
    assert "to look closer: wbuild inspect" in shop.err


def test_a_folder_of_the_project_in_the_artifact_is_found(shop: Shop) -> None:
    holding(shop, lambda command: os.path.realpath(command.cwd).partition("/.wbuild")[0])
    report = verified(shop)
    found = report.artifacts[0].reproducible
    assert found is not None
    assert (found.status, found.cause) == ("differs", "path")


def test_a_folder_of_this_machine_in_the_artifact_ties_it_to_it(shop: Shop) -> None:
    shop.lock()
    holding(shop, lambda command: command.argv[3])
    report = verified(shop)
    found = report.artifacts[0].reproducible
    assert found is not None
    assert (found.status, report.exit) == ("tied", 3)
    assert "is reproducible on this machine only: a folder of it is in the" in shop.err


def test_a_build_that_fails_elsewhere_tells_nothing(shop: Shop) -> None:
    shop.programs["wat.py"] = lambda command: (
        Answer(files={command.argv[-1]: MADE}) if "TZ" not in command.env else Answer(code=1, stderr="no zone")
    )
    report = verified(shop)
    found = report.artifacts[0].reproducible
    assert found is not None
    assert (found.status, report.exit) == ("unknown", 1)
    assert "error[WB305]: the second build failed where the first one succeeded" in shop.err
    assert "nothing is known about the reproducibility of add" in shop.err
    assert "\n1 step failed\n" in shop.err


def test_what_the_last_look_kept_goes(shop: Shop) -> None:
    shop.write(f".wbuild/{KEPT}/second/add.wasm", "old")
    verified(shop)
    assert not (shop.root / ".wbuild" / KEPT).exists()


def test_artifacts_of_several_targets_are_named_by_their_files(shop: Shop) -> None:
    shop.write("wbuild.toml", WAT + 'targets = ["freestanding", "wasip1"]\n')
    verified(shop)
    assert shop.err.splitlines()[-1] == "reproducible: dist/dev/add.wasm, dist/dev/add.wasip1.wasm"


def test_links_of_the_project_are_links_in_the_copy(shop: Shop) -> None:
    shop.write("wbuild.toml", WAT + 'path = "src"\n')
    shop.write("real/add.wat", TEXT)
    (shop.root / "src").symlink_to("real")
    found = verified(shop).artifacts[0].reproducible
    assert found is not None
    assert found.status == "same"


def test_checks_are_not_run_again_for_the_same_module(shop: Shop) -> None:
    shop.write("wbuild.toml", WAT + '\n[[artifact.add.check]]\ninvoke = "run()"\n')
    outcome = '{"schema": "wbuild.outcome/1", "runtime": "wasmtime", "returns": []}'
    shop.programs["run"] = lambda command: Answer(files={command.argv[-1]: outcome})
    report = verified(shop, check_always=True)
    assert [verdict.status for verdict in report.artifacts[0].checks] == ["passed"]
    assert len([line for line in shop.runner.lines if "run" in line]) == 1


@pytest.mark.parametrize("day", ["", "today"])
def test_the_day_of_today_in_an_artifact_is_said(day: str, shop: Shop) -> None:
    holding(shop, time.strftime("%Y-%m-%d", time.gmtime()) if day else "2001-01-01")
    verified(shop)
    assert ("holds the day of today" in shop.err) is bool(day)


def test_what_was_downloaded_is_used_again_and_not_fetched_twice(shop: Shop) -> None:
    shop.write("wbuild.toml", '[project]\nname = "shop"\n\n[artifact.srv]\nlang = "go"\n')
    shop.write("go.mod", "module shop\n\ngo 1.24\n")
    shop.write("main.go", "package main\n\nfunc main() {}\n")

    def go(command: Command) -> Answer:
        if "build" not in command.argv:
            return Answer(stdout="go1.25.0")
        return Answer(files={command.argv[command.argv.index("-o") + 1]: module(["_start"])})

    shop.programs["go"] = go
    session = shop.prepare()
    built = session.build()
    mod = session.cache.shared(session.kit.pin("go").identity) / "mod"
    mod.mkdir(parents=True, exist_ok=True)
    found = verify(session, built.report).artifacts[0].reproducible
    assert found is not None
    assert found.status == "same"
