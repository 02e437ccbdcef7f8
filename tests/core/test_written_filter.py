"""Queries of Close as filters of specs: the same leads, whatever form they get."""

from __future__ import annotations

import json
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import event, given, settings
from sandbox import query_nodes as node
from sandbox.small_world import context_of
from sandbox.test_query_laws import queries, single_conditions, the_world
from support.small_catalog import where_context

from bulkplan.adapters.close_connection import Connection
from bulkplan.adapters.close_reader import open_reader
from bulkplan.adapters.secret import Secret
from bulkplan.adapters.yaml_documents import parse_documents
from bulkplan.adapters.yaml_text import decode
from bulkplan.cli.stopping import run_until_signal
from bulkplan.core.conditions import WhereContext
from bulkplan.core.expand import expand
from bulkplan.core.query_form import takes_everybody
from bulkplan.core.selection import select_leads
from bulkplan.core.written_filter import literal, sort_names, write_filter
from bulkplan.model.catalog import Catalog, CatalogKind
from bulkplan.model.spec import Filter
from bulkplan.sandbox import search
from bulkplan.sandbox.server import Sandbox
from bulkplan.sandbox.settings import SandboxSettings
from bulkplan.sandbox.transport import SandboxTransport

DELETE = {"type": "delete"}
SMALL = where_context(ZoneInfo("Europe/Berlin"))


@cache
def the_context() -> WhereContext:
    sandbox = Sandbox(the_world(), settings=SandboxSettings())

    async def fetch() -> Catalog:
        connection = Connection("http://localhost/api/v1", Secret("k"), "$K", transport=SandboxTransport(sandbox))
        async with open_reader(connection) as reader:
            return await reader.fetch_catalog(frozenset(CatalogKind))

    return WhereContext(run_until_signal(fetch()), the_world().now(), ZoneInfo("Europe/Berlin"))


def check_same_leads(query):
    written = write_filter(query, the_context())
    if written.problems:
        event("cannot be a lead query")
        return
    event(next(iter(written.filter)))
    selection = select_leads(Filter.model_validate(written.filter, strict=False), context=the_context())
    asker = context_of(the_world())
    if not selection.problems:
        assert set(search.ids(the_world(), selection.query, asker)) == set(
            search.ids(the_world(), node.both(node.OF_LEADS, query), asker)
        )
    else:
        assert takes_everybody(query) or written.filter.get("query") == query


@settings(max_examples=150)
@given(single_conditions())
def test_each_condition_selects_the_same_leads(query):
    check_same_leads(query)


@settings(max_examples=100)
@given(queries(depth=2))
def test_whole_trees_select_the_same_leads(query):
    check_same_leads(query)


CHURNED = node.both(node.OF_LEADS, node.regular("status_id", node.references("status.lead", "stat_chu")))
BY_SIZE = {"direction": "desc", "field": {"type": "custom_field", "custom_field_id": "cf_employees"}}


def test_a_wrapped_query_keeps_its_order_and_its_limit():
    written = write_filter({"query": CHURNED, "sort": [BY_SIZE], "results_limit": 40}, SMALL)
    assert written.filter == {"where": {"field": "status", "is": "Churned"}}
    assert written.options == {"sort": ["-custom.Employees"], "results_limit": 40}


def test_what_has_no_short_form_is_kept_word_for_word():
    wrapped = {"query": node.both(CHURNED, node.by_id("lead_1")), "sort": [BY_SIZE], "results_limit": 40}
    written = write_filter(wrapped, SMALL)
    assert written.filter == {"query": wrapped}
    assert written.options == {}
    assert written.why == "it names leads by their IDs"


def test_an_order_that_a_spec_cannot_write_keeps_the_whole_query():
    odd = {"direction": "asc", "field": {"type": "regular_field", "object_type": "lead", "field_name": "odd"}}
    wrapped = {"query": CHURNED, "sort": [odd]}
    assert write_filter(wrapped, SMALL).filter == {"query": wrapped}
    assert sort_names((odd,), SMALL.catalog) is None


def test_everybody_is_said_in_so_many_words():
    assert write_filter(node.both(node.OF_LEADS), SMALL).filter == {"all_leads": True}


@pytest.mark.parametrize("query", [{"type": "nonsense"}, {"type": "object_type", "object_type": "contact"}])
def test_what_selects_no_leads_is_a_problem(query):
    assert write_filter(query, SMALL).problems


@pytest.mark.parametrize("text", ["{{ x }}", "a {% b %}", "{{{{", "}}", "{%{{", "plain"])
def test_text_that_looks_like_an_expression_is_none(text):
    filter_ = {"where": {"field": "name", "is": literal(text)}}
    content = json.dumps({"schema": "bulkplan/v1", "name": "x", "version": 1, "filter": filter_, "action": DELETE})
    (document,) = parse_documents(decode("specs/a.yaml", content.encode())).documents
    (run,) = expand(document, now=SMALL.now).runs
    assert run.spec.filter.where.is_ == text
