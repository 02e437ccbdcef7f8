"""Why a run is what it is: what it would send, part by part, and where each part comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import JsonValue

from bulkplan.core.changes import Decision
from bulkplan.core.conditions import WhereContext
from bulkplan.core.fates import fate
from bulkplan.core.guards import MIN_EARLIER_RUNS, GuardLayers, RunFacts, judge, judge_drift
from bulkplan.core.query_form import unwrap
from bulkplan.core.query_parts import Part, PartsOf, query_parts
from bulkplan.core.render import is_suppressible
from bulkplan.core.request_origins import origin_of
from bulkplan.core.sorting import DEFAULT_SORT
from bulkplan.core.where import object_type
from bulkplan.core.words import describe_action, describe_filter, why_not_undoable
from bulkplan.errors import Path
from bulkplan.model.document import Document, Workspace
from bulkplan.model.plan import Matches
from bulkplan.model.record import Recorded
from bulkplan.model.request import Request
from bulkplan.model.run import WantedRun

ENOUGH_LEADS = 1_000_000
"""Leads of an organization in which every guard holds: those of percentages begin at a size."""
COVERED = ("filter", "action", "options", "cohort")
"""Keys that the fingerprint is made from; a live cohort counts as none, so that to freeze it is another meaning."""
FREE = ("description", "owner", "guards", "tests", "lint", "not_before", "not_after", "depends_on")
"""Keys that may be edited after a run. A schedule may not: it is part of the run key."""


@dataclass(frozen=True)
class Fact:
    """Something that is so: what it is called, its value, why, and the place (`file:line`) that says so."""

    name: str
    value: JsonValue
    why: str
    at: str | None = None


@dataclass(frozen=True)
class Explanation:
    """All of one run. `request` is `None` where names were not resolved; then `parts` have no nodes."""

    wanted: WantedRun
    summary: str
    leads: str
    undo: str | None
    decision: Decision
    parts: tuple[Part, ...]
    body: tuple[Fact, ...]
    names: tuple[Fact, ...]
    guards: tuple[Fact, ...]
    timing: tuple[Fact, ...]
    at: str
    request: Request | None = None
    record: Recorded | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Source:
    """What a run is explained from. `where` and `request` are there once names were resolved."""

    workspace: Workspace
    wanted: WantedRun
    layers: GuardLayers
    decision: Decision
    records: Mapping[str, Sequence[Recorded]] | None = None
    request: Request | None = None
    where: WhereContext | None = None
    view_query: JsonValue = None
    notes: tuple[str, ...] = ()

    @property
    def document(self) -> Document | None:
        """The document of the spec."""
        return self.workspace.documents.get((self.wanted.source.file, self.wanted.source.document))

    def locate(self, path: Path) -> str | None:
        """Where a value of the spec stands, or the nearest that holds it: `file:line`."""
        return _place(self.document, path)


def explain(source: Source) -> Explanation:
    """Everything that can be said of one run."""
    wanted, spec, request = source.wanted, source.wanted.spec, source.request
    own = [record for record in (source.records or {}).get(wanted.key.full_name, ()) if record.key == wanted.key]
    return Explanation(
        wanted=wanted,
        summary=describe_action(spec, request.names if request else {}),
        leads=describe_filter(spec, request),
        undo=why_not_undoable(spec),
        decision=source.decision,
        parts=tuple(_parts(source)),
        body=tuple(_body(source)),
        names=tuple(_names(source)),
        guards=tuple(_guards(source.layers)),
        timing=tuple(_timing(source)),
        at=f"{wanted.source.file}:{wanted.source.line}",
        request=request,
        record=own[0] if own else None,
        notes=source.notes,
    )


def _parts(source: Source) -> Iterator[Part]:
    """The query from the filter, then what bulkplan adds to it."""
    spec, project = source.wanted.spec, source.workspace.project
    names = source.request.names if source.request else {}
    if not _says_so_itself(source):
        yield Part("is a lead", "bulk actions take leads", None, object_type("lead") if source.request else None)
    yield from _filter_parts(source, names)
    if project.suppress is not None and is_suppressible(spec):
        document = source.workspace.project_document
        yield Part(
            "none of those who are left out", "suppress, of every e-mail and sequence", _place(document, ("suppress",))
        )
        apart = PartsOf(lambda path: _place(document, path), source.where, "suppress")
        yield from apart.where(project.suppress, ("suppress",), depth=1)
    if spec.cohort == "frozen":
        yield Part("is one of the leads of the plan", "cohort: frozen", source.locate(("cohort",)))
    yield Part("the marker, which every lead meets", "apply adds it, to find the run again if its answer is lost")


def _says_so_itself(source: Source) -> bool:
    """Whether a written query, or that of a smart view, asks for leads already, so that nothing is added to it."""
    query, request = source.wanted.spec.filter.query, source.request
    node = unwrap(query).node if query is not None else source.view_query
    if request is None:
        return query is not None
    return node == (request.body["s_query"] if request.unsuppressed is None else request.unsuppressed)


def _filter_parts(source: Source, names: Mapping[str, str]) -> Iterator[Part]:
    filter_ = source.wanted.spec.filter
    if filter_.where is not None:
        path: Path = ("filter", "where")
        found = PartsOf(source.locate, source.where, "filter").where(filter_.where, path)
        yield from found
    elif filter_.query is not None:
        path = ("filter", "query")
        is_wrapped = "type" not in filter_.query
        node: JsonValue = unwrap(filter_.query).node
        path = (*path, "query") if is_wrapped else path
        yield from query_parts(node, path, locate=source.locate, why="filter, as written", names=dict(names))
    elif filter_.smart_view is not None:
        at = source.locate(("filter", "smart_view"))
        why = f"the smart view {filter_.smart_view}, as saved in Close"
        if source.view_query is None:
            yield Part(f"whatever {why} asks", why, at)
        yield from query_parts(source.view_query, (), locate=lambda _: at, why=why, names=dict(names))
    else:
        yield Part("nothing else: every lead", "filter", source.locate(("filter", "all_leads")))


def _body(source: Source) -> Iterator[Fact]:
    """The keys of the request beside its query."""
    if source.request is None:
        return
    action = source.wanted.spec.action.type
    for key, value in source.request.body.items():
        if key != "s_query":
            path = origin_of(key, action)
            at = _written(source.document, path)
            yield Fact(key, value, _why(source, key, value, is_written=at is not None), at)


def _why(source: Source, key: str, value: JsonValue, *, is_written: bool) -> str:
    if key == "results_limit":
        ceiling = "apply puts the approved count here, so that Close itself stops there"
        return f"asked for; {ceiling} when that is lower" if value is not None else f"default: {ceiling}"
    if is_written:
        return "spec"
    if source.wanted.spec.filter.smart_view is not None and key == "sort" and value != [DEFAULT_SORT]:
        return "of the smart view"
    return "default: oldest lead first" if key == "sort" else "default"


def _names(source: Source) -> Iterator[Fact]:
    """What each name was resolved to, or that it was not."""
    if source.request is None:
        return
    for thing_id, name in source.request.names.items():
        path = _find(source.document.data if source.document else None, name, ())
        yield Fact(name, thing_id, "looked up in Close", source.locate(path) if path is not None else None)


def _guards(layers: GuardLayers) -> Iterator[Fact]:
    """Every limit in force: asked of a run that would meet all of them, only the limits and their layers count here."""
    matches = Matches(total=1, limited=1, of_leads=ENOUGH_LEADS)
    facts = RunFacts(is_sorted=True, earlier=(1,) * MIN_EARLIER_RUNS)
    for verdict in (*judge(matches, layers, facts), judge_drift(1, 1, layers)):
        yield Fact(verdict.guard, verdict.limit, verdict.layer, verdict.set_at)


def _timing(source: Source) -> Iterator[Fact]:
    spec = source.wanted.spec
    for key in ("not_before", "not_after"):
        limit = getattr(spec, key)
        if limit is not None:
            yield Fact(key, str(limit), "spec", source.locate((key,)))
    if spec.schedule is not None:
        words = f"once a {spec.schedule.every}; this is {source.wanted.key.period}"
        yield Fact("schedule", words, f"days of {spec.schedule.timezone}", source.locate(("schedule",)))
    for index, name in enumerate(spec.depends_on):
        yield Fact("depends_on", name, _dependency(source, name), source.locate(("depends_on", index)))


def _dependency(source: Source, name: str) -> str:
    if source.records is None:
        return "its state was not looked at"
    records = [record for key, group in source.records.items() if key.split("[")[0] == name for record in group]
    return f"it {fate(records[-1])}" if records else "it never ran: apply starts it first, if it is in the plan"


def _place(document: Document | None, path: Path) -> str | None:
    at = document.locate(path) if document else None
    return f"{at.file}:{at.line}" if at else None


def _written(document: Document | None, path: Path | None) -> str | None:
    """The place of a key that the spec has; `None` for a default."""
    if document is None or path is None:
        return None
    value: JsonValue = document.data
    for step in path:
        if not isinstance(value, dict) or step not in value:
            return None
        value = value[str(step)]
    return _place(document, path)


def _find(value: JsonValue, name: str, path: Path) -> Path | None:
    """The first place of a document that says a name."""
    if isinstance(value, str):
        bare = value.strip().removeprefix("custom.")
        return path if bare.casefold() == name.casefold() else None
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        found = _find(item, name, (*path, step))
        if found is not None:
            return found
    return None
