"""What reaches the screen: no secret, no control sequence, colour only where it is wanted."""

from __future__ import annotations

import io
import json
import os

import pytest

from wbuild.errors import UsageError
from wbuild.nothing_to_do import wants_color
from wbuild.terminal.console import Console, colored
from wbuild.text.redact import redactor

SECRET = "canary-3f9c2a7b"


def console(**more: object) -> Console:
    return Console(out=io.StringIO(), err=io.StringIO(), **more)  # type: ignore[arg-type]


def text(stream: object) -> str:
    assert isinstance(stream, io.StringIO)
    return stream.getvalue()


def test_streams() -> None:
    c = console()
    c.result("dist/x.wasm")
    c.show("a table")
    assert (text(c.out), text(c.err)) == ("dist/x.wasm\n", "a table\n")


def test_what_a_client_said_is_shown_to_those_who_ask() -> None:
    error = UsageError("WB410", "the registry cannot be reached", log="WARNING: Retrying")
    for verbosity, said in (
        (0, "error[WB410]: the registry cannot be reached\n"),
        (1, "error[WB410]: the registry cannot be reached\nWARNING: Retrying\n"),
    ):
        c = console(verbosity=verbosity)
        c.problems(error)
        assert text(c.err) == said


def test_quiet_keeps_results_warnings_and_errors() -> None:
    c = console(quiet=True)
    c.result("path")
    c.show("table")
    c.step("compile", "x", "0.1 s")
    c.note("note")
    c.warning("careful")
    c.problems(UsageError("WB270", "no wbuild.toml", hint="make one"))
    assert text(c.out) == "path\n"
    assert text(c.err) == "warning: careful\nerror[WB270]: no wbuild.toml\nhint: make one\n"


def test_F117_control_sequences_are_shown_not_obeyed() -> None:
    """F117."""
    c = console()
    c.show("name \x1b[31mred\x1b]0;title\x07 \u202e end\r\n")
    c.page("\x1b[2J")
    assert "\x1b" not in text(c.err) + text(c.out)
    assert text(c.err) == "name \\x1b[31mred\\x1b]0;title\\x07 \\u202e end\\x0d\n\n"


def test_F116_secrets_become_stars() -> None:
    """F116."""
    redact = redactor(
        {"MY_TOKEN": SECRET, "API_KEY": SECRET + "!", "HOME": "/home/me", "SHORT_TOKEN": "abc", "GIT_AUTHOR_NAME": "/home/me"}
    )
    c = console(redact=redact)
    c.show(f"{SECRET}! {SECRET} /home/me abc https://me:{SECRET}x@registry.example/simple?x=1 https://tok@h/")
    c.result(f"{SECRET}/x.wasm")
    assert SECRET not in text(c.err) + text(c.out)
    assert text(c.err) == "*** *** /home/me abc https://***@registry.example/simple?x=1 https://***@h/\n"


def test_F116_passwords_of_urls_in_the_environment_are_secrets_everywhere() -> None:
    redact = redactor({"GOPROXY": "https://me:pa%24%24word@proxy.example,direct", "HTTP_PROXY": "http://me:abc@h", "URL": "https://host"})
    assert redact("pa%24%24word pa$$word me abc https host") == "*** *** me abc https host"


def test_notes_are_said_once() -> None:
    c = console()
    c.note("same")
    c.note("same")
    assert text(c.err) == "note: same\n"


def test_steps_stand_in_columns() -> None:
    c = console()
    c.step("compile", "hello src/main.c", "0.8 s")
    c.step("tools", "zig\n0.17", "")
    assert text(c.err).splitlines() == [f"  compile   {'hello src/main.c':<42} 0.8 s", "  tools     zig 0.17"]


def test_color() -> None:
    c = console(color=True)
    c.problems(UsageError("WB270", "no wbuild.toml", hint="make one"))
    assert "\x1b[1;31merror[WB270]\x1b[0m: no wbuild.toml" in text(c.err)
    assert "\x1b[1;36mhint\x1b[0m: make one" in text(c.err)
    assert colored("bad", "x") == "\x1b[31mx\x1b[0m"
    assert colored("", "x") == "x"


@pytest.mark.parametrize(
    ("choice", "environ", "terminal", "expected"),
    [
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {}, True, False),
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"TERM": "dumb"}, True, False),
    ],
)
def test_when_color_is_wanted(choice: str, environ: dict[str, str], terminal: bool, expected: bool) -> None:
    assert wants_color(choice, environ, terminal=terminal) is expected


def test_a_document_is_utf_8_whatever_names_it_holds_and_a_path_is_its_bytes() -> None:
    name = os.fsdecode(b"b\xff\xe9.c")
    raw = io.BytesIO()
    c = Console(out=io.TextIOWrapper(raw, encoding="ascii"), err=io.StringIO())
    c.result(json.dumps({"name": name, "other": "\u2192"}, indent=2, ensure_ascii=False))
    document = raw.getvalue().decode("utf-8")
    assert json.loads(document) == {"name": name, "other": "\u2192"}
    raw.seek(0)
    raw.truncate()
    c.result(name)
    assert raw.getvalue() == b"b\xff\xe9.c\n"
