"""What is to happen to the leads of a new spec: said in options, else asked on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import cast

from pydantic import JsonValue

from bulkplan.app.new_spec import Surroundings
from bulkplan.cli.arguments import Args
from bulkplan.cli.ask_name import ask_name
from bulkplan.cli.author_table import ACTION_TYPES
from bulkplan.cli.console import Console
from bulkplan.core.field_table import CUSTOM_TYPES, FieldType
from bulkplan.core.near import did_you_mean
from bulkplan.core.resolve import Known, find_lead_field, list_some
from bulkplan.core.senders import sender_labels
from bulkplan.core.spec_draft import NEEDED, ActionWords, action_data, missing_words, typed_value
from bulkplan.errors import UsageError
from bulkplan.model.base import JsonObject
from bulkplan.model.catalog import Catalog
from bulkplan.model.spec import ActionType

_QUESTIONS: Mapping[str, str] = {
    "template": "Which e-mail template?",
    "sender": "Sent as whom?",
    "status": "Which status do they get?",
    "field": "Which custom field?",
    "value": "Which value?",
    "sequence": "Which sequence?",
}


def action_asked_for(args: Args, console: Console, around: Surroundings) -> JsonObject:
    """The action as a spec writes it. Raises `UsageError` for what is missing where nobody can be asked."""
    action_type = _action_type(args, console)
    words = words_of(args)
    missing = missing_words(action_type, words)
    if missing and not console.manners.can_ask:
        given = " ".join(f"--{name} …" for name in missing)
        raise UsageError(f"{action_type} needs {given}", hint=_hint(missing, around.catalog))
    answers: dict[str, str] = {}
    for name in missing:
        names = _names(name, around.catalog)
        if names:
            console.note(f"There are: {list_some(names, limit=12)}")
        answers[name] = ask_name(console, _QUESTIONS[name], names, instead=f"give --{name}")
    return action_data(action_type, _typed(_completed(words, answers), around.catalog))


def words_of(args: Args) -> ActionWords:
    """What the options say about an action."""
    return ActionWords(
        args.template, args.sender, args.status, args.field, tuple(args.value), args.sequence, args.operation
    )


def _action_type(args: Args, console: Console) -> ActionType:
    said = args.action
    if said is None:
        instead = f"give --action: {', '.join(ACTION_TYPES)}"
        if console.manners.can_ask:
            console.note(f"What can happen to leads: {', '.join(ACTION_TYPES)}")
        said = ask_name(console, "What shall happen to them?", ACTION_TYPES, instead=instead)
    if said not in NEEDED:
        hint = did_you_mean(said, ACTION_TYPES) or f"there are: {', '.join(ACTION_TYPES)}"
        raise UsageError(f'there is no action "{said}"', hint=hint)
    return cast("ActionType", said)


def _completed(words: ActionWords, answers: Mapping[str, str]) -> ActionWords:
    value: tuple[JsonValue, ...] = (answers["value"],) if "value" in answers else words.value
    return replace(words, value=value, **{name: answer for name, answer in answers.items() if name != "value"})


def _typed(words: ActionWords, catalog: Catalog) -> ActionWords:
    """Values of a number field as numbers; the command line knows only text."""
    found = find_lead_field(words.field or "", catalog, ())
    if not isinstance(found, Known):
        return words
    type_ = CUSTOM_TYPES.get(found.item.type, FieldType.OTHER)
    return replace(words, value=tuple(typed_value(value, type_) for value in words.value))


def _hint(missing: Sequence[str], catalog: Catalog) -> str:
    names = _names(missing[0], catalog)
    return f"--{missing[0]} takes one of: {list_some(names)}" if names else "bulkplan help new has examples"


def _names(word: str, catalog: Catalog) -> list[str]:
    listed: Mapping[str, Iterable[str]] = {
        "template": (one.name for one in catalog.templates if not one.is_archived),
        "sender": sender_labels(catalog),
        "status": (one.label for one in catalog.lead_statuses),
        "field": (one.name for one in catalog.lead_fields),
        "sequence": (one.name for one in catalog.sequences),
    }
    return list(listed.get(word, ()))
