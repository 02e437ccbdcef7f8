"""How many leads matched in the earlier runs of a spec, from its records alone."""

from __future__ import annotations

from collections.abc import Iterable

from bulkplan.model.record import Recorded, RecordStatus
from bulkplan.model.run import RunKey

MOST_EARLIER_RUNS = 5


def earlier_counts(records: Iterable[Recorded], key: RunKey) -> tuple[int, ...]:
    """
    The match counts of the newest done runs with the same name and variant, newest first, at most `MOST_EARLIER_RUNS`.

    Counted is what Close took (`n_leads`), else what was approved. A run that its own `results_limit` cut off is left
    out: nobody knows how many leads matched it.
    """
    mine = [
        record
        for record in records
        if record.key.full_name == key.full_name and record.key != key and record.status is RecordStatus.DONE
    ]
    mine.sort(key=lambda record: (record.sent_after, record.key.version, str(record.key)), reverse=True)
    counts = [(_leads(record), record.asked_limit) for record in mine]
    whole = [count for count, asked in counts if asked is None or count < asked]
    return tuple(whole[:MOST_EARLIER_RUNS])


def _leads(record: Recorded) -> int:
    counts = record.counts
    return counts.approved if counts.n_leads is None else counts.n_leads
