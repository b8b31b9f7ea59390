"""The report in pull requests: what matters first, nothing that a stranger's text could turn into Markdown."""

from __future__ import annotations

import re
from dataclasses import replace
from html.parser import HTMLParser

import cmarkgfm
import pytest
from cmarkgfm.cmark import Options
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.goldens import golden
from tests.reports import everything, report, sizes_of, weighed
from wbuild.errors import Problem
from wbuild.model.happened import Report, Sizes
from wbuild.report.markdown import COMMENT_LIMIT, MARKER, code, render

SMALLER = Sizes(raw=41000, gzip=18000, brotli=16000, zstd=17000)
EVIL = [
    "</code><script>alert(1)</script>",
    "`|`|--|\n|x|",
    "[x](javascript:alert(1))",
    "![x](http://evil.example/track.png)",
    "<img src=x onerror=alert(1)>",
    "@octocat @org/team",
    "#1 owner/repo#2 GH-3 0123456789abcdef0123456789abcdef01234567",
    "www.evil.example https://evil.example mailto:a@b.example a.b@c.example",
    "**bold** _em_ ~~gone~~ $x^2$ :tada:",
    "--> <!-- made by wbuild: report -->",
    "&lt;b&gt; &#60;b&#62; \\` \\| \\",
    "\x1b]8;;http://evil.example\x07link\x1b]8;;\x07",
    "\u202egnp.exe \u200b\u2066",
    "/close\n/approve",
    "</pre></details>\n\n# title\n\n- [ ] task\n",
    "\ud800",
    "```\nfence\n```",
    "  \n---\n===",
]


class Seen(HTMLParser):
    """Tags, attributes, and the text inside and outside of code."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.loose = ""
        self.inside = ""
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag in ("code", "pre"):
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("code", "pre"):
            self._open.remove(tag)

    def handle_data(self, data: str) -> None:
        if self._open:
            self.inside += data
        else:
            self.loose += data


def seen(text: str) -> Seen:
    """The page as GitHub's own parser reads it, raw HTML included."""
    parser = Seen()
    parser.feed(cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE))
    return parser


TAGS = {"h3", "table", "thead", "tbody", "tr", "th", "td", "code", "strong", "ul", "li", "p", "details", "summary", "pre", "wbr"}


def filled(text: str) -> Report:
    """A report in which every text is the same."""
    problem = Problem(code="WB301", message=text, hint=text, detail=f"before\n{text}\nafter")
    bad = weighed(text, language=text, target=text, status="failed", problems=(problem, problem))
    return replace(report(bad, weighed(text, previous=SMALLER), weighed("known")), project=text)


def test_everything() -> None:
    golden("report/everything.md", render(everything(), remarks=("a differs between machines",)))


def test_the_order_is_failed_changed_new_and_the_rest() -> None:
    made = report(
        weighed("same", previous=sizes_of(weighed("x"))),
        weighed("new"),
        weighed("little", previous=Sizes(raw=41901, gzip=1, brotli=1, zstd=1)),
        weighed("much", previous=Sizes(raw=1, gzip=1, brotli=1, zstd=1)),
        weighed("later", status="skipped", sizes=None),
        weighed("broken", status="failed", sizes=None),
    )
    text = render(made)
    assert re.findall(r"^\| <code>(\w+)</code>", text, re.MULTILINE) == ["broken", "later", "much", "little", "new", "same"]
    assert text.startswith("### wbuild: 2 failed, 2 changed, 1 new in 6 artifacts of <code>shop</code>\n")
    assert "<details><summary>1 unchanged</summary>" in text


def test_nothing_changed_and_nothing_at_all() -> None:
    same = report(weighed("a", previous=sizes_of(weighed("x"))))
    assert render(same).startswith("### wbuild: nothing changed in 1 artifact of <code>shop</code>\n")
    assert render(report()) == "### wbuild: no artifact of <code>shop</code> is concerned\n\n"


def test_a_comment_begins_with_the_marker() -> None:
    assert render(report(), marker=MARKER).startswith(f"{MARKER}\n###")


@pytest.mark.parametrize("count", [10, 400, 900, 5000])
def test_a_comment_has_room(count: int) -> None:
    text = render(report(*(weighed(f"artifact-{i}", previous=SMALLER) for i in range(count))), limit=COMMENT_LIMIT, marker=MARKER)
    assert len(text.encode()) <= COMMENT_LIMIT < 64 * 1024
    shown = text.count("| <code>artifact-")
    assert shown == count or (shown > 300 and f"\n{count - shown} more rows have no room here" in text)


@pytest.mark.parametrize("evil", EVIL)
def test_F117_a_strangers_text_stays_text(evil: str) -> None:
    page = seen(render(filled(evil), marker=MARKER))
    assert page.tags <= TAGS
    assert page.attributes <= {"align"}
    for word in ("octocat", "evil", "title", "task", "bold", "alert", "close", "GH-3"):
        assert word not in page.loose
    raw = render(filled(evil), marker=MARKER)
    assert raw.count("<!--") == 1
    assert raw.isprintable() or all(char == "\n" or char.isprintable() for char in raw)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=40))
def test_any_text_stays_text(text: str) -> None:
    page = seen(render(filled(text)))
    assert page.tags <= TAGS
    assert page.attributes <= {"align"}


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=30))
def test_what_is_shown_is_the_text(text: str) -> None:
    assert seen(code(text)).inside == text


def test_what_was_left_out_is_said() -> None:
    choice = weighed("x").choice
    assert choice is not None
    text = render(report(weighed("u", choice=replace(choice, checked=False)), weighed("d", choice=replace(choice, degraded=True))))
    assert "- <code>d</code> degraded: the optimizer was stopped before its end\n" in text
    assert "- <code>u</code> unchecked: no check could run\n" in text
