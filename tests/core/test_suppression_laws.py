"""Laws of suppression: no spec can take it out of its request, and no lead it names is ever in a cohort."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from bulkplan.adapters.close_connection import Connection
from bulkplan.adapters.close_reader import open_reader
from bulkplan.adapters.secret import Secret
from bulkplan.core.conditions import WhereContext
from bulkplan.core.exclusion import exclude
from bulkplan.core.frozen import freeze
from bulkplan.core.render import RenderContext, render_request
from bulkplan.core.where import compile_lead_query, compile_where, negate
from bulkplan.model.catalog import CatalogKind
from bulkplan.model.spec import Spec
from bulkplan.model.where import Where
from bulkplan.sandbox import search
from bulkplan.sandbox.server import Sandbox
from bulkplan.sandbox.transport import SandboxTransport

WHERE: TypeAdapter[Where] = TypeAdapter(Where)
SENDER = {"sender": "Dana Reyes <dana@example.com>"}
leaves = st.sampled_from(
    [
        {"field": "status", "is": "Potential"},
        {"field": "status", "is_not": ["Churned", "Customer"]},
        {"field": "custom.Industry", "is": "SaaS"},
        {"field": "custom.Do Not Contact", "exists": True},
        {"field": "date_created", "before": "200 days ago"},
        {"field": "num_opportunities", "gte": 1},
        {"has": "contact"},
        {"has": "opportunity", "where": {"field": "status_type", "is": "active"}},
    ]
)
wheres = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        inner.map(lambda part: {"not": part}),
    ),
    max_leaves=5,
)
preferences = st.sampled_from(["lead", "contact"])
actions = st.one_of(
    preferences.map(lambda one: {"type": "email", "template": "Win-back 2026", "contact_preference": one, **SENDER}),
    preferences.map(
        lambda one: {"type": "sequence_subscribe", "sequence": "Trial onboarding", "contact_preference": one, **SENDER}
    ),
    st.sampled_from(["sequence_pause", "sequence_resume", "sequence_resume_finished"]).map(
        lambda kind: {"type": kind, "all_sequences": True}
    ),
)
options = st.fixed_dictionaries(
    {}, optional={"results_limit": st.integers(1, 30), "sort": st.just(["name"]), "send_done_email": st.booleans()}
)
guards = st.fixed_dictionaries({}, optional={"max_matches": st.integers(0, 99), "max_drift": st.just("100%")})


class World:
    """A small local Close, and what it takes to render requests for it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.world = sandbox.world
        self.now = sandbox.world.now()
        self.catalog = asyncio.run(self._catalog(sandbox))

    async def _catalog(self, sandbox):
        connection = Connection("http://localhost/api/v1", Secret("k"), "$K", transport=SandboxTransport(sandbox))
        async with open_reader(connection) as reader:
            return await reader.fetch_catalog(frozenset(CatalogKind))

    def render(self, spec: Spec, suppress: Where):
        rendered = render_request(spec, catalog=self.catalog, context=RenderContext(self.now, "UTC", suppress))
        assert rendered.problems == ()
        return rendered.request

    def lead_query(self, where: Where):
        return compile_lead_query(where, context=self._context(), path=()).node

    def node(self, where: Where):
        return compile_where(where, scope="lead", context=self._context(), path=()).node

    def find(self, s_query, **more) -> set[str]:
        asker = search.QueryContext(now=self.now, tz_offset=0.0, user_id=self.world.owner_user_id)
        return set(search.ids(self.world, s_query, asker, **more))

    def _context(self) -> WhereContext:
        return WhereContext(self.catalog, self.now, ZoneInfo("UTC"))


@pytest.fixture(scope="module")
def close():
    sandbox = Sandbox.open(None, leads=60, seed=7)
    yield World(sandbox)
    sandbox.close()


def wanted(where) -> Where:
    return WHERE.validate_python(where, strict=False)


def queries(close, where):
    """The same leads, or the others, as queries that somebody may have copied or written."""
    node = close.lead_query(wanted(where))
    lead = {"type": "object_type", "object_type": "lead"}
    return st.sampled_from(
        [node, {"query": node, "sort": [], "results_limit": 9}, {"type": "or", "queries": [node]}]
    ) | (
        st.sampled_from(
            [{"type": "and", "queries": [lead, negate(node)]}, {"type": "or", "queries": [negate(node), node]}]
        )
    )


@pytest.fixture(scope="module")
def specs(close):
    """Specs of any form that write to people."""

    def filters(where):
        forms = st.sampled_from(
            [{"where": where}, {"all_leads": True}, {"smart_view": close.catalog.smart_views[0].name}]
        )
        return forms | queries(close, where).map(lambda query: {"query": query})

    keys = {"action": actions, "options": options, "guards": guards, "cohort": st.sampled_from(["live", "frozen"])}
    head = {"schema": "bulkplan/v1", "name": "mail", "version": 1}
    return st.builds(
        lambda filter_, more: Spec.model_validate({**head, "filter": filter_, **more}, strict=False),
        wheres.flatmap(filters),
        st.fixed_dictionaries(keys),
    )


def test_no_spec_takes_suppression_out_of_its_request(close, specs):
    """However it is written, its query stands beside the negated one, and whatever is sent only narrows that."""

    @given(specs, wheres, st.data())
    def law(spec, where, data):
        suppress = wanted(where)
        request = close.render(spec, suppress)
        assert request.body["s_query"] == {
            "type": "and",
            "queries": [request.unsuppressed, negate(close.node(suppress))],
        }
        named = close.find(close.lead_query(suppress))
        cohort = close.find(request.body["s_query"])
        assert not cohort & named
        assert cohort == close.find(request.unsuppressed) - named
        some = data.draw(st.sets(st.sampled_from(sorted(close.find({"type": "match_all"}))), min_size=1, max_size=20))
        for sent in (freeze(request, some), exclude(request, [close.lead_query(wanted(where))], some)):
            assert close.find(sent.body["s_query"]) <= cohort

    law()
