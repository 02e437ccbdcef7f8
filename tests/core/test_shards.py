"""How runs are shared out among jobs: each to one, alike everywhere, and what must see one another together."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.plan_world import email_data, plan_of, spec_data, wanted_run

from bulkplan.core.shards import SIDES, Shares
from bulkplan.model.project import OverlapRules
from bulkplan.model.run import RunKey
from bulkplan.model.shard import Shard

RULES = OverlapRules()
NAMES = st.text("abcdefgh", min_size=1, max_size=4)


def runs_of(edges, action=None):
    more = {"action": action} if action else {}
    return [wanted_run(spec_data(name, depends_on=sorted(on), **more)) for name, on in edges.items()]


def numbers(shares, runs):
    return {run.key.full_name: shares.number(run.key) for run in runs}


def groups():
    return st.dictionaries(NAMES, st.sets(NAMES, max_size=3), min_size=1, max_size=12)


@given(groups(), st.integers(1, 7), st.randoms(use_true_random=False))
def test_every_run_is_in_one_shard_whatever_the_order_of_the_files(edges, of, chance):
    runs = runs_of(edges)
    found = numbers(Shares(runs, RULES, of=of), runs)
    assert set(found.values()) <= set(range(1, of + 1))
    chance.shuffle(runs)
    assert numbers(Shares(runs, RULES, of=of), runs) == found


@given(groups(), st.integers(1, 7))
def test_a_run_is_where_everything_is_that_it_waits_for(edges, of):
    runs = runs_of(edges)
    found = numbers(Shares(runs, RULES, of=of), runs)
    for name, on in edges.items():
        assert {found[other] for other in on if other in edges} <= {found[name]}


def test_the_shard_of_a_name_is_the_same_in_every_release():
    """Two jobs of one matrix may run two versions of bulkplan: a run would be nobody's, or both would reach for it."""
    runs = runs_of({f"tag-{number}": () for number in range(12)})
    found = numbers(Shares(runs, RULES, of=4), runs)
    assert list(found.values()) == [3, 3, 2, 2, 1, 2, 1, 3, 1, 2, 2, 3]


def test_variants_of_one_spec_are_shared_out_and_versions_and_periods_are_not():
    regions = [wanted_run(spec_data("tag"), variant=str(number)) for number in range(40)]
    shares = Shares(regions, RULES, of=4)
    assert set(numbers(shares, regions).values()) == {1, 2, 3, 4}
    again = RunKey("tag", 9, "7", "2026-W47")
    assert shares.number(again) == shares.number(regions[7].key)


def test_two_hundred_runs_make_four_jobs_of_about_the_same_size():
    runs = runs_of({f"run-{number:03}": () for number in range(200)})
    found = list(numbers(Shares(runs, RULES, of=4), runs).values())
    assert all(30 <= found.count(number) <= 70 for number in (1, 2, 3, 4)), found


def test_what_may_be_taken_out_of_one_another_stays_together():
    mails = [wanted_run(email_data(f"mail-{number}")) for number in range(12)]
    tags = runs_of({f"tag-{number}": () for number in range(12)})
    found = numbers(Shares([*mails, *tags], OverlapRules(two_emails="exclude"), of=4), [*mails, *tags])
    assert len({found[run.key.full_name] for run in mails}) == 1
    assert len({found[run.key.full_name] for run in tags}) > 1


def test_every_rule_that_may_exclude_says_which_runs_it_is_about():
    excluding = {name for name, field in OverlapRules.model_fields.items() if "exclude" in get_args(field.annotation)}
    assert set(SIDES) == excluding


@pytest.mark.parametrize("of", [1, 3])
async def test_all_shards_together_are_the_whole_plan_row_by_row(of):
    """Also what rows of other shards mean to them: overlaps are told, and refuse, on both sides."""
    runs = [wanted_run(email_data(f"mail-{number}")) for number in range(4)]
    runs += [wanted_run(spec_data("purge", action={"type": "delete"})), wanted_run(spec_data("tag"))]
    whole = (await plan_of(*runs)).plan
    parts = [(await plan_of(*runs, shard=Shard(number=number, of=of))).plan for number in range(1, of + 1)]
    rows = {row.key: row for part in parts for row in part.changes}
    assert rows == {row.key: row for row in whole.changes}
    assert sum(part.shard.runs for part in parts) == len(whole.changes) == parts[0].shard.of_runs
    assert any(row.blocked_by for row in whole.changes)
