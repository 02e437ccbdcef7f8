"""
How long `plan` takes for many specs: nothing new, and all of them new against a slow Close with and without a limit.

The floor of the new ones is what the road and the limit alone take, however fast the client is.
"""

from __future__ import annotations

import json
import math
import os
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks import peers
from benchmarks.bare_road import bare_counts_s, first_request_s
from benchmarks.figures import Figure, Options, at_most, ratio_at_most
from benchmarks.inputs import served, write_octodns, write_project, write_terraform
from benchmarks.measuring import BULKPLAN, ROOT, Job, beside, run_in_turn
from benchmarks.model_inputs import write_dbt, write_sqlmesh
from benchmarks.serving import serving

from bulkplan.adapters.close_pace import MAX_IN_FLIGHT
from bulkplan.adapters.stores.local import LocalStore
from bulkplan.adapters.yaml_files import YamlProject
from bulkplan.app.workspace import load_workspace
from bulkplan.core.codec import dump_record, run_slot_key
from bulkplan.core.records import ApplyContext, Move, PlannedRun, Stamp, first_intent, moved
from bulkplan.model.record import RecordStatus
from bulkplan.model.run import WantedRun
from bulkplan.model.store import Provenance

ABOUT = "specs of 40 lines, a file each; new ones against a served sandbox that takes 150 ms for an answer"
LATENCY_S = 0.15
LIMIT = 20
"""Requests a second."""
N_SPECS, QUICK_N_SPECS = 1000, 40
N_OF_PEER = 60
"""Counts that the peer makes; its time is scaled."""
KEY = "benchmark"
MORE_QUERIES = 3
"""All leads, and the marker tried out: with it and without."""
GOALS = {
    f"plan {N_SPECS:,} new specs, {LIMIT} requests a second": ratio_at_most(1.06),
    f"plan {N_SPECS:,} new specs, {LIMIT} requests a second: answers of 429": at_most(1),
    f"plan {N_SPECS:,} new specs, no limit": ratio_at_most(1.41),
    f"plan {N_SPECS:,} new specs, no limit: names read": ratio_at_most(1),
    f"plan {N_SPECS:,} new specs, no limit: counts": ratio_at_most(1),
    f"plan {N_SPECS:,} new specs: the first request": at_most(0.5),
    f"plan {N_SPECS:,} specs, nothing new, beside Terraform": ratio_at_most(1),
    f"plan {N_SPECS:,} specs, nothing new, beside octoDNS": ratio_at_most(1),
    f"plan {N_SPECS:,} specs, nothing new, beside SQLMesh": ratio_at_most(1),
    f"plan {N_SPECS:,} specs, nothing new, beside dbt": ratio_at_most(1),
}
"""1.05 and 1.2 times the floor, and half a second for the start."""

_PEER = """
import sys
from closeio_api import Client
client = Client(sys.argv[2], development=False)
client.base_url = sys.argv[1] + "/"
leads = {"type": "object_type", "object_type": "lead"}
for number in range(int(sys.argv[3])):
    field = {"type": "regular_field", "object_type": "lead", "field_name": "name"}
    words = {"type": "text", "mode": "full_words", "value": f"segment {number}"}
    queries = [leads, {"type": "field_condition", "field": field, "condition": words}]
    query = {"type": "and", "queries": queries}
    client.post("data/search", {"query": query, "include_counts": True, "results_limit": 0})
"""


def figures(options: Options) -> Iterator[Figure]:
    """The plan of nothing new, then those of new specs."""
    n_specs = QUICK_N_SPECS if options.quick else N_SPECS
    with tempfile.TemporaryDirectory() as folder:
        yield from _nothing_new(Path(folder), n_specs, rounds=3 if options.quick else 5, slow=options.slow)
    with tempfile.TemporaryDirectory() as folder:
        yield _first_request(Path(folder), n_specs, rounds=3 if options.quick else 5)
    for words, limit in ((f"{LIMIT} requests a second", LIMIT), ("no limit", None)):
        with tempfile.TemporaryDirectory() as folder:
            yield from _all_new(Path(folder), n_specs, words, limit)


def floor_s(n_requests: int, limit: int | None) -> float:
    """What so many requests take at least: by the connections that are open, or by the limit of each second."""
    by_road = math.ceil(n_requests / MAX_IN_FLIGHT) * LATENCY_S
    return max(by_road, (n_requests - 1) // limit + LATENCY_S) if limit else by_road


def _all_new(folder: Path, n_specs: int, words: str, limit: int | None) -> Iterator[Figure]:
    latency = json.dumps({"kind": "latency", "seconds": LATENCY_S, "times": None})
    rate = f"{limit}/1" if limit else "none"
    options = ["--port", "0", "--api-key", KEY, "--control", "--rate-limit", rate, "--fault", latency]
    with serving([*BULKPLAN, "sandbox", "serve", *options]) as port:
        url = f"http://127.0.0.1:{port}/api/v1"
        project = write_project(folder, n_specs, target=served(url))
        name = f"plan {n_specs:,} new specs, {words}"
        environ = {"BENCHMARK_KEY": KEY}
        plan = Job(name, [*BULKPLAN, "plan", "--quiet"], cwd=project, environ=environ)
        timing = run_in_turn([plan], rounds=1)[name]
        log = _log(port)
        if limit is None:  # short enough for a median of several
            timing = run_in_turn([plan], rounds=5)[name]
        yield Figure(name, timing.wall_s, "s", "the road alone", floor_s(n_specs + MORE_QUERIES, limit))
        yield from _requests(name, log, n_specs)
        if limit is None:
            queries = _queries(plan)
            bare_s = bare_counts_s(port, KEY, queries)
            yield Figure(f"{name}, beside a bare client", timing.wall_s, "s", f"{len(queries):,} counts alone", bare_s)
        yield Figure(f"{name}: CPU of the client", timing.cpu_s, "s", "the road alone", floor_s(n_specs, limit))
        yield Figure(f"{name}: answers of 429", sum(entry["status"] == 429 for entry in log), "")
        yield from _peer(name, timing.wall_s, url, n_specs)


def _requests(name: str, log: list[dict], n_specs: int) -> Iterator[Figure]:
    """How often it asked: each listing of names once (each fits a page), each query once."""
    listings = [entry["path"] for entry in log if entry["method"] == "GET" and not entry["path"].endswith("/me/")]
    counts = sum(entry["method"] == "POST" and entry["status"] == 200 for entry in log)
    yield Figure(f"{name}: names read", len(listings), "", "kinds of names", len(set(listings)))
    yield Figure(f"{name}: counts", counts, "", "queries", n_specs + MORE_QUERIES)


def _queries(plan: Job) -> list[dict]:
    """What a plan counts, from the plan itself."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), **(plan.environ or {})}
    command = [*plan.command, "--format", "json"]
    done = subprocess.run(command, cwd=plan.cwd, env=environ, check=True, capture_output=True, text=True)
    return [change["request"]["body"]["s_query"] for change in json.loads(done.stdout)["plan"]["changes"]]


def _first_request(folder: Path, n_specs: int, *, rounds: int) -> Figure:
    """How soon Close hears of a plan of many specs."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/api/v1"
        project = write_project(folder, n_specs, target=served(url))
        plan = Job("plan", [*BULKPLAN, "plan", "--quiet"], cwd=project, environ={"BENCHMARK_KEY": KEY})
        seconds = median(first_request_s(listening, plan) for _ in range(rounds))
    return Figure(f"plan {n_specs:,} new specs: the first request", seconds, "s", note="after the start")


def _peer(name: str, ours_s: float, url: str, n_specs: int) -> Iterator[Figure]:
    """The official client in a loop, fewer counts and scaled: it waits for each answer."""
    loop = Job("closeio in a loop", [sys.executable, "-c", _PEER, url, KEY, str(N_OF_PEER)])
    timing = run_in_turn([loop], rounds=1)[loop.name]
    note = f"{N_OF_PEER} counts, scaled"
    yield Figure(f"{name}, beside a loop", ours_s, "s", loop.name, timing.wall_s * n_specs / N_OF_PEER, note)


def _log(port: int) -> list[dict]:
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/_sandbox/requests") as answer:
        entries: list[dict] = json.load(answer)["data"]
    return entries


def _nothing_new(folder: Path, n_specs: int, *, rounds: int, slow: bool) -> Iterator[Figure]:
    """Every spec has run: no request but the one for whose key it is. Whole processes, ours and theirs."""
    project = write_project(folder / "specs", n_specs)
    name = f"plan {n_specs:,} specs, nothing new"
    ours = Job(name, [*BULKPLAN, "plan", "--quiet"], cwd=project)
    _record_all(project, _organization(project))
    zones = write_octodns(folder / "octodns", n_specs)
    resources = write_terraform(folder / "terraform", n_specs)
    makers = {
        "octoDNS": lambda: peers.octodns_plan(zones),
        "Terraform": lambda: peers.terraform_plan(resources),
    }
    if slow:
        sqlmesh, dbt = write_sqlmesh(folder / "sqlmesh", n_specs), write_dbt(folder / "dbt", n_specs)
        makers |= {"SQLMesh": lambda: peers.sqlmesh_plan(sqlmesh), "dbt": lambda: peers.dbt_compile(dbt)}
    others, missing = {}, []
    for words, make in makers.items():
        try:
            others[words] = make()
        except peers.MissingPeerError as error:
            missing.append(str(error))
    timings = run_in_turn([ours, *others.values()], rounds=rounds)
    for words, job in others.items():
        yield beside(f"{name}, beside {words}", timings[name], job.name, timings[job.name])
    yield from (Figure(name, timings[name].wall_s, "s", note=words) for words in missing)


def _organization(project: Path) -> str:
    """Of the sandbox, which is made by this."""
    command = [*BULKPLAN, "plan", "--format", "json", "--quiet"]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=project, env=environ, check=True, capture_output=True, text=True)
    return str(json.loads(done.stdout)["plan"]["organization_id"])


def _record_all(project: Path, organization: str) -> None:
    """A record for each spec of a project, as if all had run."""
    now = datetime.now(UTC)
    who = Provenance(actor="benchmark", host=os.uname().nodename, pid=1)
    with closing(LocalStore.open(project / ".bulkplan" / "state" / "sandbox.db")) as store:
        for run in load_workspace(YamlProject(project), now=now).runs:
            context = ApplyContext(organization, "sandbox", None, who)
            intent = first_intent(_planned(run, now), context, Stamp(now, "w1"), nonce="n")
            store.put(run_slot_key(run.key), dump_record(intent), expected_version=0)
            taken = Move(
                RecordStatus.SUBMITTED, "started", remote_id=f"bulkaction_{run.key.name}", remote_status="done"
            )
            begun = moved(intent, taken, Stamp(now, "w2"), who)
            store.put(run_slot_key(run.key), dump_record(begun), expected_version=1)
            done = moved(begun, Move(RecordStatus.DONE, "done"), Stamp(now, "w3"), who)
            store.put(run_slot_key(run.key), dump_record(done), expected_version=2)


def _planned(run: WantedRun, now: datetime) -> PlannedRun:
    body = {"s_query": {"type": "match_all"}, "results_limit": 1}
    return PlannedRun(run.key, "edit", run.spec.action.type, dict(body), run.fingerprint, "sha256:0", 1, now)
