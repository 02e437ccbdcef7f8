import pytest

from bulkplan.adapters.close_connection import check_host, check_identity, checked_base_url
from bulkplan.errors import CloseError, NotAuthorizedError, WrongOrganizationError
from bulkplan.model.project import ALLOW_VARIABLE
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


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("https://api.close.com/api/v1", ""),
        ("https://API.Close.com:443/api/v1/", ""),
        ("http://127.0.0.1:8686/api/v1", ""),
        ("https://proxy.acme.example/api/v1", "proxy.acme.example"),
        ("https://proxy.acme.example:8443/api/v1", "one.example, PROXY.acme.example"),
    ],
)
def test_a_key_goes_to_close_to_this_machine_and_to_hosts_that_the_environment_names(url, allowed):
    check_host(url, allowed=allowed, key_source="$KEY")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/api/v1",
        "https://api.close.com.evil.example/api/v1",
        "https://evilapi.close.com/api/v1",
        "https://close.com/api/v1",
        "https://api.close.com./api/v1",
        "https://аpi.close.com/api/v1",  # a Cyrillic letter
        "https://evil.example/https://api.close.com/api/v1",
        "https://10.0.0.1/api/v1",
    ],
)
@pytest.mark.parametrize("allowed", ["", "other.example", "evil", "*", ".example"])
def test_a_host_that_only_the_project_file_names_is_given_no_key(url, allowed):
    with pytest.raises(NotAuthorizedError) as caught:
        check_host(url, allowed=allowed, key_source="$KEY")
    assert "$KEY" in caught.value.message
    assert f"{ALLOW_VARIABLE}=" in (caught.value.hint or "")
    assert caught.value.message.isascii()
