"""Who is asking: the API key or the OAuth token of a request."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

from bulkplan.sandbox.errors import ApiError
from bulkplan.sandbox.http import SandboxRequest
from bulkplan.sandbox.settings import SandboxSettings


@dataclass(frozen=True)
class Caller:
    """
    Who a request acts for.

    `credential_id` names the key or the token and does not reveal it; `api_key_id` is None where a token was given.
    """

    credential_id: str
    user_id: str
    api_key_id: str | None


def authenticate(request: SandboxRequest, *, settings: SandboxSettings, user_id: str) -> Caller:
    """
    Return the caller behind a Basic key with an empty password, or behind a Bearer token.

    Args:
        request: carries `Authorization: Basic base64("key:")` or `Authorization: Bearer token`.
        settings: say which keys are accepted (none named: any), and whether tokens are (then any).
        user_id: the user everybody acts as.

    Raises:
        ApiError: 401, no key, another scheme, a password was given, or the key is not known.

    Source: Close API, "Authentication", "Authentication with OAuth".
    """
    token = _bearer_token(request.header("authorization"))
    if token is not None and settings.takes_bearer_tokens:
        return Caller(credential_id=_name("token", token), user_id=user_id, api_key_id=None)
    key = _basic_key(request.header("authorization"))
    if key is None or not _is_known(key, settings.api_keys):
        raise ApiError(401, "The API key is not valid.")
    name = _name("api", key)
    return Caller(credential_id=name, user_id=user_id, api_key_id=name)


def _name(kind: str, secret: str) -> str:
    return f"{kind}_{hashlib.sha256(secret.encode()).hexdigest()[:22]}"


def _bearer_token(header: str | None) -> str | None:
    scheme, _, token = (header or "").partition(" ")
    return token.strip() or None if scheme.lower() == "bearer" else None


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
