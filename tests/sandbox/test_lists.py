"""What the organization's lists answer: paging, `_fields`, filters, shapes."""

import pytest


def test_me_names_the_user_the_organization_and_the_membership(client):
    me = client.get("/me/")
    assert (me["first_name"], me["last_name"]) == ("Dana", "Reyes")
    organization = me["organizations"][0]
    assert organization["id"] == client.sandbox.world.organization_id
    assert [status["label"] for status in organization["lead_statuses"]][:2] == ["Potential", "Contacted"]
    assert [status["type"] for status in organization["pipelines"][0]["statuses"]] == [
        "active",
        "active",
        "won",
        "lost",
    ]
    assert "bulk_edit" in me["memberships"][0]["permissions_granted"]
    assert me["email_accounts"][0]["identities"][0]["email"] == "dana@example.com"


def test_fields_cut_an_answer_down(client):
    assert sorted(client.get("/me/", _fields="id,email,nonsense")) == ["email", "id"]


def test_another_organization_is_not_found(client):
    organization_id = client.sandbox.world.organization_id
    assert len(client.get(f"/organization/{organization_id}/")["memberships"]) == 5
    client.refused("GET", "/organization/orga_other/", status=404)


LISTS = [
    "/user/",
    "/custom_field/lead/",
    "/email_template/",
    "/sequence/",
    "/connected_account/",
    "/phone_number/",
    "/saved_search/",
    "/lead/",
    "/contact/",
    "/opportunity/",
    "/activity/email/",
    "/activity/status_change/lead/",
]


@pytest.mark.parametrize("path", LISTS)
def test_pages_put_together_are_the_whole_list(client, path):
    whole = client.get(path, _limit=100)["data"]
    found, skip = [], 0
    while True:
        page = client.get(path, _limit=7, _skip=skip)
        found += page["data"]
        skip += 7
        if not page["has_more"]:
            break
    assert [item["id"] for item in found][:100] == [item["id"] for item in whole]
    assert len({item["id"] for item in found}) == len(found) > 0


@pytest.mark.parametrize(
    "query", [{"_limit": 201}, {"_limit": "x"}, {"_limit": -1}, {"_skip": 250_001}, {"_skip": "1.5"}]
)
def test_a_page_past_the_wall_is_refused(client, query):
    assert "error" in client.refused("GET", "/lead/", query=query)


def test_the_wall_is_named(client):
    assert "max_skip = 250000" in client.refused("GET", "/lead/", query={"_skip": 250_001})["error"]


def test_unknown_parameters_are_ignored(client):
    assert client.get("/user/", nonsense="x")["data"]


@pytest.mark.parametrize(
    "path",
    [
        "/user/",
        "/email_template/",
        "/sequence/",
        "/connected_account/",
        "/phone_number/",
        "/saved_search/",
        "/lead/",
        "/contact/",
        "/opportunity/",
    ],
)
def test_what_is_listed_can_be_fetched(client, path):
    listed = client.get(path)["data"][0]
    fetched = client.get(f"{path}{listed['id']}/")
    assert {key: fetched[key] for key in listed} == listed
    client.refused("GET", f"{path}nobody/", status=404)


def test_own_and_shared_fields_together_are_the_schema(client):
    own = client.get("/custom_field/lead/")["data"]
    shared = client.get("/custom_field/shared/")["data"]
    schema = client.get("/custom_field_schema/lead/")
    assert {field["id"] for field in own + shared} == {field["id"] for field in schema["fields"]}
    assert schema["object_type"] == "lead"
    assert {item["object_type"] for item in shared[0]["associations"]} == {"lead", "opportunity"}
    assert client.get("/custom_fields/lead/")["data"] == own


def test_a_field_says_its_choices_and_whether_it_holds_several(client):
    tags = next(field for field in client.get("/custom_field/lead/")["data"] if field["name"] == "Tags")
    assert (tags["type"], tags["accepts_multiple_values"]) == ("choices", True)
    assert "vip" in tags["choices"]
    assert client.get(f"/custom_field/lead/{tags['id']}/") == tags
    client.refused("GET", f"/custom_field/contact/{tags['id']}/", status=404)
    client.refused("GET", f"/custom_field/shared/{tags['id']}/", status=404)


def test_archived_templates_can_be_left_out(client):
    assert [t["name"] for t in client.get("/email_template/", is_archived="true")["data"]] == [
        "Old pricing announcement"
    ]
    assert len(client.get("/email_template/", is_archived="false")["data"]) == 7
    client.refused("GET", "/email_template/", query={"is_archived": "perhaps"})


def test_a_sequence_counts_its_subscriptions(client):
    sequence = next(item for item in client.get("/sequence/")["data"] if item["name"] == "Trial onboarding")
    counts = client.get(f"/sequence/{sequence['id']}/")["subscription_counts_by_status"]
    listed = client.get("/sequence_subscription/", sequence_id=sequence["id"])["data"]
    assert sum(counts.values()) == len(listed) > 0
    assert "+" not in sequence["date_created"]


def test_subscriptions_are_listed_for_something(client):
    assert "sequence_id" in client.refused("GET", "/sequence_subscription/")["field-errors"]
    lead_id, contact_id = client.rows("SELECT lead_id, contact_id FROM sequence_subscription LIMIT 1")[0]
    for name, value in (("lead_id", lead_id), ("contact_id", contact_id)):
        assert all(item[name] == value for item in client.get("/sequence_subscription/", **{name: value})["data"])


def test_accounts_and_numbers_can_be_asked_for_by_user(client):
    user_id = client.sandbox.world.owner_user_id
    assert [item["_type"] for item in client.get("/connected_account/", user_id=user_id)["data"]] == ["google"]
    assert all(item["user_id"] == user_id for item in client.get("/phone_number/", user_id=user_id)["data"])
    assert client.get("/phone_number/", number="+0")["data"] == []


def test_activities_are_narrowed_to_a_lead_and_a_time(client):
    lead_id, moment = client.rows("SELECT lead_id, date_created FROM activity WHERE kind = 'email' LIMIT 1")[0]
    assert all(mail["lead_id"] == lead_id for mail in client.get("/activity/email/", lead_id=lead_id)["data"])
    after = client.get("/activity/email/", date_created__gt=moment)["data"]
    assert all(mail["date_created"] > moment for mail in after)
    client.refused("GET", "/activity/email/", query={"date_created__gt": "yesterday"})
