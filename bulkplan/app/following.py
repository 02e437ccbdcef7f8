"""Following the runs that Close has, each to its end, side by side."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field, replace

from bulkplan.app.ledger import Ledger
from bulkplan.app.listings import SharedListings
from bulkplan.app.performer import Edges, Performer
from bulkplan.app.verify import verified
from bulkplan.app.watching import SharedFetches
from bulkplan.core.effects import Steps
from bulkplan.core.follow import FollowPolicy, follow
from bulkplan.core.records import ApplyContext
from bulkplan.core.result import RunResult, followed_result
from bulkplan.errors import BulkplanError
from bulkplan.model.record import Record
from bulkplan.model.request import BulkKind


@dataclass(frozen=True)
class ApplyOptions:
    """
    How long to stay, and what to do beside a run that nobody can tell about.

    `wait`: follow to the end, for `wait_timeout_s` at most. `keep_going`: start independent runs all the same.
    """

    wait: bool = True
    wait_timeout_s: float | None = None
    keep_going: bool = False


@dataclass
class Following:
    """The follows under way, and what each row stood as when its own began."""

    edges: Edges
    options: ApplyOptions
    ledger: Ledger
    fetches: SharedFetches
    listings: SharedListings
    _under_way: dict[asyncio.Task[Record], RunResult] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """Whether nothing is followed any more."""
        return not self._under_way

    def begin(self, record: Record, result: RunResult, context: ApplyContext) -> None:
        """Follow a run, unless nobody waits for it."""
        if result.was_sent and not self.options.wait:
            return
        # What was sent by an earlier apply is looked at once even so: what depends on it may start now.
        steps = follow(record, context, FollowPolicy(self.options.wait_timeout_s if self.options.wait else 0.0))
        task = asyncio.create_task(self._to_the_end(record.kind, steps, context))
        self._under_way[task] = result

    async def _to_the_end(self, kind: BulkKind, steps: Steps[Record], context: ApplyContext) -> Record:
        """Follow a run; once it is done, count what it did."""
        with self.fetches.following(kind):
            record = await Performer(self.edges, self.fetches.fetch, self.listings).run(steps)
        return await verified(record, self.edges, context)

    async def take_finished(self) -> None:
        """Wait until a run has come to its end, at least one, and note how."""
        finished, _ = await asyncio.wait(self._under_way, return_when=asyncio.FIRST_COMPLETED)
        for task in finished:
            before = self._under_way.pop(task)
            try:
                self.ledger.note(followed_result(task.result(), was_sent=before.was_sent, note=before.note))
            except BulkplanError as error:
                # Close carries the action on, and its record says submitted: only our watching broke off.
                text = f"{before.message}; watching it broke off: {error.message}"
                self.ledger.note(replace(before, message=text, hint=error.hint or before.hint))
