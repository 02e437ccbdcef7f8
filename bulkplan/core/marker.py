"""The marker: an always-true clause, and-ed into the query sent, that names the attempt."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Collection

from pydantic import JsonValue

from bulkplan.core.digest import canonical_json
from bulkplan.model.base import JsonMapping, JsonObject, SQuery
from bulkplan.model.run import RunKey

_PREFIX = "bp1"
NONCE_BYTES = 10
"""80 bits."""
_WORD_LENGTH = 16
"""Base32 characters of 80 bits."""
_MARKER = re.compile(rf"{_PREFIX}([a-z2-7]{{{_WORD_LENGTH}}})([a-z2-7]{{{_WORD_LENGTH}}})")


def encode_word(raw: bytes) -> str:
    """80 bits as 16 lower-case letters and digits."""
    return base64.b32encode(raw[:NONCE_BYTES]).decode().lower()


def make_tag(project_id: str | None, organization_id: str, key: RunKey) -> str:
    """The part of the marker that is the same for every attempt of a run key."""
    text = "\x00".join((project_id or "", organization_id, str(key)))
    return encode_word(hashlib.sha256(text.encode()).digest())


def make_marker(tag: str, nonce: str) -> str:
    """35 letters and digits: `bp1`, tag, nonce."""
    return f"{_PREFIX}{tag}{nonce}"


def marker_clause(marker: str) -> SQuery:
    """
    A clause that is true for every lead: its name does not hold the marker.

    Source: Close API, Advanced Filtering (`negate`, text mode `phrase`).
    """
    return {
        "type": "field_condition",
        "negate": True,
        "field": {"type": "regular_field", "object_type": "lead", "field_name": "name"},
        "condition": {"type": "text", "mode": "phrase", "value": marker},
    }


def with_marker(s_query: JsonValue, marker: str) -> SQuery:
    """The query and-ed with the marker; that can only shrink what it matches."""
    return {"type": "and", "queries": [s_query, marker_clause(marker)]}


def mark_body(body: JsonMapping, marker: str) -> JsonObject:
    """The body with its query marked."""
    return {**body, "s_query": with_marker(body.get("s_query"), marker)}


def is_marked(s_query: JsonValue, word: str) -> bool:
    """Whether a listed query, however the server has rewritten it, holds the tag or nonce `word`."""
    return word in canonical_json(s_query).lower()


def nonces_of(s_query: JsonValue, tag: str) -> frozenset[str]:
    """The nonces of the markers with this tag that the query holds."""
    text = canonical_json(s_query).lower()
    start = _PREFIX + tag
    ends = (at + len(start) for at in range(len(text)) if text.startswith(start, at))
    return frozenset(text[end : end + _WORD_LENGTH] for end in ends)


def without_marker(s_query: JsonValue) -> JsonValue:
    """The reviewed query inside a marked one, as far as the server left the shape; an unmarked one as it is."""
    if not isinstance(s_query, dict) or s_query.get("type") != "and":
        return s_query
    queries = s_query.get("queries")
    if not isinstance(queries, list) or len(queries) != 2:
        return s_query
    unmarked = [query for query in queries if not is_marked(query, _PREFIX)]
    return unmarked[0] if len(unmarked) == 1 else s_query


def markers_of(s_query: JsonValue) -> tuple[tuple[str, str], ...]:
    """Tag and nonce of every marker that the query holds, whosever they are."""
    return tuple((match[1], match[2]) for match in _MARKER.finditer(canonical_json(s_query).lower()))


def is_of_another(s_query: JsonValue, nonces: Collection[str]) -> bool:
    """Whether the query carries markers, and none of them with one of these nonces: another run's action."""
    found = markers_of(s_query)
    return bool(found) and not any(nonce in nonces for _, nonce in found)


def is_echoed(answer_body: JsonValue, nonce: str) -> bool:
    """Whether the answer to a create carries the nonce in its `s_query`."""
    return isinstance(answer_body, dict) and is_marked(answer_body.get("s_query"), nonce)
