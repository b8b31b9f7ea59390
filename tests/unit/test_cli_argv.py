"""`--opt` takes a level only with `=`."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from wbuild.cli.argv import BARE, rewrite
from wbuild.cli.choices import Opt, opt_option, profile_of


@click.command()
@click.argument("names", nargs=-1)
@click.option("-j", "--jobs")
@opt_option
def fake(names: tuple[str, ...], jobs: str | None, opt: Opt | None) -> None:
    click.echo(f"{opt} {jobs} {list(names)}")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("--opt hello", "Opt(level=None) None ['hello']"),
        ("hello --opt", "Opt(level=None) None ['hello']"),
        ("--opt=speed hello", "Opt(level='speed') None ['hello']"),
        ("--opt -j 2 hello", "Opt(level=None) 2 ['hello']"),
        ("--opt size", "Opt(level=None) None ['size']"),
        ("hello", "None None ['hello']"),
        ("-- --opt", "None None ['--opt']"),
        ("--opt -- --opt", "Opt(level=None) None ['--opt']"),
    ],
)
def test_opt(line: str, said: str) -> None:
    done = CliRunner().invoke(fake, rewrite(line.split()))
    assert done.output.strip() == said


def test_unknown_level_lists_the_levels() -> None:
    done = CliRunner().invoke(fake, rewrite(["--opt=fast"]))
    assert done.exit_code == 2
    assert "'fast' is no level; there is none, speed, size, smallest" in done.output


def test_rewrite_stops_at_the_arguments_of_a_program() -> None:
    assert rewrite(["run", "x", "--opt", "--", "--opt"]) == ["run", "x", f"--opt={BARE}", "--", "--opt"]


@pytest.mark.parametrize(
    ("opt", "profile", "expected"),
    [
        (None, None, ("dev", None)),
        (None, "release", ("release", None)),
        (Opt(), None, ("release", None)),
        (Opt("speed"), None, ("release", "speed")),
        (Opt("speed"), "dev", ("dev", "speed")),
        (Opt(), "dev", ("dev", "size")),
        (Opt(), "tiny", ("tiny", None)),
    ],
)
def test_profile_and_level(opt: Opt | None, profile: str | None, expected: tuple[str, str | None]) -> None:
    assert profile_of(opt, profile, "dev") == expected
