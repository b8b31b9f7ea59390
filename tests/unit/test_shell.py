"""`build --shell`: a shell in the folder and with the environment of the step whose program failed."""

from __future__ import annotations

import io
import sys
from types import SimpleNamespace

import pytest

from tests.doors import Answer
from tests.unit.session_world import Shop
from wbuild.errors import UsageError
from wbuild.session.shell import PROMPT, after_failure, require_terminal
from wbuild.terminal.console import Console


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("typing", "out", "err", "fine"), [(True, True, True, True), (False, True, True, False), (True, False, True, False)]
)
def test_somebody_must_be_able_to_type(typing: bool, out: bool, err: bool, fine: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: typing))
    console = Console(out=Terminal() if out else io.StringIO(), err=Terminal() if err else io.StringIO())
    if fine:
        require_terminal(console)
    else:
        with pytest.raises(UsageError, match="--shell needs a terminal"):
            require_terminal(console)


def failing(shop: Shop) -> None:
    shop.programs["wat.py"] = lambda command: Answer(code=1, stderr="wrong")
    session = shop.prepare()
    with session.built() as built:
        pass
    after_failure(session, built.results)


def test_the_users_shell_opens_where_the_program_failed(shop: Shop) -> None:
    shop.environ |= {"SHELL": "/bin/sh", "TERM": "vt100"}
    failing(shop)
    command = shop.runner.seen[-1]
    assert command.argv == ("/bin/sh",)
    assert command.cwd.is_relative_to(shop.root / ".wbuild/tmp")
    assert (command.env["PS1"], command.env["TERM"]) == (PROMPT, "vt100")
    assert "shell in .wbuild/tmp/" in shop.err
    assert "to repeat the step: " in shop.err
    assert "wat.py" in shop.err


def test_a_shell_that_is_none(shop: Shop) -> None:
    shop.environ["SHELL"] = "/no/shell"
    with pytest.raises(UsageError, match="SHELL names /no/shell, which is no program"):
        failing(shop)


def test_where_nothing_failed_nothing_opens(shop: Shop) -> None:
    session = shop.prepare()
    with session.built() as built:
        pass
    said = shop.err
    after_failure(session, built.results)
    assert shop.err == said


def test_a_failure_without_a_program_is_said(shop: Shop) -> None:
    shop.lock()
    shop.settings["offline"] = True
    session = shop.prepare()
    with session.built() as built:
        pass
    after_failure(session, built.results)
    assert "note: no program failed, so there is no folder to open a shell in\n" in shop.err
