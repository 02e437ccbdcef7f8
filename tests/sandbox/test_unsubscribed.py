"""Addresses that get no mass mail: listed, added, taken out."""

import pytest


def test_an_unsubscribed_address_gets_no_bulk_mail_until_it_is_taken_out(client):
    email, contact_id = client.rows(
        "SELECT email, contact_id FROM contact_email WHERE email NOT IN (SELECT email FROM unsubscribed_email) LIMIT 1"
    )[0]
    for _ in range(2):
        answer = client.send("POST", "/unsubscribe/email/", {"email": email.upper()})
        assert (answer.status, answer.json()) == (201, {"email": email})
    assert client.get("/unsubscribe/email/")["data"].count({"email": email}) == 1
    flags = {item["email"]: item["is_unsubscribed"] for item in client.get(f"/contact/{contact_id}/")["emails"]}
    assert flags[email] is True
    assert len(client.events(object_type="unsubscribed_email", action="created")) == 1
    assert client.ok("DELETE", f"/unsubscribe/email/{email}/") == {"email": email}
    client.refused("DELETE", f"/unsubscribe/email/{email}/", status=404)


@pytest.mark.parametrize("body", [{}, {"email": 7}, {"email": "nobody"}, {"email": "a@" + "b" * 500}])
def test_what_is_no_address_is_refused(client, body):
    assert "email" in client.refused("POST", "/unsubscribe/email/", body)["field-errors"]
