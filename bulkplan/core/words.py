"""What a spec does, to whom, and whether it can be taken back: in one line of words each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bulkplan.core.english import describe_where
from bulkplan.core.near import join_words
from bulkplan.core.query_english import describe_query
from bulkplan.model.project import Project
from bulkplan.model.request import Request
from bulkplan.model.run import FragmentSource
from bulkplan.model.spec import (
    ActionType,
    ClearCustomField,
    Delete,
    Email,
    Scalar,
    SequencePause,
    SequenceResume,
    SequenceSubscribe,
    SetCustomField,
    SetLeadStatus,
    Spec,
)

_NOT_UNDOABLE: Mapping[ActionType, str | None] = {
    "set_lead_status": None,
    "set_custom_field": None,
    "clear_custom_field": None,
    "email": "mail that was sent cannot be called back",
    "delete": "deleted leads cannot be restored",
    "sequence_subscribe": "contacts can be paused in the sequence, but messages already sent stay sent",
    "sequence_pause": "which subscriptions it paused is not known afterwards; resume them with a spec of its own",
    "sequence_resume": "messages that a resumed sequence sends cannot be called back",
    "sequence_resume_finished": "messages that a resumed sequence sends cannot be called back",
}
"""Why each action cannot be taken back; `None` where former values can be written again."""


def is_undoable(spec: Spec) -> bool:
    """Whether the former state can be restored after the action ran."""
    return _NOT_UNDOABLE[spec.action.type] is None


def why_not_undoable(spec: Spec) -> str | None:
    """Why the action cannot be taken back; `None` when it can."""
    return _NOT_UNDOABLE[spec.action.type]


def describe_action(spec: Spec, names: Mapping[str, str]) -> str:
    """
    Say in one line what the action does.

    Args:
        spec: The spec.
        names: ID to name, for IDs that the spec itself writes; the rest is shown as written.

    Returns:
        Like `set the lead status to “Churned”`; without a full stop.
    """
    action = spec.action
    if isinstance(action, Email):
        whom = _recipients(action.contact_preference)
        return f"send the template {_quote(action.template, names)} as {_name(action.sender, names)} to {whom}"
    if isinstance(action, SetLeadStatus):
        return f"set the lead status to {_quote(action.status, names)}"
    if isinstance(action, SetCustomField):
        return _set_field(action, names)
    if isinstance(action, ClearCustomField):
        return f"clear the custom field {_quote(_bare(action.field), names)}"
    if isinstance(action, Delete):
        return "delete leads with their contacts, opportunities and activities"
    if isinstance(action, SequenceSubscribe):
        whom = "the first contact of each lead" if action.contact_preference == "lead" else "every contact"
        sequence = _quote(action.sequence, names)
        return f"subscribe {whom} to the sequence {sequence} as {_name(action.sender, names)}"
    where = "every sequence" if action.sequence is None else f"the sequence {_quote(action.sequence, names)}"
    if isinstance(action, SequencePause):
        return f"pause the active subscriptions to {where}"
    which = "paused" if isinstance(action, SequenceResume) else "finished"
    return f"resume the {which} subscriptions to {where}"


def describe_filter(spec: Spec, request: Request | None = None) -> str:
    """
    Say in one line which leads the filter selects, as the spec says it; a query or smart view by what it asks.

    Args:
        spec: The spec.
        request: What it was rendered to, where it was: has the query, and names for the IDs in it.

    Returns:
        Like `status is Churned, and Industry is SaaS`; without a full stop.
    """
    filter_ = spec.filter
    if filter_.where is not None:
        return describe_where(filter_.where)
    asked = _query_words(request)
    if filter_.smart_view is not None:
        name = _name(filter_.smart_view, request.names if request else {})
        return f"the smart view “{name}”" + (f": {asked}" if asked else "")
    if filter_.query is not None:
        return asked or "a structured query, as written in the spec"
    return "every lead of the organization"


def suppression_words(project: Project) -> str | None:
    """Say in one line which leads no message reaches; `None` where the project leaves nobody out."""
    return describe_where(project.suppress) if project.suppress else None


def fragment_words(sources: Iterable[FragmentSource]) -> str:
    """`engaged (filters/engaged.yaml) and no-contact (filters/no-contact.yaml)`."""
    return join_words(f"{source.name} ({source.file})" for source in sources)


def _query_words(request: Request | None) -> str | None:
    """What the reviewed query asks, suppression aside."""
    if request is None:
        return None
    query = request.body["s_query"] if request.unsuppressed is None else request.unsuppressed
    return describe_query(query, names=request.names) if isinstance(query, dict) else None


def _set_field(action: SetCustomField, names: Mapping[str, str]) -> str:
    values: tuple[Scalar | None, ...] = (action.value,) if action.values is None else action.values
    said = join_words(_quote(_value(value), names) for value in values if value is not None)
    field = f"the custom field {_quote(_bare(action.field), names)}"
    if action.operation == "add":
        return f"add {said} to {field}"
    if action.operation == "remove":
        return f"remove {said} from {field}"
    return f"set {field} to {said}"


def _recipients(contact_preference: str) -> str:
    return "the first address of each lead" if contact_preference == "lead" else "the first address of every contact"


def _bare(field: str) -> str:
    return field.removeprefix("custom.")


def _value(value: Scalar) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _name(text: str, names: Mapping[str, str]) -> str:
    return names.get(text, text)


def _quote(text: str, names: Mapping[str, str]) -> str:
    return f"“{_name(text, names)}”"
