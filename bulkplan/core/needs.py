"""Which kinds of names and IDs must be fetched before specs can be rendered."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bulkplan.core.field_table import FIELDS, FieldType
from bulkplan.core.query_form import nested_view_ids
from bulkplan.core.query_names import kinds_of_ids
from bulkplan.core.render import is_suppressible
from bulkplan.model.catalog import CatalogKind
from bulkplan.model.spec import (
    Action,
    ClearCustomField,
    Email,
    Filter,
    SequencePause,
    SequenceResume,
    SequenceResumeFinished,
    SequenceSubscribe,
    SetCustomField,
    SetLeadStatus,
    Spec,
)
from bulkplan.model.where import AllOf, AnyOf, FieldCondition, Has, Not, Use, Where

_BY_TYPE: Mapping[FieldType, CatalogKind] = {
    FieldType.USER: CatalogKind.USERS,
    FieldType.LEAD_STATUS: CatalogKind.LEAD_STATUSES,
    FieldType.OPPORTUNITY_STATUS: CatalogKind.OPPORTUNITY_STATUSES,
    FieldType.SEQUENCE: CatalogKind.SEQUENCES,
}
_CUSTOM_BY_SCOPE: Mapping[str, CatalogKind] = {
    "lead": CatalogKind.LEAD_FIELDS,
    "contact": CatalogKind.CONTACT_FIELDS,
    "opportunity": CatalogKind.OPPORTUNITY_FIELDS,
}


def needed_kinds(specs: Iterable[Spec], *, suppress: Where | None) -> frozenset[CatalogKind]:
    """
    The kinds that these specs need, and no others.

    A custom field compared with text may hold users, which only its definition tells: users are then asked for too.

    Args:
        specs: Those that will be rendered.
        suppress: The project's suppression; counted in only if it applies to one of them.
    """
    listed = tuple(specs)
    found = {kind for spec in listed for kind in _spec_kinds(spec)}
    if suppress is not None and any(is_suppressible(spec) for spec in listed):
        found.update(_where_kinds(suppress, "lead"))
    return frozenset(found)


def _spec_kinds(spec: Spec) -> Iterator[CatalogKind]:
    yield from _filter_kinds(spec.filter)
    yield from _action_kinds(spec.action)
    for name in spec.options.sort:
        yield from _field_kinds(name.removeprefix("-").strip(), "lead", values=())


def _filter_kinds(filter_: Filter) -> Iterator[CatalogKind]:
    if filter_.where is not None:
        yield from _where_kinds(filter_.where, "lead")
    if filter_.smart_view is not None or any(nested_view_ids(filter_.query)):
        yield CatalogKind.SMART_VIEWS
    if filter_.smart_view is not None:
        yield from (CatalogKind.LEAD_STATUSES, CatalogKind.LEAD_FIELDS)  # what it asks for is only known once fetched
    yield from kinds_of_ids(dict(filter_.query or {}))


def _where_kinds(where: Where, scope: str) -> Iterator[CatalogKind]:
    if isinstance(where, AllOf | AnyOf):
        for part in where.all if isinstance(where, AllOf) else where.any:
            yield from _where_kinds(part, scope)
    elif isinstance(where, Not):
        yield from _where_kinds(where.not_, scope)
    elif isinstance(where, Has):
        if where.where is not None:
            yield from _where_kinds(where.where, where.has)
    elif isinstance(where, Use):
        if where.where is not None:
            yield from _where_kinds(where.where, scope)
    else:
        yield from _field_kinds(where.field, scope, values=_compared(where))


def _compared(condition: FieldCondition) -> tuple[object, ...]:
    """The values of `is` and `is_not`: the only ones that may be names."""
    values: list[object] = []
    for operand in (condition.is_, condition.is_not):
        values.extend(operand if isinstance(operand, tuple) else () if operand is None else (operand,))
    return tuple(values)


def _field_kinds(name: str, scope: str, *, values: Sequence[object]) -> Iterator[CatalogKind]:
    bare = name.removeprefix(f"{scope}.").lower()
    bare = bare.removeprefix("address.") if scope == "lead" else bare
    names = [value for value in values if isinstance(value, str) and value != "me"]
    row = FIELDS[scope].get(bare)
    if row is not None:
        if row.type in _BY_TYPE and names:
            yield _BY_TYPE[row.type]
        return
    if scope in _CUSTOM_BY_SCOPE:
        yield _CUSTOM_BY_SCOPE[scope]  # also for unknown names: the message then offers the custom fields
        if names:
            yield CatalogKind.USERS


def _action_kinds(action: Action) -> Iterator[CatalogKind]:
    if isinstance(action, Email):
        yield from (CatalogKind.TEMPLATES, CatalogKind.SENDERS)
    elif isinstance(action, SequenceSubscribe):
        yield from (CatalogKind.SEQUENCES, CatalogKind.TEMPLATES, CatalogKind.SENDERS, CatalogKind.USERS)
    elif isinstance(action, SequencePause | SequenceResume | SequenceResumeFinished):
        if action.sequence is not None:
            yield CatalogKind.SEQUENCES
            if not isinstance(action, SequencePause):
                yield CatalogKind.TEMPLATES  # which its steps send
    elif isinstance(action, SetLeadStatus):
        yield CatalogKind.LEAD_STATUSES
    elif isinstance(action, ClearCustomField | SetCustomField):
        yield CatalogKind.LEAD_FIELDS
        if isinstance(action, SetCustomField) and any(
            isinstance(v, str) for v in (action.value, *(action.values or ()))
        ):
            yield CatalogKind.USERS
