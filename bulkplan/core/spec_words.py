"""How values of a file and what is wanted in their place are called, in messages about spec and project files."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from bulkplan.core.near import join_words

MAX_SHOWN = 40
YES = frozenset({"yes", "on", "y"})
NO = frozenset({"no", "off", "n"})

EXAMPLES: Mapping[str, str] = {
    "schema": "schema: bulkplan/v1",
    "name": "name: win-back-churned",
    "version": "version: 1",
    "filter": "filter: {smart_view: Churned customers}",
    "action": "action: {type: set_lead_status, status: Churned}",
    "type": "type: set_lead_status",
    "template": "template: Win-back 2026",
    "sender": 'sender: "Dana Reyes <dana@example.com>"',
    "status": "status: Churned",
    "field": "field: custom.Industry",
    "where": "where: {field: status, is: Churned}",
    "sequence": "sequence: Onboarding",
    "every": "every: week",
    "lead": "lead: {status: Churned}",
    "matches": "matches: true",
    "has": "has: opportunity",
    "use": "use: engaged",
}
"""A line as it might stand in a file, by key."""

PURPOSES: Mapping[str, str] = {
    "schema": "the version of the format",
    "name": "what the spec is called, once in the project",
    "version": "raised to run the spec again",
    "filter": "which leads the action takes",
    "action": "what happens to the leads",
    "type": "which action it is",
    "template": "the e-mail template that is sent",
    "sender": "who the e-mail comes from",
    "status": "the lead status that is set",
    "field": "the field that is meant",
    "sequence": "the sequence that is meant",
    "where": "the conditions",
    "every": "day, week, month, quarter or year",
    "lead": "the made-up lead to try the filter on",
    "matches": "whether the filter must match it",
}
"""What a key is for, by key."""


def describe(value: JsonValue) -> str:
    """What a value is, in words: `the text "abc"`, `the number 5`, `a list`."""
    if value is None:
        return "empty"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, str):
        return f'the text "{shorten(value)}"'
    return "a list" if isinstance(value, list) else "a mapping of keys"


def shorten(text: str) -> str:
    """A text short enough for a message."""
    flat = " ".join(text.split())
    return flat if len(flat) <= MAX_SHOWN else flat[: MAX_SHOWN - 1] + "…"


def list_words(words: tuple[str, ...]) -> str:
    """`a, b or c`."""
    return join_words(words, last="or")


def boolean_hint(value: JsonValue) -> str:
    """How to write true or false, with a guess at which is meant."""
    if isinstance(value, str) and value.strip().casefold() in YES | {"true"}:
        return "write true" + (" without quotes" if value.strip().casefold() == "true" else f", not {value.strip()}")
    if isinstance(value, str) and value.strip().casefold() in NO | {"false"}:
        return "write false" + (" without quotes" if value.strip().casefold() == "false" else f", not {value.strip()}")
    return "write true or false"


def integer_hint(value: JsonValue) -> str:
    """How to write the whole number that was probably meant."""
    if isinstance(value, str):
        digits = value.strip().replace(",", "").replace("_", "").replace(" ", "")
        if value.strip().isdecimal():
            return f"remove the quotes: {value.strip()}"
        return f"write {digits}" if digits.isascii() and digits.isdecimal() else "write digits only, such as 500"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return f"write {int(value)}"
    return "write digits only, such as 500"


def percent_hint(value: JsonValue) -> str:
    """How to write the percentage that was probably meant."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return "write a percentage such as 5%"
    if isinstance(value, str):
        number = value.strip().removesuffix("%").strip().removesuffix("percent").strip().replace(",", ".")
        try:
            return f"write {_percent(float(number))}" if len(number) < 20 else "write a percentage such as 5%"
        except ValueError:
            return "write a percentage such as 5%"
    if isinstance(value, float) and 0 < value < 1:
        return f"a share is written with a percent sign: {_percent(value * 100)}"
    return f"write {_percent(value)} if a percentage is meant; a bare number counts leads"


def _percent(number: float) -> str:
    return f"{number:.6g}%" if 0 <= number <= 1000 else "5%"
