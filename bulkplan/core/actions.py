"""Which keys of a request say what an action does, with names resolved to IDs."""

from __future__ import annotations

from dataclasses import dataclass, field

from bulkplan.core.digest import digest_json
from bulkplan.core.field_values import ValueContext, value_keys
from bulkplan.core.resolve import (
    Known,
    find_active_sequence,
    find_lead_field,
    find_lead_status,
    find_sequence,
    find_template,
)
from bulkplan.core.senders import SendingIdentity, find_sender
from bulkplan.errors import Path, Problem
from bulkplan.model.base import JsonObject
from bulkplan.model.catalog import Catalog, Template
from bulkplan.model.catalog import Sequence as CloseSequence
from bulkplan.model.request import Dependency
from bulkplan.model.spec import (
    Action,
    ClearCustomField,
    Delete,
    Email,
    SequencePause,
    SequenceResume,
    SequenceResumeFinished,
    SequenceSubscribe,
    SetCustomField,
    SetLeadStatus,
)

PATH: Path = ("action",)
SequenceChange = SequencePause | SequenceResume | SequenceResumeFinished


@dataclass(frozen=True)
class ActionKeys:
    """The keys of one action, with what they rely on, the names of their IDs, and what was wrong."""

    body: JsonObject = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    names: dict[str, str] = field(default_factory=dict)
    dependencies: tuple[Dependency, ...] = ()


def render_action(action: Action, *, context: ValueContext) -> ActionKeys:
    """
    Render an action, without selection and options.

    Source: Close API, Bulk Actions ("Bulk edit", "Bulk delete", "Bulk email", "Bulk sequence subscription").
    """
    catalog = context.where.catalog
    if isinstance(action, Email):
        return _email(action, catalog)
    if isinstance(action, SetLeadStatus):
        return _set_lead_status(action, catalog)
    if isinstance(action, SetCustomField):
        return _set_custom_field(action, context)
    if isinstance(action, ClearCustomField):
        return _clear_custom_field(action, catalog)
    if isinstance(action, Delete):
        return ActionKeys()
    if isinstance(action, SequenceSubscribe):
        return _subscribe(action, catalog)
    return _change_subscriptions(action, catalog)


def _email(action: Email, catalog: Catalog) -> ActionKeys:
    template = find_template(action.template, catalog, (*PATH, "template"))
    sender = find_sender(action.sender, catalog, (*PATH, "sender"))
    if isinstance(template, Problem) or isinstance(sender, Problem):
        return _failed(template, sender)
    return ActionKeys(
        {
            "template_id": template.id,
            "contact_preference": action.contact_preference,
            "email_account_id": sender.account.id,
            "sender": sender.label,
        },
        names={template.id: template.name, sender.account.id: sender.label},
        dependencies=(_template_dependency(template.item), _sender_dependency(sender)),
    )


def _set_lead_status(action: SetLeadStatus, catalog: Catalog) -> ActionKeys:
    status = find_lead_status(action.status, catalog, (*PATH, "status"))
    if isinstance(status, Problem):
        return _failed(status)
    return ActionKeys({"type": "set_lead_status", "lead_status_id": status.id}, names={status.id: status.name})


def _set_custom_field(action: SetCustomField, context: ValueContext) -> ActionKeys:
    found = find_lead_field(action.field, context.where.catalog, (*PATH, "field"))
    if isinstance(found, Problem):
        return _failed(found)
    body, names, problems = value_keys(action, found.item, context=context, path=PATH)
    return ActionKeys(
        {"type": "set_custom_field", "custom_field_id": found.id, **body}, problems, {found.id: found.name, **names}
    )


def _clear_custom_field(action: ClearCustomField, catalog: Catalog) -> ActionKeys:
    found = find_lead_field(action.field, catalog, (*PATH, "field"))
    if isinstance(found, Problem):
        return _failed(found)
    return ActionKeys({"type": "clear_custom_field", "custom_field_id": found.id}, names={found.id: found.name})


def _subscribe(action: SequenceSubscribe, catalog: Catalog) -> ActionKeys:
    sequence = find_active_sequence(action.sequence, catalog, (*PATH, "sequence"))
    sender = find_sender(action.sender, catalog, (*PATH, "sender"))
    if isinstance(sequence, Problem) or isinstance(sender, Problem):
        return _failed(sequence, sender)
    return ActionKeys(
        {
            "action_type": "subscribe",
            "sequence_id": sequence.id,
            "sender_account_id": sender.account.id,
            "sender_name": _sender_name(sender, catalog),
            "sender_email": sender.address,
            "contact_preference": action.contact_preference,
        },
        names={sequence.id: sequence.name, sender.account.id: sender.label},
        dependencies=(*_sequence_dependencies(sequence, catalog), _sender_dependency(sender)),
    )


def _sender_name(sender: SendingIdentity, catalog: Catalog) -> str:
    """Close demands a name: that of the identity, else of the account's user, else the address."""
    owner = next((user.full_name for user in catalog.users if user.id == sender.account.user_id), "")
    return sender.name or owner or sender.address


def _change_subscriptions(action: SequenceChange, catalog: Catalog) -> ActionKeys:
    body: JsonObject = {"action_type": action.type.removeprefix("sequence_")}
    if action.sequence is None:
        if action.all_sequences is None:
            return _failed(Problem(f"{action.type} needs sequence, or all_sequences: true", path=PATH))
        return ActionKeys(body)  # Close takes every sequence when none is named
    sequence = find_sequence(action.sequence, catalog, (*PATH, "sequence"))
    if isinstance(sequence, Problem):
        return _failed(sequence)
    return ActionKeys(
        {**body, "sequence_id": sequence.id},
        names={sequence.id: sequence.name},
        dependencies=_sequence_dependencies(sequence, catalog),
    )


def _failed(*found: object) -> ActionKeys:
    return ActionKeys(problems=tuple(one for one in found if isinstance(one, Problem)))


def _template_dependency(template: Template) -> Dependency:
    content: JsonObject = {
        "subject": template.subject,
        "body": template.body,
        "is_archived": template.is_archived,
    }
    return Dependency(kind="template", id=template.id, name=template.name, digest=digest_json(content))


def _sequence_dependencies(known: Known[CloseSequence], catalog: Catalog) -> tuple[Dependency, ...]:
    """The sequence with its steps, and the templates that its steps send, as far as the key can see them."""
    sequence = known.item
    content: JsonObject = {"status": sequence.status, "steps": list(sequence.steps)}
    steps = Dependency(kind="sequence", id=sequence.id, name=sequence.name, digest=digest_json(content))
    sent = {step.get("email_template_id") for step in sequence.steps if isinstance(step, dict)}
    return (steps, *(_template_dependency(template) for template in catalog.templates if template.id in sent))


def _sender_dependency(sender: SendingIdentity) -> Dependency:
    content: JsonObject = {"email": sender.account.email, "name": sender.name, "address": sender.address}
    return Dependency(kind="sender", id=sender.account.id, name=sender.label, digest=digest_json(content))
