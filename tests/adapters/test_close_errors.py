import httpx
import pytest
from adapters.close_fakes import KEY, reader_over, script

from bulkplan.adapters.close_errors import said
from bulkplan.adapters.secret import Secret
from bulkplan.errors import (
    BadAnswerError,
    BadRequestError,
    BulkplanError,
    CloseError,
    NotAuthorizedError,
    NotFoundError,
    TryLaterError,
)


async def error_for(*answers):
    handler, asked = script(*answers)
    async with reader_over(handler) as reader:
        with pytest.raises(BulkplanError) as caught:
            await reader.fetch_identity()
    return caught.value, asked


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (301, CloseError),
        (400, BadRequestError),
        (401, NotAuthorizedError),
        (402, CloseError),
        (403, NotAuthorizedError),
        (404, NotFoundError),
        (405, CloseError),
        (409, BadRequestError),
        (415, CloseError),
        (418, BadRequestError),
        (422, BadRequestError),
        (408, TryLaterError),
        (429, TryLaterError),
        (500, TryLaterError),
        (501, TryLaterError),
        (502, TryLaterError),
        (503, TryLaterError),
        (504, TryLaterError),
    ],
)
async def test_each_status_has_its_error(status, kind):
    error, _ = await error_for(httpx.Response(status, json={"error": "Because."}))
    assert type(error) is kind or (kind is TryLaterError and isinstance(error, TryLaterError))
    if isinstance(error, CloseError):
        assert error.status == status


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"error": "Unknown text mode: is"}, "Unknown text mode: is"),
        ({"errors": ["one", "two"], "field-errors": {}}, "one; two"),
        ({"errors": [], "field-errors": {"lead_status_id": "This field is required."}}, "lead_status_id: This field"),
        ({"field-errors": {"sort": {"field": ["bad", "worse"]}}}, "sort.field: bad; worse"),
        ({"error": None, "errors": [{"code": 7}]}, '{"code": 7}'),
        ({"message": "Hm."}, "Hm."),
        ({"else": 1}, '{"else": 1}'),
        ({"error": "red\x1b[31m\u202e"}, r"red\x1b[31m\u202e"),
    ],
)
async def test_close_is_quoted_in_its_own_words(body, words):
    error, _ = await error_for(httpx.Response(400, json=body, headers={"x-request-id": "req_1"}))
    assert words in str(error)
    assert "GET /me/" in str(error)
    assert error.request_id == "req_1"


async def test_field_errors_are_kept_as_facts():
    error, _ = await error_for(httpx.Response(400, json={"field-errors": {"s_query": "required", "a": {"b": "c"}}}))
    assert error.field_errors == (("s_query", "required"), ("a.b", "c"))


@pytest.mark.parametrize("body", [None, 5, "x", [], [1], {}])
def test_a_body_that_says_nothing_is_nothing_said(body):
    assert said(body) is None


async def test_a_refused_key_names_where_it_came_from():
    error, _ = await error_for(httpx.Response(401, json={"error": "The API key is not valid."}))
    assert "$CLOSE_API_KEY" in str(error)


async def test_a_missing_right_is_told_in_closes_words():
    error, _ = await error_for(httpx.Response(403, json={"error": "You may not bulk delete."}))
    assert "You may not bulk delete." in str(error)


async def test_redirects_are_not_followed():
    error, asked = await error_for(httpx.Response(302, headers={"location": "https://evil.test/login"}))
    assert "evil.test" in str(error)
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.Response(200, html="<html><body>Please log in"), "an HTML page"),
        (httpx.Response(200, content=b"  <!doctype html>"), "an HTML page"),
        (httpx.Response(200, content=b""), "an empty body"),
        (httpx.Response(204), "an empty body"),
        (httpx.Response(200, content=b"ok\x1b[2J then", headers={"content-type": "text/plain"}), r'"ok\x1b[2J then"'),
        (httpx.Response(200, content=b'{"id": NaN}'), "not JSON"),
    ],
)
async def test_a_success_that_is_no_json_says_what_came(answer, words):
    error, _ = await error_for(answer)
    assert type(error) is BadAnswerError
    assert words in str(error)


async def test_what_is_quoted_of_a_page_is_short():
    error, _ = await error_for(httpx.Response(200, html="<html>" + "x" * 10_000))
    assert len(str(error)) < 300


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 500, 503])
@pytest.mark.parametrize("form", [KEY, Secret(KEY).basic_credentials()])
@pytest.mark.parametrize("is_json", [True, False])
async def test_no_error_quotes_the_key(status, form, is_json):
    content = httpx.Response(status, json={"error": f"key {form}"}) if is_json else httpx.Response(status, text=form)
    content.headers["location"] = f"https://evil.test/{form}"
    error, _ = await error_for(content)
    shown = f"{error!r} {error} {error.hint} {vars(error)}"
    assert KEY not in shown
    assert form.removeprefix("Basic ") not in shown


async def test_of_a_broken_answer_about_leads_nothing_is_quoted():
    error, _ = await error_for(httpx.Response(200, text='{"data": [{"display_name": "Karla Kanari'))
    assert isinstance(error, BadAnswerError)
    assert "Karla" not in str(error)
