"""Pages in a real browser: on a phone, in the dark, for people who see less; nothing is fetched, nothing runs."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest
from support.any_plan import HOSTILE
from support.browser import open_browser, open_page
from support.fifteen_specs import PROJECT
from support.plan_world import email_data, plan_of, spec_data, wanted_run
from support.sample_audit import hostile_audit, sample_audit

from bulkplan.report.audit_html import audit_html
from bulkplan.report.plan_html import plan_html

BEYOND_THE_EDGE = """
[...document.querySelectorAll('main *')].filter(part => part.getBoundingClientRect().right > innerWidth + 1)
    .map(part => part.outerHTML.slice(0, 80))
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    """The page of fifteen specs, an audit, and of both one on which every name is hostile."""
    folder = tmp_path_factory.mktemp("pages")
    hostile = folder / "hostile.html"
    hostile.write_text(_hostile_page(), encoding="utf-8")
    audit, hostile_names = folder / "audit.html", folder / "hostile-audit.html"
    audit.write_text(audit_html(sample_audit()), encoding="utf-8")
    hostile_names.write_text(audit_html(hostile_audit(HOSTILE)), encoding="utf-8")
    return {"fifteen": PROJECT / "plan.html", "hostile": hostile, "audit": audit, "hostile audit": hostile_names}


@pytest.fixture(scope="module")
def browser(pages):
    """After the pages are made: while it is open, no other event loop can run here."""
    with open_browser() as opened:
        yield opened


def _hostile_page() -> str:
    mail = [
        wanted_run(email_data(f"mail-{number}", description=name, owner=name.strip() or "x"))
        for number, name in enumerate(HOSTILE[:-3])
    ]
    edit = wanted_run(spec_data("edit", filter={"where": {"field": "custom.Source", "is": HOSTILE[4]}}))
    plan = asyncio.run(plan_of(*mail, edit)).plan
    return plan_html(plan.model_copy(update={"organization_name": HOSTILE[3], "target": HOSTILE[4]}))


@pytest.mark.parametrize("name", ["fifteen", "hostile", "audit", "hostile audit"])
def test_a_page_asks_for_nothing_runs_nothing_and_complains_of_nothing(browser, pages, name):
    with open_page(browser, pages[name]) as (page, seen):
        page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
        page.wait_for_load_state("networkidle")
        assert seen.requests == [pages[name].as_uri()]
        assert seen.console == []
        assert seen.dialogs == []
        assert page.evaluate(
            "document.scripts.length + document.images.length + document.links.length"
        ) == page.evaluate("document.querySelectorAll('a[href^=\"#\"]').length")


@pytest.mark.parametrize("name", ["fifteen", "hostile", "audit", "hostile audit"])
def test_no_page_is_wider_than_its_window_with_everything_unfolded(browser, pages, name):
    with open_page(browser, pages[name], width=320) as (page, _):
        page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
        for width in (320, 360, 768):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            assert page.evaluate(BEYOND_THE_EDGE) == []


def test_in_the_dark_a_page_is_dark(browser, pages):
    paints = {}
    for scheme in ("light", "dark"):
        with open_page(browser, pages["fifteen"], scheme=scheme) as (page, _):
            colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
            paints[scheme] = sum(map(int, re.findall(r"\d+", colour)))
    assert paints["light"] > 600
    assert paints["dark"] < 150


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["fifteen", "audit"])
def test_a_page_can_be_used_by_people_who_see_less(browser, pages, name, scheme):
    """axe-core, with all its rules, the contrast of WCAG AA among them."""
    axe = pytest.importorskip("axe_playwright_python.base").AXE_FILE_PATH.read_text(encoding="utf-8")
    with open_page(browser, pages[name], scheme=scheme) as (page, _):
        page.evaluate("document.querySelectorAll('details').forEach(fold => { fold.open = true })")
        page.evaluate(axe)
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    assert [(one["id"], [node["html"][:100] for node in one["nodes"][:3]]) for one in found["violations"]] == []
    assert {one["id"] for one in found["passes"]} >= {"color-contrast", "heading-order", "svg-img-alt"}


def test_each_row_of_the_index_leads_to_its_card_and_folds_open_by_keyboard(browser, pages):
    with open_page(browser, pages["fifteen"]) as (page, _):
        links = page.locator(".index a")
        for number in (0, links.count() - 1):
            links.nth(number).click()
            target = page.locator(links.nth(number).get_attribute("href"))
            assert target.is_visible()
            assert links.nth(number).inner_text() in target.inner_text()
        fold = page.locator("details").first
        fold.locator("summary").focus()
        page.keyboard.press("Enter")
        assert fold.get_attribute("open") is not None
