"""Risk of rows: what a reviewer should look at first."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.core.risk import FAMILY_BY_ACTION, Risk, risk_of, riskiest_first
from bulkplan.model.plan import Change, ChangeKind, Matches
from bulkplan.model.run import RunKey
from bulkplan.model.spec import ActionType

EDITS = ("set_lead_status", "set_custom_field", "clear_custom_field")


def row(action="set_lead_status", leads=10, *, of=10_000, kind=ChangeKind.RUN, **more) -> Change:
    facts = {
        "key": RunKey("tag", 1),
        "kind": kind,
        "reason": "never ran",
        "action_type": action,
        "summary": action,
        "is_undoable": action in EDITS,
        "matches": Matches(total=leads, limited=leads, of_leads=of),
    }
    return Change(**{**facts, **more})


@pytest.mark.parametrize(
    ("change", "risk"),
    [
        (row(leads=5_000), Risk.LOW),
        (row(leads=5_001), Risk.MEDIUM),
        (row("sequence_pause"), Risk.MEDIUM),
        (row("email", 1_000), Risk.MEDIUM),
        (row("email", 1_001), Risk.HIGH),
        (row("email", 5_001), Risk.CRITICAL),
        (row("sequence_subscribe", 30_000, of=1_000_000), Risk.CRITICAL),
        (row("delete", 1), Risk.HIGH),
        (row("delete", 101), Risk.CRITICAL),
        (row("delete", 5, of=5), Risk.HIGH),
        (row(blocked_by=("max_matches",)), Risk.MEDIUM),
        (row("email", blocked_by=("overlap",)), Risk.HIGH),
        (row("email", matches=None), Risk.MEDIUM),
        (row(kind=ChangeKind.CONFLICT), Risk.MEDIUM),
        (row(kind=ChangeKind.UNKNOWN), Risk.HIGH),
        (row("delete", kind=ChangeKind.NO_OP), Risk.NONE),
        (row(kind=ChangeKind.ORPHAN, notes=("alarm on tag@1: two actions carry its marker",)), Risk.HIGH),
    ],
)
def test_a_row_is_as_risky_as_its_action_its_size_and_what_stands_in_its_way(change, risk):
    assert risk_of(change) is risk


def test_every_action_and_every_kind_has_a_risk():
    assert set(FAMILY_BY_ACTION) == set(get_args(ActionType))
    assert [risk_of(row(kind=kind)).word for kind in ChangeKind]


def test_what_a_limit_cuts_off_is_no_risk_but_of_a_refused_run_it_is():
    cut = row("email", matches=Matches(total=5_000, limited=50, of_leads=100_000))
    assert risk_of(cut) is Risk.MEDIUM
    assert risk_of(cut.model_copy(update={"blocked_by": ("max_matches",)})) is Risk.CRITICAL


ROWS = st.builds(
    row,
    st.sampled_from(get_args(ActionType)),
    st.integers(0, 50_000),
    of=st.integers(50_000, 100_000),
    kind=st.sampled_from(ChangeKind),
)


@given(ROWS, st.integers(0, 50_000))
def test_more_leads_never_lower_the_risk(change, more):
    grown = change.matches.model_copy(update={"total": change.matches.total + more})
    grown = grown.model_copy(update={"limited": grown.total})
    assert risk_of(change.model_copy(update={"matches": grown})) >= risk_of(change)


@given(st.lists(ROWS))
def test_the_riskiest_row_comes_first_and_none_gets_lost(changes):
    first = riskiest_first(changes)
    assert sorted(map(id, first)) == sorted(map(id, changes))
    assert [risk_of(change) for change in first] == sorted((risk_of(change) for change in changes), reverse=True)


def test_at_equal_risk_what_needs_somebody_comes_before_what_only_runs():
    conflict, mail, large = row(kind=ChangeKind.CONFLICT), row("email", 10), row("email", 20)
    assert riskiest_first([mail, large, conflict]) == (conflict, large, mail)
