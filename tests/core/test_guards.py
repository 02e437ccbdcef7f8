"""Guards: three layers, the strictest wins, and a refusal says how to mend it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bulkplan.core.guards import GuardLayers, RunFacts, drift_allowance, judge, judge_drift, zero_words
from bulkplan.core.shares import percent_text
from bulkplan.model.plan import Matches
from bulkplan.model.spec import Guards

PLACES = {("project", "max_matches"): "bulkplan.yaml:9", ("spec", "max_matches"): "specs/a.yaml:4"}
UNSORTED = RunFacts(is_sorted=False, earlier=())
counts = st.integers(min_value=0, max_value=10**7)
percents = st.one_of(st.integers(0, 100).map("{}%".format), st.decimals(0, 100, places=2).map("{}%".format))
guards = st.builds(
    Guards,
    max_matches=st.none() | counts,
    min_matches=st.none() | counts,
    max_percent=st.none() | percents,
    max_drift=st.none() | counts | percents,
    max_deviation=st.none() | percents,
    require_sort_with_limit=st.none() | st.booleans(),
)
facts = st.builds(RunFacts, is_sorted=st.booleans(), earlier=st.lists(counts, max_size=5).map(tuple))
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
    found = judge(matched(total, of_leads), layered(**more), UNSORTED)
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
    assert "123 of all 1,000 leads match = 12.3 %" in found.message
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
    assert not judge(matches, layered(), UNSORTED)[0].is_ok


def refused(found) -> set[str]:
    return {verdict.guard for verdict in found if not verdict.is_ok}


@given(layers, facts, counts, counts, st.integers(0, 10**6), st.integers(1, 10**6))
def test_more_matches_never_turn_a_refusal_into_a_pass(of_run, known, total, of_leads, more, limit):
    """But for those that find the matches too few."""
    usual = sorted(known.earlier)[(len(known.earlier) - 1) // 2] if known.earlier else 0
    few = {"min_matches"} | ({"max_deviation"} if total < usual else set())

    def at(count):
        return refused(judge(Matches(total=count, limited=min(count, limit), of_leads=of_leads), of_run, known))

    assert at(total) - few <= at(total + more)


@given(layers, facts, counts, counts, counts)
def test_a_spec_only_ever_tightens(of_run, known, total, of_leads, limit):
    """Whatever is refused without the guards of the spec is refused with them, so long as anything would be sent."""
    bare = GuardLayers(of_run.family, of_run.project, Guards(), of_run.has_schedule)
    matches = Matches(total=max(1, total), limited=min(limit, max(1, total)), of_leads=of_leads)
    assert refused(judge(matches, bare, known)) <= refused(judge(matches, of_run, known))


@given(layers, counts, counts)
def test_a_spec_only_ever_tightens_how_far_matches_may_drift(of_run, planned, now):
    bare = GuardLayers(of_run.family, of_run.project, Guards())
    assert drift_allowance(planned, of_run) <= drift_allowance(planned, bare)
    assert judge_drift(planned, now, bare).is_ok or not judge_drift(planned, now, of_run).is_ok


EARLIER = RunFacts(is_sorted=True, earlier=(400, 412, 5000))


@pytest.mark.parametrize(("total", "is_ok"), [(206, True), (205, False), (412, True), (618, True), (619, False)])
def test_matches_are_held_against_the_median_of_the_last_runs(total, is_ok):
    of_run = layered(spec={"max_deviation": "50%"}, project={"max_matches": 10_000})
    (found,) = [each for each in judge(matched(total), of_run, EARLIER) if each.guard == "max_deviation"]
    assert (found.is_ok, found.denominator) == (is_ok, 412)
    assert found.denominator_words == "the median of the last 3 runs, 412"


def test_a_refused_deviation_names_its_denominator_and_its_mend():
    of_run = layered(spec={"max_deviation": "50%"}, project={"max_deviation": "60%"})
    found = judge(matched(640), of_run, EARLIER)[-1]
    assert found.message == ("640 leads match, 55.3 % more than the median of the last 3 runs, 412; the limit is 50 %")
    assert "set guards.max_deviation: 56% in the spec in a reviewed change" in found.mend
    assert "guards.email.max_deviation" not in found.mend


def test_few_earlier_runs_say_nothing_and_the_plan_says_so():
    of_run = layered(project={"max_deviation": "0%"})
    found = judge(matched(640), of_run, RunFacts(is_sorted=True, earlier=(1, 2)))[-1]
    assert (found.guard, found.is_ok, found.measured) == ("max_deviation", True, "2 of 3 earlier runs")
    assert "max_deviation" not in {each.guard for each in judge(matched(640), layered(), EARLIER)}


@pytest.mark.parametrize(
    ("family", "is_wanted"), [("email", True), ("sequence", True), ("delete", True), ("edit", False)]
)
def test_which_leads_a_limit_takes_is_said_where_it_cannot_be_taken_back(family, is_wanted):
    cut = Matches(total=60, limited=50, of_leads=100_000)
    assert ("require_sort_with_limit" in refused(judge(cut, layered(family), UNSORTED))) is is_wanted
    assert not refused(judge(cut, layered(family), RunFacts(is_sorted=True, earlier=())))
    assert not refused(judge(cut, layered(family, has_sort=True), UNSORTED))
    assert not refused(judge(matched(60), layered(family), UNSORTED))


@pytest.mark.parametrize(
    ("project", "spec", "layer"),
    [
        (None, None, "default"),
        (None, False, "default"),
        (True, False, "project"),
        (False, True, "spec"),
        (False, False, None),
    ],
)
def test_a_spec_can_ask_for_an_order_and_never_go_without(project, spec, layer):
    keys = [{} if value is None else {"require_sort_with_limit": value} for value in (project, spec)]
    found = judge(Matches(total=9, limited=5, of_leads=9), layered(project=keys[0], spec=keys[1]), UNSORTED)
    found = [each for each in found if each.guard == "require_sort_with_limit"]
    assert [each.layer for each in found] == ([layer] if layer else [])
    for each in found:
        assert (
            each.message == "results_limit takes 5 of the 9 leads that match, and nobody says which: the oldest, then"
        )
        assert "options.sort" in each.mend


@given(layers, counts, counts)
def test_every_refusal_has_words_and_a_mend(of_run, total, of_leads):
    for each in (*judge(matched(total, of_leads), of_run, UNSORTED), judge_drift(total, of_leads, of_run)):
        assert each.is_ok == (each.message is None) == (each.mend is None)


@pytest.mark.parametrize("family", ["email", "sequence", "edit"])
def test_a_little_drift_is_allowed_without_any_configuration(family):
    assert judge_drift(100, 95, layered(family)).is_ok
    assert not judge_drift(100, 94, layered(family)).is_ok
    assert not judge_drift(0, 1, layered(family)).is_ok


def test_a_delete_allows_no_drift_unless_somebody_says_so():
    assert judge_drift(100, 100, layered("delete")).is_ok
    assert not judge_drift(100, 99, layered("delete")).is_ok
    assert judge_drift(100, 99, layered("delete", project={"max_drift": 1})).is_ok
    refused = judge_drift(100, 99, layered("delete", spec={"max_drift": 1}))
    assert (refused.is_ok, refused.layer) == (False, "default")
    assert "set guards.delete.max_drift: 1% in bulkplan.yaml" in refused.mend


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
