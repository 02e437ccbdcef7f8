"""What a row says once its leads were listed."""

from __future__ import annotations

import pytest

from bulkplan.core.cohort_rows import Listed, as_frozen, n_to_list, with_cohort, with_leads_frozen, with_sample
from bulkplan.core.digest import request_digest
from bulkplan.core.guards import GuardLayers, facts_of, judge
from bulkplan.model.plan import Change, ChangeKind, Cohort, Matches
from bulkplan.model.request import Request
from bulkplan.model.run import RunKey
from bulkplan.model.spec import Guards

REQUEST = Request(kind="edit", body={"s_query": {"type": "match_all"}, "results_limit": None, "sort": []})


def layers(**guards) -> GuardLayers:
    return GuardLayers(family="edit", project=Guards(), spec=Guards(**guards))


def row(total=10, *, asked=None, guards=None) -> Change:
    matches = Matches(total=total, limited=min(total, asked or total), of_leads=50)
    return Change(
        key=RunKey("mark", 1),
        kind=ChangeKind.RUN,
        reason="never ran",
        action_type="set_lead_status",
        summary="",
        filter_words="status is Churned",
        matches=matches,
        verdicts=judge(matches, guards or layers(), facts_of(REQUEST, ())),
        asked_limit=asked,
        request=REQUEST,
    )


def listed(n_leads, *, n_counted=None, members="AA==", has_members=True) -> Listed:
    cohort = Cohort(n_leads=n_leads, digest="sha256:0", members=members)
    return Listed(cohort, n_leads if n_counted is None else n_counted, has_members=has_members)


def test_a_listing_that_went_well_is_no_news():
    change = with_cohort(row(), listed(10))
    assert (change.cohort.n_leads, change.notes) == (10, ())
    assert with_cohort(row(), listed(10, members=None, has_members=False)).notes == ()


@pytest.mark.parametrize(
    ("change", "found", "words"),
    [
        (row(10), listed(8, n_counted=10), ["counted 10 leads", "listed 8"]),
        (row(300_000), listed(300_000, members=None), ["300,000", "at most 200,000", "drift is measured in counts"]),
        (row(30_000, asked=20_000), listed(30_000), ["results_limit 20,000", "the whole filter"]),
    ],
    ids=["moved", "too many members", "beyond one order"],
)
def test_what_a_reviewer_should_know_is_noted(change, found, words):
    (note,) = with_cohort(change, found).notes
    assert all(word in note for word in words)


def test_as_many_leads_are_listed_as_can_be_followed():
    assert n_to_list(row(30)) == 30
    assert n_to_list(row(30, asked=7)) == 7
    assert n_to_list(row(30_000, asked=20_000)) == 30_000
    assert n_to_list(row().model_copy(update={"matches": None})) == 0


def test_an_empty_sample_says_nothing():
    assert with_sample(row(), ()) == row()


def test_a_frozen_row_sends_its_leads_under_a_ceiling_of_as_many():
    loose = GuardLayers(family="edit", project=Guards(max_drift="50%"), spec=Guards())
    change = with_leads_frozen(row(2), REQUEST, ["lead_b", "lead_a"], loose)
    assert change.request.body["results_limit"] == 2
    assert change.request_digest == request_digest(change.request.body)
    assert change.max_drift_leads == 1
    assert change.would_run


def test_a_frozen_row_of_more_leads_than_its_guards_allow_is_refused():
    tight = layers(max_matches=2)
    change = with_leads_frozen(row(2, guards=tight), REQUEST, ["lead_a", "lead_b", "lead_c"], tight)
    assert change.blocked_by == ("max_matches",)
    assert (change.matches.total, change.request) == (3, REQUEST)


@pytest.mark.parametrize(("guards", "kind", "blocked"), [({}, "run", True), ({"min_matches": 0}, "no-op", False)])
def test_a_frozen_row_that_nobody_matches_any_more_never_runs(guards, kind, blocked):
    change = with_leads_frozen(row(2, guards=layers(**guards)), REQUEST, [], layers(**guards))
    assert (change.kind.value, change.is_blocked, change.would_run) == (kind, blocked, False)


def test_a_frozen_row_says_so_even_before_its_leads_are_known():
    assert as_frozen(row()).filter_words.startswith("status is Churned; frozen: only the leads that match when")
    assert "the 1 lead of this plan" in as_frozen(with_cohort(row(), listed(1))).filter_words
    assert as_frozen(row()).cohort_kind == "frozen"
