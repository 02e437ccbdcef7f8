"""What Close says of specs, for the rules of lint: names, templates, smart views, senders, counts; no lead itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from bulkplan.app.counting import NoProgress, Progress
from bulkplan.app.plan import NAMES
from bulkplan.core.conditions import WhereContext
from bulkplan.core.lint.merge_tags import Tag, tags_of
from bulkplan.core.lint.rule import CloseFacts, EmptyTag, UnknownTag
from bulkplan.core.needs import needed_kinds
from bulkplan.core.query_form import nested_view_ids
from bulkplan.core.render import RenderContext, render_request
from bulkplan.core.resolve import Known, find_sequence, find_smart_view, find_template
from bulkplan.core.senders import SendingIdentity, find_sender
from bulkplan.core.where import compile_where
from bulkplan.model.base import SQuery
from bulkplan.model.catalog import Catalog, CatalogKind, SmartView, Template
from bulkplan.model.document import Workspace
from bulkplan.model.run import RunKey, WantedRun
from bulkplan.model.spec import Email, SequenceSubscribe, Spec
from bulkplan.model.where import Where
from bulkplan.ports import CloseReader

TEMPLATES = "reading templates"
_FOR_MAIL = frozenset({CatalogKind.LEAD_FIELDS, CatalogKind.CONTACT_FIELDS, CatalogKind.USERS, CatalogKind.TEMPLATES})


async def gather_facts(
    runs: Sequence[WantedRun],
    workspace: Workspace,
    *,
    reader: CloseReader,
    context: RenderContext,
    progress: Progress | None = None,
) -> dict[RunKey, CloseFacts]:
    """
    What Close says of each run. Counts leads for the placeholders of templates, and reads none.

    Raises:
        CloseError: Close could not be read.
    """
    told = progress or NoProgress()
    specs = [run.spec for run in runs]
    kinds = needed_kinds(specs, suppress=workspace.project.suppress)
    if any(isinstance(spec.action, Email | SequenceSubscribe) for spec in specs):
        kinds |= _FOR_MAIL
    told.step(NAMES, 0, 1)
    catalog = await reader.fetch_catalog(kinds) if kinds else Catalog()
    told.step(NAMES, 1, 1)
    asking = _Asking(reader, catalog, context)
    facts: dict[RunKey, CloseFacts] = {}
    for number, run in enumerate(runs, start=1):
        facts[run.key] = await asking.facts(run.spec)
        told.step(TEMPLATES, number, len(runs))
    return facts


@dataclass(frozen=True)
class _Asking:
    reader: CloseReader
    catalog: Catalog
    context: RenderContext

    async def facts(self, spec: Spec) -> CloseFacts:
        rendered = render_request(spec, catalog=self.catalog, context=self.context)
        if rendered.request is None:
            return CloseFacts(problems=rendered.problems)
        views = tuple(view.name for view in _views(spec, self.catalog) if _asks_for_me(view))
        query = rendered.request.body["s_query"]
        mails = _templates(spec, self.catalog)
        tags = [(template.name, tag) for template in mails for tag in tags_of(template, self.catalog)]
        return CloseFacts(
            user_views=views,
            mail_key="template" if isinstance(spec.action, Email) else "sequence",
            empty_tags=await self._count(tags, query if isinstance(query, dict) else {}),
            unknown_tags=tuple(UnknownTag(tag.text, name) for name, tag in tags if tag.is_unknown),
            sender_without_user=_lost_sender(spec, self.catalog),
        )

    async def _count(self, tags: Sequence[tuple[str, Tag]], cohort: SQuery) -> tuple[EmptyTag, ...]:
        """Each question once, also where several templates ask it."""
        asked = [(name, tag, tag.empty) for name, tag in tags if tag.empty is not None]
        if not asked:
            return ()
        where = WhereContext(self.catalog, self.context.now, ZoneInfo(self.context.timezone))
        n_leads = (await self.reader.count(cohort)).total
        counted: dict[Where, int] = {}
        found = []
        for name, tag, empty in asked:
            if empty not in counted:
                compiled = compile_where(empty, scope="lead", context=where, path=())
                queries: list[JsonValue] = [cohort, compiled.node]
                counted[empty] = (await self.reader.count({"type": "and", "queries": queries})).total
            found.append(EmptyTag(tag.text, name, counted[empty], n_leads, is_some_contact=tag.is_some_contact))
        return tuple(found)


def _templates(spec: Spec, catalog: Catalog) -> tuple[Template, ...]:
    """The templates that a run sends: that of an e-mail, or those of a sequence's steps."""
    if isinstance(spec.action, Email):
        found = find_template(spec.action.template, catalog, ())
        return (found.item,) if isinstance(found, Known) else ()
    if not isinstance(spec.action, SequenceSubscribe):
        return ()
    sequence = find_sequence(spec.action.sequence, catalog, ())
    steps = sequence.item.steps if isinstance(sequence, Known) else ()
    used = {step.get("email_template_id") for step in steps if isinstance(step, dict)}
    return tuple(template for template in catalog.templates if template.id in used)


def _views(spec: Spec, catalog: Catalog) -> Iterator[SmartView]:
    """The smart views that a filter relies on, directly or through others; each once."""
    by_id = {view.id: view for view in catalog.smart_views}
    waiting = list(nested_view_ids(spec.filter.query))
    if spec.filter.smart_view is not None:
        found = find_smart_view(spec.filter.smart_view, catalog, ())
        waiting += [found.id] if isinstance(found, Known) else []
    seen: set[str] = set()
    while waiting:
        view = by_id.get(waiting.pop(0))
        if view is not None and view.id not in seen:
            seen.add(view.id)
            waiting += nested_view_ids(view.s_query)
            yield view


def _asks_for_me(view: SmartView) -> bool:
    return view.is_user_dependent or _holds_current_user(view.s_query)


def _holds_current_user(value: JsonValue) -> bool:
    if isinstance(value, dict):
        return value.get("type") == "current_user" or any(map(_holds_current_user, value.values()))
    return isinstance(value, list) and any(map(_holds_current_user, value))


def _lost_sender(spec: Spec, catalog: Catalog) -> str | None:
    """The sender whose account belongs to nobody among the users; `None` where it does, or nobody can tell."""
    if not isinstance(spec.action, Email | SequenceSubscribe):
        return None
    found = find_sender(spec.action.sender, catalog, ())
    owner = found.account.user_id if isinstance(found, SendingIdentity) else None
    is_lost = owner is not None and owner not in {user.id for user in catalog.users}
    return spec.action.sender if is_lost else None
