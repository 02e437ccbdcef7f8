"""Users in order, memberships with their users."""


def test_users_are_sorted_by_name(client):
    by_first = [user["first_name"] for user in client.get("/user/", _order_by="first_name,last_name")["data"]]
    assert by_first == sorted(by_first)
    by_last = [user["last_name"] for user in client.get("/user/", _order_by="last_name,first_name")["data"]]
    assert by_last == sorted(by_last) != by_first
    client.refused("GET", "/user/", query={"_order_by": "email"})


def test_memberships_are_expanded_by_their_users(client):
    path = f"/organization/{client.sandbox.world.organization_id}/"
    assert all("user" not in item for item in client.get(path)["memberships"])
    expanded = client.get(path, _expand="memberships__user,inactive_memberships__user")["memberships"]
    assert [item["user"]["id"] for item in expanded] == [item["user_id"] for item in expanded]
