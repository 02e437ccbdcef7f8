"""Whether what a finished run did is what was approved: which numbers tell, and what they say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from bulkplan.core.leaving import edit_of, still_matches
from bulkplan.core.moments import instant_range
from bulkplan.model.base import JsonObject, SQuery
from bulkplan.model.record import Record, Recorded, RecordStatus, Verification
from bulkplan.model.remote import LeadEventAction

MAX_COUNTED_LEADS = 1_000
"""Of larger runs no events are counted: the log is read page by page."""
MAX_EVENTS = 2_500
"""So many events are read at most, those of others among them."""

COUNTED_FOR = timedelta(days=1)
"""So long after its end a run is still worth counting."""

_EVENT_ACTIONS: dict[str, LeadEventAction] = {"edit": "updated", "delete": "deleted"}


@dataclass(frozen=True)
class Questions:
    """What can be asked of Close about a finished run: leads that should be gone from `left_over`, and `events`."""

    left_over: SQuery | None = None
    events: LeadEventAction | None = None


@dataclass(frozen=True)
class Answers:
    """What Close answered; `None` where nothing was asked, or it could not say. `notes` say why it could not."""

    left_over: int | None = None
    n_events: int | None = None
    notes: tuple[str, ...] = ()


def wants_verification(record: Recorded, *, now: datetime) -> bool:
    """Whether a run is done, and nobody has counted yet what it did; later on, the numbers are others' doing too."""
    if record.status is not RecordStatus.DONE or record.verification is not None:
        return False
    return record.finished_at is None or now - record.finished_at < COUNTED_FOR


def questions_of(record: Record) -> Questions:
    """What to ask after a run; nothing where no number could tell."""
    events = _EVENT_ACTIONS.get(record.kind)
    is_small = (record.counts.n_leads_processed or 0) <= MAX_COUNTED_LEADS
    return Questions(_left_over(record) if _empties_its_filter(record) else None, events if is_small else None)


def judge_run(record: Record, answers: Answers, *, now: datetime) -> Verification:
    """Hold the numbers of a finished run against what was approved, and against each other."""
    counts = record.counts
    problems = (*_count_problems(record), *_answer_problems(record, answers))
    return Verification(
        checked_at=now,
        is_ok=not problems,
        approved=counts.approved,
        n_leads=counts.n_leads,
        n_leads_processed=counts.n_leads_processed,
        left_over=answers.left_over,
        n_events=answers.n_events,
        problems=problems,
        notes=answers.notes,
    )


def may_be_lag(record: Record, answers: Answers) -> bool:
    """Whether a search index or an event log that is behind could explain what does not add up."""
    return bool(_answer_problems(record, answers)) and not _count_problems(record)


def verification_words(verification: Verification) -> str:
    """What was found, in one line: `214 of 214 leads processed, 214 in the event log, none left over`."""
    parts = []
    if verification.n_leads_processed is not None:
        of = verification.n_leads if verification.n_leads is not None else verification.approved
        parts.append(f"{verification.n_leads_processed:,} of {of:,} leads processed")
    if verification.n_events is not None:
        parts.append(f"{verification.n_events:,} in the event log")
    if verification.left_over is not None:
        parts.append(f"{verification.left_over or 'none'} left over")
    return ", ".join(parts) or "nothing could be counted"


def _empties_its_filter(record: Record) -> bool:
    """Whether no lead of the cohort may match any more; a run cut off by its own limit leaves the rest."""
    if record.asked_limit is not None and record.counts.approved >= record.asked_limit:
        return False
    if record.kind == "delete":
        return True
    edit = edit_of(record.body)
    return edit is not None and still_matches(record.body.get("s_query"), edit) is False


def _left_over(record: Record) -> SQuery:
    """The reviewed query, for leads that nobody has touched since before the run: what it did, it did to the others."""
    untouched: JsonObject = {
        "type": "field_condition",
        "negate": False,
        "field": {"type": "regular_field", "object_type": "lead", "field_name": "date_updated"},
        "condition": instant_range("before", record.sent_after),
    }
    return {"type": "and", "queries": [record.body.get("s_query"), untouched]}


def _count_problems(record: Record) -> tuple[str, ...]:
    counts, problems = record.counts, []
    if counts.n_leads is not None and counts.n_leads_processed is not None:
        if counts.n_leads_processed != counts.n_leads:
            problems.append(f"Close says done, and processed {counts.n_leads_processed:,} of {counts.n_leads:,} leads")
        if counts.n_leads > counts.approved:
            problems.append(f"it ran on {counts.n_leads:,} leads, {counts.approved:,} were approved")
    return tuple(problems)


def _answer_problems(record: Record, answers: Answers) -> tuple[str, ...]:
    problems, processed, n_events = [], record.counts.n_leads_processed, answers.n_events
    if answers.left_over:
        problems.append(
            f"{_leads(answers.left_over)} from before the run still match the filter it should have emptied"
        )
    if n_events is not None and processed is not None:
        # An edit leaves no event on a lead that had the value before, and a deletion none on one that was gone.
        is_short = n_events < processed and record.kind == "delete" and answers.left_over != 0
        if n_events > processed or is_short:
            done = "deleted" if record.kind == "delete" else "changed"
            problems.append(
                f"the event log says that it {done} {_leads(n_events)}, Close counts {processed:,} processed"
            )
    return tuple(problems)


def _leads(count: int) -> str:
    return f"{count:,} lead{'' if count == 1 else 's'}"
