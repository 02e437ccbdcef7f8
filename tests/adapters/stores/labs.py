"""A lab for each kind of store: how to open it, and how to harm it."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import obstore
from adapters.stores.faults import HttpFront, TcpProxy
from adapters.stores.lab import Lab
from adapters.stores.memory import FaultyStore, MemoryStore
from obstore.store import S3Store as Objects

from bulkplan.adapters.stores.framing import Framed, dump_frame, load_frame, path_of, safe_name
from bulkplan.adapters.stores.local import LocalStore
from bulkplan.adapters.stores.postgres import PostgresStore
from bulkplan.adapters.stores.s3 import S3Store
from bulkplan.model.store import Slot


class MemoryLab(Lab):
    def __init__(self):
        self._stores = {}
        self._faulty = None

    def open(self, target="main"):
        store = FaultyStore(self._stores.setdefault(target, MemoryStore()))
        self._faulty = self._faulty or store
        return store

    def arm(self, fault):
        self._faulty.arm(fault)

    def release(self):
        self._faulty.release()

    def fill(self, n):
        for number in range(n):
            self._stores["main"].put(f"run/r{number}@1", "a text", expected_version=0)


class LocalLab(Lab):
    rounds = 12, 12

    def __init__(self, folder):
        self._folder = folder / "state"
        self._faulty = None
        self._blocker = None
        self.recipe = {"kind": "local", "path": str(self._path("main"))}

    def _path(self, target):
        return self._folder / f"{safe_name(target)}.db"

    def open(self, target="main"):
        store = FaultyStore(LocalStore.open(self._path(target), busy_timeout_s=0.3))
        self._faulty = self._faulty or store
        return store

    def arm(self, fault):
        self._faulty.arm(fault)

    def release(self):
        self._faulty.release()

    def fill(self, n):
        self._sql("INSERT INTO slot VALUES (?, 1, 'a text')", [(f"run/r{number}@1",) for number in range(n)])

    def damage(self, key, text):
        self._sql("UPDATE slot SET text = ? WHERE key = ?", [(text, key)])

    def _sql(self, statement, rows):
        with closing(sqlite3.connect(self._path("main"))) as connection, connection:
            connection.executemany(statement, rows)

    def snapshot(self):
        return self._path("main").read_bytes()

    def restore(self, snapshot):
        self._path("main").write_bytes(snapshot)

    def stop(self):
        self._blocker = sqlite3.connect(self._path("main"), isolation_level=None)
        self._blocker.execute("BEGIN EXCLUSIVE")

    def start(self):
        self._blocker.close()


class S3Lab(Lab):
    rounds = 4, 3
    most_requests = 3  # a page of a thousand objects; the packs; the newest of them
    n_records = 1_000  # the server of the tests takes a minute for ten thousand; tests/benchmarks/stores.py has them

    def __init__(self, moto_port, prefix):
        self.front = HttpFront(moto_port)
        self.url = f"s3://bulkplan-tests/{prefix}"
        self.environ = {
            "AWS_ACCESS_KEY_ID": "AKIACANARY0000000000",
            "AWS_SECRET_ACCESS_KEY": "canary-secret",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.front.port}",
        }
        self.recipe = {"kind": "s3", "url": self.url, "environ": self.environ}
        self._objects = Objects(
            "bulkplan-tests",
            prefix=prefix,
            endpoint=f"http://127.0.0.1:{moto_port}",
            access_key_id="x",
            secret_access_key="y",
            region="us-east-1",
            client_options={"allow_http": True},
        )

    def open(self, target="main"):
        return S3Store.open(self.url, target=target, environ=self.environ, timeout_s=10)

    def arm(self, fault):
        self.front.arm(fault)

    def release(self):
        self.front.release()

    def fill(self, n):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: self._write(Slot(f"run/r{number}@1", 1, "a text"), "w"), range(n)))

    def _write(self, slot, write):
        self.write_raw(slot.key, dump_frame(Framed(slot, write)))

    def write_raw(self, key, content):
        obstore.put(self._objects, f"main/slots/{path_of(key)}", content)

    def damage(self, key, text):
        content = obstore.get(self._objects, f"main/slots/{path_of(key)}").bytes().to_bytes()
        framed = load_frame(key, content)
        self._write(Slot(key, framed.slot.version, text), framed.write)

    def snapshot(self):
        paths = [meta["path"] for meta in obstore.list(self._objects).collect()]
        return {path: obstore.get(self._objects, path).bytes().to_bytes() for path in paths}

    def restore(self, snapshot):
        for path in self.snapshot():
            obstore.delete(self._objects, path)
        for path, content in snapshot.items():
            obstore.put(self._objects, path, content)

    def stop(self):
        self.front.is_away = True

    def start(self):
        self.front.is_away = False

    def forget_requests(self):
        self.front.requests.clear()

    def n_listings(self):
        return sum("list-type=2" in path and "slots" in path for _, path in self.front.requests)

    def n_requests(self):
        return len(self.front.requests)

    def close(self):
        self.front.close()


class PostgresLab(Lab):
    holds_its_row_meanwhile = True
    most_requests = 5  # of a transaction: BEGIN, its settings, whether there are tables, the one SELECT, COMMIT
    rounds = 20, 10

    def __init__(self, server):
        self.server = server
        self.database = database = "state"  # one for all tests: each is some 300 files
        self.proxy = TcpProxy(server.port)
        self.url = f"postgresql://bulkplan:canary-secret@127.0.0.1:{self.proxy.port}/{database}"
        self.recipe = {"kind": "postgres", "url": self.server.url(database)}

    def open(self, target="main", url=None):
        return PostgresStore.open(url or self.url, target=target, timeout_s=10)

    def arm(self, fault):
        self.proxy.arm(fault, b"COMMIT")

    def release(self):
        self.proxy.release()

    def run(self, statement, *values):
        return self.server.run(statement, *values, database=self.database)

    def fill(self, n):
        with closing(self.open()) as store:
            store.lineage()
        select = "SELECT 'main', 'run/r' || number || '@1', 1, 'a text' FROM generate_series(0, %s - 1) AS number"
        self.run(f"INSERT INTO bulkplan.slot {select}", n)

    def damage(self, key, text):
        self.run("UPDATE bulkplan.slot SET text = %s WHERE key = %s", text, key)

    def snapshot(self):
        return self.run("SELECT space, key, version, text FROM bulkplan.slot")

    def restore(self, snapshot):
        self.run("DELETE FROM bulkplan.slot")
        for row in snapshot:
            self.run("INSERT INTO bulkplan.slot VALUES (%s, %s, %s, %s)", *row)

    def stop(self):
        self.proxy.stop()

    def start(self):
        self.proxy.start()

    def forget_requests(self):
        self.proxy.n_matching = self.proxy.n_chunks = 0
        self.proxy.counted = b"FROM bulkplan.slot"

    def n_listings(self):
        return self.proxy.n_matching

    def n_requests(self):
        return self.proxy.n_chunks

    def close(self):
        """Leave the database as if it were new."""
        self.proxy.stop()
        self.server.run(f"ALTER DATABASE {self.database} RESET ALL")
        self.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bulkplan'")
        self.run("DROP SCHEMA IF EXISTS bulkplan CASCADE")
        self.run("DROP FUNCTION IF EXISTS harm")
