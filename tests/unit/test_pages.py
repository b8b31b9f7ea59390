"""How pages of the documentation are read and compared, before they are run."""

from __future__ import annotations

import pytest

from tests.real.pages import blocks, examples, matches

PAGE = """
Text.

<!-- exit: 3 -->
```console
$ wbuild build \\
> --opt
error: …
$ ls
```

```toml
a = 1
```
"""


def test_blocks_with_their_comments() -> None:
    console, toml = blocks(PAGE)
    assert (console.kind, console.line, console.comment("exit"), toml.comment("exit")) == ("console", 6, "3", None)
    assert toml.text == "a = 1\n"


def test_commands_and_their_outputs() -> None:
    console, _ = blocks(PAGE)
    first, second = examples(console)
    assert (first.command, first.output) == ("wbuild build \\\n--opt", ("error: …",))
    assert (second.command, second.output) == ("ls", ())


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (["compile hello  4.1 s"], " compile   hello    12.9 s \n"),
        (["hello  40.9 KiB  −19.6 %"], "hello 1.2 KiB +3 %\n"),
        (["52 148 → 41 902 B"], "1 000 → 9 B\n"),
        (["zig 0.17.1 (58 MB)"], "zig 0.18.0 (61 MB)\n"),
        (["…", "last"], "any\nlines\nlast\n"),
        (["…", "last"], "last\n"),
        (["first", "…", "last"], "first\nlast\n"),
        (["first", "…"], "first\n"),
        (["hint: …"], "hint: do this\n"),
        (["…"], ""),
    ],
)
def test_what_varies_does_not_count(expected: list[str], actual: str) -> None:
    assert matches(tuple(expected), actual)


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        (["compile hello"], "compile goodbye\n"),
        (["exit 3"], "exit 4\n"),
        (["one"], "one\ntwo\n"),
        (["first", "…", "last"], "first\nmiddle\n"),
        (["4.1 s"], "4.1 MB\n"),
    ],
)
def test_everything_else_counts(expected: list[str], actual: str) -> None:
    assert not matches(tuple(expected), actual)
