"""What a plan asks Close of names and counts: each once, from the moment that somebody needs it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TypeVar

from bulkplan.core.needs import needed_kinds
from bulkplan.core.render import RenderContext, Rendered, render_request
from bulkplan.model.base import SQuery
from bulkplan.model.catalog import Catalog, CatalogKind
from bulkplan.model.remote import MatchCount
from bulkplan.model.run import RunKey, WantedRun
from bulkplan.model.where import Where
from bulkplan.ports import CloseReader

_AnswerT = TypeVar("_AnswerT")


class Ahead:
    """
    Asks `reader` for names and counts ahead of those who need them.

    A count that was begun ahead is given once, then asked anew: leads come and go. What fails is told to whoever needs
    it, and no count is begun after that.
    """

    def __init__(self, reader: CloseReader, *, suppress: Where | None) -> None:
        """`suppress` is the project's, which needs names as well."""
        self._reader, self._suppress = reader, suppress
        self._names: dict[CatalogKind, asyncio.Task[Catalog]] = {}
        self._catalog: Catalog | None = None
        self._counts: dict[str, asyncio.Task[MatchCount]] = {}
        self._rendered: dict[RunKey, tuple[WantedRun, Catalog, RenderContext, Rendered]] = {}
        self._has_failed = False
        self._n_under_way = 0

    @property
    def is_asking(self) -> bool:
        """Whether an answer to what was begun is still to come."""
        return self._n_under_way > 0

    @property
    def kinds(self) -> frozenset[CatalogKind]:
        """The kinds of names that were asked for."""
        return frozenset(self._names)

    def begin_names(self, runs: Iterable[WantedRun]) -> None:
        """Fetch what these runs need and nobody has asked for yet."""
        fresh = needed_kinds([run.spec for run in runs], suppress=self._suppress) - self._names.keys()
        if fresh:
            task = self._begun(asyncio.create_task(self._reader.fetch_catalog(fresh)))
            self._names |= dict.fromkeys(fresh, task)
            self._catalog = None

    async def catalog(self) -> Catalog:
        """All names that were asked for. Raises `CloseError`."""
        while self._catalog is None:
            asked = self.kinds
            found = _merged([await task for task in dict.fromkeys(self._names.values())])
            if asked == self.kinds:
                self._catalog = found
        return self._catalog

    async def render(self, run: WantedRun, context: RenderContext) -> Rendered:
        """The request of a run, whose names were begun before, by those known now. Raises `CloseError`."""
        catalog = await self.catalog()
        rendered = render_request(run.spec, catalog=catalog, context=context)
        self._rendered[run.key] = (run, catalog, context, rendered)
        return rendered

    def rendered(self, run: WantedRun, catalog: Catalog, context: RenderContext) -> Rendered:
        """The request of a run by these names: as rendered before, if it was by the same ones."""
        known = self._rendered.get(run.key)
        if known is not None and known[0] is run and known[1] is catalog and known[2] is context:
            return known[3]
        return render_request(run.spec, catalog=catalog, context=context)

    def has_rendered(self, run: WantedRun) -> bool:
        """Whether the names that this run needs were asked for."""
        known = self._rendered.get(run.key)
        return known is not None and known[0] is run

    def begin_count(self, digest: str, s_query: SQuery) -> None:
        """Count, unless the query of this digest is being counted already."""
        if digest not in self._counts and not self._has_failed:
            self._counts[digest] = self._begun(asyncio.create_task(self._reader.count(s_query)))

    async def count(self, digest: str, s_query: SQuery) -> MatchCount:
        """How many leads match: the first time as begun ahead. Raises `CloseError`."""
        begun = self._counts.pop(digest, None)
        return await (begun or self._reader.count(s_query))

    def take_answered(self, digests: Iterable[str]) -> dict[str, int]:
        """What Close has answered already, of these: how many leads match."""
        answered = [digest for digest in digests if digest in self._counts and _has_result(self._counts[digest])]
        return {digest: self._counts.pop(digest).result().total for digest in answered}

    async def close(self) -> None:
        """Give up what nobody has waited for."""
        tasks = {*self._names.values(), *self._counts.values()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _begun(self, task: asyncio.Task[_AnswerT]) -> asyncio.Task[_AnswerT]:
        self._n_under_way += 1
        task.add_done_callback(self._note)
        return task

    def _note(self, task: asyncio.Task[_AnswerT]) -> None:
        self._n_under_way -= 1
        self._has_failed = self._has_failed or task.cancelled() or task.exception() is not None


def _merged(parts: Iterable[Catalog]) -> Catalog:
    """Catalogs of different kinds as one."""
    found = Catalog()
    for part in parts:
        named = {name: value for name, value in part if value}
        found = found.model_copy(update={**named, "fetched": found.fetched | part.fetched})
    return found


def _has_result(task: asyncio.Task[_AnswerT]) -> bool:
    return task.done() and not task.cancelled() and task.exception() is None
