import json
from datetime import datetime, timedelta, timezone

import httpx
import pytest
from adapters.close_fakes import ME, page, reader_over, script

from bulkplan.errors import BadAnswerError, NotFoundError, WrongOrganizationError
from bulkplan.model.remote import Identity, MatchCount

QUERY = {"type": "match_all"}


async def test_the_first_organization_is_the_keys():
    handler, _ = script(httpx.Response(200, json=ME))
    async with reader_over(handler) as reader:
        found = await reader.fetch_identity()
    assert found == Identity(user_id="user_1", organization_id="orga_1", organization_name="Acme")


async def test_a_key_of_another_organization_is_refused():
    handler, _ = script(httpx.Response(200, json=ME))
    async with reader_over(handler, organization_id="orga_2") as reader:
        with pytest.raises(WrongOrganizationError):
            await reader.fetch_identity()


@pytest.mark.parametrize(
    "me", [{}, [], {"id": "user_1"}, {"id": "user_1", "organizations": []}, {"organizations": [{}]}]
)
async def test_a_self_without_organization_is_a_bad_answer(me):
    handler, _ = script(httpx.Response(200, json=me))
    async with reader_over(handler) as reader:
        with pytest.raises(BadAnswerError, match="GET /me/"):
            await reader.fetch_identity()


@pytest.mark.parametrize(
    ("limit", "sent", "limited"), [(None, 0, 612), (250, 250, 250), (0, 0, 0)], ids=["all", "some", "none"]
)
async def test_counting_fetches_no_leads(limit, sent, limited):
    handler, asked = script(
        httpx.Response(200, json={"data": [], "cursor": None, "count": {"limited": min(sent, 612), "total": 612}})
    )
    async with reader_over(handler) as reader:
        assert await reader.count(QUERY, results_limit=limit) == MatchCount(total=612, limited=limited)
    body = json.loads(asked[0].content)
    assert (asked[0].method, asked[0].url.path) == ("POST", "/api/v1/data/search/")
    assert (body["query"], body["results_limit"], body["include_counts"], body["_limit"]) == (QUERY, sent, True, 1)


@pytest.mark.parametrize(
    "count", [None, {}, {"total": 5}, {"total": True, "limited": 1}, {"total": -1, "limited": 0}, {"total": "5"}]
)
async def test_a_count_that_is_none_is_a_bad_answer(count):
    handler, _ = script(httpx.Response(200, json={"data": [], "count": count}))
    async with reader_over(handler) as reader:
        with pytest.raises(BadAnswerError):
            await reader.count(QUERY)


async def test_an_action_is_fetched_by_its_id():
    handler, asked = script(
        httpx.Response(200, json={"id": "bulkedit_1", "status": "done", "n_leads": 3, "s_query": QUERY, "news": 1})
    )
    async with reader_over(handler) as reader:
        action = await reader.fetch_action("edit", "bulkedit_1")
    assert (action.is_final, action.n_leads, action.s_query) == (True, 3, QUERY)
    assert asked[0].url.path == "/api/v1/bulk_action/edit/bulkedit_1/"


@pytest.mark.parametrize("action_id", ["", "..", "../../me", "a/b", "a?b", "a b", "ä", "x" * 300])
async def test_what_is_no_id_leads_to_no_other_path(action_id):
    handler, asked = script(httpx.Response(200, json={}))
    async with reader_over(handler) as reader:
        with pytest.raises(NotFoundError):
            await reader.fetch_action("edit", action_id)
    assert asked == []


async def test_another_action_than_the_one_asked_for_is_a_bad_answer():
    handler, _ = script(httpx.Response(200, json={"id": "bulkedit_2"}))
    async with reader_over(handler) as reader:
        with pytest.raises(BadAnswerError, match="bulkedit_2"):
            await reader.fetch_action("edit", "bulkedit_1")


def events(*items, cursor=None):
    return httpx.Response(200, json={"data": list(items), "cursor_next": cursor, "cursor_previous": "p"})


async def created(*answers, since=None):
    handler, asked = script(*answers)
    async with reader_over(handler) as reader:
        found = [action async for action in reader.list_created_actions("email", since=since)]
    return found, asked


async def test_the_event_log_is_read_by_cursor_and_each_action_given_once():
    seen = {
        "id": "ev_1",
        "object_id": "bulkemail_1",
        "data": {"id": "bulkemail_1", "s_query": QUERY, "status": "created"},
    }
    hidden = {"id": "ev_2", "object_id": "bulkemail_2", "organization_id": "orga_1", "data": None}
    since = datetime(2026, 11, 22, 12, tzinfo=timezone(timedelta(hours=2)))
    found, asked = await created(events(seen, hidden, cursor="next"), events(seen), since=since)
    assert [action.id for action in found] == ["bulkemail_1", "bulkemail_2"]
    assert (found[0].s_query, found[1].s_query, found[1].organization_id) == (QUERY, None, "orga_1")
    assert dict(asked[0].url.params) == {
        "object_type": "bulk_action.email",
        "action": "created",
        "date_updated__gte": "2026-11-22T10:00:00+00:00",
        "_limit": "50",
    }
    assert asked[1].url.params["_cursor"] == "next"


async def test_an_event_whose_contents_are_hidden_still_names_the_action():
    found, _ = await created(events({"object_id": "bulkemail_1", "data": {}}))
    assert found[0].id == "bulkemail_1"


@pytest.mark.parametrize("cursor", ["same", 5, True])
async def test_a_cursor_that_leads_nowhere_new_is_an_error(cursor):
    with pytest.raises(BadAnswerError, match="cursor"):
        await created(events(cursor=cursor))


@pytest.mark.parametrize("event", [{}, {"object_id": None}])
async def test_an_event_that_names_no_object_is_an_error(event):
    with pytest.raises(BadAnswerError, match="/event/"):
        await created(events(event))


async def test_listed_actions_keep_what_close_says_of_them():
    listed = {
        "id": "bulkemail_1",
        "organization_id": "orga_1",
        "status": "brand-new-status",
        "n_leads": None,
        "date_created": "2026-02-03T10:15:00.000000+00:00",
    }
    handler, _ = script(page(listed))
    async with reader_over(handler) as reader:
        found = [action async for action in reader.list_actions("email")]
    assert (found[0].status, found[0].is_final, found[0].n_leads) == ("brand-new-status", False, None)
    assert found[0].date_created.utcoffset() == timedelta(0)
