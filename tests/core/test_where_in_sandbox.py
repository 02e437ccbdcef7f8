"""What short filters compile to is understood by the local Close, and selects what the filter says."""

from __future__ import annotations

from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter
from support.regular_conditions import REGULAR, conditions

from bulkplan.adapters.close_connection import Connection
from bulkplan.adapters.close_reader import open_reader
from bulkplan.adapters.secret import Secret
from bulkplan.core.conditions import WhereContext
from bulkplan.core.field_table import FIELDS, PATHS, FieldType
from bulkplan.core.sorting import compile_sort
from bulkplan.core.where import compile_lead_query
from bulkplan.model.catalog import CatalogKind
from bulkplan.model.where import Where
from bulkplan.sandbox import search
from bulkplan.sandbox.server import Sandbox
from bulkplan.sandbox.transport import SandboxTransport

WHERE: TypeAdapter[Where] = TypeAdapter(Where)


@pytest.fixture(scope="module")
def sandbox():
    made = Sandbox.open(None, leads=120, seed=7)
    yield made
    made.close()


@pytest.fixture
async def catalog(sandbox):
    connection = Connection("http://localhost/api/v1", Secret("k"), "$K", transport=SandboxTransport(sandbox))
    async with open_reader(connection) as reader:
        return await reader.fetch_catalog(frozenset(CatalogKind))


@pytest.fixture
def find(sandbox, catalog):
    def find(data) -> set[str]:
        context = WhereContext(catalog, sandbox.world.now(), ZoneInfo("Europe/Berlin"))
        result = compile_lead_query(WHERE.validate_python(data, strict=False), context=context, path=())
        assert result.problems == ()
        return set(search.ids(sandbox.world, result.node, asker(sandbox)))

    return find


def asker(sandbox) -> search.QueryContext:
    return search.QueryContext(now=sandbox.world.now(), tz_offset=0.0, user_id=sandbox.world.owner_user_id)


def test_every_regular_field_and_operator_is_understood(find):
    everything = find({"field": "date_created", "exists": True})
    for kind, condition in REGULAR:
        where = condition if kind == "lead" else {"has": kind, "where": condition}
        matched, others = find(where), find({"not": where})
        assert matched | others == everything
        assert not matched & others


def test_every_custom_field_and_operator_is_understood(find, catalog):
    scopes = {"lead": catalog.lead_fields, "contact": catalog.contact_fields, "opportunity": catalog.opportunity_fields}
    types = {"text": FieldType.TEXT, "hidden": FieldType.TEXT, "number": FieldType.NUMBER, "date": FieldType.DATE}
    types |= {"datetime": FieldType.MOMENT, "user": FieldType.USER, "contact": FieldType.CONTACT}
    for scope, fields in scopes.items():
        for field in fields:
            for condition in conditions(
                f"custom.{field.id}", types.get(field.type, FieldType.CHOICE), field.choices or ()
            ):
                find(condition if scope == "lead" else {"has": scope, "where": condition})


@pytest.mark.parametrize("kind", [kind for scope, kind in PATHS if scope == "lead"])
def test_has_without_conditions_asks_only_for_one_of_the_kind(find, kind):
    with_one, without = find({"has": kind}), find({"not": {"has": kind}})
    assert len(with_one) + len(without) == 120
    if kind in ("contact", "opportunity", "sequence_subscription"):
        assert with_one
        assert without


def test_counts_agree_with_has(find):
    assert find({"has": "opportunity"}) == find({"field": "num_opportunities", "gte": 1})
    assert find({"not": {"has": "opportunity"}}) == find({"field": "num_opportunities", "is": 0})


def test_before_on_and_after_a_day_share_out_the_leads_that_have_the_date(find):
    for name in ("last_communication_date", "custom.Renewal Date", "custom.Last Login"):
        day = "40 days ago"
        parts = [find({"field": name, operator: day}) for operator in ("before", "on", "after")]
        assert set().union(*parts) == find({"field": name, "exists": True})
        assert not any(one & other for one, other in pairwise(parts))
        assert parts[0] | parts[1] == find({"field": name, "on_or_before": day})
        assert parts[1] | parts[2] == find({"field": name, "on_or_after": day})


def test_lists_are_alternatives_and_is_not_is_the_rest(find):
    one, other = find({"field": "status", "is": "Potential"}), find({"field": "status", "is": "Customer"})
    assert find({"field": "status", "is": ["Potential", "Customer"]}) == one | other
    assert not find({"field": "status", "is_not": ["Potential", "Customer"]}) & (one | other)


def test_every_sortable_field_is_understood(sandbox, catalog):
    sortable = (FieldType.TEXT, FieldType.NUMBER, FieldType.MOMENT, FieldType.DATE)
    names = [name for name, row in FIELDS["lead"].items() if row.type in sortable and not row.owner]
    for name in [*names, "custom.ARR", "custom.Renewal Date", "custom.Source"]:
        entries, problems = compile_sort([f"-{name}"], catalog=catalog, path=())
        assert problems == ()
        assert len(search.ids(sandbox.world, {"type": "match_all"}, asker(sandbox), sort=list(entries))) == 120
