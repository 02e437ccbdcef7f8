"""What a row does, in whole sentences for people who never saw a spec."""

from __future__ import annotations

from collections.abc import Mapping

from bulkplan.core.shares import count_leads
from bulkplan.model.plan import Change, Matches
from bulkplan.model.request import Request
from bulkplan.report.facts import FORMER_VALUES, UNDO_BY_HAND, percent
from bulkplan.report.lines import Span

_UNITS: Mapping[str, str] = {"email": "message", "sequence_subscribe": "subscription"}


def action_sentence(change: Change) -> tuple[Span, ...]:
    """
    What it does to how many, with what matters most in the style `strong`.

    Like `Send the template “Win-back 2026” from Dana Reyes to the first address of 32 leads (3.2 % of all 1,000):
    27 to 30 messages.`
    """
    whom = _whom(change.matches)
    deed = _deed(change.request, whom) if change.request else None
    return (*(deed or _as_summary(change, whom)), Span(f"{_expected(change)}."))


def undo_sentence(change: Change) -> str:
    """Whether it can be taken back, and why not."""
    if change.is_undoable:
        return f"It can be undone {UNDO_BY_HAND}: {FORMER_VALUES}."
    return f"It cannot be undone: {change.undo_words}." if change.undo_words else "It cannot be undone."


def _expected(change: Change) -> str:
    """Like `: 27 to 30 messages`; empty where nothing is sent anew."""
    unit, forecast = _UNITS.get(change.action_type), change.forecast
    if unit is None or forecast is None:
        return ""
    most, least = forecast.messages, forecast.at_least
    number = f"{most:,}" if least == most else f"{least:,} to {most:,}" if least else f"at most {most:,}"
    return f": {number} {unit}{'s' if most != 1 else ''}"


def _whom(matches: Matches | None) -> tuple[Span, ...]:
    if matches is None:
        return (Span("the leads that match", "strong"),)
    share = f" ({percent(matches.limited, matches.of_leads)} of all {matches.of_leads:,})" if matches.of_leads else ""
    return Span(count_leads(matches.limited), "strong"), Span(share)


def _deed(request: Request, whom: tuple[Span, ...]) -> tuple[Span, ...] | None:
    """By what is sent, so that the count stands where it belongs; `None` where the summary says it as well."""
    body, names = request.body, request.names
    whose = (
        "the first address of every contact of "
        if body.get("contact_preference") == "contact"
        else "the first address of "
    )
    if request.kind == "delete":
        return Span("Delete "), *whom, Span(" with their contacts, opportunities and activities")
    if request.kind == "email":
        template = _name(names, body.get("template_id"))
        sender = Span(str(body.get("sender")), "strong")
        return Span("Send the template "), template, Span(" from "), sender, Span(f" to {whose}"), *whom
    if body.get("action_type") == "subscribe":
        who = "every contact of " if body.get("contact_preference") == "contact" else "the first contact of "
        sequence = _name(names, body.get("sequence_id"))
        sender = Span(f"{body.get('sender_name')} <{body.get('sender_email')}>", "strong")
        return Span(f"Subscribe {who}"), *whom, Span(" to the sequence "), sequence, Span(", sent from "), sender
    return None


def _as_summary(change: Change, whom: tuple[Span, ...]) -> tuple[Span, ...]:
    if not change.source:
        return (Span(f"An earlier run, of which this is known: {change.summary}"),)
    return Span(f"{change.summary[:1].upper()}{change.summary[1:]}, for "), *whom


def _name(names: dict[str, str], identifier: object) -> Span:
    return Span(f"“{names.get(str(identifier), identifier)}”", "strong")
