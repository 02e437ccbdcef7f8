"""Rules on filters: which leads a spec takes, and whether that is what its words say."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import JsonValue

from bulkplan.core.field_table import FIELDS, FieldType
from bulkplan.core.frozen import MAX_FROZEN_LEADS
from bulkplan.core.lint.conditions import TIME_OPERATORS, children, conditions_of, is_fixed_date, nodes_of, values_of
from bulkplan.core.lint.negation import find_negation_alone
from bulkplan.core.lint.rule import Example, Rule, each_spec
from bulkplan.errors import Path, Problem
from bulkplan.model.spec import Delete, Email, SequenceSubscribe, Spec
from bulkplan.model.where import AllOf, AnyOf, Where

_MOVING = frozenset({"now", "offset", "start_end_of_predefined_relative_period"})
_CONTACT_FIELDS = frozenset({"last_communication_date", "times_communicated"})
_CONTACT_KINDS = frozenset({"activity.email", "activity.call", "activity.sms", "activity.meeting"})


def _relative_date(spec: Spec) -> Iterator[Problem]:
    if not isinstance(spec.action, Delete):
        return
    hint = "write the day itself, such as 2026-01-31, so that the reviewed file says which leads are meant"
    for condition in conditions_of(spec):
        for operator, operand in condition.operators:
            if operator in TIME_OPERATORS and not is_fixed_date(operand):
                message = f'a delete that moves with the day it is planned on: {operator} "{operand}"'
                yield Problem(message, hint, (*condition.path, operator))
    for path in _moving_moments(spec.filter.query, ("filter", "query")):
        yield Problem("a delete that moves with the moment Close runs it", hint, path)


def _moving_moments(value: JsonValue, path: Path) -> Iterator[Path]:
    if isinstance(value, dict):
        if value.get("type") in _MOVING:
            yield path
            return
        for key, item in value.items():
            yield from _moving_moments(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _moving_moments(item, (*path, index))


def _live_delete(spec: Spec) -> Iterator[Problem]:
    most = spec.guards.max_matches
    if isinstance(spec.action, Delete) and spec.cohort == "live" and most is not None and most <= MAX_FROZEN_LEADS:
        message = "a delete of whoever matches when it starts, also leads that nobody reviewed"
        yield Problem(
            message, "add cohort: frozen, so that only the leads of the plan are deleted", ("action",), on_key=True
        )


def _all_leads(spec: Spec) -> Iterator[Problem]:
    if spec.filter.all_leads:
        message = "takes every lead of the organization, also those that are made until it runs"
        yield Problem(message, "say in a where which leads are meant", ("filter", "all_leads"), on_key=True)


def _any_of_one(spec: Spec) -> Iterator[Problem]:
    for node in nodes_of(spec):
        if isinstance(node.where, AnyOf) and len(node.where.any) == 1:
            hint = "add the other conditions, or write this one without any"
            yield Problem(
                "any with one member: there is nothing to choose from", hint, (*node.path, "any"), on_key=True
            )


def _duplicates(spec: Spec) -> Iterator[Problem]:
    for node in nodes_of(spec):
        if isinstance(node.where, AllOf | AnyOf):
            seen: list[Where] = []
            for child in children(node):
                if child.where in seen:
                    hint = "delete one of the two, or change it to what was meant"
                    yield Problem("the same condition stands here twice", hint, child.path)
                seen.append(child.where)


def _fixed_in_schedule(spec: Spec) -> Iterator[Problem]:
    if spec.schedule is None:
        return
    for condition in conditions_of(spec):
        for operator, operand in condition.operators:
            if operator in TIME_OPERATORS and is_fixed_date(operand):
                message = f"each {spec.schedule.every} the same day: {operator} {operand}"
                hint = 'write it relative to the run, such as "7 days ago", or put not_after on the spec'
                yield Problem(message, hint, (*condition.path, operator))


def _recent_contact(spec: Spec) -> Iterator[Problem]:
    reaches = isinstance(spec.action, Email | SequenceSubscribe)
    if not reaches or spec.filter.where is None:
        return
    asks_field = any(condition.field in _CONTACT_FIELDS for condition in conditions_of(spec))
    if not asks_field and not any(node.scope in _CONTACT_KINDS for node in nodes_of(spec)):
        message = "nothing leaves out leads that somebody wrote to yesterday"
        hint = "add a condition such as: {field: last_communication_date, before: 7 days ago}"
        yield Problem(message, hint, ("filter", "where"), on_key=True)


def _me(spec: Spec) -> Iterator[Problem]:
    for condition in conditions_of(spec):
        row = FIELDS.get(condition.scope, {}).get(condition.field)
        for operator, operand in condition.operators:
            may_be_user = row is None or row.type is FieldType.USER
            if may_be_user and operator in ("is", "is_not") and "me" in values_of(operand):
                message = f"{condition.field}: me is whoever owns the API key, a colleague or a robot of CI"
                yield Problem(message, "name the user", (*condition.path, operator))


_DELETE = "action: {type: delete}\nguards: {max_matches: 40}\ncohort: frozen\n"
_MAIL = "action: {type: email, template: News, sender: dana@example.com}\n"

RULES = (
    Rule(
        "BP201",
        "warning",
        "the filter holds nothing but negations",
        "“Not on the free plan” is also true of leads without any plan, of partners and of test records. A filter that "
        "says at least one thing that its leads have in common cannot grow by what is added elsewhere.",
        Example("filter:\n  where: {field: custom.Plan, is_not: Free}  # negation-alone\n"),
        Example(
            "filter:\n  where:\n    all:\n      - {field: status, is: Customer}\n"
            "      - {field: custom.Plan, is_not: Free}\n"
        ),
        each_spec(find_negation_alone),
    ),
    Rule(
        "BP202",
        "warning",
        "a delete asks for a date relative to the day it is planned on",
        "The same file deletes other leads tomorrow. A fixed day says for good which leads the review was about.",
        Example(
            _DELETE + "filter:\n  where:\n    all:\n      - {field: status, is: Bad Fit}\n"
            "      - {field: date_created, before: 2 years ago}  # relative-date-in-delete\n"
        ),
        Example(
            _DELETE + "filter:\n  where:\n    all:\n      - {field: status, is: Bad Fit}\n"
            '      - {field: date_created, before: "2024-01-01"}\n'
        ),
        each_spec(_relative_date),
    ),
    Rule(
        "BP203",
        "warning",
        f"a delete of at most {MAX_FROZEN_LEADS:,} leads takes whoever matches when it starts",
        "Between plan and apply leads come and go. A frozen cohort deletes only leads that stood in the plan, and of "
        "those only the ones that still match.",
        Example("guards: {max_matches: 40}\naction: {type: delete}  # delete-live-cohort\ncohort: live\n"),
        Example("guards: {max_matches: 40}\naction: {type: delete}\ncohort: frozen\n"),
        each_spec(_live_delete),
    ),
    Rule(
        "BP204",
        "warning",
        "the filter takes every lead",
        "Whatever is added to the organization is taken too. There is nearly always something that the leads that are "
        "meant have in common.",
        Example("filter: {all_leads: true}  # all-leads\n"),
        Example("filter: {where: {field: status, is: Customer}}\n"),
        each_spec(_all_leads),
    ),
    Rule(
        "BP205",
        "note",
        "any has a single member",
        "A choice of one is most often a choice of which the others were forgotten.",
        Example("filter:\n  where:\n    any:  # any-of-one\n      - {field: status, is: Churned}\n"),
        Example(
            "filter:\n  where:\n    any:\n      - {field: status, is: Churned}\n"
            "      - {field: custom.Plan, is: Free}\n"
        ),
        each_spec(_any_of_one),
    ),
    Rule(
        "BP206",
        "warning",
        "the same condition stands twice in one list",
        "One of the two was meant to be another: a value that was copied and not changed.",
        Example(
            "filter:\n  where:\n    any:\n      - {field: status, is: Churned}\n"
            "      - {field: status, is: Churned}  # duplicate-condition\n"
        ),
        Example(
            "filter:\n  where:\n    any:\n      - {field: status, is: Churned}\n"
            "      - {field: custom.Plan, is: Free}\n"
        ),
        each_spec(_duplicates),
    ),
    Rule(
        "BP209",
        "note",
        "a spec that runs again and again compares with one fixed day",
        "A fixed day does not move along: each run asks the same question, or one that nobody can meet any more.",
        Example(
            "schedule: {every: week}\nguards: {max_matches: 200, min_matches: 0}\nfilter:\n"
            '  where: {field: date_created, on_or_after: "2026-01-01"}  # fixed-date-in-schedule\n'
        ),
        Example(
            "schedule: {every: week}\nguards: {max_matches: 200, min_matches: 0}\nfilter:\n"
            "  where: {field: date_created, on_or_after: 7 days ago}\n"
        ),
        each_spec(_fixed_in_schedule),
    ),
    Rule(
        "BP212",
        "note",
        "an e-mail or a sequence does not leave out leads that were contacted lately",
        "The customer who got an apology from a colleague this morning should not get a campaign this afternoon.",
        Example(_MAIL + "filter:\n  where: {field: status, is: Churned}  # recent-contact-not-excluded\n"),
        Example(
            _MAIL + "filter:\n  where:\n    all:\n      - {field: status, is: Churned}\n"
            "      - {field: last_communication_date, before: 7 days ago}\n"
        ),
        each_spec(_recent_contact),
    ),
    Rule(
        "BP213",
        "warning",
        "the filter depends on whose API key it is",
        "The same spec takes other leads for each person who applies it, and again others in CI.",
        Example("filter:\n  where: {field: custom.Account Owner, is: me}  # me-in-filter\n"),
        Example("filter:\n  where: {field: custom.Account Owner, is: dana@example.com}\n"),
        each_spec(_me),
    ),
)
