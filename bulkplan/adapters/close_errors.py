"""What an answer that is no success means for the caller, in words that hold no key and no address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
from pydantic import JsonValue

from bulkplan.adapters.close_connection import Connection
from bulkplan.adapters.close_json import BodyError, decode_json
from bulkplan.core.visible import visible, without_addresses
from bulkplan.errors import (
    BadAnswerError,
    BadRequestError,
    BulkplanError,
    CloseError,
    NotAuthorizedError,
    NotFoundError,
    TryLaterError,
)

MAX_SAID_CHARS = 500
EXCERPT_CHARS = 80
_REQUEST_ID_HEADERS = ("x-request-id", "request-id")
_PASSING = frozenset({408, 425, 429})
"""4xx statuses that speak of the moment, not of the request."""

_RETRIED_STATUSES = frozenset({502, 503, 504})
"""Source: the gateway errors that Close's own client retries."""

_PLAIN_REFUSALS = {
    402: "the plan of the organization does not include this",
    405: "Close does not offer this method there",
    415: "Close did not take the content type",
}
"""Source: Close API, "HTTP response codes"."""


class PassingError(TryLaterError):
    """
    A read that failed for a reason that may pass, with what a retry needs to know.

    `retries` bounds further tries (0: give up at once); `wait_s` is the wait that Close asked for, if it did.
    """

    def __init__(
        self,
        message: str,
        *,
        retries: int,
        hint: str = "run the same command again later",
        wait_s: float | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint, status=status)
        self.retries = retries
        self.wait_s = wait_s


@dataclass(frozen=True)
class Reply:
    """A whole answer to `call`, e.g. `GET /me/`."""

    call: str
    status: int
    headers: httpx.Headers
    body: bytes


def decode_reply(reply: Reply, connection: Connection) -> JsonValue:
    """
    The JSON of a success.

    Raises:
        BadAnswerError: The body is not (proper) JSON; the message says what came instead.
    """
    try:
        return decode_json(reply.body, key=connection.api_key)
    except BodyError as error:
        raise BadAnswerError(
            f"Close answered {reply.call} with {_describe(reply)}: the answer {error}{_excerpt(reply, connection)}",
            hint="is there a proxy or a login page between here and Close?",
            status=reply.status,
            request_id=_request_id(reply),
        ) from error


def error_of(reply: Reply, connection: Connection, *, wait_s: float | None) -> BulkplanError:
    """The error for an answer whose status is not 2xx. `wait_s`: what its headers ask to wait."""
    status = reply.status
    if status == 401:
        return NotAuthorizedError(
            f"Close did not accept the API key in {connection.key_source}",
            hint=f"put a key of your organization (Settings, Developer, API Keys) into {connection.key_source}",
        )
    if status == 403:
        return NotAuthorizedError(
            f"the API key in {connection.key_source} may not do this: {_sentence(reply, connection)}",
            hint="the key acts as its owner: ask an administrator for the right that is missing",
        )
    if status in _PASSING or status >= 500:
        return _passing(reply, connection, wait_s)
    return _refusal(reply, connection)


def _passing(reply: Reply, connection: Connection, wait_s: float | None) -> PassingError:
    if reply.status == 429:
        asked = f" and asks to wait {wait_s:.0f} s" if wait_s else ""
        return PassingError(f"Close limits the rate of {reply.call}{asked}", retries=20, wait_s=wait_s, status=429)
    retries = 5 if reply.status in _RETRIED_STATUSES else 0
    return PassingError(_sentence(reply, connection), retries=retries, status=reply.status)


def _refusal(reply: Reply, connection: Connection) -> CloseError:
    kind = _refusal_kind(reply.status)
    return kind(
        _sentence(reply, connection),
        hint="redirects are not followed: mend base_url" if 300 <= reply.status < 400 else None,
        status=reply.status,
        field_errors=field_errors(_json_or_none(reply, connection)),
        request_id=_request_id(reply),
    )


def _refusal_kind(status: int) -> type[CloseError]:
    if status == 404:
        return NotFoundError
    is_about_request = 400 <= status < 500 and status not in _PLAIN_REFUSALS
    return BadRequestError if is_about_request else CloseError


def _sentence(reply: Reply, connection: Connection) -> str:
    words = said(_json_or_none(reply, connection)) or _PLAIN_REFUSALS.get(reply.status)
    if words is None and reply.status == 404:
        words = "Close does not know this object or path"
    if words is None and 300 <= reply.status < 400:
        words = f"a redirect to {visible(reply.headers.get('location', 'nowhere'), max_chars=EXCERPT_CHARS)}"
    end = f": {words}" if words else _excerpt(reply, connection)
    return f"Close answered {reply.status} to {reply.call}{connection.api_key.hide_in(end)}"


def said(body: JsonValue) -> str | None:
    """
    What an error body says, in one line; `None` when it says nothing we can read.

    Reads `error` (text), `errors` (list) and `field-errors` (object, shown as `field: text`).
    Source: the keys that public clients of the Close API read.
    """
    if not isinstance(body, dict):
        return None
    parts = [*_texts(body.get("error")), *_texts(body.get("errors"))]
    parts += [f"{name}: {text}" for name, text in field_errors(body)]
    if not parts and body:
        parts = list(_texts(body.get("message"))) or [json.dumps(body, ensure_ascii=False)]
    return visible(without_addresses("; ".join(parts)), max_chars=MAX_SAID_CHARS) or None


def field_errors(body: JsonValue) -> tuple[tuple[str, str], ...]:
    """The `field-errors` of an error body as `(field, text)`, in its own order; inner fields as `outer.inner`."""
    found = body.get("field-errors") if isinstance(body, dict) else None
    if not isinstance(found, dict):
        return ()
    return tuple(
        (visible(name, max_chars=EXCERPT_CHARS), visible(without_addresses(text), max_chars=MAX_SAID_CHARS))
        for name, text in _flat(found, "")
    )


def _flat(fields: dict[str, JsonValue], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield (prefix + name, "; ".join(_texts(value)))


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif value:
        yield json.dumps(value, ensure_ascii=False)


def _json_or_none(reply: Reply, connection: Connection) -> JsonValue:
    try:
        return decode_json(reply.body, key=connection.api_key)
    except BodyError:
        return None


def _describe(reply: Reply) -> str:
    if not reply.body.strip():
        return f"{reply.status} and an empty body"
    content_type = reply.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type == "text/html" or reply.body.lstrip().startswith(b"<"):
        return f"{reply.status} and an HTML page"
    named = visible(content_type, max_chars=EXCERPT_CHARS) or "no content type"
    return f"{reply.status} and a body of {len(reply.body)} bytes ({named})"


def _excerpt(reply: Reply, connection: Connection) -> str:
    """`: "…"` with the start of the body, or nothing."""
    start = reply.body[: 40 * EXCERPT_CHARS].decode("utf-8", "replace").strip()
    if reply.status < 300 and start.startswith(("{", "[")):
        return ""  # an answer that is broken somewhere: its beginning may well be about people
    shown = visible(without_addresses(connection.api_key.hide_in(start)), max_chars=EXCERPT_CHARS)
    return f': "{shown}"' if shown else ""


def _request_id(reply: Reply) -> str | None:
    for name in _REQUEST_ID_HEADERS:
        if found := reply.headers.get(name):
            return visible(found, max_chars=EXCERPT_CHARS)
    return None


def no_answer(call: str, error: Exception, connection: Connection) -> CloseError:
    """The error for a read that got no whole answer."""
    why = visible(connection.api_key.hide_in(str(error)), max_chars=200) or type(error).__name__
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        hint = "is there a proxy between here and Close? Certificates are always verified"
        return CloseError(f"the certificate of {_host(connection)} was not accepted: {why}", hint=hint)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout):
        hint = "check the network, and base_url of the target"
        return PassingError(f"no connection to {_host(connection)}: {why}", retries=3, hint=hint)
    what = "took too long over" if isinstance(error, httpx.TimeoutException) else "did not answer"
    return PassingError(f"Close {what} {call}: {why}", retries=3)


def _host(connection: Connection) -> str:
    """Host and port; a port that goes with the scheme is left out."""
    return visible(httpx.URL(connection.base_url).netloc.decode("ascii", "replace"), max_chars=120)
