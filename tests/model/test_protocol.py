"""The protocol holds in every interleaving, and each of its rules is needed."""

from __future__ import annotations

import pytest

from model.checker import search
from model.variants import BREAKS, HOLDS, HOLDS_FULLY

LIMIT, FULL_LIMIT = 400_000, 8_000_000


@pytest.mark.slow
@pytest.mark.parametrize("rules", HOLDS, ids=[rules.name for rules in HOLDS])
def test_the_protocol_holds_in_every_interleaving(rules):
    found = search(rules, limit=LIMIT)
    assert found.broken is None, found.trace
    assert found.is_whole
    assert all(runs <= 1 for _, runs in found.ends)
    assert {status for status, runs in found.ends if runs == 1} >= {"submitted"}


@pytest.mark.parametrize("rules", BREAKS, ids=[rules.name for rules in BREAKS])
def test_without_one_of_its_rules_it_breaks(rules):
    found = search(rules, limit=LIMIT)
    assert found.broken == rules.breaks
    assert found.trace


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("rules", HOLDS_FULLY, ids=[rules.name for rules in HOLDS_FULLY])
def test_the_protocol_holds_within_larger_budgets(rules, request):
    if not request.config.getoption("--model-full", False):
        pytest.skip("only with --model-full")
    found = search(rules, limit=FULL_LIMIT)
    assert found.broken is None, found.trace
    assert found.is_whole
