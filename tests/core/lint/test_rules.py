"""Every rule by its own example: the bad one fires it, there and nothing else; the good one fires nothing."""

from __future__ import annotations

import re

import pytest
from support.linting import example_world

from bulkplan.core.lint.judge import judge
from bulkplan.core.lint.names import SLUGS
from bulkplan.core.lint.rule import CloseFacts, EmptyTag, Example, Rule, UnknownTag, World
from bulkplan.core.lint.table import RULES
from bulkplan.errors import Problem
from bulkplan.model.run import RunKey

FACTS = {
    "not-in-close": CloseFacts(problems=(Problem("no such status", path=("filter", "where", "is")),)),
    "user-dependent-smart-view": CloseFacts(user_views=("My open leads",)),
    "empty-merge-tag": CloseFacts(
        empty_tags=(EmptyTag("{{ contact.title }}", "Win-back 2026", 4, 10, is_some_contact=True),)
    ),
    "unknown-merge-tag": CloseFacts(unknown_tags=(UnknownTag("{{ lead.custom.Produkt }}", "Win-back 2026"),)),
    "sender-without-user": CloseFacts(sender_without_user="old@example.com"),
}
OF_CLOSE = {"recent-contact-not-excluded", "no-tests"}
"""Examples of Close are short: other rules may have a word about them."""


def _world(rule: Rule, example: Example, *, is_bad: bool) -> World:
    facts = FACTS.get(rule.slug) if is_bad else None
    close = {RunKey("tidy", 1): facts or CloseFacts()} if rule.needs == "close" else None
    return example_world(example, records=() if rule.needs == "state" else None, close=close)


def _told(world: World) -> list[tuple[str, str | None]]:
    found = judge(world).findings
    return [(each.rule.slug, each.problem.at.source if each.problem.at else None) for each in found]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
def test_a_bad_example_fires_its_rule_where_it_says(rule):
    told = [
        each for each in _told(_world(rule, rule.bad, is_bad=True)) if each[0] == rule.slug or rule.needs != "close"
    ]
    assert {slug for slug, _ in told} == {rule.slug}
    marked = re.search(r"^.*# [a-z-]+$", rule.bad.project + rule.bad.spec + rule.bad.fragment, flags=re.MULTILINE)
    if marked:  # what is gone has no place
        assert {source.rstrip() for _, source in told} == {marked[0]}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.slug)
def test_a_good_example_fires_nothing(rule):
    told = _told(_world(rule, rule.good, is_bad=False))
    assert {slug for slug, _ in told} <= (OF_CLOSE if rule.needs == "close" else set())


def test_every_id_has_its_rule_and_its_words():
    assert [rule.id for rule in RULES] == list(SLUGS)
    for rule in RULES:
        assert rule.summary[0].islower()
        assert rule.why.endswith(".")
        assert not rule.summary.endswith(".")
