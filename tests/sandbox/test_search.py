"""In which order found objects come."""

import pytest
from sandbox import query_nodes as node
from sandbox.small_world import context_of, small_world

from bulkplan.sandbox import search
from bulkplan.sandbox.search import QueryError


@pytest.fixture(scope="module")
def world():
    made = small_world(40)
    yield made
    made.close()


def ids(world, **options):
    return search.ids(world, node.both(node.OF_LEADS), context_of(world), **options)


def by_field(name, direction="asc", object_type="lead"):
    field = {"type": "regular_field", "object_type": object_type, "field_name": name}
    return {"direction": direction, "field": field}


def by_custom(world, name, direction="asc"):
    (field_id,) = world.connection.execute("SELECT id FROM custom_field WHERE name = ?", (name,)).fetchone()
    return {"direction": direction, "field": {"type": "custom_field", "custom_field_id": field_id}}


def column(world, name, found):
    values = dict(world.connection.execute(f"SELECT id, {name} FROM lead"))  # noqa: S608 - names of this module
    return [values[each] for each in found]


def test_newest_come_first_without_a_sort(world):
    dates = column(world, "date_created", ids(world))
    assert dates == sorted(dates, reverse=True)


def test_a_date_sorts_both_ways_with_the_missing_last(world):
    for direction in ("asc", "desc"):
        dates = column(
            world, "last_communication_date", ids(world, sort=[by_field("last_communication_date", direction)])
        )
        present = [date for date in dates if date]
        assert present == sorted(present, reverse=direction == "desc")
        assert dates == present + [None] * (len(dates) - len(present))


def test_later_items_decide_among_equals(world):
    found = ids(world, sort=[by_field("status_label"), by_field("date_created")])
    labels = dict(world.connection.execute("SELECT id, label FROM lead_status"))
    keys = [
        (labels[status].lower(), made)
        for status, made in zip(column(world, "status_id", found), column(world, "date_created", found), strict=True)
    ]
    assert keys == sorted(keys)


def test_custom_numbers_and_counters_sort(world):
    field = by_custom(world, "Employees", "desc")
    values = dict(
        world.connection.execute(
            "SELECT object_id, number_value FROM custom_value WHERE custom_field_id = ?",
            (field["field"]["custom_field_id"],),
        )
    )
    numbers = [values[each] for each in ids(world, sort=[field]) if each in values]
    assert numbers == sorted(numbers, reverse=True)
    assert len(ids(world, sort=[by_field("num_upcoming_meetings", "desc")])) == 40


def test_names_sort_without_case(world):
    found = [
        name for name in column(world, "display_name", ids(world, sort=[by_field("display_name")])) if name.isascii()
    ]
    assert found == sorted(found, key=str.lower)


def test_pages_join_to_the_whole(world):
    sort = [by_field("status_label", "desc")]
    pages = [ids(world, sort=sort, limit=7, offset=start) for start in range(0, 42, 7)]
    assert [each for page in pages for each in page] == ids(world, sort=sort)
    assert ids(world, limit=0) == []


def test_a_selection_can_stand_inside_another_statement(world):
    query = node.related("contact", node.MATCH_ALL)
    selection = search.select_ids(world, query, context_of(world), sort=[by_field("date_created")], limit=5)
    counted = world.connection.execute(f"SELECT count(*) FROM ({selection.sql})", selection.params)  # noqa: S608
    assert (selection.object_type, counted.fetchone()) == ("lead", (5,))


@pytest.mark.parametrize(
    ("sort", "message"),
    [
        ({}, '"sort" must be a list, not an object'),
        ([{}], 'an item of "sort" lacks the key "direction"'),
        ([by_field("date_created", "up")], "Unknown sort direction: up"),
        ([by_field("nam")], "Unknown field of lead: nam"),
        ([by_field("status_id")], "lead.status_id cannot be sorted by: only numbers, dates and texts can"),
        ([by_field("title", object_type="contact")], "lead objects cannot be sorted by a field of contact: title"),
        ([by_field("date_created")] * 4, '"sort" must not have more than 3 items'),
        ([{"direction": "asc", "field": {"type": "x"}}], "Unknown field type: x"),
    ],
)
def test_a_wrong_sort_is_refused(world, sort, message):
    with pytest.raises(QueryError) as caught:
        ids(world, sort=sort)
    assert message in str(caught.value)


def test_a_custom_reference_does_not_sort(world):
    with pytest.raises(QueryError, match='"Account Owner" cannot be sorted by'):
        ids(world, sort=[by_custom(world, "Account Owner")])
