"""Which thing a name stands for, and what is said when none or several do."""

from __future__ import annotations

import pytest
from support.small_catalog import CATALOG

from bulkplan.core.resolve import Known, find_lead_status, find_template, find_user
from bulkplan.core.senders import SendingIdentity, find_sender
from bulkplan.errors import Problem
from bulkplan.model.catalog import Catalog, Status, Template

STATUSES = Catalog(
    lead_statuses=(
        Status(id="stat_1", label="Open"),
        Status(id="stat_2", label="open"),
        Status(id="stat_3", label="Won"),
        Status(id="stat_4", label="stat_1"),
    )
)


@pytest.mark.parametrize(
    ("word", "id_"),
    [("Open", "stat_1"), ("open", "stat_2"), ("WON", "stat_3"), (" Won ", "stat_3"), ("stat_1", "stat_1")],
)
def test_an_id_wins_then_the_exact_name_then_the_one_that_differs_in_case(word, id_):
    found = find_lead_status(word, STATUSES, ("x",))
    assert isinstance(found, Known)
    assert found.id == id_


def test_names_that_differ_only_in_case_from_the_word_are_not_guessed_between():
    found = find_lead_status("OPEN", STATUSES, ("x",))
    assert isinstance(found, Problem)
    assert found.hint == "write the ID of the one that is meant: stat_1 or stat_2"


def test_nothing_near_lists_what_there_is():
    found = find_lead_status("Zebra", STATUSES, ("x",))
    assert isinstance(found, Problem)
    assert "Open" in (found.hint or "")


def test_an_empty_catalog_is_said():
    found = find_lead_status("Open", Catalog(), ("x",))
    assert isinstance(found, Problem)
    assert "no lead statuses" in (found.hint or "")


@pytest.mark.parametrize("word", ["Dana Reyes", "dana@example.com", "DANA@EXAMPLE.COM", "user_dana"])
def test_a_user_is_known_by_name_address_and_id(word):
    found = find_user(word, CATALOG, ())
    assert isinstance(found, Known)
    assert (found.id, found.name) == ("user_dana", "Dana Reyes")


def test_an_archived_template_stands_aside_for_a_live_one_of_its_name():
    catalog = Catalog(
        templates=(Template(id="tmpl_a", name="News", is_archived=True), Template(id="tmpl_b", name="News"))
    )
    found = find_template("News", catalog, ())
    assert isinstance(found, Known)
    assert found.id == "tmpl_b"
    assert isinstance(find_template("tmpl_a", catalog, ()), Problem)


@pytest.mark.parametrize(
    ("text", "account", "label"),
    [
        ("Dana Reyes <dana@example.com>", "emailacct_dana", "Dana Reyes <dana@example.com>"),
        ('"dana reyes" <DANA@example.com>', "emailacct_dana", "Dana Reyes <dana@example.com>"),
        ("dana@example.com", "emailacct_dana", "Dana Reyes <dana@example.com>"),
        ("emailacct_dana", "emailacct_dana", "Dana Reyes <dana@example.com>"),
        ("milan@example.com", "emailacct_milan", "milan@example.com"),
        ("Milan N. <milan@example.com>", "emailacct_milan", "Milan N. <milan@example.com>"),
    ],
)
def test_a_sender_is_an_identity_of_an_account(text, account, label):
    found = find_sender(text, CATALOG, ())
    assert isinstance(found, SendingIdentity)
    assert (found.account.id, found.label) == (account, label)


@pytest.mark.parametrize("text", ["sales@example.com", "emailacct_zoom", "<>", "a@b", "Dana <>", "nobody"])
def test_what_cannot_send_is_a_problem_with_a_way_out(text):
    found = find_sender(text, CATALOG, ("action", "sender"))
    assert isinstance(found, Problem)
    assert found.path == ("action", "sender")
    assert found.hint
