"""What an apply did, row by row, and the error its exit code speaks of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from bulkplan.core.outcome import Outcome, OutcomeKind
from bulkplan.errors import (
    ActionsFailedError,
    BulkplanError,
    InterruptedApplyError,
    NotAuthorizedError,
    PlanRefusedError,
    RefusedError,
    StoreError,
    TryLaterError,
    UnknownRunError,
)
from bulkplan.model.record import Record, RecordStatus
from bulkplan.model.run import RunKey


class ResultKind(StrEnum):
    """How one row of the plan stands when apply ends."""

    DONE = "done"
    RUNNING = "running"
    PAUSED = "paused"
    FAILED = "failed"
    REFUSED = "refused"
    LATER = "later"
    NOT_SENT = "not-sent"
    BLOCKED = "blocked"
    CONFLICT = "conflict"
    UNKNOWN = "unknown"
    ALARM = "alarm"
    MISMATCH = "mismatch"
    """Done in Close, and what was counted afterwards is not what was approved."""
    STATE_BEHIND = "state-behind"
    SKIPPED = "skipped"


NEEDS_PERSON = frozenset({ResultKind.UNKNOWN, ResultKind.ALARM, ResultKind.MISMATCH})
REFUSES = frozenset({ResultKind.BLOCKED, ResultKind.CONFLICT})
FAILS = frozenset({ResultKind.FAILED, ResultKind.REFUSED, ResultKind.NOT_SENT, ResultKind.STATE_BEHIND})


@dataclass(frozen=True)
class RunResult:
    """One row: `was_sent` when this very apply sent its request."""

    key: RunKey
    kind: ResultKind
    message: str
    hint: str | None = None
    record: Record | None = None
    was_sent: bool = False
    note: str = ""
    """What else is worth saying of a run that Close has: how it was found."""
    is_unauthorized: bool = False
    """Whether it was not carried out because Close does not let this key do it."""
    is_in_doubt: bool = False
    """Whether this very apply handed a request to the network, and nobody can tell what became of it."""


@dataclass(frozen=True)
class ApplyResult:
    """Every row of the plan, in the plan's order."""

    results: tuple[RunResult, ...]
    interrupted: bool = False
    unstarted: tuple[RunKey, ...] = ()
    """What a saved plan that was used before did not start then, and does not start any more."""

    def of(self, *kinds: ResultKind) -> tuple[RunResult, ...]:
        """The rows of these kinds."""
        return tuple(result for result in self.results if result.kind in kinds)


_RUN_AGAIN = "run apply again"


def planned_anew(result: ApplyResult) -> ApplyResult:
    """The result of a saved plan: it is used, so what it did not start needs a new plan, not a second apply."""
    rows = tuple(_planned_anew(row) for row in result.results)
    return replace(result, results=rows)


def _planned_anew(row: RunResult) -> RunResult:
    if row.kind not in (ResultKind.NOT_SENT, ResultKind.LATER, ResultKind.REFUSED) or row.hint is None:
        return row
    return replace(row, hint=row.hint.replace(_RUN_AGAIN, "make a new plan"))


KIND_BY_OUTCOME = {
    OutcomeKind.SUBMITTED: ResultKind.RUNNING,
    OutcomeKind.REFUSED: ResultKind.REFUSED,
    OutcomeKind.NOT_SENT: ResultKind.NOT_SENT,
    OutcomeKind.UNKNOWN: ResultKind.UNKNOWN,
    OutcomeKind.ELSEWHERE: ResultKind.UNKNOWN,
    OutcomeKind.ALARM: ResultKind.ALARM,
    OutcomeKind.STATE_BEHIND: ResultKind.STATE_BEHIND,
    OutcomeKind.TAKEN: ResultKind.SKIPPED,
}


def result_of(outcome: Outcome) -> RunResult:
    """An outcome of the engine as a row."""
    if outcome.kind is OutcomeKind.SUBMITTED and outcome.record is not None:
        note = "" if outcome.message in ("started", "already submitted") else outcome.message
        return followed_result(outcome.record, was_sent=outcome.is_first_send, note=note)
    is_later = outcome.kind in (OutcomeKind.REFUSED, OutcomeKind.NOT_SENT) and outcome.retry_after_s is not None
    kind = ResultKind.LATER if is_later else KIND_BY_OUTCOME[outcome.kind]
    return RunResult(
        outcome.key,
        kind,
        outcome.message,
        outcome.hint,
        outcome.record,
        outcome.is_first_send,
        is_unauthorized=outcome.is_unauthorized,
    )


def followed_result(record: Record, *, was_sent: bool, note: str = "") -> RunResult:
    """A row whose action Close has, by what its record says."""
    if record.alarm:
        is_over = record.status in (RecordStatus.DONE, RecordStatus.FAILED)
        then = f"bulkplan state show '{record.key}'" if is_over else f"then bulkplan resume {record.key.full_name}"
        hint = f"look at {record.remote_id} in Close; {then}{'' if is_over else ', or leave it paused'}"
        return RunResult(record.key, ResultKind.ALARM, record.alarm, hint, record, was_sent)
    if record.verification is not None and not record.verification.is_ok:
        hint = f"look at {record.remote_id} in Close, and at: bulkplan state show '{record.key}'"
        text = f"done, but {'; '.join(record.verification.problems)}"
        return RunResult(record.key, ResultKind.MISMATCH, text, hint, record, was_sent)
    if record.status is RecordStatus.DONE:
        words = f"{_done_words(record)}; {note}" if note else _done_words(record)
        return RunResult(record.key, ResultKind.DONE, words, None, record, was_sent, note)
    if record.status is RecordStatus.FAILED:
        hint = "look at the action in Close; raise the spec's version to run it again"
        return RunResult(record.key, ResultKind.FAILED, "ended in error in Close", hint, record, was_sent)
    if record.remote_status == "paused":
        hint = f"bulkplan resume {record.key.full_name} (within 7 days)"
        return RunResult(record.key, ResultKind.PAUSED, "paused in Close", hint, record, was_sent)
    text = f"submitted as {record.remote_id}, still running in Close" + (f"; {note}" if note else "")
    hint = "bulkplan status shows how far it is"
    return RunResult(record.key, ResultKind.RUNNING, text, hint, record, was_sent, note)


_TO_PEOPLE = frozenset({"email", "sequence_subscription"})
"""Kinds that reach contacts, so that a lead may get several e-mails or subscriptions."""


def _done_words(record: Record) -> str:
    """Close counts leads whatever the action is. What it makes for them it calls objects, and says no more of those."""
    counts = record.counts
    leads = counts.n_leads_processed if counts.n_leads_processed is not None else counts.n_leads
    if leads is None:
        return "done"
    words, made = f"done, {leads:,} lead{'' if leads == 1 else 's'} processed", counts.n_objects_processed
    if record.kind in _TO_PEOPLE and made is not None and made != leads:
        return f"{words} ({made:,} object{'' if made == 1 else 's'} in Close's count)"
    return words


def error_of(result: ApplyResult) -> BulkplanError | None:
    """
    The error that speaks for the whole apply, the gravest first; `None` when every wanted run is submitted or later.

    The message only counts; the rows were shown before it.
    """
    if result.interrupted:
        return InterruptedApplyError(
            "interrupted; what was recorded is safe",
            hint="run apply again: it settles what is open and sends nothing twice",
        )
    if rows := result.of(*NEEDS_PERSON):
        return UnknownRunError(_count(rows, "needs a person"), hint="see the rows marked ? above")
    if result.unstarted:
        names = ", ".join(map(str, result.unstarted))
        return PlanRefusedError(
            f"the plan was used before, and did not start {names}",
            hint="make a new plan with bulkplan plan --out FILE and have it reviewed",
        )
    if rows := result.of(*REFUSES):
        return RefusedError(_count(rows, "was refused by a guard or a conflict"))
    if rows := result.of(ResultKind.STATE_BEHIND):
        return StoreError(_count(rows, "could not be recorded"), hint="mend the state store, then run apply again")
    if rows := tuple(row for row in result.results if row.is_unauthorized):
        return NotAuthorizedError(
            _count(rows, "was refused to this API key"), hint="look at the key's role in Close, then run apply again"
        )
    if rows := result.of(*FAILS):
        return ActionsFailedError(_count(rows, "was not carried out"))
    if rows := result.of(ResultKind.LATER):
        return TryLaterError(_count(rows, "was left for later"), hint=rows[0].hint or "run apply again later")
    return None


def _count(rows: tuple[RunResult, ...], words: str) -> str:
    return f"{len(rows)} run{'' if len(rows) == 1 else 's'} {words if len(rows) == 1 else _plural(words)}"


def _plural(words: str) -> str:
    return words.replace("needs", "need", 1).replace("was ", "were ", 1)
