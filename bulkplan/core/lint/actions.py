"""Rules on actions: what happens to the leads, and whether anything does."""

from __future__ import annotations

from collections.abc import Iterator

from bulkplan.core.lint.conditions import (
    FILTER,
    Condition,
    Node,
    condition,
    conditions_of,
    field_name,
    joint,
    values_of,
)
from bulkplan.core.lint.rule import Example, Rule, each_spec
from bulkplan.core.resolve import is_id
from bulkplan.errors import Path, Problem
from bulkplan.model.spec import (
    ClearCustomField,
    SequencePause,
    SequenceResume,
    SequenceResumeFinished,
    SetCustomField,
    SetLeadStatus,
    Spec,
)
from bulkplan.model.where import FieldCondition

_ID_PREFIXES = ("stat_", "cf_", "lcf_", "tmpl_", "seq_", "user_", "save_", "emailacct_")


def _all_sequences(spec: Spec) -> Iterator[Problem]:
    action = spec.action
    if isinstance(action, SequencePause | SequenceResume | SequenceResumeFinished) and action.all_sequences:
        message = "takes every sequence that a lead is in, also those of other teams"
        yield Problem(message, "name one: sequence: …", ("action", "all_sequences"), on_key=True)


def _no_effect(spec: Spec) -> Iterator[Problem]:
    action = spec.action
    if isinstance(action, SetLeadStatus):
        if _asks_for(spec, "status", action.status):
            message = f'sets the status "{action.status}", which the filter asks of every lead already'
            yield Problem(message, "set another status, or ask for another one", ("action", "status"))
    elif isinstance(action, SetCustomField) and action.value is not None:
        if _asks_for(spec, _custom(action.field), action.value):
            message = f'sets {action.field} to "{action.value}", which the filter asks of every lead already'
            yield Problem(message, "set another value, or ask for another one", ("action", "value"))
    elif isinstance(action, ClearCustomField) and _asks_for_none(spec, _custom(action.field)):
        message = f"empties {action.field}, which the filter asks to be empty already"
        yield Problem(message, "ask for leads that have a value: exists: true", ("action", "field"))


def _asks_for(spec: Spec, field: str, value: object) -> bool:
    """Whether every lead of the filter has this one value in this field."""
    wanted = values_of(str(value))
    said = [operand for each in _joint(spec) if each.field == field for op, operand in each.operators if op == "is"]
    return any(values_of(operand) == wanted for operand in said)


def _asks_for_none(spec: Spec, field: str) -> bool:
    """Whether every lead of the filter has no value in this field."""
    return any(each.field == field and ("exists", False) in each.operators for each in _joint(spec))


def _custom(field: str) -> str:
    return field_name(field if field.startswith("custom.") else f"custom.{field}")


def _joint(spec: Spec) -> Iterator[Condition]:
    """The conditions on the lead itself that all must hold."""
    if spec.filter.where is not None:
        for node in joint(Node(spec.filter.where, (*FILTER, "where"))):
            if isinstance(node.where, FieldCondition):
                yield condition(node.where, node)


def _ids(spec: Spec) -> Iterator[Problem]:
    for path, text in _named(spec):
        if is_id(text.strip().removeprefix("custom."), _ID_PREFIXES):
            message = f"{text} says nothing to whoever reviews it"
            hint = "write the name (it becomes this ID when a plan is made), or keep the ID and say in lint why"
            yield Problem(message, hint, path)


def _named(spec: Spec) -> Iterator[tuple[Path, str]]:
    """Every text that may be a name or an ID, with its place."""
    if spec.filter.smart_view is not None:
        yield ("filter", "smart_view"), spec.filter.smart_view
    for key in ("template", "sender", "sequence", "status", "field"):
        value = getattr(spec.action, key, None)
        if isinstance(value, str):
            yield ("action", key), value
    for each in conditions_of(spec):
        yield (*each.path, "field"), each.field
        for operator, operand in each.operators:
            if isinstance(operand, tuple):
                yield from (((*each.path, operator, index), str(item)) for index, item in enumerate(operand))
            elif isinstance(operand, str):
                yield (*each.path, operator), operand


_PAUSE = "action:\n  type: sequence_pause\n"

RULES = (
    Rule(
        "BP210",
        "note",
        "an ID stands where a name could",
        "A name can be reviewed. bulkplan looks it up in the target's organization, and refuses one that is missing or "
        "stands for two things, so nothing is won by the ID.",
        Example("action:\n  type: set_lead_status\n  status: stat_4fT9x2  # id-instead-of-name\n"),
        Example("action:\n  type: set_lead_status\n  status: Potential\n"),
        each_spec(_ids),
    ),
    Rule(
        "BP211",
        "warning",
        "the action sets what the filter already asks for",
        "Every lead that it takes is as it should be, so the run changes nothing: the filter or the value is not the "
        "one that was meant.",
        Example(
            "filter: {where: {field: status, is: Churned}}\naction:\n  type: set_lead_status\n"
            "  status: Churned  # no-effect\n"
        ),
        Example(
            "filter: {where: {field: status, is: Churned}}\naction:\n  type: set_lead_status\n  status: Potential\n"
        ),
        each_spec(_no_effect),
    ),
    Rule(
        "BP301",
        "warning",
        "every sequence is paused or resumed",
        "A lead can be in sequences of sales, of support and of renewals. What is paused for all of them must be "
        "resumed one by one: afterwards nobody knows which were paused before.",
        Example(_PAUSE + "  all_sequences: true  # all-sequences\n"),
        Example(_PAUSE + "  sequence: Trial onboarding\n"),
        each_spec(_all_sequences),
    ),
)
