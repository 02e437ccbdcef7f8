"""Keys and tokens: who is let in."""

import pytest
from support.sandbox_client import basic

from bulkplan.sandbox import OpenQuestions, SandboxSettings


@pytest.mark.parametrize(("takes", "status"), [(True, 200), (False, 401)])
def test_a_token_is_accepted_only_where_that_is_switched_on(open_client, takes, status):
    client = open_client(settings=SandboxSettings(takes_bearer_tokens=takes, api_keys=("right",)))
    token = {"authorization": "Bearer abc.def"}.items()
    assert client.send("GET", "/me/", headers=token).status == status
    assert client.send("GET", "/me/", headers={"authorization": basic("wrong")}.items()).status == 401
    assert client.send("GET", "/me/", headers={"authorization": "Bearer "}.items()).status == 401


def test_what_a_token_did_names_no_api_key(open_client):
    client = open_client(settings=SandboxSettings(takes_bearer_tokens=True))
    lead = client.send("POST", "/lead/", {"name": "X"}, headers={"authorization": "Bearer t"}.items()).json()
    (event,) = client.events(lead_id=lead["id"])
    assert (event["api_key_id"], event["user_id"]) == (None, client.sandbox.world.owner_user_id)


def test_slashes_too_few_and_too_many_are_forgiven_where_that_is_switched_on(open_client):
    client = open_client(settings=SandboxSettings(open_questions=OpenQuestions(path_without_slash_is_found=True)))
    assert client.get("//status/lead") == client.get("/status/lead/")
