"""Names for equal things: canonical JSON, the fingerprint of a spec's meaning, the digest of a request."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping

from pydantic import JsonValue

from bulkplan.model.spec import Spec

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
"""Kept: `json.dumps` would make one for each value."""


def canonical_json(value: JsonValue | Mapping[str, JsonValue]) -> str:
    """The one text for a JSON value: sorted keys, no blanks, UTF-8 kept. NaN and infinity are a `ValueError`."""
    return _ENCODER.encode(value)


def sha256_text(text: str) -> str:
    """`sha256:` and 64 lower-case hex digits over the UTF-8 bytes of `text`."""
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def digest_json(value: JsonValue | Mapping[str, JsonValue]) -> str:
    """Digest of a JSON value; key order does not matter."""
    return sha256_text(canonical_json(value))


def request_digest(body: Mapping[str, JsonValue]) -> str:
    """
    Digest a request body so that equal requests share one name.

    Args:
        body: JSON object as it would be sent; key order does not matter.

    Returns:
        `sha256:` and 64 lower-case hex digits.
    """
    return digest_json(body)


def fingerprint(spec: Spec) -> str:
    """
    Name the meaning of a spec: action, filter and options, expressions filled in, relative dates left relative.

    A fragment counts as what it says where it is used.
    Description, owner, guards, tests, schedule, comments, layout, file name and path are no part of it. A cohort is
    only when it is frozen: to freeze one, or to thaw it, is another meaning.

    Returns:
        `v1:` and 64 lower-case hex digits; the tag names the algorithm, and old ones stay verifiable.
    """
    keys = {"action", "filter", "options"} | ({"cohort"} if spec.cohort == "frozen" else set())
    meaning = spec.model_dump(mode="json", by_alias=True, include=keys, exclude_none=True)
    where = meaning["filter"].get("where")
    if where is not None:
        meaning["filter"]["where"] = _without_uses(where)
    return "v1:" + digest_json(meaning).removeprefix("sha256:")


def _without_uses(where: JsonValue) -> JsonValue:
    """A short filter with what its fragments say in their place: their names are no meaning."""
    if isinstance(where, list):
        return [_without_uses(item) for item in where]
    if not isinstance(where, dict):
        return where
    if "use" in where and "where" in where:
        return _without_uses(where["where"])
    return {key: _without_uses(item) for key, item in where.items()}
