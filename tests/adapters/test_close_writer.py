import json

import httpx
import pytest
from adapters.close_fakes import script, writer_over

from bulkplan.errors import BadAnswerError, BadRequestError, NotFoundError


def action(status):
    return httpx.Response(200, json={"id": "bulkedit_1", "status": status})


@pytest.mark.parametrize(("verb", "status"), [("pause", "paused"), ("resume", "resuming")])
async def test_a_change_of_status_is_one_put(verb, status):
    handler, asked = script(action(status))
    async with writer_over(handler) as writer:
        assert (await getattr(writer, verb)("edit", "bulkedit_1")).status == status
    assert [(request.method, request.url.path) for request in asked] == [
        ("PUT", "/api/v1/bulk_action/edit/bulkedit_1/")
    ]
    assert json.loads(asked[0].content) == {"status": status}


async def test_pausing_is_tried_again_since_it_may_be():
    handler, asked = script(httpx.ReadError("reset"), httpx.Response(503), action("paused"))
    async with writer_over(handler) as writer:
        await writer.pause("edit", "bulkedit_1")
    assert len(asked) == 3


@pytest.mark.parametrize(("verb", "status"), [("pause", "paused"), ("resume", "processing")])
async def test_what_an_earlier_try_has_done_already_is_no_error(verb, status):
    handler, asked = script(httpx.Response(400, json={"error": "It is so already."}), action(status))
    async with writer_over(handler) as writer:
        assert (await getattr(writer, verb)("edit", "bulkedit_1")).status == status
    assert [request.method for request in asked] == ["PUT", "GET"]


async def test_a_refused_pause_is_told_in_closes_words():
    handler, _ = script(httpx.Response(400, json={"error": "It is done."}), action("done"))
    async with writer_over(handler) as writer:
        with pytest.raises(BadRequestError, match="It is done"):
            await writer.pause("edit", "bulkedit_1")


async def test_an_unknown_action_or_a_wrong_answer_is_an_error():
    handler, _ = script(httpx.Response(404))
    async with writer_over(handler) as writer:
        with pytest.raises(NotFoundError):
            await writer.pause("edit", "bulkedit_1")
        with pytest.raises(NotFoundError):
            await writer.pause("edit", "../lead")
    handler, _ = script(httpx.Response(200, json={"id": "bulkedit_2"}))
    async with writer_over(handler) as writer:
        with pytest.raises(BadAnswerError):
            await writer.pause("edit", "bulkedit_1")
