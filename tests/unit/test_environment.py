"""What steps see of the user's environment, and what keys and plans show of it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from wbuild.cache.keys import KEYED, Remembered, difference
from wbuild.errors import UsageError
from wbuild.model.planned import Step, Tool
from wbuild.model.written import Artifact, EnvFrom
from wbuild.steps.environment import Surrounding, hidden_values, with_variables

STEP = Step(name="a:compile", verb="compile", label="a", artifact="a", action=Tool(argv=()), env={"OWN": ("x",)})
ARTIFACT = Artifact(
    name="a",
    lang="c",
    targets=("wasip1",),
    env={
        "LANG": "C",
        "BUILD": EnvFrom(from_="BUILD_ID"),
        "VERSION": EnvFrom(from_="APP_VERSION"),
        "OWN": EnvFrom(from_="BUILD_ID"),
        "DEFAULT": EnvFrom(from_="UNSET", default="built in"),
    },
)
AROUND = Surrounding(environ={"BUILD_ID": "of one user", "APP_VERSION": "1.2.3-rc1"})


def test_values_of_the_user_are_hidden_unless_their_names_are_plain() -> None:
    (step,) = with_variables([STEP], ARTIFACT, AROUND, {})
    assert step.env["BUILD"] == ("of one user",)
    assert step.hidden == {"BUILD"}
    assert hidden_values([ARTIFACT], AROUND) == {"of one user"}
    (step,) = with_variables([STEP], ARTIFACT, replace(AROUND, plain=("BUILD_*",)), {})
    assert step.hidden == frozenset()


def test_an_address_with_a_password_is_refused_whatever_its_name() -> None:
    artifact = replace(ARTIFACT, env={"A": EnvFrom(from_="DATABASE_URL")})
    with pytest.raises(UsageError, match="an address with a name or a password in it") as caught:
        with_variables([STEP], artifact, Surrounding(environ={"DATABASE_URL": "postgres://me:hunter22@db/x"}, plain=("*",)), {})
    assert "hunter22" not in str(caught.value.problems)
    assert caught.value.problems[0].code == "WB213"


def test_what_is_said_when_a_hidden_value_changes() -> None:
    def key(value: str) -> Remembered:
        return Remembered(evidence={"env": {"BUILD": value}}, candidates=None)

    (said,) = difference(key(f"{KEYED}1"), key(f"{KEYED}2"))
    assert said == "env BUILD: changed (never shown; results made with it stay yours, but for names in the setting plain-env)"
    assert difference(key("1"), key("2")) == ("env BUILD: 1 → 2",)
