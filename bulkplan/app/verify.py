"""The story after a run: what it did is counted in Close, held against what was approved, and kept in its record."""

from __future__ import annotations

from datetime import timedelta

from bulkplan.app.interrupting import unless_given_up
from bulkplan.app.performer import Edges, Performer
from bulkplan.core.commit import put_surely
from bulkplan.core.effects import Sleep, Steps, perform
from bulkplan.core.records import ApplyContext, Move, Stamp, moved
from bulkplan.core.verify import (
    MAX_EVENTS,
    Answers,
    Questions,
    judge_run,
    may_be_lag,
    questions_of,
    verification_words,
    wants_verification,
)
from bulkplan.errors import BulkplanError
from bulkplan.model.record import Record, Verification

PAUSES_S = (1.0, 2.0, 5.0, 10.0)
"""Close's search index lags behind its leads: so long what does not add up is counted again."""
_CLOCK_SLACK = timedelta(minutes=5)


async def verified(record: Record, edges: Edges, context: ApplyContext) -> Record:
    """
    The record with its verification, once its run is done; any other record, or one interrupted over it, as it is.

    Only reads from Close. A count that Close does not give becomes a note; nothing here fails a run.
    """
    if not wants_verification(record, now=edges.clock.now()) or edges.interrupt.is_set:
        return record
    answers = await _counted(record, edges)
    if answers is None:
        return record
    verification = judge_run(record, answers, now=edges.clock.now())
    return await _kept(record, verification, edges, context)


async def _counted(record: Record, edges: Edges) -> Answers | None:
    """What Close says, asked again as long as it could merely be behind; `None` when interrupted over it."""
    questions = questions_of(record)
    answers = await _ask(record, questions, edges)
    for pause in PAUSES_S:
        if not may_be_lag(record, answers) or edges.interrupt.is_set:
            break
        edges.progress.update(
            record.key, f"done, but the counts do not add up yet; counting again in {pause:.0f} s", None
        )
        await Performer(edges).run(_wait(pause))
        answers = await _ask(record, questions, edges)
    return None if edges.interrupt.is_set else answers  # half a count would be kept for good


def _wait(seconds: float) -> Steps[None]:
    yield from perform(Sleep(seconds))


async def _ask(record: Record, questions: Questions, edges: Edges) -> Answers:
    left_over, n_events, notes = None, None, []
    if questions.left_over is not None:
        try:
            counting = edges.reader.count(questions.left_over)
            left_over = (await unless_given_up(counting, edges.interrupt)).total
        except BulkplanError as error:
            notes.append(f"the leads left over could not be counted: {error.message}")
    if questions.events is not None and record.remote_id is not None:
        try:
            counting_events = edges.reader.count_action_events(
                record.remote_id,
                action=questions.events,
                since=record.sent_after - _CLOCK_SLACK,
                max_events=MAX_EVENTS,
            )
            n_events = await unless_given_up(counting_events, edges.interrupt)
        except BulkplanError as error:
            notes.append(f"its events could not be counted: {error.message}")
    return Answers(left_over, n_events, tuple(notes))


async def _kept(record: Record, verification: Verification, edges: Edges, context: ApplyContext) -> Record:
    """The record with its verification, stored unless its record went on meanwhile."""
    words = "verified" if verification.is_ok else "verified, and it does not add up"
    move = Move(record.status, f"{words}: {verification_words(verification)}", verification=verification)
    following = moved(record, move, Stamp(edges.clock.now(), edges.draw_word()), context.provenance)
    if await Performer(edges).run(put_surely(following)):
        return following
    return record.model_copy(update={"verification": verification})
