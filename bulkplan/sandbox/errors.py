"""How the sandbox refuses: one exception that carries the status and the body of the answer."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue


class ApiError(Exception):
    """
    A request that is answered with an error.

    The body is `{"error": message}`, or `{"errors": [], "field-errors": {field: message}}` for `FieldsError`.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status

    def body(self) -> JsonValue:
        """Return the JSON answer."""
        return {"error": str(self)}


class FieldsError(ApiError):
    """400: single fields of the request are wrong; all that were found, not only the first."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        super().__init__(400, "; ".join(f"{name}: {message}" for name, message in fields.items()))
        self.fields = dict(fields)

    def body(self) -> JsonValue:
        return {"errors": [], "field-errors": {**self.fields}}


class NotFoundError(ApiError):
    """404: no such URL, or no such object in this organization."""

    def __init__(self) -> None:
        super().__init__(404, "Not found.")


REQUIRED = "This field is required."
"""The message of a missing field, as the service words it."""
