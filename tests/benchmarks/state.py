"""How long it takes to read a state of many records: what each command does with it, and whole commands."""

from __future__ import annotations

import asyncio
import gc
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.figures import Figure, Options, at_most
from benchmarks.inputs import write_project
from benchmarks.measuring import BULKPLAN, Job, run_in_turn
from support.sample_records import sample_record

from bulkplan.__main__ import LOOKS_PER_OLDER, OBJECTS_PER_LOOK
from bulkplan.adapters.stores.local import LocalStore
from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.app.plan import PlanScope, make_plan
from bulkplan.app.records import read_shelf
from bulkplan.app.status import has_news
from bulkplan.app.workspace import load_workspace
from bulkplan.core.codec import dump_record, run_slot_key
from bulkplan.core.records import Move, Stamp, moved
from bulkplan.model.document import Workspace
from bulkplan.model.plan import ChangeKind
from bulkplan.model.project import SandboxSize, Target
from bulkplan.model.record import Record, RecordStatus
from bulkplan.model.remote import Identity
from bulkplan.model.run import RunKey
from bulkplan.model.store import Provenance
from bulkplan.report.status_text import status_lines

ABOUT = "records of 3 kB in a local state, ten versions a spec; what each command does with them"
N_RECORDS, N_VERSIONS = 10_000, 10
READ, STATUS, PLAN = "read and checked", "looked for news and shown (status)", "in a plan without news (plan)"
GOALS = {f"{N_RECORDS:,} records {what}": at_most(300) for what in (READ, STATUS, PLAN)}
ROUNDS = 5
NOW = datetime.now(UTC)
_BODY = {"s_query": {"type": "and", "queries": [{"type": "object_type", "object_type": "lead"}] * 12}}


def figures(options: Options) -> Iterator[Figure]:
    """The part of every command that reads the state, then the commands that show it."""
    gc.set_threshold(OBJECTS_PER_LOOK, *LOOKS_PER_OLDER)  # as the program does
    n_records = N_RECORDS // 50 if options.quick else N_RECORDS
    with tempfile.TemporaryDirectory() as folder:
        project = write_project(Path(folder), 1, version=N_VERSIONS)
        workspace = load_workspace(YamlProject(project), now=NOW)
        path = project / ".bulkplan" / "state" / "sandbox.db"
        _fill(path, n_records, workspace)
        for what, use in {READ: read_shelf, STATUS: _as_status, PLAN: lambda store: _as_plan(store, workspace)}.items():
            yield Figure(f"{n_records:,} records {what}", 1000 * _seconds(path, use), "ms")
        commands = (["status", "--no-refresh"], ["state", "list"])
        jobs = [Job(" ".join(words), [*BULKPLAN, *words], cwd=project) for words in commands]
        for name, timing in run_in_turn(jobs, rounds=ROUNDS).items():
            yield Figure(f"{name}, {n_records:,} records", timing.wall_s, "s", note=f"{timing.cpu_s:.2f} s CPU")


def _fill(path: Path, n_records: int, workspace: Workspace) -> None:
    path.parent.mkdir(mode=0o700, parents=True)
    LocalStore.open(path).close()
    (run,) = workspace.runs
    with closing(sqlite3.connect(path)) as connection, connection:
        records = _records(n_records, fingerprint=run.fingerprint)
        rows = ((run_slot_key(record.key), record.version, dump_record(record)) for record in records)
        connection.executemany("INSERT INTO slot VALUES (?, ?, ?)", rows)


def _records(n_records: int, *, fingerprint: str) -> Iterator[Record]:
    """Records that ran to their end, as the engine leaves them: with a chained history."""
    who = Provenance(actor="dana@example.com", host="runner", pid=7, commit="a" * 40)
    for number in range(n_records):
        key = RunKey(f"winback-{number // N_VERSIONS:05d}", number % N_VERSIONS + 1)
        record = sample_record(key=key, body=_BODY, fingerprint=fingerprint, history=(), version=0)
        for step, status in enumerate((RecordStatus.SUBMITTED, RecordStatus.SUBMITTED, RecordStatus.DONE)):
            record = moved(record, Move(status, "followed"), Stamp(NOW, f"w{step}"), who)
        yield record


def _as_status(store: LocalStore) -> None:
    standings = read_shelf(store).standings
    assert all(has_news(each, now=NOW) for each in standings)  # just finished, and not counted yet
    status_lines(standings, target="sandbox", store=store.name)


def _as_plan(store: LocalStore, workspace: Workspace) -> None:
    """
    No reader: Close is asked nothing.

    Nor `asyncio.run`: as long as its own signal handler stands, it ends by the repr of all that came out.
    """
    identity = Identity(user_id="user_1", organization_id="orga_1", organization_name="Acme")
    scope = PlanScope(target_name="sandbox", target=Target(sandbox=SandboxSize()), identity=identity, now=NOW)
    with closing(asyncio.new_event_loop()) as loop:
        plan = loop.run_until_complete(make_plan(workspace, reader=None, store=store, scope=scope)).plan
    assert {change.kind for change in plan.changes} <= {ChangeKind.NO_OP, ChangeKind.ORPHAN}


def _seconds(path: Path, use: Callable[[LocalStore], object]) -> float:
    """Seconds of CPU for a listing, every record of it checked, and what a command does with it."""
    seconds = []
    for _ in range(ROUNDS):
        with closing(LocalStore.open(path, reads_only=True)) as store:
            begun = time.process_time()
            use(store)
            seconds.append(time.process_time() - begun)
    return median(seconds)
