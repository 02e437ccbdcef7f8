"""
What each state store adds to a run, beside one bare durable write.

The apply engine runs against a Close that answers at once, so that what is left is the store, and the engine itself: a
run is read, its intent and its outcome are stored, it is followed to its end. The floor is one bare write, made durable
in the same way: an `INSERT`, a `git push` of one commit, a PUT. Listing 10,000 records is timed as well.
"""

from __future__ import annotations

import logging
import shutil
import sqlite3
import statistics
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import obstore
import psycopg
from adapters.stores.conftest import _postgres_programs, free_port
from adapters.stores.git_lab import GitLab
from adapters.stores.lab import Lab
from adapters.stores.labs import LocalLab, PostgresLab, S3Lab
from adapters.stores.postgres_server import PostgresServer
from benchmarks.figures import Figure, Options, at_most
from support.engine_world import RUN, World, context

from bulkplan.core import effects as fx
from bulkplan.core.codec import dump_record, load_record, run_slot_key
from bulkplan.core.engine import apply_run
from bulkplan.core.follow import FollowPolicy, follow
from bulkplan.model.record import RecordStatus
from bulkplan.model.run import RunKey
from bulkplan.ports import Store

N_RECORDS = 10_000
ABOUT = "a whole run against a Close that answers at once, beside one bare durable write"
GOALS = {
    f"a run, state in {kind}": at_most(limit)
    for kind, limit in {"local": 30, "git": 4_000, "s3": 300, "postgres": 30}.items()
}


@dataclass
class StoredWorld(World):
    """A Close that answers at once, and a real store."""

    store: Store | None = None
    n_calls: int = 0

    def perform(self, effect: fx.Effect[object]) -> object:
        """Reads and writes go to the store."""
        if isinstance(effect, fx.GetRecord):
            self.n_calls += 1
            slot = self.store.get(run_slot_key(effect.key))
            return load_record(slot) if slot else None
        if isinstance(effect, fx.PutRecord):
            self.n_calls += 1
            record = effect.record
            return self.store.put(run_slot_key(record.key), dump_record(record), expected_version=record.version - 1)
        if isinstance(effect, fx.FetchAction):
            (action,) = (each for each in self.actions if each.id == effect.action_id)
            return action.model_copy(update={"status": "done", "n_leads": 3, "n_leads_processed": 3})
        return super().perform(effect)


@dataclass(frozen=True)
class Kind:
    """A kind of store: its lab, and one bare write of a number."""

    name: str
    lab: Lab
    bare: Callable[[int], object]


def figures(options: Options) -> Iterator[Figure]:
    """Time every kind, in turn with its floor."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with ExitStack() as stack:
        for kind in _kinds(stack):
            yield from _of_kind(kind, rounds=3 if options.quick else 20)
            yield from _listings(kind, N_RECORDS // 10 if options.quick else N_RECORDS)


def _of_kind(kind: Kind, *, rounds: int) -> Iterator[Figure]:
    store = kind.lab.open()
    _run_once(store, RunKey("warm-up", 1))
    runs, floors, n_calls = [], [], 0
    for number in range(rounds):
        began = time.perf_counter()
        n_calls = _run_once(store, RunKey(f"run-{number}", 1))
        between = time.perf_counter()
        kind.bare(number)
        runs.append(between - began)
        floors.append(time.perf_counter() - between)
    run_ms, floor_ms = (1000 * statistics.median(times) for times in (runs, floors))
    yield Figure(
        f"a run, state in {kind.name}", run_ms, "ms", "a bare write", floor_ms, f"{n_calls} calls of the store"
    )
    store.close()


def _listings(kind: Kind, n_records: int) -> Iterator[Figure]:
    """The first listing may leave something behind that makes the next one quick."""
    kind.lab.fill(n_records)
    for when in ("first", "next"):
        kind.lab.forget_requests()
        store = kind.lab.open()
        began = time.perf_counter()
        store.list("run/r")
        seconds = time.perf_counter() - began
        note = f"{kind.lab.n_requests():,} requests or processes"
        store.close()
        yield Figure(f"{when} listing of {n_records:,} records, state in {kind.name}", seconds, "s", note=note)


def _run_once(store: Store, key: RunKey) -> int:
    """One run from nothing to its end; how many calls of the store it took."""
    world = StoredWorld(store=store)
    outcome = world.run(apply_run(replace(RUN, key=key), context()))
    assert outcome.record is not None, outcome
    record = world.run(follow(outcome.record, context(), FollowPolicy(0.0)))
    assert record.status is RecordStatus.DONE, record
    return world.n_calls


def _kinds(stack: ExitStack) -> list[Kind]:
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bulkplan-stores-")))
    return [_local(folder, stack), _git(folder), _s3(stack), _postgres(stack)]


def _local(folder: Path, stack: ExitStack) -> Kind:
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    stack.callback(connection.close)
    connection.execute("PRAGMA synchronous = EXTRA")
    connection.execute("CREATE TABLE bare (number INTEGER)")
    place = folder / "local"
    place.mkdir()
    return Kind("local", LocalLab(place), lambda number: connection.execute("INSERT INTO bare VALUES (?)", (number,)))


def _git(folder: Path) -> Kind:
    lab = GitLab(folder)
    git = shutil.which("git")
    assert git is not None
    lab.git("commit", "-q", "--allow-empty", "-m", "first")

    def bare(number: int) -> None:
        commit = lab.git("commit-tree", "HEAD^{tree}", "-m", str(number))
        push = [git, "push", "-q", "origin", f"{commit}:refs/heads/bare-{number}"]
        subprocess.run(push, cwd=lab.root, env=lab.environ, check=True, capture_output=True)

    return Kind("git", lab, bare)


def _s3(stack: ExitStack) -> Kind:
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    stack.callback(server.stop)
    host, port = server.get_host_and_port()
    urllib.request.urlopen(urllib.request.Request(f"http://{host}:{port}/bulkplan-tests", method="PUT")).close()
    lab = S3Lab(port, "measured")
    stack.callback(lab.close)
    return Kind("s3", lab, lambda number: obstore.put(lab._objects, f"bare/{number}", b"x"))


def _postgres(stack: ExitStack) -> Kind:
    programs = _postgres_programs()
    assert programs is not None, "PostgreSQL is not installed"
    folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bulkplan-pg-", ignore_cleanup_errors=True)))
    server = PostgresServer(folder, programs, free_port())
    stack.callback(server.stop)
    lab = PostgresLab(server)
    stack.callback(lab.close)
    connection = stack.enter_context(psycopg.connect(server.url(lab.database), autocommit=True))
    connection.execute("CREATE TABLE bare (number integer)")
    return Kind("postgres", lab, lambda number: connection.execute("INSERT INTO bare VALUES (%s)", (number,)))
