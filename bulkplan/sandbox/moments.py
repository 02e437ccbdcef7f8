"""Which instant a query's moment means, and how an instant falls among local days.

Source: Close API, Advanced Filtering (`now`); filters copied from the app (the others).
"""

import calendar
from datetime import UTC, date, datetime, time, timedelta, timezone

from pydantic import JsonValue

from bulkplan.sandbox.query_shape import JsonObject, read_key, read_object, read_text
from bulkplan.sandbox.query_values import QueryContext, QueryError

_SPANS = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")
_ENDS = ("start", "end")


def read_moment(value: JsonValue, context: QueryContext) -> datetime:
    """
    Answer the instant a moment means.

    Args:
        value: `{"type": "now"}`, `{"type": "fixed_local_date", "value": "2026-02-03", "which": "start"}`,
            `{"type": "fixed_utc", "value": "2026-02-03T10:00:00+00:00"}` or `{"type": "offset", "direction": "past",
            "moment": {"type": "now"}, "offset": {"days": 90}, "which_day_end": "start"}`.
        context: its time and offset.

    Returns:
        Aware, in UTC. The end of a day is the first instant after it, so that `before` takes in the whole day.

    Raises:
        QueryError: the moment is malformed, of an unknown type, or out of the calendar's range.
    """
    node = read_object(value, "a moment")
    kind = read_text(node, "type", "a moment")
    readers = {"now": _now, "fixed_local_date": _fixed_local_date, "fixed_utc": _fixed_utc, "offset": _offset}
    if kind not in readers:
        raise QueryError(f"Unknown moment type: {kind}")
    try:
        return readers[kind](node, context).astimezone(UTC)
    except OverflowError as error:
        raise QueryError(f"The {kind} moment is out of range") from error


def first_day_from(moment: datetime, context: QueryContext) -> date:
    """Answer the first local day that begins at or after an instant."""
    zone = _zone(context)
    try:
        local = moment.astimezone(zone)
        return local.date() if local.time() == time() else local.date() + timedelta(days=1)
    except OverflowError as error:
        raise QueryError("The moment is out of range") from error


def _zone(context: QueryContext) -> timezone:
    try:
        return timezone(timedelta(hours=context.tz_offset))
    except (ValueError, OverflowError) as error:
        raise QueryError(f"Unknown timezone offset: {context.tz_offset}") from error


def _now(node: JsonObject, context: QueryContext) -> datetime:
    del node
    return context.now


def _fixed_local_date(node: JsonObject, context: QueryContext) -> datetime:
    text = read_text(node, "value", "a fixed_local_date moment")
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC).date()
    except ValueError as error:
        raise QueryError(f'"value" of a fixed_local_date moment must be YYYY-MM-DD, not {text!r}') from error
    which = _end(node, "which", "a fixed_local_date moment")
    return _end_of_day(datetime.combine(day, time(), tzinfo=_zone(context)), which)


def _fixed_utc(node: JsonObject, context: QueryContext) -> datetime:
    del context
    text = read_text(node, "value", "a fixed_utc moment")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise QueryError(f'"value" of a fixed_utc moment must be an ISO 8601 time, not {text!r}') from error
    if moment.tzinfo is None:
        raise QueryError(f'"value" of a fixed_utc moment must name its offset from UTC: {text!r}')
    return moment


def _offset(node: JsonObject, context: QueryContext) -> datetime:
    what = "an offset moment"
    base = read_object(read_key(node, "moment", what), f'"moment" of {what}')
    if base.get("type") != "now":
        raise QueryError(f'"moment" of {what} must be {{"type": "now"}}')
    direction = read_text(node, "direction", what)
    if direction not in ("past", "future"):
        raise QueryError(f"Unknown offset direction: {direction}")
    spans = _spans(read_object(read_key(node, "offset", what), f'"offset" of {what}'))
    moved = _move(context.now.astimezone(_zone(context)), spans, sign=-1 if direction == "past" else 1)
    if node.get("which_day_end") is None:
        return moved
    which = _end(node, "which_day_end", what)
    is_whole_days = not (spans["hours"] or spans["minutes"] or spans["seconds"])
    return _end_of_day(moved, which) if is_whole_days else moved


def _spans(node: JsonObject) -> dict[str, int]:
    for key, value in node.items():
        if key not in _SPANS:
            raise QueryError(f"Unknown offset unit: {key}")
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise QueryError(f'"{key}" of an offset must be a whole number of at least 0, not {value!r}')
    return {key: value if isinstance(value := node.get(key, 0), int) else 0 for key in _SPANS}


def _move(local: datetime, spans: dict[str, int], *, sign: int) -> datetime:
    """Move by years and months first, keeping within the month, then by the rest."""
    months = local.year * 12 + local.month - 1 + sign * (spans["years"] * 12 + spans["months"])
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999:  # what datetime can hold
        raise OverflowError
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    rest = {key: sign * spans[key] for key in ("weeks", "days", "hours", "minutes", "seconds")}
    return local.replace(year=year, month=month + 1, day=day) + timedelta(**rest)


def _end(node: JsonObject, key: str, what: str) -> str:
    which = read_text(node, key, what)
    if which not in _ENDS:
        raise QueryError(f'"{key}" of {what} must be start or end, not {which!r}')
    return which


def _end_of_day(moment: datetime, which: str) -> datetime:
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight if which == "start" else midnight + timedelta(days=1)
