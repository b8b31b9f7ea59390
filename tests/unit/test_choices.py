"""How options of a command line become the typed values that commands are given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import click
import pytest

from wbuild.cli.argv import BARE
from wbuild.cli.choices import Opt, asking, changed_option, common_build_options, opt_option, profile_of, profile_option
from wbuild.cli.options import ClickCommand, ClickGroup, format_option, pass_common
from wbuild.model.written import Level
from wbuild.session.asked import Asked
from wbuild.session.call import Common


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """Options of a command of its own."""

    format_: str
    deep: bool


SEEN: list[tuple[Common, Asked, Own]] = []


@click.command(cls=ClickCommand)
@click.argument("artifacts", nargs=-1)
@opt_option
@profile_option
@changed_option
@common_build_options
@click.option("--keep-going/--no-keep-going", default=None)
@click.option("--target", "targets", multiple=True)
@click.option("--deep", is_flag=True)
@format_option
@asking(Own)
def build(common: Common, asked: Asked, options: Own) -> int:
    """Make things."""
    SEEN.append((common, asked, options))
    return 0


@click.group(cls=ClickGroup)
def group() -> None:
    """Commands."""


group.add_command(build, "build")


@group.command()
@pass_common
def one(common: Common) -> int:
    """Do one thing that needs a long sentence to say what it is, and which no terminal of the usual width has room for in one line."""
    SEEN.append((common, Asked(), Own(format_="", deep=False)))
    return 0


def called(*words: str) -> tuple[Common, Asked, Own]:
    SEEN.clear()
    group.main([*words], obj=Common(environ={}), standalone_mode=False)
    return SEEN[0]


def test_without_options_everything_is_left_to_settings_and_ci() -> None:
    _, asked, own = called("build")
    assert asked == Asked(profile="dev", flags={"jobs": None, "offline": None})
    assert own == Own(format_="text", deep=False)


def test_every_option_reaches_its_field() -> None:
    words = ["a", "lang:c", "--profile", "small", "--changed-since", "main", "-j", "3", "--locked", "--offline", "--no-keep-going"]
    _, asked, own = called("build", *words, "--target", "wasip1", "--target", "wasip2", "--deep", "--format", "json")
    assert asked == Asked(
        words=("a", "lang:c"),
        changed_since="main",
        profile="small",
        targets=("wasip1", "wasip2"),
        locked=True,
        keep_going=False,
        flags={"jobs": "3", "offline": True},
    )
    assert own == Own(format_="json", deep=True)


@pytest.mark.parametrize(
    ("opt", "profile", "found"),
    [
        (None, None, ("dev", None)),
        (None, "small", ("small", None)),
        (Opt(), None, ("release", None)),
        (Opt("speed"), None, ("release", "speed")),
        (Opt(), "dev", ("dev", "size")),
        (Opt("smallest"), "dev", ("dev", "smallest")),
        (Opt(), "small", ("small", None)),
        (Opt("none"), "small", ("small", "none")),
    ],
)
def test_opt_means_the_release_profile_or_a_level_of_the_named_one(
    opt: Opt | None, profile: str | None, found: tuple[str, Level | None]
) -> None:
    assert profile_of(opt, profile, "dev") == found


def test_a_command_may_have_another_profile_by_default() -> None:
    assert profile_of(None, None, "release") == ("release", None)


@pytest.mark.parametrize(("word", "found"), [("speed", ("release", "speed")), (BARE, ("release", None))])
def test_a_level_after_opt(word: str, found: tuple[str, Level | None]) -> None:
    _, asked, _ = called("build", "--opt", word)
    assert (asked.profile, asked.level) == found


def test_a_level_that_is_none_is_refused_with_those_there_are() -> None:
    with pytest.raises(click.BadParameter, match="'big' is no level; there is none, speed, size, smallest"):
        called("build", "--opt", "big")


@pytest.mark.parametrize(
    "words", [("-C", "DIR", "-v", "--color", "never", "build", "-vq"), ("build", "-C", "DIR", "-vv", "-q", "--color", "never")]
)
def test_common_options_stand_before_or_after_the_command(words: tuple[str, ...], tmp_path: Path) -> None:
    common, _, _ = called(*(str(tmp_path) if word == "DIR" else word for word in words))
    assert (common.directory, common.verbosity, common.quiet, common.color) == (tmp_path, 2, True, "never")


def test_they_may_be_left_out() -> None:
    common, _, _ = called("one")
    assert (common.directory, common.verbosity, common.quiet, common.color) == (None, 0, False, "auto")


def test_help_lists_own_options_first_and_summaries_whole(capsys: pytest.CaptureFixture[str]) -> None:
    group.main(["build", "--help"], obj=Common(environ={}), standalone_mode=False)
    text = capsys.readouterr().out
    assert text.index("--deep") < text.index("Everywhere:") < text.index("--color")
    group.main(["--help"], obj=Common(environ={}), standalone_mode=False)
    text = " ".join(capsys.readouterr().out.split())
    assert "which no terminal of the usual width has room for in one line" in text
    assert text.index("Everywhere:") < text.index("Commands:")
