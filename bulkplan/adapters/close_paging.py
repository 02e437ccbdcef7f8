"""How a listing of Close is read to its end, and how each element becomes a value."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TypeVar

from pydantic import JsonValue, ValidationError

from bulkplan.adapters.close_http import Caller, Params
from bulkplan.core.visible import visible
from bulkplan.errors import BadAnswerError
from bulkplan.model.base import Foreign, JsonObject

PAGE_SIZE = 100
"""Elements of a page. Source: Close API, Pagination."""

EVENT_PAGE_SIZE = 50
"""Source: Close API, Events."""

MAX_PAGES = 10_000
"""A listing longer than this is taken for one that never ends."""

ForeignT = TypeVar("ForeignT", bound=Foreign)


def parse(model: type[ForeignT], value: JsonValue, *, what: str) -> ForeignT:
    """
    A value of `model` from what Close answered. `what` names the answer, e.g. `GET /me/`.

    Raises:
        BadAnswerError: Something that Close promises is missing or of another type; the message names it.
    """
    try:
        return model.model_validate(value)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        found = _id_of(value)
        which = f" (id {visible(found, max_chars=80)})" if found else ""
        raise BadAnswerError(
            f"{what} answered something that cannot be read{which}: {visible(place, max_chars=80)}: {first['msg']}"
        ) from error


async def list_pages(
    caller: Caller, path: str, *, page_size: int | None = PAGE_SIZE, id_key: str = "id"
) -> AsyncIterator[JsonObject]:
    """
    Every element of a `data`, `has_more` listing, each ID once; elements that change pages meanwhile are given once.

    `page_size` goes out as `_limit`; `None` for listings that document no paging, which get `_skip` only if they say
    that there is more. `id_key` is the key that names an element.

    Raises:
        BadAnswerError: The listing repeats itself, never ends, or does not say whether it goes on.
    """
    seen: set[str] = set()
    skip = 0
    for _ in range(MAX_PAGES):
        page = await caller.get(path, _paging(page_size, skip))
        items = elements(page, "data", path=path)
        fresh = _fresh(items, seen, path, id_key)
        for item in fresh:
            yield item
        if not _has_more(page, path, is_full=page_size is not None and len(items) >= page_size):
            return
        if not fresh:
            raise BadAnswerError(f"GET {path} says that there is more, but gives nothing new")
        skip += len(items)
    raise BadAnswerError(f"GET {path} did not end within {MAX_PAGES} pages")


def _paging(page_size: int | None, skip: int) -> Params:
    if page_size is None:
        return {"_skip": skip} if skip else {}
    return {"_limit": page_size, "_skip": skip}


async def list_events(caller: Caller, params: Params) -> AsyncIterator[JsonObject]:
    """
    Every event that `params` select, newest first, by `cursor_next`.

    Raises:
        BadAnswerError: A cursor comes twice, or the log never ends.
    """
    path = "/event/"
    cursors: set[str] = set()
    paging: Params = {"_limit": EVENT_PAGE_SIZE}
    for _ in range(MAX_PAGES):
        page = await caller.get(path, {**params, **paging})
        for item in elements(page, "data", path=path):
            yield item
        cursor = page.get("cursor_next") if isinstance(page, dict) else None
        if cursor is None:
            return
        if not isinstance(cursor, str) or cursor in cursors:
            raise BadAnswerError("GET /event/ gives a cursor that leads nowhere new")
        cursors.add(cursor)
        paging = {"_limit": EVENT_PAGE_SIZE, "_cursor": cursor}
    raise BadAnswerError(f"GET {path} did not end within {MAX_PAGES} pages")


def elements(page: JsonValue, key: str, *, path: str) -> list[JsonObject]:
    """The list of objects under `key`. Raises `BadAnswerError`."""
    found = page.get(key) if isinstance(page, dict) else None
    if not isinstance(found, list):
        raise BadAnswerError(f"GET {path} gave no list under {key!r}")
    objects = [item for item in found if isinstance(item, dict)]
    if len(objects) != len(found):
        raise BadAnswerError(f"GET {path} lists something that is no object")
    return objects


def _has_more(page: JsonValue, path: str, *, is_full: bool) -> bool:
    has_more = page.get("has_more") if isinstance(page, dict) else None
    if isinstance(has_more, bool):
        return has_more
    if has_more is None and not is_full:
        return False
    # To take a full page for the whole would overlook what comes after it.
    raise BadAnswerError(f"GET {path} does not say whether there is more")


def _fresh(items: list[JsonObject], seen: set[str], path: str, id_key: str) -> list[JsonObject]:
    fresh = []
    for item in items:
        item_id = _id_of(item, id_key)
        if item_id is None:
            raise BadAnswerError(f"GET {path} lists an element without an ID")
        if item_id not in seen:
            seen.add(item_id)
            fresh.append(item)
    return fresh


def _id_of(value: JsonValue, key: str = "id") -> str | None:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None
