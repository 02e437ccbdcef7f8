"""Starting one row of a plan, and noting whatever comes of it: its failure never stops or hides the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from bulkplan.app.following import Following
from bulkplan.app.ledger import Ledger
from bulkplan.app.performer import Edges, Performer, unless_given_up
from bulkplan.core.engine import adopt_lost, apply_run
from bulkplan.core.outcome import Outcome
from bulkplan.core.records import ApplyContext, PlannedRun
from bulkplan.core.result import ResultKind, RunResult, result_of
from bulkplan.core.visible import visible
from bulkplan.errors import BulkplanError, NotAuthorizedError, RefusedError
from bulkplan.model.plan import Change

IN_DOUBT = frozenset({ResultKind.UNKNOWN, ResultKind.ALARM, ResultKind.STATE_BEHIND})


class Recheck(Protocol):
    """Turns a row into the run to send."""

    async def __call__(self, change: Change) -> PlannedRun:
        """Count again and judge the guards on fresh data. Raises `RefusedError` when one refuses."""
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

    async def start(self, change: Change) -> None:
        """Count a row again, start it, and note what became of it."""
        performer = Performer(self.edges)
        try:
            run = await unless_given_up(self.recheck(change), self.edges.interrupt)
            outcome = await performer.run(apply_run(run, self.context))
        except RefusedError as error:
            await self.refuse(change, RunResult(change.key, ResultKind.BLOCKED, error.message, error.hint))
        except BulkplanError as error:
            self._note_failure(change, error, has_sent=performer.has_sent)
        else:
            self.take(outcome)
            result = self.ledger.results[change.key]
            is_in_doubt = performer.has_sent and not result.was_sent and result.kind in IN_DOUBT
            self.ledger.note(replace(result, is_in_doubt=is_in_doubt))
            self.ledger.consider_stopping(outcome)

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
            adopted = await Performer(self.edges).run(adopt_lost(self.recheck.planned(change), self.context))
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
