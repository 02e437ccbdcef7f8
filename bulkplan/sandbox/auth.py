"""Who is asking: the API key of a request."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from bulkplan.sandbox.errors import ApiError
from bulkplan.sandbox.http import SandboxRequest


@dataclass(frozen=True)
class Caller:
    """Who a request acts for; `api_key_id` names the key and does not reveal it."""

    api_key_id: str
    user_id: str


def authenticate(request: SandboxRequest, *, api_keys: tuple[str, ...], user_id: str) -> Caller:
    """
    Return the caller behind a Basic key with an empty password.

    Args:
        request: carries `Authorization: Basic base64("key:")`.
        api_keys: the keys that are accepted; empty accepts any.
        user_id: the user every key acts as.

    Raises:
        ApiError: 401, no key, not Basic, a password was given, or the key is not known.

    Source: Close API, "Authentication".
    """
    key = _basic_key(request.header("authorization"))
    if key is None or not _is_known(key, api_keys):
        raise ApiError(401, "The API key is not valid.")
    return Caller(api_key_id="api_" + hashlib.sha256(key.encode()).hexdigest()[:22], user_id=user_id)


def _is_known(key: str, api_keys: tuple[str, ...]) -> bool:
    if not api_keys:
        return True
    return any(hmac.compare_digest(key.encode(), known.encode()) for known in api_keys)


def _basic_key(header: str | None) -> str | None:
    scheme, _, credentials = (header or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, colon, password = base64.b64decode(credentials.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user if user and colon and not password else None
