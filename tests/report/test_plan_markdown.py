"""Plans as comments: whatever the names, they are text; whatever the plan, it fits; nobody's name is in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from support.any_plan import HOSTILE, PLANS
from support.plan_world import FakeReader, plan_of, spec_data, wanted_run

from bulkplan.report.markdown import code_span, html_code, markdown_text, markup_text
from bulkplan.report.plan_markdown import MIN_BYTES, plan_markdown

GITHUB = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
OWN_TAGS = {"details", "summary", "code", "b", "sub"}
OWN_TOKENS = {"text", "code_inline", "strong_open", "strong_close", "html_inline", "softbreak"}
LINKED = re.compile(r"(?:^|\W)@\w|\w@[\w-]+\.\w|#\d|://|\bwww\.|\bGH-\d|:[\w+-]+:|\b[0-9a-f]{7,40}\b", re.IGNORECASE)
"""What GitHub makes a link, a mention or a picture of, in what is plain text to CommonMark."""


class Markup(HTMLParser):
    """The tags of a piece of HTML, those that stay open, and its text outside of code."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.words = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        assert tag in OWN_TAGS
        assert attributes == []
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data if "code" not in self.open else " "

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data!r}")

    handle_decl = handle_pi = unknown_decl = handle_comment


def check(text: str) -> None:
    """Nothing but our own markup is in the text, and it is closed."""
    tokens = GITHUB.parse(text)
    html = "".join(token.content for token in tokens if token.type == "html_block")
    inline = [child for token in tokens for child in token.children or ()]
    assert {child.type for child in inline} <= OWN_TOKENS
    markup = Markup(html + "".join(child.content for child in inline if child.type == "html_inline"))
    assert markup.open == []
    for words in (markup.words, *(child.content for child in inline if child.type == "text")):
        assert LINKED.search(words) is None, words
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]", text)


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_shown_as_it_is_and_is_nothing_but_text(name):
    fold = f"<details><summary>{markup_text(name)} {html_code(name)}</summary>\n\n</details>\n"
    cells = f"| x {markdown_text(name)} | {code_span(name)} |\n|---|---|\n"
    tokens = GITHUB.parse(cells + f"\nsays {markdown_text(name)}\n\n{fold}")
    inline = [token for token in tokens if token.type == "inline"]
    assert len(inline) == 3, "two cells and a paragraph"
    assert {child.type for token in inline for child in token.children} <= OWN_TOKENS
    check(cells + fold)


@given(PLANS, st.integers(MIN_BYTES, 20_000))
@settings(max_examples=60)
def test_any_plan_fits_any_budget_says_what_it_leaves_out_and_has_no_markup_but_ours(plan, max_bytes):
    short, whole = plan_markdown(plan, max_bytes=max_bytes), plan_markdown(plan, max_bytes=10_000_000)
    assert len(short.text.encode()) <= max_bytes
    assert ("**Left out**" in short.text) == (len(whole.text.encode()) > max_bytes)
    assert whole.n_left_out == 0
    assert "Canary" not in whole.text + short.text
    check(short.text)
    check(whole.text)


async def test_the_riskiest_rows_are_the_last_to_be_left_out():
    runs = [wanted_run(spec_data(f"tag-{number}")) for number in range(40)]
    purge = wanted_run(spec_data("purge", action={"type": "delete"}))
    plan = (await plan_of(*runs, purge, reader=FakeReader(totals={"stat_chu": 40}))).plan
    for max_bytes in (MIN_BYTES, 2_000, 4_000, 30_000):
        shown = plan_markdown(plan, max_bytes=max_bytes)
        listed = re.findall(r"^\| \S+ \w+ \| `([\w-]+)@1`", shown.text, re.MULTILINE)
        assert listed[0] == "purge"
        assert len(listed) + shown.n_left_out == 41
        if shown.n_left_out:
            assert f"{shown.n_left_out} rows" in shown.text


def test_a_budget_without_room_for_a_headline_is_a_mistake_of_the_caller():
    with pytest.raises(ValueError, match="1000"):
        plan_markdown(None, max_bytes=MIN_BYTES - 1)
