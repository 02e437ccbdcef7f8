"""`explain`: one run, with the reason for each part; Close is asked for names only, and nothing is counted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from bulkplan.app.layers import guard_layers
from bulkplan.app.plan import locate_all
from bulkplan.core.changes import decide
from bulkplan.core.conditions import WhereContext
from bulkplan.core.explain import Explanation, Source, explain
from bulkplan.core.lookup import by_full_name
from bulkplan.core.near import did_you_mean
from bulkplan.core.needs import needed_kinds
from bulkplan.core.query_form import unwrap
from bulkplan.core.render import RenderContext, render_request
from bulkplan.core.resolve import Known, find_smart_view
from bulkplan.errors import InvalidFilesError, UsageError
from bulkplan.model.catalog import Catalog
from bulkplan.model.document import Workspace
from bulkplan.model.record import Recorded
from bulkplan.model.request import FAMILY_BY_KIND, KIND_BY_ACTION
from bulkplan.model.run import WantedRun
from bulkplan.ports import CloseReader


@dataclass(frozen=True)
class Scene:
    """What runs are explained in: the files, the instant, the target's zone, what was recorded (`None`: not read)."""

    workspace: Workspace
    now: datetime
    timezone: str
    records: Sequence[Recorded] | None = None


def find_runs(workspace: Workspace, name: str) -> tuple[WantedRun, ...]:
    """
    The runs of a spec's name (`news`), of one variant (`news[EMEA]`) or of a run key (`news@2`).

    Raises:
        UsageError: No spec asks for such a run.
    """
    found = tuple(run for run in workspace.runs if name in (run.key.name, run.key.full_name, str(run.key)))
    if found:
        return found
    known = dict.fromkeys(known for run in workspace.runs for known in (run.key.full_name, run.key.name))
    hint = did_you_mean(name, known) or (f"there are: {', '.join(list(known)[:5])}" if known else "there are no specs")
    raise UsageError(f'no spec asks for a run named "{name}"', hint=hint)


def explain_offline(wanted: WantedRun, scene: Scene) -> Explanation:
    """What the files alone say, and what was recorded."""
    return explain(_source(wanted, scene))


async def explain_run(wanted: WantedRun, scene: Scene, *, reader: CloseReader, context: RenderContext) -> Explanation:
    """
    All of it, with names resolved and the request as it would be sent.

    Raises:
        InvalidFilesError: Names that Close does not know and the like, located.
        CloseError: Close could not be read.
    """
    spec = wanted.spec
    kinds = needed_kinds([spec], suppress=context.suppress)
    catalog = await reader.fetch_catalog(kinds) if kinds else Catalog()
    rendered = render_request(spec, catalog=catalog, context=context)
    if rendered.request is None:
        raise InvalidFilesError(locate_all(scene.workspace, [(wanted, problem) for problem in rendered.problems]))
    return explain(
        replace(
            _source(wanted, scene),
            request=rendered.request,
            where=WhereContext(catalog, context.now, ZoneInfo(context.timezone)),
            view_query=_view_query(wanted, catalog),
            notes=rendered.notes,
        )
    )


def _source(wanted: WantedRun, scene: Scene) -> Source:
    groups: Mapping[str, Sequence[Recorded]] = by_full_name(scene.records or ())
    mine = groups.get(wanted.key.full_name, ())
    family = FAMILY_BY_KIND[KIND_BY_ACTION[wanted.spec.action.type]]
    return Source(
        workspace=scene.workspace,
        wanted=wanted,
        layers=guard_layers(scene.workspace, wanted, family),
        decision=decide(wanted, mine, now=scene.now, timezone=ZoneInfo(scene.timezone)),
        records=groups if scene.records is not None else None,
    )


def _view_query(wanted: WantedRun, catalog: Catalog) -> JsonValue:
    """What the smart view of a filter asks."""
    name = wanted.spec.filter.smart_view
    found = find_smart_view(name, catalog, ()) if name is not None else None
    return unwrap(found.item.s_query or {}).node if isinstance(found, Known) else None
