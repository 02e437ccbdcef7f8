"""What one HTTP exchange with the sandbox consists of: a request, a response, and how JSON goes in and out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from math import isfinite

from pydantic import JsonValue

from bulkplan.sandbox.errors import ApiError

MAX_BODY_BYTES = 16 * 1024 * 1024
"""Longer request bodies are refused with 413; a frozen cohort of 10,000 ids stays far below."""


@dataclass(frozen=True)
class SandboxRequest:
    """
    One request as it came off the wire.

    Shapes: `path` without query string, percent-decoded; `query` pairs in the order sent, decoded; header names in any
    case; `scheme` is `http` or `https`.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    scheme: str = "http"

    @cached_property
    def _headers_by_name(self) -> Mapping[str, str]:
        return {name.lower(): value for name, value in self.headers}

    def header(self, name: str) -> str | None:
        """Return the value of a header (name in lower case), or None."""
        return self._headers_by_name.get(name)

    @property
    def base_url(self) -> str:
        """Return the address the client knows this server by: scheme and host, no slash at the end."""
        return f"{self.scheme}://{self.header('host') or 'sandbox.invalid'}"


@dataclass(frozen=True)
class SandboxResponse:
    """One answer: status, headers with lower-case names, body."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""

    def with_headers(self, headers: Mapping[str, str]) -> SandboxResponse:
        """Return the same answer with more headers."""
        return SandboxResponse(self.status, (*self.headers, *headers.items()), self.body)

    def header(self, name: str) -> str | None:
        """Return the value of a header (name in lower case), or None."""
        return dict(self.headers).get(name)

    def json(self) -> JsonValue:
        """Return the body, parsed."""
        value: JsonValue = json.loads(self.body)
        return value


def json_response(status: int, value: JsonValue) -> SandboxResponse:
    """Answer with JSON; a 204 has no body."""
    if status == 204:
        return SandboxResponse(204)
    body = json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    return SandboxResponse(status, (("content-type", "application/json"),), body)


def parse_json(body: bytes) -> JsonValue:
    """
    Parse a request body.

    Raises:
        ApiError: 400, the body is not JSON (NaN and infinities are not JSON either) or nests too deeply.
    """
    try:
        value: JsonValue = json.loads(body.decode("utf-8"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise ApiError(400, "The request body is not valid JSON.") from error
    return value


def parse_object(body: bytes) -> dict[str, JsonValue]:
    """Parse a body that has to be a JSON object; raises ApiError 400 when it is not."""
    value = parse_json(body)
    if not isinstance(value, dict):
        raise ApiError(400, "The request body must be a JSON object.")
    return value


def _refuse(word: str) -> float:
    raise ValueError(f"{word} is not JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if not isfinite(value):
        raise ValueError(f"{digits} is too large")
    return value
