"""Where Close is, with which key it is asked, and how patiently."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from bulkplan.adapters.secret import Secret
from bulkplan.core.allowed_hosts import first_not_allowed
from bulkplan.core.loopback import is_loopback
from bulkplan.core.visible import visible
from bulkplan.errors import CloseError, NotAuthorizedError, WrongOrganizationError
from bulkplan.model.project import ALLOW_VARIABLE, DEFAULT_BASE_URL
from bulkplan.model.remote import Identity


@dataclass(frozen=True)
class Connection:
    """
    How to reach one organization.

    `key_source` says in words where the key comes from, e.g. `$CLOSE_API_KEY`. `organization_id`, where known, is the
    organization that the key must belong to. `transport` is an in-process Close; without it the network is used.
    """

    base_url: str
    api_key: Secret
    key_source: str
    organization_id: str | None = None
    transport: httpx.AsyncBaseTransport | None = None


@dataclass(frozen=True)
class Patience:
    """
    How long to wait for what, in seconds.

    `attempt_s` bounds one try of a read from its first to its last byte, `budget_s` all its tries and waits together,
    `post_s` the one request that starts a bulk action. `connect_s` and `read_s` bound a single step.
    """

    connect_s: float = 10.0
    read_s: float = 60.0
    attempt_s: float = 60.0
    budget_s: float = 180.0
    post_s: float = 90.0


def checked_base_url(base_url: str) -> httpx.URL:
    """
    The base URL, if a key may be sent there.

    Raises:
        CloseError: It is not https (plain http is for loopback addresses only), or carries a user, a query or a
            fragment.
    """
    try:
        url = httpx.URL(base_url.rstrip("/"))
    except (httpx.InvalidURL, ValueError) as error:
        raise _unusable(base_url, "it is not a URL") from error
    if not url.host:
        raise _unusable(base_url, "it names no host")
    if url.userinfo or url.query or url.fragment:
        raise _unusable("…", "a user, a query or a fragment does not belong in it")
    if url.scheme != "https" and not (url.scheme == "http" and is_loopback(url.host)):
        raise _unusable(base_url, "a key is sent over https only (http for loopback addresses)")
    return url


def check_host(base_url: str, *, allowed: str, key_source: str) -> None:
    """
    Refuse to send a key where only the project file says so: whoever edits that file would be given the key.

    Args:
        base_url: The address that the project file names.
        allowed: Host names, with blanks or commas between them; Close itself and this machine are always allowed.
        key_source: Where the key comes from, in words.

    Raises:
        NotAuthorizedError: It names another host.
        CloseError: It is no address that any key may be sent to.
    """
    host = checked_base_url(base_url).raw_host.decode("ascii")
    if first_not_allowed((host,), allowed=allowed, always=(httpx.URL(DEFAULT_BASE_URL).host,)) is None:
        return
    shown = visible(host, max_chars=120)
    raise NotAuthorizedError(
        f"base_url would send {key_source} to {shown}, which is not Close, and the environment does not allow it",
        hint=f"delete base_url; or, if that host is meant, allow it where the key is set: {ALLOW_VARIABLE}={shown}",
    )


def check_identity(identity: Identity, expected: str | None) -> Identity:
    """
    The identity, if it is of the organization that the target names (`None`: any).

    Raises:
        WrongOrganizationError: The key belongs to another organization.
    """
    if expected is None or identity.organization_id == expected:
        return identity
    name = f" ({visible(identity.organization_name, max_chars=80)})" if identity.organization_name else ""
    raise WrongOrganizationError(
        f"the API key belongs to {visible(identity.organization_id, max_chars=80)}{name}, the target names {expected}",
        hint="use the key of that organization, or mend organization_id of the target",
    )


def _unusable(base_url: str, why: str) -> CloseError:
    return CloseError(
        f"the base URL {visible(base_url, max_chars=120)} cannot be used: {why}",
        hint="write for example https://api.close.com/api/v1",
    )
