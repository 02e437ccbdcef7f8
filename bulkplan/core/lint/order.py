"""Rules on order in the files: who answers for a spec, what it is for, and what nobody uses."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta

from pydantic import JsonValue

from bulkplan.core.lint.rule import Example, Hit, Rule, SpecView, World
from bulkplan.errors import Problem
from bulkplan.model.spec import Spec

_DYNAMIC = re.compile(r"\bvars\s*(\[\s*[^'\"\s]|\||\}|$)")


def _missing(key: str, message: str, hint: str) -> Rule:
    """A rule that asks for a key of words."""

    def found(world: World) -> Iterator[Hit]:
        for view in world.specs:
            if not (getattr(view.spec, key) or "").strip():
                yield Hit(view.document, Problem(message, hint, ("name",)))

    why, rule_id = {
        "owner": ("Whoever sees a run go wrong must know whom to call.", "BP401"),
        "description": (
            "The description stands in every plan: it is what a reviewer holds the filter against.",
            "BP402",
        ),
    }[key]
    line = {"owner": "owner: revops@example.com", "description": "description: Put quiet leads back"}[key]
    slug = f"missing-{key}"
    return Rule(
        rule_id,
        "warning",
        f"the spec has no {key}",
        why,
        Example(f"name: tidy  # {slug}\n", without=(key,)),
        Example(f"name: tidy\n{line}\n"),
        found,
    )


def _no_tests(world: World) -> Iterator[Hit]:
    for view in world.specs:
        is_testable = view.spec.filter.where is not None or view.spec.filter.query is not None
        if is_testable and not view.spec.tests:
            hint = "add tests: [{lead: {status: Churned}, matches: true}], and one lead that must not match"
            yield Hit(view.document, Problem("no test says which leads the filter takes", hint, ("name",)))


def _unused_vars(world: World) -> Iterator[Hit]:
    for view in world.specs:
        for name in view.spec.vars:
            if not uses_var(view.document.data, name):
                problem = Problem(f"nothing uses vars.{name}", "delete it, or use it", ("vars", name), on_key=True)
                yield Hit(view.document, problem)


def uses_var(data: JsonValue, name: str) -> bool:
    """Whether an expression of a document reads a var, or may: one that computes the name of a var reads all."""
    named = re.compile(rf"\bvars\s*(\.\s*{re.escape(name)}\b|\[\s*['\"]{re.escape(name)}['\"]\s*\])")
    return any(named.search(text) or _DYNAMIC.search(text) for text in _expressions(data))


def _expressions(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield from re.findall(r"\{\{(.*?)\}\}", value, flags=re.DOTALL)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _expressions(item)
    elif isinstance(value, list):
        for item in value:
            yield from _expressions(item)


def _past(world: World) -> Iterator[Hit]:
    for view in world.specs:
        if is_over(view.spec, world.now):
            message = f"not_after ({view.spec.not_after}) has passed: the spec never runs again"
            hint = "delete the spec, or set a later not_after"
            yield Hit(view.document, Problem(message, hint, ("not_after",)))


def is_over(spec: Spec, now: datetime) -> bool:
    """Whether `not_after` has passed wherever the target is: a day counts whole, in the last zone of the earth."""
    limit = spec.not_after
    if limit is None:
        return False
    if isinstance(limit, datetime):
        return now > (limit if limit.tzinfo else limit.replace(tzinfo=UTC))
    return now > datetime.combine(limit, time(), UTC) + timedelta(days=1, hours=12)


def _same_meaning(world: World) -> Iterator[Hit]:
    first: dict[str, tuple[SpecView, str]] = {}
    for view in world.specs:
        for run in view.runs:
            other = first.setdefault(run.fingerprint, (view, run.key.full_name))
            if other[0] is not view:
                message = f"does the same to the same leads as {other[1]}"
                hint = f"delete one of the two, or change it ({other[0].document.locate(('name',))})"
                yield Hit(view.document, Problem(message, hint, ("name",)))
            elif other[1] != run.key.full_name:
                message = f"{other[1]} and {run.key.full_name} do the same to the same leads"
                hint = "use {{ each.… }} in the filter or the action, so that each run takes its own"
                yield Hit(view.document, Problem(message, hint, ("for_each",), on_key=True))


def _unused_fragments(world: World) -> Iterator[Hit]:
    for problem in world.unused_fragments:
        yield Hit(None, problem)


def _nothing(world: World) -> Iterator[Hit]:
    """Found by whoever applies the rules, once all have looked."""
    del world
    yield from ()


RULES = (
    _missing("owner", "nobody is named who answers for it", "add a line such as: owner: revops@example.com"),
    _missing("description", "nothing says what it is for", "add a line such as: description: Win back churned leads"),
    Rule(
        "BP403",
        "note",
        "a where or a query has no tests",
        "A few made-up leads, some that must match and some that must not, say what the filter means, and fail when an "
        "edit changes that.",
        Example("name: tidy  # no-tests\n", without=("tests",)),
        Example("name: tidy\ntests:\n  - {lead: {status: Churned}, matches: true}\n"),
        _no_tests,
    ),
    Rule(
        "BP404",
        "warning",
        "nothing uses a value of vars",
        "It reads as if it did something: whoever raises the number thinks that the filter follows.",
        Example("vars:\n  quiet_days: 90  # unused-vars\n"),
        Example(
            "vars:\n  quiet_days: 90\nfilter:\n  where:\n    all:\n      - {field: status, is: Churned}\n"
            '      - {field: last_communication_date, before: "{{ vars.quiet_days }} days ago"}\n'
        ),
        _unused_vars,
    ),
    Rule(
        "BP405",
        "warning",
        "not_after has passed",
        "The spec can never run again, and stands in every plan as expired, or as done.",
        Example('not_after: "2020-01-31"  # not-after-is-past\n'),
        Example('not_after: "2199-01-31"\n'),
        _past,
    ),
    Rule(
        "BP406",
        "warning",
        "two runs mean the same",
        "Equal filter, action and options: one was copied and not changed. The leads get the e-mail twice.",
        Example("for_each: {region: [EMEA, APAC]}  # same-meaning\n"),
        Example(
            'for_each: {region: [EMEA, APAC]}\nfilter:\n  where: {field: custom.Region, is: "{{ each.region }}"}\n'
        ),
        _same_meaning,
    ),
    Rule(
        "BP407",
        "warning",
        "a rule is ignored that finds nothing",
        "The reason stands there for a fault that is mended, or was never there; it would hide the next one.",
        Example("lint:\n  ignore:\n    all-leads: the list is short and known  # unused-ignore\n"),
        Example("lint:\n  ignore:\n    all-leads: the list is short and known\nfilter: {all_leads: true}\n"),
        _nothing,
    ),
    Rule(
        "BP408",
        "warning",
        "nothing uses a fragment",
        "It reads as if specs followed it: whoever edits it thinks that they change.",
        Example("name: tidy\n", fragment="name: quiet  # unused-fragment\n"),
        Example("name: tidy\nfilter: {where: {use: quiet}}\n", fragment="name: quiet\n"),
        _unused_fragments,
    ),
)
