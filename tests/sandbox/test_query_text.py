"""How texts match, in each mode, and where a `text` node looks."""

import pytest
from sandbox import query_nodes as node
from sandbox.small_world import context_of, small_world

from bulkplan.sandbox import search
from bulkplan.sandbox.text_match import PART_SEPARATOR, matches


@pytest.mark.parametrize(
    ("mode", "value", "text", "is_match"),
    [
        ("full_words", "health north", "North Star Health", True),
        ("full_words", "heal", "North Star Health", False),
        ("full_words", "north south", "North Star Health", False),
        ("phrase", "star health", "North Star Health", True),
        ("phrase", "health star", "North Star Health", False),
        ("phrase", "tar hea", "North Star Health", False),
        ("phrase", "north-star", "North Star Health", True),
        ("beginning_of_words", "hea no", "North Star Health", True),
        ("beginning_of_words", "ealth", "North Star Health", False),
        ("exact_value", "north star health", "North Star Health", True),
        ("exact_value", "north star", "North Star Health", False),
        ("exact_value", "North  Star Health", "North Star Health", False),
        ("full_words", "STRASSE", "Straße 7", True),
        ("full_words", "o neil", "O'Neil", True),
        ("full_words", "!?", "really!?", False),
        ("phrase", "anything", "", False),
    ],
)
def test_each_mode_matches_as_it_says(mode, value, text, is_match):
    assert matches(mode, value, text) is is_match


def test_a_missing_text_matches_nothing():
    assert not matches("full_words", "acme", None)


def test_a_phrase_does_not_run_from_one_part_into_the_next():
    parts = f"Acme Data{PART_SEPARATOR}Health clinics"
    assert not matches("phrase", "data health", parts)
    assert matches("full_words", "data health", parts)
    assert matches("exact_value", "acme data", parts)


@pytest.fixture(scope="module")
def world():
    made = small_world(30)
    yield made
    made.close()


def names(world, query):
    found = search.ids(world, query, context_of(world))
    marks = ", ".join("?" * len(found))
    return {name for (name,) in world.connection.execute(f"SELECT name FROM lead WHERE id IN ({marks})", found)}  # noqa: S608


@pytest.mark.parametrize(
    ("mode", "value", "name"),
    [
        ("full_words", "strasse", "Straße & Söhne GmbH"),
        ("full_words", "kelvin", "\N{KELVIN SIGN}elvin Labs"),
        ("phrase", "cotton shop", "100% Cotton_Shop"),
        ("exact_value", "100% cotton_shop", "100% Cotton_Shop"),
        ("full_words", "haus", "Ärzte\x00Haus"),
    ],
)
def test_no_sign_of_a_text_hides_it_from_sql(world, mode, value, name):
    assert name in names(world, node.regular("name", node.text(value, mode)))


def test_many_exact_texts_find_what_each_of_them_finds(world):
    """They are looked up as one list, which must not change what matches."""
    values = ["100% cotton_shop", "\N{KELVIN SIGN}elvin labs".lower(), "%", "straße & söhne gmbh", "nobody"]
    each = [node.regular("name", node.text(value, "exact_value")) for value in values]
    one_by_one = set().union(*(names(world, one) for one in each))
    assert names(world, node.either(*each)) == one_by_one >= {"100% Cotton_Shop", "Straße & Söhne GmbH"}
    assert names(world, node.no(node.either(*each))) == names(world, node.both()) - one_by_one
    assert names(world, node.either(*each, node.no(each[0]))) == names(world, node.both())


def test_signs_that_sql_treats_specially_stand_for_themselves(world):
    for value in ("100%", "1__", "'; DROP TABLE lead; --"):
        found = names(world, node.regular("name", node.text(f"{value} zz", "full_words")))
        assert found == set()
    assert names(world, node.regular("name", node.text("%", "exact_value"))) == set()


def test_a_text_node_looks_at_the_contacts_of_a_lead_too(world):
    connection = world.connection
    lead_id, name, email = connection.execute(
        "SELECT c.lead_id, c.name, e.email FROM contact AS c JOIN contact_email AS e ON e.contact_id = c.id LIMIT 1"
    ).fetchone()
    for value in (name, email):
        assert lead_id in search.ids(world, node.text(value, "phrase"), context_of(world))


def test_an_untitled_lead_is_found_by_the_name_it_is_shown_under(world):
    found = names(world, node.regular("display_name", node.text("untitled", "exact_value")))
    assert found == {None, "", "  "}
