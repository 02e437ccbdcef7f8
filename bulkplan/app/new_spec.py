"""The story of `new`: a filter that stands in Close, a copied one, or a status, as the first version of a spec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from bulkplan.core.conditions import WhereContext
from bulkplan.core.render import RenderContext, Rendered, render_request
from bulkplan.core.resolve import find_lead_status, find_smart_view
from bulkplan.core.spec_problems import load_model
from bulkplan.core.visible import visible
from bulkplan.core.written_filter import WrittenFilter, as_written, write_filter
from bulkplan.errors import Problem, UsageError
from bulkplan.model.base import JsonMapping, JsonObject
from bulkplan.model.catalog import Catalog, CatalogKind
from bulkplan.model.spec import Spec
from bulkplan.model.where import Where
from bulkplan.ports import CloseReader

EVERY_KIND = frozenset(CatalogKind)


@dataclass(frozen=True)
class Surroundings:
    """
    What a spec is written in: names, instant, zone, suppression.

    `user_id` is the owner of the key. `is_known`: Close was asked; else the catalog is empty and nothing is checked.
    """

    catalog: Catalog
    now: datetime
    timezone: str
    suppress: Where | None = None
    user_id: str | None = None
    is_known: bool = True

    @property
    def where(self) -> WhereContext:
        """What filters are read against."""
        return WhereContext(self.catalog, self.now, ZoneInfo(self.timezone))


def filter_of_view(name: str, around: Surroundings) -> tuple[WrittenFilter, str]:
    """The filter of a smart view, and where it comes from in words. Raises `UsageError`."""
    found = find_smart_view(name, around.catalog, ())
    if isinstance(found, Problem):
        raise UsageError(found.message, hint=found.hint)
    origin = f"the smart view “{visible(found.name)}”, as it was on {around.now:%Y-%m-%d}"
    if found.item.is_user_dependent:
        origin += ", which depends on who asks"
    return _written(found.item.s_query or {}, around, what=f'the smart view "{found.name}"'), origin


def filter_of_copy(query: JsonMapping, around: Surroundings) -> tuple[WrittenFilter, str]:
    """The filter of a query that "Copy Filters" gave, and where it comes from in words. Raises `UsageError`."""
    return _written(query, around, what="the filter"), f"filters copied in Close on {around.now:%Y-%m-%d}"


def filter_of_status(label: str, around: Surroundings) -> tuple[WrittenFilter, str]:
    """A first filter by one lead status, and where it comes from in words. Raises `UsageError`."""
    found = find_lead_status(label, around.catalog, ())
    if isinstance(found, Problem) and around.is_known:
        raise UsageError(found.message, hint=found.hint)
    name = label if isinstance(found, Problem) else found.name
    where: JsonObject = {"field": "status", "is": as_written(name)}
    return WrittenFilter({"where": {"all": [where]}}), f"the status “{visible(name)}”: add conditions below it"


def _written(query: JsonMapping, around: Surroundings, *, what: str) -> WrittenFilter:
    written = write_filter(query, around.where)
    if written.problems:
        first = written.problems[0]
        at = ".".join(str(step) for step in first.path)
        raise UsageError(f"{what} cannot be taken: {first.message}{f' (at {at})' if at else ''}", hint=first.hint)
    return written


def render_draft(data: JsonMapping, around: Surroundings) -> Rendered:
    """The request that a draft stands for, or what is wrong with it."""
    spec = load_model(Spec, plain_data(data))
    if isinstance(spec, tuple):
        return Rendered(None, spec)
    context = RenderContext(around.now, around.timezone, around.suppress, around.user_id)
    return render_request(spec, catalog=around.catalog, context=context)


def plain_data(value: JsonValue | JsonMapping) -> JsonValue:
    """The data of a draft as it is read: what was written as an expression, for its braces, is text again."""
    if isinstance(value, str):
        return value.replace("{{ '{' }}", "{")
    if isinstance(value, list):
        return [plain_data(item) for item in value]
    if isinstance(value, Mapping):
        return {key: plain_data(item) for key, item in value.items()}
    return value


def usage_error(problems: Sequence[Problem]) -> UsageError:
    """The first problem of a draft, as one of the words that were given for it."""
    problem = problems[0]
    option = problem.path[1] if problem.path[:1] == ("action",) and len(problem.path) > 1 else None
    words = f"--{'value' if option == 'values' else option}: " if option else ""
    return UsageError(words + problem.message, hint=problem.hint)


async def count_matches(rendered: Rendered, reader: CloseReader) -> int | None:
    """How many leads the filter of a draft matches; `None` when it has no request. Raises `CloseError`."""
    s_query = rendered.request.body["s_query"] if rendered.request else None
    return (await reader.count(s_query)).total if isinstance(s_query, dict) else None
