"""Guards: three layers, the strictest wins, and a refusal says how to mend it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.core.guards import GuardLayers, drift_allowance, judge, judge_drift, percent_text, zero_words
from bulkplan.model.plan import Matches
from bulkplan.model.spec import Guards

PLACES = {("project", "max_matches"): "bulkplan.yaml:9", ("spec", "max_matches"): "specs/a.yaml:4"}
counts = st.integers(min_value=0, max_value=10**7)
percents = st.one_of(st.integers(0, 100).map("{}%".format), st.decimals(0, 100, places=2).map("{}%".format))
guards = st.builds(
    Guards,
    max_matches=st.none() | counts,
    min_matches=st.none() | counts,
    max_percent=st.none() | percents,
    max_drift=st.none() | counts | percents,
)
layers = st.builds(
    GuardLayers,
    family=st.sampled_from(["email", "sequence", "edit", "delete"]),
    project=guards,
    spec=guards,
    has_schedule=st.booleans(),
)


def matched(total: int, of_leads: int = 100_000) -> Matches:
    return Matches(total=total, limited=total, of_leads=of_leads)


def layered(family="email", *, project=None, spec=None, **more) -> GuardLayers:
    return GuardLayers(
        family=family,
        project=Guards.model_validate(project or {}),
        spec=Guards.model_validate(spec or {}),
        places=PLACES,
        **more,
    )


def verdict(name, total, of_leads=100_000, **more):
    found = judge(matched(total, of_leads), layered(**more))
    return next((each for each in found if each.guard == name), None)


@pytest.mark.parametrize(
    ("family", "most", "percent"),
    [("email", 1000, 25), ("sequence", 1000, 25), ("edit", 10_000, 50), ("delete", 100, 5)],
)
def test_there_are_caps_without_any_configuration(family, most, percent):
    assert verdict("max_matches", most, family=family).is_ok
    assert not verdict("max_matches", most + 1, family=family).is_ok
    assert verdict("max_percent", percent * 20, 2000, family=family).is_ok
    assert not verdict("max_percent", percent * 20 + 1, 2000, family=family).is_ok


def test_default_percentages_hold_from_a_thousand_leads_up():
    assert verdict("max_percent", 999, 999) is None
    assert not verdict("max_percent", 999, 1000).is_ok
    assert not verdict("max_percent", 2, 3, spec={"max_percent": "50%"}).is_ok


def test_a_limit_of_the_project_replaces_the_default():
    found = verdict("max_matches", 4000, project={"max_matches": 5000})
    assert (found.is_ok, found.limit, found.layer, found.set_at) == (True, "5000", "project", "bulkplan.yaml:9")
    assert verdict("max_percent", 4000, 10_000, project={"max_matches": 5000}).layer == "default"


def test_a_spec_tightens_and_never_loosens():
    assert verdict("max_matches", 20, spec={"max_matches": 10}).layer == "spec"
    assert verdict("max_matches", 1001, spec={"max_matches": 5000}).layer == "default"
    assert not verdict("max_matches", 1001, spec={"max_matches": 5000}).is_ok


def test_a_refusal_names_limit_layer_place_measure_and_mend():
    found = verdict("max_matches", 1204, spec={"max_matches": 500})
    assert (found.limit, found.layer, found.set_at, found.measured) == ("500", "spec", "specs/a.yaml:4", "1204")
    assert "1,204 leads match, the limit is 500 leads" in found.message
    assert "guards.max_matches: 1300 in specs/a.yaml:4" in found.mend
    assert "guards.email.max_matches: 1300 in bulkplan.yaml" in found.mend


def test_the_mend_of_a_default_goes_into_the_project_file():
    found = verdict("max_matches", 1204)
    assert found.mend == (
        "narrow the filter, or set guards.email.max_matches: 1300 in bulkplan.yaml in a reviewed change"
    )


def test_a_share_has_its_numerator_and_denominator():
    found = verdict("max_percent", 123, 1000, spec={"max_percent": "10%"})
    assert (found.measured, found.denominator) == ("12.3%", 1000)
    assert "123 of 1,000 leads match = 12.3 %" in found.message
    assert "max_percent: 13%" in found.mend


@pytest.mark.parametrize(("total", "is_ok"), [(29, True), (30, False)])
def test_percentages_are_compared_exactly(total, is_ok):
    assert verdict("max_percent", total, 100, spec={"max_percent": "29%"}).is_ok is is_ok
    assert verdict("max_percent", 1, 3_000_000, spec={"max_percent": "0.0%"}).measured == "0.00003%"


def test_a_share_is_shown_on_the_right_side_of_its_limit():
    found = verdict("max_percent", 1_000_001, 10_000_000, project={"max_percent": "10%", "max_matches": 10**7})
    assert (found.is_ok, found.measured) == (False, "10.00001%")


def test_the_fewest_are_one_and_none_with_a_schedule():
    assert not verdict("min_matches", 0).is_ok
    assert verdict("min_matches", 0, has_schedule=True).is_ok
    assert verdict("min_matches", 0, spec={"min_matches": 0}).is_ok
    assert not verdict("min_matches", 4, project={"min_matches": 5}, spec={"min_matches": 0}).is_ok
    assert "schedule" in zero_words(layered(has_schedule=True))
    assert "guards.min_matches: 0" in zero_words(layered(spec={"min_matches": 0}))


def test_what_is_measured_is_what_matches_not_what_the_limit_lets_through():
    matches = Matches(total=1001, limited=1, of_leads=100_000)
    assert not judge(matches, layered())[0].is_ok


@given(layers, counts, counts, st.integers(0, 10**6))
def test_more_matches_never_turn_a_refusal_into_a_pass(of_run, total, of_leads, more):
    def refused(count):
        found = judge(matched(count, of_leads), of_run)
        return {each.guard for each in found if not each.is_ok and each.guard != "min_matches"}

    assert refused(total) <= refused(total + more)


@given(layers, counts, counts, counts)
def test_a_spec_without_guards_is_never_stricter_than_with_them(of_run, total, of_leads, tighter):
    bare = GuardLayers(family=of_run.family, project=of_run.project, spec=Guards())
    spec = Guards(max_matches=tighter)
    strict = GuardLayers(family=of_run.family, project=of_run.project, spec=spec)
    loose_ok = judge(matched(total, of_leads), bare)[0].is_ok
    assert loose_ok or not judge(matched(total, of_leads), strict)[0].is_ok


@given(layers, counts, counts)
def test_every_refusal_has_words_and_a_mend(of_run, total, of_leads):
    for each in (*judge(matched(total, of_leads), of_run), judge_drift(total, of_leads, of_run)):
        assert each.is_ok == (each.message is None) == (each.mend is None)


@pytest.mark.parametrize("family", ["email", "sequence", "edit"])
def test_a_little_drift_is_allowed_without_any_configuration(family):
    assert judge_drift(100, 95, layered(family)).is_ok
    assert not judge_drift(100, 94, layered(family)).is_ok
    assert not judge_drift(0, 1, layered(family)).is_ok


def test_a_delete_allows_no_drift_unless_somebody_says_so():
    assert judge_drift(100, 100, layered("delete")).is_ok
    assert not judge_drift(100, 99, layered("delete")).is_ok
    assert judge_drift(100, 99, layered("delete", spec={"max_drift": 1})).is_ok


@pytest.mark.parametrize("now", [98, 102])
def test_drift_is_allowed_both_ways_up_to_its_limit(now):
    assert judge_drift(100, now, layered(spec={"max_drift": "2%"})).is_ok
    assert judge_drift(100, now, layered(spec={"max_drift": 2})).is_ok
    assert not judge_drift(100, now, layered(spec={"max_drift": "2%"}, project={"max_drift": "1%"})).is_ok
    assert not judge_drift(100, now, layered(spec={"max_drift": "1%"}, project={"max_drift": 2})).is_ok


def test_a_refused_drift_names_both_counts():
    found = judge_drift(412, 450, layered())
    assert (found.guard, found.limit, found.measured, found.denominator) == ("max_drift", "5%", "9.2%", 412)
    assert "412 leads matched in the plan and 450 match now: 38 more = 9.2 %" in found.message


@given(layers, counts, counts)
def test_the_allowance_is_what_the_verdict_allows(of_run, planned, now):
    is_within = abs(now - planned) <= drift_allowance(planned, of_run)
    assert judge_drift(planned, now, of_run).is_ok == is_within


def test_a_whole_percentage_has_no_decimals():
    assert percent_text(25) == "25%"
