"""What is wrong with a filter that can be told without asking Close: fields, operators, values, moments."""

from __future__ import annotations

from datetime import UTC, datetime

from bulkplan.core.conditions import WhereContext
from bulkplan.core.made_up import Fact, MakeUp, facts_of_where, make_up
from bulkplan.core.selection import select_leads
from bulkplan.core.sorting import compile_sort
from bulkplan.core.where import compile_where
from bulkplan.errors import Problem
from bulkplan.model.spec import Spec
from bulkplan.model.where import Where


def find_offline_problems(spec: Spec, *, now: datetime) -> tuple[Problem, ...]:
    """
    Problems of filter and sort, whatever the organization: every name of its own is taken to exist.

    A custom field is taken to be of the type that its operators ask for. Smart views are for Close to know.
    """
    making = MakeUp(now, UTC)
    problems: tuple[Problem, ...] = ()
    if spec.filter.smart_view is None:
        catalog = make_up(facts_of_where(spec.filter.where) if spec.filter.where else (), making)
        problems = select_leads(spec.filter, context=WhereContext(catalog, now, UTC)).problems
    sort = spec.options.sort
    fields = make_up((Fact("lead", name.removeprefix("-").strip(), None) for name in sort), making)
    return (*_own(problems), *compile_sort(sort, catalog=fields, path=("options", "sort"))[1])


def find_suppression_problems(suppress: Where, *, now: datetime) -> tuple[Problem, ...]:
    """The same for what a project suppresses; paths begin with `suppress`."""
    catalog = make_up(facts_of_where(suppress), MakeUp(now, UTC))
    context = WhereContext(catalog, now, UTC)
    return _own(compile_where(suppress, scope="lead", context=context, path=("suppress",)).problems)


def _own(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """Without those of fragments that could not be put in place: they are told where they stand."""
    return tuple(problem for problem in problems if problem.path[-1:] != ("use",))
