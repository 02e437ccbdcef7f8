import httpx
import pytest
from adapters.close_fakes import page, reader_over, script

from bulkplan.errors import BadAnswerError, TryLaterError


def actions(*numbers):
    return [{"id": f"bulkedit_{number}"} for number in numbers]


async def ids_of(*answers):
    handler, asked = script(*answers)
    async with reader_over(handler) as reader:
        ids = [action.id async for action in reader.list_actions("edit")]
    return [int(name.removeprefix("bulkedit_")) for name in ids], asked


async def test_a_listing_is_read_to_its_end():
    ids, asked = await ids_of(
        page(*actions(*range(100)), has_more=True), page(*actions(*range(100, 200)), has_more=True), page(*actions(200))
    )
    assert ids == list(range(201))
    assert [request.url.params["_skip"] for request in asked] == ["0", "100", "200"]
    assert {request.url.params["_limit"] for request in asked} == {"100"}


async def test_elements_that_change_pages_are_given_once():
    ids, _ = await ids_of(page(*actions(1, 2, 3), has_more=True), page(*actions(3, 4)))
    assert ids == [1, 2, 3, 4]


async def test_a_short_page_may_leave_out_has_more_a_full_one_may_not():
    ids, _ = await ids_of(page(*actions(1), has_more=None))
    assert ids == [1]
    with pytest.raises(BadAnswerError, match="whether there is more"):
        await ids_of(page(*actions(*range(100)), has_more=None))


@pytest.mark.parametrize(
    "answers",
    [
        [page(*actions(1, 2), has_more=True)],
        [page(*actions(1), has_more=True), page(has_more=True)],
        [page(has_more=True)],
    ],
)
async def test_a_listing_that_goes_round_in_circles_is_an_error(answers):
    with pytest.raises(BadAnswerError, match="nothing new"):
        await ids_of(*answers)


@pytest.mark.parametrize(
    "answer",
    [
        {},
        [],
        {"data": None},
        {"data": {"id": "x"}},
        {"data": ["x"]},
        {"data": [{"name": "x"}]},
        {"data": [{"id": 5}]},
        {"data": [], "has_more": "yes"},
    ],
)
async def test_what_is_no_listing_is_an_error_that_names_it(answer):
    with pytest.raises(BadAnswerError, match="/bulk_action/edit/"):
        await ids_of(httpx.Response(200, json=answer))


async def test_an_element_that_cannot_be_read_is_named():
    with pytest.raises(BadAnswerError, match=r"bulkedit_9.*n_leads"):
        await ids_of(page({"id": "bulkedit_9", "n_leads": "many"}))


async def test_a_page_that_fails_is_an_error_not_an_end():
    with pytest.raises(TryLaterError):
        await ids_of(page(*actions(1), has_more=True), httpx.Response(500))
