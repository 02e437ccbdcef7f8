"""Whether a filter matches the leads that its spec makes up: what to ask a matcher, and what its answers mean."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

from pydantic import JsonValue

from bulkplan.core.clauses import FilterClause, Judging, clauses_of_query, clauses_of_where
from bulkplan.core.conditions import WhereContext
from bulkplan.core.digest import canonical_json
from bulkplan.core.fixtures import Fixture, build_fixture, facts_of_fixture
from bulkplan.core.made_up import Fact, MakeUp, facts_of_query, facts_of_where, make_up
from bulkplan.core.moments import Instant, parse_moment, start_of_day
from bulkplan.core.query_form import nested_view_ids
from bulkplan.core.query_names import names_of_ids
from bulkplan.core.render import is_suppressible
from bulkplan.core.selection import PATH as FILTER
from bulkplan.core.selection import Selection, select_leads
from bulkplan.core.where import compile_where
from bulkplan.errors import Path, Problem
from bulkplan.model.base import SQuery
from bulkplan.model.catalog import Catalog
from bulkplan.model.run import WantedRun
from bulkplan.model.spec import Filter, Spec, SpecTest
from bulkplan.model.spec_test_report import TestResult
from bulkplan.model.where import Where


@dataclass(frozen=True)
class Circumstances:
    """What tests are evaluated with: the present, the target's zone, and what the project suppresses."""

    now: datetime
    zone: tzinfo
    suppress: Where | None = None


@dataclass(frozen=True)
class Prepared:
    """
    One test, ready to be asked: a lead, the organization it is of, the clauses of the filter.

    `unknowable` says why it cannot be evaluated without Close; with `problems` there is nothing to ask either.
    """

    run: WantedRun
    number: int
    test: SpecTest
    now: datetime
    zone: tzinfo
    catalog: Catalog
    fixture: Fixture
    filter: FilterClause | None = None
    suppression: FilterClause | None = None
    unknowable: str | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def queries(self) -> tuple[SQuery, ...]:
        """Every query to ask, each once."""
        clauses = [clause for clause in (self.filter, self.suppression) if clause is not None]
        found = (query for clause in clauses for query in clause.all_queries())
        return tuple({canonical_json(query): query for query in found}.values())

    def without_answer(self, why: str) -> Prepared:
        """The same test, which nobody could answer."""
        return replace(self, filter=None, suppression=None, unknowable=f"the local engine has no answer: {why}")


def prepare_test(run: WantedRun, index: int, circumstances: Circumstances, *, is_asked: bool = True) -> Prepared:
    """Make up the lead of one test, and the organization to read its spec in; clauses where it is to be asked."""
    spec, path = run.spec, ("tests", index)
    test = spec.tests[index]
    now, late = _moment_of(test, circumstances, (*path, "now"))
    suppress = circumstances.suppress if is_suppressible(spec) else None
    making = MakeUp(now, circumstances.zone)
    facts = [*facts_of_fixture(test.lead), *_facts_of_filter(spec.filter)]
    catalog = make_up([*facts, *(facts_of_where(suppress) if suppress else ())], making)
    context = WhereContext(catalog, now, circumstances.zone)
    unknowable = _unknowable(spec.filter)
    selection = Selection({}) if unknowable else select_leads(spec.filter, context=context)
    suppressed = compile_where(suppress, scope="lead", context=context, path=("suppress",)) if suppress else None
    queries: list[JsonValue] = [selection.query, suppressed.node if suppressed else None]
    fixture = build_fixture(
        test.lead,
        context=context,
        asked=frozenset(_asked(queries)),
        path=(*path, "lead"),
        custom_ids=frozenset(_custom_ids(queries)) if spec.filter.query is not None and not unknowable else None,
    )
    problems = (*late, *selection.problems, *(suppressed.problems if suppressed else ()), *fixture.problems)
    is_whole = is_asked and not problems and unknowable is None
    return Prepared(
        run=run,
        number=index + 1,
        test=test,
        now=now,
        zone=circumstances.zone,
        catalog=catalog,
        fixture=fixture,
        filter=_clauses(spec, selection, context) if is_whole else None,
        suppression=clauses_of_where(suppress, context=context, path=("suppress",)) if suppress and is_whole else None,
        unknowable=unknowable,
        problems=problems,
    )


def find_fixture_problems(run: WantedRun, *, now: datetime) -> tuple[Problem, ...]:
    """What is wrong with the made-up leads of a spec; nothing is evaluated."""
    circumstances = Circumstances(now, UTC)
    prepared = (prepare_test(run, index, circumstances, is_asked=False) for index in range(len(run.spec.tests)))
    return tuple(problem for one in prepared for problem in one.problems)


def judge_test(
    prepared: Prepared, answers: Sequence[frozenset[str]], *, place: Callable[[Path], str | None]
) -> TestResult:
    """
    What a test came to.

    Args:
        prepared: The test; without problems.
        answers: The IDs that each of its `queries` selects, in their order.
        place: Says a path of the spec as `file:line`.
    """
    test, lead = prepared.test, prepared.fixture.objects[0]
    common = _common(prepared, place)
    if prepared.filter is None:
        reason = f"not evaluated: {prepared.unknowable}"
        return common.model_copy(update={"outcome": "not-evaluated", "reason": reason})
    by_query = {canonical_json(query): ids for query, ids in zip(prepared.queries, answers, strict=True)}

    def holds(query: SQuery, object_id: str) -> bool:
        return object_id in by_query[canonical_json(query)]

    matches = holds(prepared.filter.query, lead.id)
    out = prepared.suppression
    suppressed = holds(out.query, lead.id) if out is not None else False
    top = Judging(prepared.fixture, holds, place).judge(prepared.filter, lead)
    wrong_side = test.suppressed is not None and test.suppressed != suppressed
    passed = matches == test.matches and not wrong_side
    reason = _matched(test, matches=matches)
    if wrong_side or (suppressed and matches):
        reason += _suppressed(test, suppressed=suppressed)
    return common.model_copy(
        update={
            "outcome": "passed" if passed else "failed",
            "matches": matches,
            "is_suppressed": suppressed,
            "reason": reason,
            "clauses": top.clauses if top.words == "all of:" else (top,),
        }
    )


def _common(prepared: Prepared, place: Callable[[Path], str | None]) -> TestResult:
    return TestResult(
        run=prepared.run.key.full_name,
        number=prepared.number,
        name=prepared.test.name,
        at=place(("tests", prepared.number - 1)) or prepared.run.source.file,
        expected=prepared.test.matches,
        outcome="not-evaluated",
        reason="",
    )


def _matched(test: SpecTest, *, matches: bool) -> str:
    if matches == test.matches:
        return "matches, as it must" if matches else "does not match, as it must"
    return "must match, and does not" if test.matches else "must not match, and does"


def _suppressed(test: SpecTest, *, suppressed: bool) -> str:
    if test.suppressed is True and not suppressed:
        return "; suppression must take it out, and does not"
    wanted = " and must not" if test.suppressed is False else ""
    return f"; the project's suppression takes it out{wanted}"


def _moment_of(test: SpecTest, circumstances: Circumstances, path: Path) -> tuple[datetime, tuple[Problem, ...]]:
    if test.now is None:
        return circumstances.now, ()
    moment = parse_moment(test.now, now=circumstances.now, zone=circumstances.zone)
    if moment is None:
        hint = "write a day (2026-01-31) or an instant (2026-01-31T14:30)"
        return circumstances.now, (Problem(f'"{test.now}" is no moment', hint, path),)
    return (moment.at if isinstance(moment, Instant) else start_of_day(moment.day, circumstances.zone)), ()


def _facts_of_filter(filter_: Filter) -> Iterator[Fact]:
    if filter_.where is not None:
        yield from facts_of_where(filter_.where)
    elif filter_.query is not None:
        yield from facts_of_query(filter_.query)


def _unknowable(filter_: Filter) -> str | None:
    if filter_.smart_view is not None:
        return f"the filter is the smart view “{filter_.smart_view}”, and only Close knows what it asks"
    view = next(nested_view_ids(filter_.query), None)
    return None if view is None else f"the query asks for the smart view {view}, which only Close knows"


def _clauses(spec: Spec, selection: Selection, context: WhereContext) -> FilterClause:
    if spec.filter.where is not None:
        return clauses_of_where(spec.filter.where, context=context, path=(*FILTER, "where"))
    path: Path = FILTER
    if spec.filter.query is not None:
        path = (*FILTER, "query") if "type" in spec.filter.query else (*FILTER, "query", "query")
    names = names_of_ids(selection.query, context.catalog)
    return clauses_of_query(selection.query, path=path, names=names)


def _asked(value: JsonValue | Sequence[JsonValue]) -> Iterator[tuple[str, str]]:
    """Kind and name of every built-in field in some queries."""
    if isinstance(value, Mapping):
        if value.get("type") == "regular_field":
            yield str(value.get("object_type")), str(value.get("field_name"))
        for item in value.values():
            yield from _asked(item)
    elif isinstance(value, list):
        for item in value:
            yield from _asked(item)


def _custom_ids(value: JsonValue) -> Iterator[str]:
    """The ID of every custom field in some queries."""
    if isinstance(value, dict):
        if value.get("type") == "custom_field":
            yield str(value.get("custom_field_id"))
        for item in value.values():
            yield from _custom_ids(item)
    elif isinstance(value, list):
        for item in value:
            yield from _custom_ids(item)
