"""Which part of a list is asked for: `_limit`, `_skip`, `_fields`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from pydantic import JsonValue

from bulkplan.sandbox.errors import ApiError

Item = TypeVar("Item")

DEFAULT_LIMIT = 100
MAX_SKIP = 250_000
"""Source: text of an error seen in replies of Close for leads; used for every list here."""


@dataclass(frozen=True)
class Page:
    """A window of a list: `limit` objects after `skip`."""

    limit: int
    skip: int


def read_page(query: Mapping[str, str], *, max_limit: int, default_limit: int = DEFAULT_LIMIT) -> Page:
    """
    Read `_limit` and `_skip`.

    Raises:
        ApiError: 400, not a number, too large, or past the wall.

    Source: Close API, "Pagination".
    """
    limit = _number(query, "_limit", default=min(default_limit, max_limit))
    skip = _number(query, "_skip", default=0)
    if limit > max_limit:
        raise ApiError(
            400, f"The limit you set is larger than the maximum limit for this resource (max_limit = {max_limit})."
        )
    if skip > MAX_SKIP:
        raise ApiError(
            400, f"The skip you set is larger than the maximum skip for this resource (max_skip = {MAX_SKIP})."
        )
    return Page(limit, skip)


def _number(query: Mapping[str, str], name: str, *, default: int) -> int:
    given = query.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit()) or len(given) > 15:
        raise ApiError(400, f"{name} must be a whole number, not negative.")
    return int(given)


def cut(found: list[Item], page: Page) -> tuple[list[Item], bool]:
    """Cut `page.limit + 1` rows, read from `page.skip` on, to the page; the second value is `has_more`."""
    return found[: page.limit], len(found) > page.limit


def list_body(objects: Iterable[JsonValue], *, has_more: bool) -> dict[str, JsonValue]:
    """Return `{"data": [...], "has_more": ...}`."""
    return {"data": list(objects), "has_more": has_more}


def read_fields(query: Mapping[str, str]) -> tuple[str, ...] | None:
    """Read `_fields` (names with commas between them); None when it is not given."""
    given = query.get("_fields")
    if given is None:
        return None
    return tuple(name.strip() for name in given.split(",") if name.strip())


def pick(value: Mapping[str, JsonValue], fields: tuple[str, ...] | None) -> dict[str, JsonValue]:
    """Keep the named keys; all of them without `fields`. Unknown names are left out without a word."""
    if fields is None:
        return dict(value)
    return {name: value[name] for name in fields if name in value}
