"""What is known of earlier runs: only their own, done, whole ones, and of those the newest."""

from __future__ import annotations

import pytest
from support.plan_world import make_record, spec_data, wanted_run

from bulkplan.core.history import earlier_counts
from bulkplan.model.record import Counts
from bulkplan.model.record import RecordStatus as S

KEY = wanted_run(spec_data(version=9)).key


def ran(version: int, n_leads: int | None = 40, *, approved: int = 50, status: S = S.DONE, name="tag-churned", **more):
    run = wanted_run(spec_data(name, version=version), variant=more.pop("variant", None))
    counts = Counts(approved=approved, n_leads=n_leads)
    return make_record(run, status, days_ago=100 - version, counts=counts, **more)


def test_the_newest_runs_come_first_and_five_are_enough():
    assert earlier_counts([ran(version, version) for version in range(1, 9)], KEY) == (8, 7, 6, 5, 4)


def test_what_close_took_counts_else_what_was_approved():
    assert earlier_counts([ran(1, None), ran(2, 30)], KEY) == (30, 50)


@pytest.mark.parametrize(
    "record",
    [
        ran(1, status=S.FAILED),
        ran(1, status=S.SUBMITTED),
        ran(1, status=S.FORGOTTEN),
        ran(1, name="another"),
        ran(1, variant="EMEA"),
        ran(9),
        ran(1, 40, asked_limit=40),
    ],
    ids=["failed", "running", "forgotten", "of another spec", "of a variant", "this very run", "cut off"],
)
def test_runs_that_say_nothing_of_this_one_are_left_out(record):
    assert earlier_counts([record, ran(2, 7)], KEY) == (7,)


def test_a_limit_that_cut_nobody_off_does_not_matter():
    assert earlier_counts([ran(1, 30, asked_limit=40)], KEY) == (30,)
