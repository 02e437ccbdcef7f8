import httpx
import pytest
from adapters.close_fakes import page, reader_over

from bulkplan.adapters.close_catalog import SOURCES
from bulkplan.errors import BadAnswerError, NotAuthorizedError
from bulkplan.model.catalog import Catalog, CatalogKind

FIELD = {"id": "cf_1", "name": "Industry", "type": "choices", "choices": ["SaaS"], "accepts_multiple_values": True}
ANSWERS = {
    "/status/lead/": page({"id": "stat_1", "label": "Churned", "organization_id": "orga_1"}),
    "/status/opportunity/": page({"id": "stat_2", "label": "Won"}),
    "/custom_field_schema/lead/": httpx.Response(200, json={"name": "lead", "fields": [FIELD]}),
    "/custom_field_schema/contact/": httpx.Response(200, json={"fields": []}),
    "/custom_field_schema/opportunity/": httpx.Response(200, json={"fields": [FIELD]}),
    "/email_template/": page({"id": "tmpl_1", "name": "Win-back", "subject": "Hi", "body": "Come back"}),
    "/sequence/": page({"id": "seq_1", "name": "Onboarding", "status": "active", "steps": [{"id": "seqstep_1"}]}),
    "/user/": page({"id": "user_1", "email": "dana@example.com", "first_name": "Dana", "last_name": "Reyes"}),
    "/saved_search/": page({"id": "save_1", "name": "Stale", "s_query": {"query": {"type": "match_all"}}}),
    "/connected_account/": page(
        {"id": "emailacct_1", "email": None, "identities": [{"name": "Dana", "email": "dana@example.com"}]}
    ),
}


def close_with(answers, asked):
    def handle(request):
        asked.append(request)
        return answers[request.url.path.removeprefix("/api/v1")]

    return handle


def test_every_kind_has_a_source_and_every_part_of_the_catalog_a_kind():
    assert set(SOURCES) == set(CatalogKind)
    assert {source.part for source in SOURCES.values()} == set(Catalog.model_fields) - {"fetched"}


async def test_every_kind_becomes_typed_values():
    asked = []
    async with reader_over(close_with(ANSWERS, asked)) as reader:
        catalog = await reader.fetch_catalog(frozenset(CatalogKind))
    assert catalog.fetched == frozenset(CatalogKind)
    assert catalog.lead_statuses[0].label == "Churned"
    assert catalog.lead_fields[0].choices == ("SaaS",)
    assert catalog.contact_fields == ()
    assert catalog.templates[0].body == "Come back"
    assert catalog.sequences[0].steps == ({"id": "seqstep_1"},)
    assert catalog.users[0].full_name == "Dana Reyes"
    assert catalog.smart_views[0].s_query == {"query": {"type": "match_all"}}
    assert catalog.senders[0].identities[0].email == "dana@example.com"
    assert sorted(request.url.path for request in asked) == sorted("/api/v1" + path for path in ANSWERS)


async def test_only_what_is_asked_for_is_fetched():
    asked = []
    async with reader_over(close_with(ANSWERS, asked)) as reader:
        assert await reader.fetch_catalog(frozenset()) == Catalog()
        catalog = await reader.fetch_catalog(frozenset({CatalogKind.USERS}))
    assert [request.url.path for request in asked] == ["/api/v1/user/"]
    assert catalog.fetched == {CatalogKind.USERS}


async def test_listings_without_paging_are_asked_without_and_still_read_to_their_end():
    asked = []

    def handle(request):
        asked.append(dict(request.url.params))
        return page({"id": f"stat_{len(asked)}", "label": "x"}, has_more=len(asked) < 3)

    async with reader_over(handle) as reader:
        catalog = await reader.fetch_catalog(frozenset({CatalogKind.LEAD_STATUSES}))
    assert [status.id for status in catalog.lead_statuses] == ["stat_1", "stat_2", "stat_3"]
    assert asked == [{}, {"_skip": "1"}, {"_skip": "2"}]


@pytest.mark.parametrize(
    ("path", "answer", "words"),
    [
        ("/status/lead/", page({"id": "stat_1"}), r"/status/lead/.*stat_1.*label"),
        ("/custom_field_schema/lead/", httpx.Response(200, json={"data": []}), r"/custom_field_schema/lead/.*'fields'"),
        ("/custom_field_schema/lead/", httpx.Response(200, json={"fields": [{"id": "cf_1"}]}), "cf_1"),
    ],
)
async def test_an_element_that_is_no_such_thing_names_the_listing(path, answer, words):
    async with reader_over(close_with(ANSWERS | {path: answer}, [])) as reader:
        with pytest.raises(BadAnswerError, match=words):
            await reader.fetch_catalog(frozenset(CatalogKind))


async def test_a_listing_that_fails_is_the_plain_error():
    answers = ANSWERS | {"/user/": httpx.Response(403, json={"error": "no"})}
    async with reader_over(close_with(answers, [])) as reader:
        with pytest.raises(NotAuthorizedError):
            await reader.fetch_catalog(frozenset(CatalogKind))
