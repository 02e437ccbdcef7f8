"""The requests of a saved plan as they would be rendered now: whether a template, a view or a name moved since."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from bulkplan.app.plan import render_context
from bulkplan.app.saved_plan import FetchFresh
from bulkplan.core.needs import needed_kinds
from bulkplan.core.render import render_request
from bulkplan.errors import PlanRefusedError
from bulkplan.model.catalog import Catalog
from bulkplan.model.document import Workspace
from bulkplan.model.project import Target
from bulkplan.model.remote import Identity
from bulkplan.model.request import Request
from bulkplan.model.run import RunKey
from bulkplan.ports import CloseReader


def fresh_requests(
    workspace: Workspace, *, target: Target, identity: Identity, now: datetime, reader: CloseReader
) -> FetchFresh:
    """
    A way to render runs again, with the names and texts that Close has now.

    `now` is the instant of the plan. What it returns raises `PlanRefusedError` when a name of the plan means nothing
    any more, and `CloseError`.
    """

    async def fetch(keys: tuple[RunKey, ...]) -> Mapping[RunKey, Request]:
        runs = [run for run in workspace.runs if run.key in keys]
        kinds = needed_kinds([run.spec for run in runs], suppress=workspace.project.suppress)
        catalog = await reader.fetch_catalog(kinds) if kinds else Catalog()
        context = render_context(workspace.project, target=target, identity=identity, now=now)
        rendered = {run.key: render_request(run.spec, catalog=catalog, context=context) for run in runs}
        reasons = [f"{key}: {problem.message}" for key, found in rendered.items() for problem in found.problems]
        if reasons:
            raise PlanRefusedError("\n".join(("the saved plan is refused:", *(f"  - {reason}" for reason in reasons))))
        return {key: found.request for key, found in rendered.items() if found.request is not None}

    return fetch
