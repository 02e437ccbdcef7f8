"""The recorded runs of a target, a line each, with what to do next under those that need it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from bulkplan.core.holder import holder_words
from bulkplan.model.record import Recorded, RecordStatus
from bulkplan.model.shard import Shard
from bulkplan.report.lines import Line, Span
from bulkplan.report.record_text import STYLE_BY_STATUS, hint_for, mismatches, moment, progress_words, state_words

_Cells = tuple[str, str, str]
"""Name, state and progress of a run."""


def status_lines(
    records: Sequence[Recorded],
    *,
    target: str,
    store: str,
    problems: Sequence[str] = (),
    shard: Shard | None = None,
) -> tuple[Line, ...]:
    """
    A table of runs in the order given, and a line that counts them.

    Args:
        records: One per run key.
        target: Its name.
        store: Where the records are, for people.
        problems: Runs that could not be looked up in Close, and records that cannot be read, in words.
        shard: The part that was asked for; `None`: everything.
    """
    part = f", {shard.words}" if shard else ""
    if not records and not problems:
        return ((Span(f"No run is recorded for {target}{part} in {store}."),),)
    lines: list[Line] = [(Span(f"Runs of {target}{part}", "title"), Span(f"  {store}", "muted")), ()]
    cells = _cells(records)
    lines += _table(records, cells)
    for problem in problems:
        lines += [(), (Span("warning: ", "warn"), Span(problem))]
    return (*lines, (), (Span(_summary([state for _, state, _ in cells]), "strong"),))


def run_lines(record: Recorded) -> tuple[Line, ...]:
    """One run as `status` shows it."""
    return tuple(_table([record], _cells([record])))


def _cells(records: Sequence[Recorded]) -> list[_Cells]:
    return [(str(record.key), state_words(record), progress_words(record)) for record in records]


def _table(records: Sequence[Recorded], cells: Sequence[_Cells]) -> list[Line]:
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    return [line for record, words in zip(records, cells, strict=True) for line in _rows(record, words, widths)]


def _rows(record: Recorded, cells: _Cells, widths: Sequence[int]) -> tuple[Line, ...]:
    (name, state, progress), (room, state_room, progress_room) = cells, widths
    line = (
        Span(f"  {name:<{room}}  ", "strong"),
        Span(f"{state:<{state_room}}  ", STYLE_BY_STATUS[record.status]),
        Span(f"{progress:<{progress_room}}  "),
        Span(f"{_when(record)}  {record.remote_id}" if record.remote_id else _when(record), "muted"),
    )
    # Nearly all are over and well, and there are many: nothing more is looked for.
    is_well = record.status is RecordStatus.DONE and record.alarm is None and record.verification is None
    return (line,) if is_well else (line, *_notes(record))


def _notes(record: Recorded) -> list[Line]:
    lines: list[Line] = []
    if record.alarm:
        lines.append((Span("      alarm: ", "error"), Span(record.alarm)))
    lines += [(Span("      mismatch: ", "error"), Span(problem)) for problem in mismatches(record)]
    if holder := holder_words(record):
        lines.append((Span("      held by: ", "muted"), Span(holder)))
    if hint := hint_for(record):
        lines.append((Span("      hint: ", "strong"), Span(hint)))
    return lines


def _when(record: Recorded) -> str:
    return f"finished {moment(record.finished_at)}" if record.finished_at else f"started {moment(record.sent_after)}"


def _summary(states: Sequence[str]) -> str:
    counted = Counter(states)
    parts = ", ".join(f"{count:,} {state}" for state, count in sorted(counted.items()))
    return f"{len(states):,} run{'' if len(states) == 1 else 's'}" + (f": {parts}." if parts else ".")
