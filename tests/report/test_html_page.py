"""Pages: whatever is put in is text; nothing is fetched; no script can run."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from support.any_plan import HOSTILE, PLANS

from bulkplan.core.visible import visible
from bulkplan.report.html_page import Html, bar, element, facts, folded, page, preformatted, table
from bulkplan.report.plan_html import plan_html

OWN_TAGS = """
html head meta title style body main header footer article h1 h2 h3 h4 p a strong em span bdi code pre ul ol li dl dt dd
div svg rect table thead tbody tr th td details summary ins del
"""
OWN_ATTRIBUTES = """
lang charset http-equiv content name class id href role aria-label data-label scope width height rx
"""
VOID = frozenset({"meta"})


class Page(HTMLParser):
    """A page taken apart: every tag is ours and closed, every link stays on the page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.headings: list[int] = []
        self.words = ""
        self.feed(text)
        self.close()
        assert self.open == []
        assert len(set(self.ids)) == len(self.ids)

    def handle_starttag(self, tag, attributes):
        assert tag in OWN_TAGS.split()
        assert {name for name, _ in attributes} <= set(OWN_ATTRIBUTES.split())
        facts = dict(attributes)
        assert facts.get("href", "#").startswith("#")
        self.ids += [facts["id"]] if "id" in facts else []
        self.headings += [int(tag[1])] if tag in ("h1", "h2", "h3", "h4") else []
        self.open += [] if tag in VOID else [tag]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data if "style" not in self.open else ""

    def handle_comment(self, data):
        raise AssertionError(f"a comment: {data!r}")

    handle_pi = unknown_decl = handle_comment


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_text_wherever_it_stands(name):
    body = (
        element("h1", name),
        element("p", name, aria_label=name, class_=name),
        bar(1, 2, label=name),
        facts([(name, name)]),
        table((name,), [(name,)], label=name),
        folded(name, preformatted(name)),
    )
    shown = Page(page(title=name, body=element("div", *body)))
    assert shown.words.count(visible(name).split("\\n")[0]) >= 7


@given(PLANS)
@settings(max_examples=40)
def test_whatever_a_plan_says_only_our_own_elements_are_on_its_page(plan):
    shown = Page(plan_html(plan))
    assert shown.headings[0] == 1
    assert shown.headings.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in zip(shown.headings, shown.headings[1:], strict=False))


def test_markup_glued_to_text_is_text_again():
    """Only what the functions made is markup; adding strings makes a string, and that is escaped."""
    assert element("p", Html("<b>") + "x") == "<p>&lt;b&gt;x</p>"


def test_a_share_that_is_not_nothing_can_be_seen_and_more_than_all_is_all():
    assert 'width="0.80%"' in bar(1, 1_000_000, label="one")
    assert 'width="0.00%"' in bar(0, 10, label="none")
    assert 'width="0.00%"' in bar(0, 0, label="of nothing")
    assert 'width="100.00%"' in bar(20, 10, label="more")


def test_a_page_allows_itself_no_script_and_fetches_nothing():
    text = page(title="t", body=element("h1", "t"))
    assert "default-src &#x27;none&#x27;" in text
    assert "url(" not in text
    assert "@import" not in text
    assert "http" not in text.replace("http-equiv", "")
