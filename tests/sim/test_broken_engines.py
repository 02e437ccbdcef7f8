"""The simulator's own test: an engine with one rule broken is caught, and the sound one passes the same schedules."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sim import invariants
from sim.broken import BROKEN
from sim.simulate import Options, explain, run_seed

SEEDS = 1_500
"""Within so many schedules every broken engine is caught; most within a hundred."""

NAMES = [broken.name for broken in BROKEN]


@pytest.mark.parametrize("broken", BROKEN, ids=NAMES)
def test_a_broken_rule_is_caught(broken, monkeypatch):
    for module, name, instead in broken.patches:
        monkeypatch.setattr(module, name, instead)
    seen = []
    for seed in range(SEEDS):
        found = run_seed(seed, broken.options).violation
        if found is not None:
            seen.append(found.invariant)
        if broken.catches & set(seen):
            return
    pytest.fail(f"{broken.name}: not caught in {SEEDS} schedules; seen: {sorted(set(seen))}")


RUN_TWICE = (
    "retry on time-out with a fresh nonce",
    "resend when one look is empty",
    "5xx taken for a refusal",
    "a lost answer taken for a refusal",
    "a store without preconditions",
    "refused written by a non-sender",
    "unknown released by itself",
    "tag look skipped with lost state",
    "a person's release too early",
)


@pytest.mark.parametrize("broken", [one for one in BROKEN if one.name in RUN_TWICE], ids=lambda one: one.name)
def test_what_the_invariants_forbid_would_run_an_action_twice(broken, monkeypatch):
    """Judged by the end alone: the rules are not there for their own sake."""
    for module, name, instead in broken.patches:
        monkeypatch.setattr(module, name, instead)
    options = replace(broken.options, only="runs_at_most_once")
    assert any(run_seed(seed, options).violation for seed in range(2 * SEEDS))


SHAPED = [broken for broken in BROKEN if (broken.always or broken.shape) and not broken.is_careless]


@pytest.mark.parametrize("broken", SHAPED, ids=[broken.name for broken in SHAPED])
def test_the_sound_engine_passes_the_schedules_that_were_made_for_a_broken_one(broken):
    sound = Options(always=broken.always, shape=broken.shape)
    for seed in range(200):
        verdict = run_seed(seed, sound)
        assert verdict.violation is None, explain(verdict, sound)


def test_each_rule_has_an_engine_without_it_and_every_one_of_the_seven_invariants_catches_some():
    assert len(BROKEN) >= 35
    assert len(set(NAMES)) == len(BROKEN)
    names = {invariant.__name__ for invariant in invariants.INVARIANTS} - {"no_traceback"}
    assert names <= {name for broken in BROKEN for name in broken.catches}
