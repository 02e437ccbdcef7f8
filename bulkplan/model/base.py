"""The base of every value: frozen, strict, refuses unknown keys."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, JsonValue


class Value(BaseModel):
    """A value of ours: frozen, no coercion, unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True, defer_build=True)


class Foreign(BaseModel):
    """A value read from Close: frozen; keys that nobody told us about are ignored."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)


JsonObject = dict[str, JsonValue]
"""A JSON object. By convention never changed once it stands in a value."""

JsonMapping = Mapping[str, JsonValue]
"""A JSON object that is only read."""

SQuery = dict[str, JsonValue]
"""A structured query node of Close, e.g. `{"type": "and", "queries": [...]}`."""
