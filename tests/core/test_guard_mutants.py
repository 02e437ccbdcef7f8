"""A guard that is deleted, inverted, loosened or not asked a second time is noticed: each such fault fails a check."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from support.guard_mutants import WRITTEN, Guarding, Inverted, Mutant, inverted_comparisons
from support.plan_world import FakeReader, email_data, make_record, make_workspace, plan_of, spec_data, wanted_run

from bulkplan.app.ledger import Ledger
from bulkplan.app.line import Line
from bulkplan.core.members import MemberDrift
from bulkplan.errors import RefusedError
from bulkplan.model.plan import Change, ChangeKind, Matches
from bulkplan.model.record import Counts, RecordStatus
from bulkplan.model.request import Request
from bulkplan.model.run import RunKey
from bulkplan.model.spec import Guards


@dataclass(frozen=True)
class Case:
    """A run, and what one guard must say of it: `ok LAYER`, `no LAYER`, or nothing."""

    guard: str
    says: str | None
    total: int = 10
    of: int = 100_000
    limited: int | None = None
    family: str = "email"
    project: dict = field(default_factory=dict)
    spec: dict = field(default_factory=dict)
    is_sorted: bool = False
    has_sort: bool = False
    has_schedule: bool = False
    earlier: tuple[int, ...] = ()


def most(limit: int) -> dict:
    return {"max_matches": limit}


def percent(limit: str) -> dict:
    return {"max_percent": limit}


def fewest(limit: int) -> dict:
    return {"min_matches": limit}


def deviation(limit: str) -> dict:
    return {"max_deviation": limit}


def sort(is_required: bool) -> dict:
    return {"require_sort_with_limit": is_required}


LAST = (90, 100, 5000)
CASES = [
    *(
        Case("max_matches", f"{'ok' if total == limit else 'no'} default", total, family=family)
        for family, limit in (("email", 1000), ("sequence", 1000), ("edit", 10_000), ("delete", 100))
        for total in (limit, limit + 1)
    ),
    Case("max_matches", "ok project", 4000, project=most(5000)),
    Case("max_matches", "no project", 60, project=most(50), spec=most(70)),
    Case("max_matches", "ok project", 50, project=most(50), spec=most(50)),
    Case("max_matches", "no spec", 45, project=most(50), spec=most(40)),
    Case("max_matches", "no spec", 11, spec=most(10)),
    Case("max_matches", "no default", 1001, spec=most(5000)),
    Case("max_matches", "no default", 1001, limited=5),
    *(
        Case("max_percent", f"{'ok' if total == limit else 'no'} default", total, 2000, family=family)
        for family, limit in (("email", 500), ("sequence", 500), ("edit", 1000), ("delete", 100))
        for total in (limit, limit + 1)
    ),
    Case("max_percent", None, 999, 999),
    Case("max_percent", "no default", 999, 1000),
    Case("max_percent", "ok project", 300, 1000, project=percent("30%")),
    Case("max_percent", "no project", 301, 1000, project=percent("30%"), spec=percent("40%")),
    Case("max_percent", "no spec", 201, 1000, project=percent("30%"), spec=percent("20%")),
    Case("max_percent", "no spec", 2, 10, spec=percent("10%")),
    Case("max_percent", "ok spec", 1, 10, spec=percent("10%")),
    Case("max_percent", "no default", 251, 1000, spec=percent("90%")),
    Case("max_percent", "no default", 300, 1000, limited=5),
    Case("min_matches", "no default", 0),
    Case("min_matches", "ok default", 1),
    Case("min_matches", "ok default", 0, has_schedule=True),
    Case("min_matches", "ok spec", 0, spec=fewest(0)),
    Case("min_matches", "no project", 4, project=fewest(5), spec=fewest(3)),
    Case("min_matches", "ok project", 5, project=fewest(5), spec=fewest(5)),
    Case("min_matches", "no spec", 6, project=fewest(5), spec=fewest(7)),
    Case("min_matches", "no project", 4, project=fewest(5)),
    Case("max_deviation", None, 10_000, earlier=LAST),
    Case("max_deviation", "ok spec", 150, spec=deviation("50%"), earlier=LAST),
    Case("max_deviation", "no spec", 151, spec=deviation("50%"), earlier=LAST),
    Case("max_deviation", "no spec", 49, spec=deviation("50%"), earlier=LAST),
    Case("max_deviation", "ok spec", 151, spec=deviation("50%"), earlier=LAST[:2]),
    Case("max_deviation", "no project", 151, project=deviation("50%"), spec=deviation("60%"), earlier=LAST),
    Case("max_deviation", "no spec", 151, project=deviation("60%"), spec=deviation("50%"), earlier=LAST),
    *(
        Case("require_sort_with_limit", says, limited=5, family=family)
        for family, says in (
            ("email", "no default"),
            ("sequence", "no default"),
            ("delete", "no default"),
            ("edit", None),
        )
    ),
    Case("require_sort_with_limit", None, limited=10),
    Case("require_sort_with_limit", "ok default", limited=5, is_sorted=True),
    Case("require_sort_with_limit", "ok default", limited=5, has_sort=True),
    Case("require_sort_with_limit", "no default", limited=5, spec=sort(False)),
    Case("require_sort_with_limit", "no project", limited=5, family="edit", project=sort(True), spec=sort(False)),
    Case("require_sort_with_limit", "no spec", limited=5, family="edit", spec=sort(True)),
    Case("require_sort_with_limit", "no spec", limited=5, project=sort(False), spec=sort(True)),
    Case("require_sort_with_limit", None, limited=5, project=sort(False)),
]
DRIFTS = [
    ("ok default", 100, 105, "email", {}, {}),
    ("no default", 100, 94, "email", {}, {}),
    ("no default", 100, 99, "delete", {}, {}),
    ("no default", 100, 106, "email", {}, {"max_drift": "50%"}),
    ("no spec", 100, 103, "email", {}, {"max_drift": "2%"}),
    ("no spec", 100, 103, "email", {}, {"max_drift": 2}),
    ("ok project", 100, 150, "email", {"max_drift": "50%"}, {}),
    ("no project", 100, 151, "email", {"max_drift": 50}, {"max_drift": "60%"}),
    ("ok project", 100, 102, "email", {"max_drift": "2%"}, {"max_drift": "2%"}),
    ("no default", 0, 1, "email", {}, {}),
]


def layers_of(guarding, family, project, spec, **more):
    return guarding.limits.GuardLayers(
        family=family, project=Guards.model_validate(project), spec=Guards.model_validate(spec), **more
    )


def said(verdict) -> str | None:
    return None if verdict is None else f"{'ok' if verdict.is_ok else 'no'} {verdict.layer}"


def check_each_guard_says_what_it_must(guarding):
    for case in CASES:
        of_run = layers_of(
            guarding, case.family, case.project, case.spec, has_schedule=case.has_schedule, has_sort=case.has_sort
        )
        matches = Matches(total=case.total, limited=min(case.total, case.limited or case.total), of_leads=case.of)
        facts = guarding.guards.RunFacts(is_sorted=case.is_sorted, earlier=case.earlier)
        found = {verdict.guard: verdict for verdict in guarding.guards.judge(matches, of_run, facts)}
        assert said(found.get(case.guard)) == case.says, case


def check_drift_is_judged_in_counts_and_in_members(guarding):
    for says, planned, now, family, project, spec in DRIFTS:
        of_run = layers_of(guarding, family, project, spec)
        verdict = guarding.guards.judge_drift(planned, now, of_run)
        assert said(verdict) == says
        assert verdict.is_ok == (abs(now - planned) <= guarding.guards.drift_allowance(planned, of_run))
    twelve = MemberDrift(planned=100, entered=6, left=6)
    assert not guarding.guards.judge_drift(100, 100, layers_of(guarding, "email", {}, {}), members=twelve).is_ok


def check_a_refusal_is_told_with_its_numbers_and_every_mend(guarding):
    both = layers_of(guarding, "email", most(50) | percent("1%") | deviation("10%"), most(40) | deviation("5%"))
    facts = guarding.guards.RunFacts(is_sorted=True, earlier=LAST)
    found = {one.guard: one for one in guarding.guards.judge(Matches(total=45, limited=45, of_leads=1000), both, facts)}
    assert (
        found["max_matches"].mend == "narrow the filter, or set guards.max_matches: 45 in the spec in a reviewed change"
    )
    assert found["max_percent"].measured == "4.5%"
    assert found["max_percent"].denominator_words == "all 1,000 leads"
    assert found["max_deviation"].mend.count("set guards.") == 2
    assert "55 % fewer than the median of the last 3 runs, 100" in found["max_deviation"].message
    assert "set guards.email.max_percent: 5% in bulkplan.yaml" in found["max_percent"].mend
    more = guarding.guards.judge(Matches(total=155, limited=155, of_leads=1000), both, facts)[-1]
    assert "55 % more than" in more.message
    drift = guarding.guards.judge_drift(100, 112, layers_of(guarding, "email", {"max_drift": "9%"}, {"max_drift": 8}))
    assert "12 more = 12 % of the 100 planned, the limit is 8 leads" in drift.message
    assert drift.mend.count("set guards.") == 2
    none = guarding.guards.judge(Matches(total=0, limited=0, of_leads=9), layers_of(guarding, "edit", {}, {}), facts)[1]
    assert none.message == "no lead matches, at least 1 lead must"
    assert "set guards.min_matches: 0 in the spec" in none.mend
    one = guarding.guards.judge(
        Matches(total=1, limited=1, of_leads=9), layers_of(guarding, "edit", fewest(2), {}), facts
    )
    assert (one[1].message, "guards.edit.min_matches" in one[1].mend) == ("1 lead matches, at least 2 leads must", True)
    fewer = guarding.guards.judge_drift(100, 88, layers_of(guarding, "email", {}, {}))
    assert ("12 fewer" in fewer.message, fewer.mend.count("set guards.")) == (True, 1)


def check_an_order_of_somebodys_choice_is_known(guarding):
    sorts = {"desc": True, "asc": False}
    for direction, is_chosen in sorts.items():
        field_ = {"type": "regular_field", "object_type": "lead", "field_name": "date_created"}
        body = {"sort": [{"direction": direction, "field": field_}]}
        assert guarding.guards.facts_of(Request(kind="email", body=body), ()).is_sorted is is_chosen
    assert not guarding.guards.facts_of(Request(kind="email", body={}), ()).is_sorted


def check_the_mend_of_a_limit_without_an_order_names_its_layer(guarding):
    unsorted_ = guarding.guards.RunFacts(is_sorted=False, earlier=())
    for project, spec, words in (
        ({}, {}, "set guards.email.require_sort_with_limit: false in bulkplan.yaml"),
        (sort(False), sort(True), "set guards.require_sort_with_limit: false in the spec"),
    ):
        of_run = layers_of(guarding, "email", project, spec)
        verdict = guarding.guards.judge(Matches(total=9, limited=5, of_leads=9), of_run, unsorted_)[-1]
        assert words in verdict.mend


def check_a_schedule_is_why_none_may_match(guarding):
    assert "schedule" in guarding.guards.zero_words(layers_of(guarding, "email", {}, {}, has_schedule=True))
    assert "guards.min_matches: 0" in guarding.guards.zero_words(layers_of(guarding, "email", {}, fewest(0)))


EARLIER = [wanted_run(email_data(version=version)) for version in (1, 2, 3)]
MAIL = wanted_run(email_data(version=4, options={"sort": ["name"], "results_limit": 200}))
PROJECT = {"guards": {"email": {"max_deviation": "60%", "max_percent": "30%", "max_drift": "2%"}}}
ROW = Change(key=RunKey("a", 1), kind=ChangeKind.RUN, reason="", action_type="email", summary="", earlier_counts=LAST)
BODY = {"s_query": {"type": "and", "queries": []}, "results_limit": None, "sort": []}


def check_both_layers_are_read_each_with_its_place(guarding):
    families = ("email", "sequence", "edit", "delete")
    project = {"guards": {family: most(number) for number, family in enumerate(families, start=1)}}
    guarded = wanted_run(email_data(guards=percent("3%"), options={"sort": ["name"]}, schedule={"every": "week"}))
    for number, family in enumerate(families, start=1):
        found = guarding.layers.guard_layers(make_workspace([guarded], project=project), guarded, family)
        assert (found.family, found.project.max_matches, found.spec.max_percent) == (family, number, "3%")
        assert (found.has_sort, found.has_schedule) == (True, True)
        assert found.places["project", "max_matches"].startswith("bulkplan.yaml:")
        assert found.places["spec", "max_percent"].startswith("specs/winback.yaml:")
    bare = wanted_run(email_data())
    found = guarding.layers.guard_layers(make_workspace([bare]), bare, "email")
    assert (found.has_sort, found.has_schedule) == (False, False)


def check_a_row_of_a_plan_is_refused_by_every_guard(guarding):
    of_run = layers_of(guarding, "email", {}, most(5) | fewest(20) | deviation("5%") | percent("0.1%"))
    request = Request(kind="email", body={**BODY, "results_limit": 3})
    row = guarding.planner.counted(ROW, request, of_run, Matches(total=10, limited=3, of_leads=1000))
    assert set(row.blocked_by) == {
        "max_matches",
        "max_percent",
        "min_matches",
        "max_deviation",
        "require_sort_with_limit",
    }
    assert (row.request.body["results_limit"], row.max_drift_leads, row.would_run) == (3, 0, False)
    fine = guarding.planner.counted(
        ROW,
        Request(kind="email", body=BODY),
        layers_of(guarding, "email", {}, {}),
        Matches(total=40, limited=40, of_leads=50),
    )
    assert (fine.would_run, fine.request.body["results_limit"], fine.max_drift_leads) == (True, 40, 2)
    none = guarding.planner.counted(
        ROW,
        Request(kind="email", body=BODY),
        layers_of(guarding, "email", {}, {}),
        Matches(total=0, limited=0, of_leads=50),
    )
    assert (none.kind, none.blocked_by) == (ChangeKind.RUN, ("min_matches",))


def check_a_frozen_row_is_judged_by_the_leads_that_were_found(guarding):
    of_run = layers_of(guarding, "email", {}, most(2))
    request = Request(kind="email", body=BODY)
    row = guarding.planner.counted(ROW, request, of_run, Matches(total=2, limited=2, of_leads=50))
    assert row.would_run
    assert guarding.cohort_rows.with_leads_frozen(row, request, ["a", "b", "c"], of_run).blocked_by == ("max_matches",)
    assert guarding.cohort_rows.with_leads_frozen(row, request, [], of_run).blocked_by == ("min_matches",)
    deviating = layers_of(guarding, "email", {}, deviation("0%"))
    row = guarding.planner.counted(ROW, request, deviating, Matches(total=100, limited=100, of_leads=5000))
    assert guarding.cohort_rows.with_leads_frozen(row, request, ["a"], deviating).blocked_by == ("max_deviation",)


def check_only_whole_runs_of_its_own_are_its_history(guarding):
    def record(run, number, **more):
        return make_record(run, days_ago=20 - number, counts=Counts(approved=900, n_leads=number), **more)

    own = [record(wanted_run(email_data(version=number)), number) for number in (1, 2, 3)]
    others = [
        record(wanted_run(email_data("another")), 4),
        record(wanted_run(email_data(version=4)), 5),
        record(wanted_run(email_data(version=6)), 8, status=RecordStatus.FAILED),
        record(wanted_run(email_data(version=5)), 6, asked_limit=6),
    ]
    assert guarding.history.earlier_counts([*own, *others], wanted_run(email_data(version=4)).key) == (3, 2, 1)
    many = [record(wanted_run(email_data(version=number)), number) for number in range(10, 19)]
    assert guarding.history.earlier_counts(many, MAIL.key) == (18, 17, 16, 15, 14)


def planned() -> Change:
    records = [make_record(run, counts=Counts(approved=200)) for run in EARLIER]
    (row,) = asyncio.run(plan_of(MAIL, reader=close(214), records=records, project=PROJECT)).plan.changes
    assert row.would_run
    return row


def close(matching: int, *, leads: int = 1000) -> FakeReader:
    return FakeReader(leads=leads, totals={"stat_chu": matching})


ROW_OF_PLAN = planned()


async def rechecker(guarding, reader, *, run=MAIL, project=PROJECT, row=ROW_OF_PLAN):
    plan = (await plan_of()).plan.model_copy(update={"changes": (row,)})
    workspace = make_workspace([run], project=project)
    return guarding.recheck.Rechecker(plan, plan_digest=None, workspace=workspace, reader=reader, clock=_StoodStill())


async def recheck(guarding, reader, *, row=ROW_OF_PLAN, **more):
    return (await (await rechecker(guarding, reader, row=row, **more))(row)).run


def check_every_guard_is_asked_again_on_fresh_data(guarding):
    def refused(words, reader, **more):
        told = "passed"
        try:
            asyncio.run(recheck(guarding, reader, **more))
        except RefusedError as error:
            told = str(error)
        assert words in told

    assert asyncio.run(recheck(guarding, close(214))).key == MAIL.key
    refused("matched in the plan", close(219))
    refused("of all 500 leads match", close(214, leads=500))
    loose = {"guards": {"email": {"max_drift": "100%", "max_deviation": "60%", "max_percent": "100%"}}}
    refused("than the median of the last 3 runs, 200", close(321), project=loose)
    refused("the limit is 200 leads", close(214), project={"guards": {"email": most(200)}})
    refused("at least 300 leads must", close(214), project={"guards": {"email": fewest(300)}})
    unsorted_ = wanted_run(email_data(version=4, options={"results_limit": 200}))
    body = {**ROW_OF_PLAN.request.body, "sort": []}
    row = ROW_OF_PLAN.model_copy(update={"request": ROW_OF_PLAN.request.model_copy(update={"body": body})})
    refused("nobody says which", close(214), run=unsorted_, row=row)
    edit = wanted_run(spec_data())
    (row,) = asyncio.run(plan_of(edit, reader=close(100))).plan.changes
    tight = {"guards": {"edit": {"require_sort_with_limit": True}}}
    assert asyncio.run(recheck(guarding, close(104), run=edit, row=row, project=tight)).key == edit.key


def check_a_count_is_used_again_only_while_it_is_young_enough(guarding):
    async def story():
        reader = close(214)
        again = await rechecker(guarding, reader)
        await again.verdicts(ROW_OF_PLAN)
        reader.totals = {"stat_chu": 219}
        assert (await again(ROW_OF_PLAN, counted_after=-1.0)).run.key == MAIL.key
        await again(ROW_OF_PLAN, counted_after=0.0)

    told = "passed"
    try:
        asyncio.run(story())
    except RefusedError as error:
        told = str(error)
    assert "matched in the plan" in told


class NeverAsking:
    """Says what was reviewed, and refuses on fresh data."""

    def __init__(self) -> None:
        self.n_asked, self.counted_after = 0, None

    async def __call__(self, change, *, counted_after):
        self.n_asked, self.counted_after = self.n_asked + 1, counted_after
        raise RefusedError("refused on fresh data", hint="look again")

    def planned(self, change):
        raise AssertionError("what was reviewed is sent without a second look")


class _NotSet:
    is_set = False


class _StoodStill:
    def monotonic(self):
        return 0.0


class _Edges:
    """An apply that must end before it touches any of its edges."""

    interrupt = _NotSet()
    clock = _StoodStill()

    def __getattr__(self, name):
        raise AssertionError(f"apply went on to {name}")


def check_apply_asks_before_it_sends(guarding):
    async def story():
        asked = NeverAsking()
        starting = guarding.starting.Starting(_Edges(), None, asked, Ledger(), None, None)
        line = Line(lambda: asked.n_asked < 2, has_begun=True)
        try:
            await starting.start(ROW_OF_PLAN, line.join())
        except AssertionError:
            assert asked.n_asked
        assert (asked.n_asked, asked.counted_after) == (1, 0.0)

    asyncio.run(story())


CHECKS: tuple[Callable[[Guarding], None], ...] = (
    check_each_guard_says_what_it_must,
    check_drift_is_judged_in_counts_and_in_members,
    check_a_refusal_is_told_with_its_numbers_and_every_mend,
    check_an_order_of_somebodys_choice_is_known,
    check_the_mend_of_a_limit_without_an_order_names_its_layer,
    check_a_schedule_is_why_none_may_match,
    check_both_layers_are_read_each_with_its_place,
    check_a_row_of_a_plan_is_refused_by_every_guard,
    check_a_frozen_row_is_judged_by_the_leads_that_were_found,
    check_only_whole_runs_of_its_own_are_its_history,
    check_every_guard_is_asked_again_on_fresh_data,
    check_a_count_is_used_again_only_while_it_is_young_enough,
    check_apply_asks_before_it_sends,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__.removeprefix("check_"))
def test_sound_guards_pass(check):
    check(Guarding())


BREAKS = (AttributeError, TypeError)
"""What a guard runs into that takes something for nothing; nobody would overlook that."""


def is_noticed(fault: Mutant | Inverted, *also: type[Exception]) -> bool:
    """Whether a check fails, or a run is refused that must not be."""
    guarding = Guarding(fault)
    for check in CHECKS:
        try:
            check(guarding)
        except (AssertionError, RefusedError, *also):
            return True
    return False


@pytest.mark.parametrize("fault", WRITTEN, ids=str)
def test_a_fault_in_a_guard_is_noticed(fault):
    assert is_noticed(fault)


@pytest.mark.parametrize("fault", [*inverted_comparisons("core.guards", "core.limits", "core.history")], ids=str)
def test_a_comparison_that_means_the_contrary_is_noticed(fault):
    assert is_noticed(fault, *BREAKS)
