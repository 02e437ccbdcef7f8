"""Starting one row of a plan, and noting whatever comes of it: its failure never stops or hides the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from bulkplan.app.following import Following
from bulkplan.app.gate import Gate
from bulkplan.app.interrupting import unless_given_up
from bulkplan.app.ledger import Ledger
from bulkplan.app.line import REUSED_S, Ticket
from bulkplan.app.listings import SharedListings
from bulkplan.app.performer import Edges, Performer
from bulkplan.app.recheck import Rechecked
from bulkplan.core.engine import adopt_lost, apply_run
from bulkplan.core.outcome import Outcome
from bulkplan.core.records import ApplyContext, PlannedRun
from bulkplan.core.result import ResultKind, RunResult, result_of
from bulkplan.core.visible import visible
from bulkplan.errors import BulkplanError, HeldBackError, NotAuthorizedError, RefusedError
from bulkplan.model.plan import Change

IN_DOUBT = frozenset({ResultKind.UNKNOWN, ResultKind.ALARM, ResultKind.STATE_BEHIND})


class Recheck(Protocol):
    """Turns a row into the run to send."""

    async def __call__(self, change: Change, *, counted_after: float) -> Rechecked:
        """
        Judge the guards on fresh data: a count that was asked for after `counted_after` will do, else count again.

        Raises `RefusedError` when one refuses.
        """
        ...

    def planned(self, change: Change) -> PlannedRun:
        """The run as reviewed, without looking again."""
        ...


@dataclass
class Starting:
    """Starts rows. `context` changes once: when Close turns out not to keep markers."""

    edges: Edges
    context: ApplyContext
    recheck: Recheck
    ledger: Ledger
    following: Following
    listings: SharedListings

    async def start(self, change: Change, ticket: Ticket) -> bool:
        """Count a row again, start it when its turn has come, and note what became of it; false: it was held back."""
        try:
            while ticket.line.goes_on():
                if await self._start_once(change, ticket):
                    return True
        finally:
            ticket.leave()
        return False

    async def _start_once(self, change: Change, ticket: Ticket) -> bool:
        """Whether it came to an end; otherwise it was held back, and nothing was stored or sent."""
        context, clock = self.context, self.edges.clock
        gate = Gate(ticket, clock, self.edges.interrupt, lambda: self.context is context)
        performer = Performer(self.edges, listings=self.listings, gate=gate)
        try:
            counted_after = clock.monotonic() - (0.0 if ticket.line.has_begun else REUSED_S)
            rechecking = self.recheck(change, counted_after=counted_after)
            checked = await unless_given_up(rechecking, self.edges.interrupt)
            gate.prepared_at = checked.counted_at
            outcome = await performer.run(apply_run(checked.run, context))
        except HeldBackError:
            return False
        except RefusedError as error:
            await self.refuse(change, RunResult(change.key, ResultKind.BLOCKED, error.message, error.hint))
        except BulkplanError as error:
            self._note_failure(change, error, has_sent=performer.has_sent)
        else:
            self._end(outcome, ticket, has_sent=performer.has_sent)
        return True

    def _end(self, outcome: Outcome, ticket: Ticket, *, has_sent: bool) -> None:
        self.take(outcome)
        result = self.ledger.results[outcome.key]
        is_in_doubt = has_sent and not result.was_sent and result.kind in IN_DOUBT
        self.ledger.note(replace(result, is_in_doubt=is_in_doubt))
        self.ledger.consider_stopping(outcome)
        ticket.line.is_single = not self.context.use_marker
        if result.was_sent and result.kind is ResultKind.RUNNING:
            ticket.line.note_success()

    def _note_failure(self, change: Change, error: BulkplanError, *, has_sent: bool) -> None:
        if has_sent:
            hint = "run apply again: it looks in Close what became of it, and sends nothing blindly"
            self.ledger.note(RunResult(change.key, ResultKind.UNKNOWN, error.message, hint, is_in_doubt=True))
            return
        text, is_unauthorized = f"nothing was sent: {error.message}", isinstance(error, NotAuthorizedError)
        self.ledger.note(RunResult(change.key, ResultKind.NOT_SENT, text, error.hint, is_unauthorized=is_unauthorized))
        if is_unauthorized:
            self.ledger.stop(error.message)

    async def refuse(self, change: Change, refusal: RunResult) -> None:
        """Note a refusal, unless the run turns out to have run before, unknown to this state."""
        try:
            adopted = await Performer(self.edges, listings=self.listings).run(
                adopt_lost(self.recheck.planned(change), self.context)
            )
        except BulkplanError:
            adopted = None  # it is refused either way; the next apply looks again
        if adopted is None:
            self.ledger.note(refusal)
        else:
            self.take(adopted)

    def take(self, outcome: Outcome) -> None:
        """Note what became of a run, and follow it where Close has it."""
        trouble = self.edges.store.trouble if outcome.is_store_at_fault else None
        if trouble:
            outcome = replace(outcome, message=f"{outcome.message} ({visible(trouble, max_chars=300)})")
        result = result_of(outcome)
        self.ledger.note(result)
        if outcome.is_marker_lost:
            self.context = replace(self.context, use_marker=False)
        if result.kind is ResultKind.RUNNING and outcome.record is not None:
            self.following.begin(outcome.record, result, self.context)
