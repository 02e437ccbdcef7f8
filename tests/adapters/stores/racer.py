"""One of several processes that write to one store at once; run with a recipe, waits for a line to begin."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from bulkplan.model.store import PutResult


def open_store(recipe):
    match recipe["kind"]:
        case "local":
            from bulkplan.adapters.stores.local import LocalStore

            return LocalStore.open(Path(recipe["path"]))
        case "git":
            from bulkplan.adapters.stores.git import GitStore

            return GitStore.open(Path(recipe["root"]), target="main", environ=recipe["environ"])
        case "s3":
            from bulkplan.adapters.stores.s3 import S3Store

            return S3Store.open(recipe["url"], target="main", environ=recipe["environ"])
        case "postgres":
            from bulkplan.adapters.stores.postgres import PostgresStore

            return PostgresStore.open(recipe["url"], target="main")


def race(store, rounds, wins):
    """Who creates each of `rounds` keys; then `wins` increments of one counter."""
    created = [store.put(f"run/r{n}@1", f"by {os.getpid()}", expected_version=0) for n in range(rounds)]
    refusals = 0
    while wins:
        slot = store.get("run/counter@1")
        number, version = (int(slot.text), slot.version) if slot else (0, 0)
        result = store.put("run/counter@1", str(number + 1), expected_version=version)
        wins -= result is PutResult.STORED
        refusals += result is PutResult.CONFLICT
        assert result in (PutResult.STORED, PutResult.CONFLICT), (result, store.trouble)
    return {"created": created, "refusals": refusals}


if __name__ == "__main__":
    recipe = json.loads(sys.argv[1])
    store = open_store(recipe)
    store.get("run/r0@1")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    sys.stdout.write(json.dumps(race(store, recipe["rounds"], recipe["wins"])))
    store.close()
