"""How long it takes to read a state of many records: each record, and whole commands."""

from __future__ import annotations

import gc
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, Options, at_most
from benchmarks.inputs import write_project
from benchmarks.measuring import BULKPLAN, Job, run_in_turn
from support.sample_records import sample_record

from bulkplan.__main__ import OBJECTS_PER_LOOK
from bulkplan.adapters.stores.local import LocalStore
from bulkplan.app.records import read_shelf
from bulkplan.core.codec import dump_record, run_slot_key
from bulkplan.core.records import Move, Stamp, moved
from bulkplan.model.record import Record, RecordStatus
from bulkplan.model.run import RunKey
from bulkplan.model.store import Provenance

ABOUT = "records of 3.5 kB in a local state; a listing is one query"
N_RECORDS = 10_000
GOALS = {f"{N_RECORDS:,} records read and checked": at_most(300)}
ROUNDS = 5
_BODY = {"s_query": {"type": "and", "queries": [{"type": "object_type", "object_type": "lead"}] * 12}}


def figures(options: Options) -> Iterator[Figure]:
    """The part of every command that reads the state, then the commands that show it."""
    gc.set_threshold(OBJECTS_PER_LOOK)  # as the program does
    n_records = N_RECORDS // 50 if options.quick else N_RECORDS
    with tempfile.TemporaryDirectory() as folder:
        project = write_project(Path(folder), 1)
        path = project / ".bulkplan" / "state" / "sandbox.db"
        _fill(path, n_records)
        yield Figure(f"{n_records:,} records read and checked", 1000 * _read_s(path), "ms")
        commands = (["status", "--no-refresh"], ["state", "list"])
        jobs = [Job(" ".join(words), [*BULKPLAN, *words], cwd=project) for words in commands]
        for name, timing in run_in_turn(jobs, rounds=ROUNDS).items():
            yield Figure(f"{name}, {n_records:,} records", timing.wall_s, "s", note=f"{timing.cpu_s:.2f} s CPU")


def _fill(path: Path, n_records: int) -> None:
    path.parent.mkdir(mode=0o700, parents=True)
    LocalStore.open(path).close()
    with closing(sqlite3.connect(path)) as connection, connection:
        rows = ((run_slot_key(record.key), record.version, dump_record(record)) for record in _records(n_records))
        connection.executemany("INSERT INTO slot VALUES (?, ?, ?)", rows)


def _records(n_records: int) -> Iterator[Record]:
    """Records that ran to their end, as the engine leaves them: with a chained history."""
    now, who = datetime.now(UTC), Provenance(actor="dana@example.com", host="runner", pid=7, commit="a" * 40)
    for number in range(n_records):
        record = sample_record(key=RunKey(f"winback-{number:05d}", 1), body=_BODY, history=(), version=0)
        for step, status in enumerate((RecordStatus.SUBMITTED, RecordStatus.SUBMITTED, RecordStatus.DONE)):
            record = moved(record, Move(status, "followed"), Stamp(now, f"w{step}"), who)
        yield record


def _read_s(path: Path) -> float:
    """Seconds of CPU for a listing, and every record of it checked and made a value."""
    seconds = []
    for _ in range(ROUNDS):
        with closing(LocalStore.open(path, reads_only=True)) as store:
            begun = time.process_time()
            shelf = read_shelf(store)
            seconds.append(time.process_time() - begun)
        assert not shelf.unreadable
    return median(seconds)
