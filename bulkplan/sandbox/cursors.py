"""How a place in a list is handed out and taken back: opaque, signed, bound to the world and the question."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping

from pydantic import JsonValue

from bulkplan.sandbox.errors import ApiError
from bulkplan.sandbox.rows import compact

_SIGNATURE_BYTES = 12


def question_digest(question: JsonValue) -> str:
    """Digest what was asked, so that a cursor is not taken for another question."""
    canonical = json.dumps(question, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def seal_cursor(place: Mapping[str, JsonValue], *, organization_id: str) -> str:
    """Turn a place into letters, digits, `-` and `_`."""
    content = compact(dict(place)).encode()
    return base64.urlsafe_b64encode(_sign(content, organization_id) + content).rstrip(b"=").decode()


def open_cursor(cursor: str, *, organization_id: str) -> dict[str, JsonValue]:
    """
    Read a cursor back.

    Raises:
        ApiError: 400, this world never handed it out.
    """
    try:
        sealed = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ApiError(400, "The cursor is not valid.") from error
    signature, content = sealed[:_SIGNATURE_BYTES], sealed[_SIGNATURE_BYTES:]
    if not hmac.compare_digest(signature, _sign(content, organization_id)):
        raise ApiError(400, "The cursor is not valid.")
    place: dict[str, JsonValue] = json.loads(content)
    return place


def _sign(content: bytes, organization_id: str) -> bytes:
    # Against mix-ups, not against attackers: the organization's id is no secret.
    return hmac.digest(organization_id.encode(), content, "sha256")[:_SIGNATURE_BYTES]
