"""Laws of compiling filters: it never fails, the same filter gives the same bytes, and `not` negates."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter
from support.small_catalog import CATALOG, where_context

from bulkplan.core.digest import canonical_json
from bulkplan.core.english import describe_where
from bulkplan.core.field_table import FIELDS
from bulkplan.core.fields import RELATED_KINDS
from bulkplan.core.operators import RANGE, TIME, WORDS
from bulkplan.core.where import compile_lead_query, compile_where
from bulkplan.model.where import Where

CONTEXT = where_context(ZoneInfo("America/New_York"))
WHERE: TypeAdapter[Where] = TypeAdapter(Where)

names = st.sampled_from(
    sorted(
        {name for fields in FIELDS.values() for name in fields}
        | {f"custom.{field.name}" for field in CATALOG.lead_fields}
        | {"contact.title", "custom.", "custom.Department", "opportunity.status", "nothing", "."}
    )
)
scalars = st.one_of(
    st.sampled_from(["SaaS", "Churned", "me", "Dana Reyes", "user_dana", "today", "stat_", "cont_1", "yes"]),
    st.text(min_size=1, max_size=8).filter(str.strip),
    st.integers(-5, 5),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
)
moments = st.sampled_from(["today", "3 days ago", "2026-01-01", "now", "junk", "2026-01-01T10:00", "in 9999 years"])
operators = st.one_of(
    st.tuples(st.sampled_from(["is", "is_not"]), scalars | st.lists(scalars, min_size=1, max_size=3)),
    st.tuples(st.sampled_from(WORDS), st.text(max_size=8)),
    st.tuples(st.sampled_from(TIME), moments),
    st.tuples(st.sampled_from(RANGE), st.integers(-5, 5)),
    st.tuples(st.just("exists"), st.booleans()),
)
leaves = st.builds(
    lambda name, written: {"field": name, **dict(written)}, names, st.lists(operators, min_size=0, max_size=2)
)
wheres = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.builds(lambda parts: {"all": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda parts: {"any": parts}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda part: {"not": part}, inner),
        st.builds(lambda kind, part: {"has": kind, "where": part}, st.sampled_from(RELATED_KINDS), inner),
    ),
    max_leaves=6,
)


def parse(data) -> Where:
    return WHERE.validate_python(data, strict=False)


@settings(max_examples=200)
@given(wheres)
def test_compiling_never_fails_and_problems_point_into_the_filter(data):
    where = parse(data)
    result = compile_lead_query(where, context=CONTEXT, path=("filter", "where"))
    for problem in result.problems:
        assert problem.path[:2] == ("filter", "where")
        here = data
        for step in problem.path[2:]:
            here = here[step]
        assert problem.message
    assert isinstance(describe_where(where), str)


@settings(max_examples=100)
@given(wheres)
def test_the_same_filter_gives_the_same_bytes(data):
    first, second = (compile_lead_query(parse(data), context=CONTEXT, path=()) for _ in range(2))
    assert canonical_json(first.node) == canonical_json(second.node)
    assert first == second


@settings(max_examples=100)
@given(wheres)
def test_not_changes_nothing_but_the_negation_of_the_node(data):
    plain = compile_where(parse(data), scope="lead", context=CONTEXT, path=())
    negated = compile_where(parse({"not": data}), scope="lead", context=CONTEXT, path=())
    without = {key: value for key, value in negated.node.items() if key != "negate"}
    assert without == {key: value for key, value in plain.node.items() if key != "negate"}
    assert negated.node.get("negate", False) is not plain.node.get("negate", False)
