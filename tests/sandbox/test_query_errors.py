"""A query that cannot be answered is refused with a message that names the fault."""

import pytest
from sandbox import query_nodes as node
from sandbox.small_world import context_of, small_world

from bulkplan.sandbox import search
from bulkplan.sandbox.search import QueryError

NOW = node.NOW


@pytest.fixture(scope="module")
def world():
    made = small_world(5)
    yield made
    made.close()


def fault(world, query, **options):
    with pytest.raises(QueryError) as caught:
        search.ids(world, query, context_of(world), **options)
    return str(caught.value)


def name_is(condition):
    return node.regular("name", condition)


def created(**bounds):
    return node.regular("date_created", node.moments(**bounds))


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (None, "a query node must be an object, not null"),
        ([], "a query node must be an object, not a list"),
        ({}, 'a query node lacks the key "type"'),
        ({"type": "nor", "queries": []}, "Unknown query type: nor"),
        ({"type": "and"}, 'a query of type and lacks the key "queries"'),
        ({"type": "or", "queries": {}}, '"queries" of a query of type or must be a list, not an object'),
        ({"type": "match_all", "negate": 1}, '"negate" of a query of type match_all must be true or false'),
        ({"type": "object_type", "object_type": "deal"}, "Unknown object type: deal"),
        ({"type": "object_type", "object_type": "address"}, "address objects cannot be searched for by themselves"),
        ({"type": "id"}, 'a query of type id lacks the key "value"'),
        (node.by_id(7), '"value" of a query of type id must be a text, not a number'),
        (node.either(node.by_id("\ud800")), "is not valid Unicode"),
        (node.text("x", "is"), "Unknown text mode: is"),
        (name_is(node.text("x", "is")), "Unknown text mode: is"),
        (name_is(node.text("...")), "holds no word: '...'"),
        (name_is(node.text("", "exact_value")), "holds no word: ''"),
        (name_is(node.text("x" * 10_001)), "longer than 10000 characters"),
        (name_is({"type": "wildcard"}), "Unknown condition type: wildcard"),
        (name_is(node.terms("x")), "The condition term cannot be used on lead.name, a field of text"),
        (name_is(node.numbers(gt=1)), "number_range cannot be used on lead.name"),
        (node.regular("num_tasks", node.text("x")), "text cannot be used on lead.num_tasks, a field of number"),
        (node.regular("status_id", node.terms("x")), "cannot be used on lead.status_id, a reference to status.lead"),
        (node.regular("status_id", node.CURRENT_USER), "current_user cannot be used on lead.status_id"),
        (node.regular("nam", node.EXISTS), "Unknown field of lead: nam"),
        (node.regular("title", node.EXISTS, "contact"), "contact.title cannot be used in a query about lead objects"),
        ({"type": "field_condition", "field": {}, "condition": node.EXISTS}, 'a field lacks the key "type"'),
        ({"type": "field_condition", "field": {"type": "smart"}, "condition": {}}, "Unknown field type: smart"),
        ({"type": "field_condition", "condition": {}}, 'a field_condition lacks the key "field"'),
        (node.custom("cf_none", node.EXISTS), "Unknown custom field: cf_none"),
        (node.related("task", node.MATCH_ALL), "Unknown object type: task"),
        (node.related("contact_email", node.MATCH_ALL), "Unknown relation: lead has no related contact_email"),
        (
            node.related("lead", node.MATCH_ALL, "contact"),
            '"this_object_type" is contact in a query about lead objects',
        ),
        ({"type": "saved_search", "saved_search_id": "save_x"}, "Unknown saved search: save_x"),
        ({"type": "in_status", "status_ids": ["x"]}, "in_status cannot be used about lead objects"),
        (node.related("opportunity", {"type": "in_status", "status_ids": []}), '"status_ids" of'),
        (node.related("contact", node.related("address", node.MATCH_ALL, "contact")), "contact has no related address"),
        (created(), "lacks a bound: one of on_or_after, before"),
        (created(after=NOW), "Unknown bound of the moment_range on lead.date_created: after"),
        (created(before={"type": "this_week"}), "Unknown moment type: this_week"),
        (created(before="2026-01-01"), "a moment must be an object, not a text"),
        (node.regular("num_tasks", node.numbers(gt="1")), "must be a number, not a text"),
        (node.regular("num_tasks", node.numbers(gt=True)), "must be a number, not true or false"),
        (node.regular("num_tasks", node.numbers(gt=10**400)), "is out of range"),
        (node.regular("num_tasks", node.numbers(gt=float("nan"))), "is out of range"),
        (node.regular("num_tasks", node.numbers()), "lacks a bound: one of gt, gte, lt, lte"),
        (node.regular("created_by", node.references("sequence", "x")), "a reference to user, not to sequence"),
        (node.regular("created_by", node.references("user")), "must not be empty"),
        (node.regular("created_by", node.references("user", "user_x")), "Unknown user id: user_x"),
    ],
)
def test_the_fault_is_named(world, query, message):
    assert message in fault(world, query)


def test_a_status_of_another_kind_is_refused(world):
    (deal_status,) = world.connection.execute("SELECT id FROM opportunity_status").fetchone()
    query = node.regular("status_id", node.references("status.lead", deal_status))
    assert fault(world, query) == f"Unknown status.lead id: {deal_status}"


def test_a_custom_field_of_another_object_is_refused(world):
    (persona,) = world.connection.execute("SELECT id FROM custom_field WHERE name = 'Persona'").fetchone()
    message = fault(world, node.custom(persona, node.EXISTS))
    assert message == f'The custom field "Persona" ({persona}) is not one of lead objects'


def test_a_view_without_structured_query_is_refused(world):
    (view_id,) = world.connection.execute("SELECT id FROM smart_view WHERE query IS NOT NULL").fetchone()
    message = fault(world, {"type": "saved_search", "saved_search_id": view_id})
    assert message == f'The saved search "Old text view" ({view_id}) has only a text query and cannot be used here'


def test_a_view_about_other_objects_is_refused(world):
    (view_id,) = world.connection.execute("SELECT id FROM smart_view WHERE type = 'contact'").fetchone()
    query = node.both(node.OF_LEADS, {"type": "saved_search", "saved_search_id": view_id})
    assert fault(world, query) == f"The saved search {view_id} is about contact objects, not about lead objects"


def nested(levels, wrap):
    query = node.by_id("lead_none")
    for level in range(levels - 1):
        query = wrap(query, level)
    return query


WRAPS = {
    "and": lambda query, level: node.both(node.MATCH_ALL, query),
    "alternating": lambda query, level: (
        node.either(query, query and node.by_id("x")) if level % 2 else node.both(query)
    ),
    "negated": lambda query, level: node.no(node.both(query, node.MATCH_ALL)),
    "related": lambda query, level: node.related(
        *(("contact", query, "lead") if level % 2 else ("lead", query, "contact"))
    ),
}


@pytest.mark.parametrize("wrap", WRAPS.values(), ids=WRAPS)
def test_a_query_of_a_hundred_levels_is_answered_and_a_deeper_one_refused(world, wrap):
    assert search.count(world, nested(99, wrap), context_of(world)) in (0, 5)
    assert fault(world, nested(151, wrap)) == "The query is nested deeper than 100 levels"
    assert fault(world, nested(20_001, wrap)) == "The query is nested deeper than 100 levels"


def test_a_wide_query_is_answered_and_a_wider_one_refused(world):
    wide = node.either(*(name_is(node.text(f"word{number}")) for number in range(3000)))
    assert search.count(world, wide, context_of(world)) == 0
    with_too_many_values = node.either(*(name_is(node.text(f"word{number}")) for number in range(10_001)))
    assert fault(world, with_too_many_values) == "The query has more than 30000 values"


def test_views_that_multiply_are_refused(world):
    with world.transaction() as connection:
        for level in range(1, 20):
            inner = {"type": "saved_search", "saved_search_id": f"save_{level - 1}"} if level > 1 else node.MATCH_ALL
            add_view(connection, f"save_{level}", node.both(inner, inner, inner))
    assert "more than 200000 nodes" in fault(world, {"type": "saved_search", "saved_search_id": "save_19"})


def add_view(connection, view_id, query):
    import json

    wrapped = json.dumps({"query": query, "results_limit": None, "sort": []})
    connection.execute(
        "INSERT INTO smart_view (id, position, name, type, s_query, date_created, date_updated) "
        "VALUES (?, 99, 'View', 'lead', ?, '', '')",
        (view_id, wrapped),
    )


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        (-1, "must not be negative: -1"),
        (True, "must be a whole number or null"),
        ("5", "not a text"),
        (1.5, "a number"),
    ],
)
def test_a_wrong_limit_is_refused(limit, message):
    with pytest.raises(QueryError, match=message):
        search.read_results_limit(limit)


def test_any_whole_limit_is_taken():
    assert [search.read_results_limit(limit) for limit in (None, 0, 250)] == [None, 0, 250]
    assert search.read_results_limit(10**30) == 2**63 - 1
