import pytest

from bulkplan.adapters.close_connection import check_identity, checked_base_url
from bulkplan.errors import CloseError, WrongOrganizationError
from bulkplan.model.remote import Identity


@pytest.mark.parametrize(
    "url",
    [
        "https://api.close.com/api/v1",
        "https://api.close.com/api/v1/",
        "http://127.0.0.1:8000/api/v1",
        "http://127.9.9.9/api/v1",
        "http://localhost:1/api/v1",
        "http://[::1]:1/api/v1",
        "http://sandbox.localhost/api/v1",
    ],
)
def test_https_anywhere_and_http_on_loopback_are_allowed(url):
    assert not str(checked_base_url(url)).endswith("/")


@pytest.mark.parametrize(
    "url",
    [
        "http://api.close.com/api/v1",
        "http://localhost.example.com/",
        "http://127.0.0.1.example.com/",
        "http://10.0.0.1/api/v1",
        "https://user:pw@api.close.com/api/v1",
        "https://api.close.com/api/v1?x=1",
        "https://api.close.com/api/v1#x",
        "ftp://api.close.com/",
        "api.close.com",
        "https://",
        "https://api.close.com:x/",
        "",
    ],
)
def test_a_key_is_sent_nowhere_else(url):
    with pytest.raises(CloseError) as caught:
        checked_base_url(url)
    assert "pw" not in str(caught.value)


def test_an_identity_of_another_organization_is_refused_with_both_ids():
    identity = Identity(user_id="user_1", organization_id="orga_1", organization_name="Acme\x1b")
    assert check_identity(identity, None) is identity
    assert check_identity(identity, "orga_1") is identity
    with pytest.raises(WrongOrganizationError) as caught:
        check_identity(identity, "orga_2")
    message = str(caught.value)
    assert "orga_1" in message
    assert "orga_2" in message
    assert "\x1b" not in message
