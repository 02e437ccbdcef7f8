"""
How many requests a served sandbox answers: the real command in a process of its own, asked over kept connections.

The floor is uvicorn alone, in a process of its own too, which gives the same answer to everything.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from statistics import median

from benchmarks.figures import Figure, Options
from benchmarks.measuring import BULKPLAN, ROOT

HEADERS = {"authorization": "Basic a2V5Og==", "content-type": "application/json"}
COUNT = json.dumps(
    {
        "query": {
            "type": "and",
            "queries": [
                {"type": "object_type", "object_type": "lead"},
                {
                    "type": "field_condition",
                    "field": {"type": "regular_field", "object_type": "lead", "field_name": "name"},
                    "condition": {"type": "text", "mode": "full_words", "value": "group"},
                },
            ],
        },
        "include_counts": True,
        "results_limit": 0,
    }
).encode()
_BARE = """
import socket, uvicorn
ANSWER = b'{"data":[],"cursor":null,"count":{"limited":0,"total":0}}'
async def app(scope, receive, send):
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": [
        (b"content-type", b"application/json"), (b"content-length", str(len(ANSWER)).encode())]})
    await send({"type": "http.response.body", "body": ANSWER})
listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
listening.bind(("127.0.0.1", 0))
print(f"http://127.0.0.1:{listening.getsockname()[1]}", flush=True)
config = uvicorn.Config(app, http="h11", ws="none", lifespan="off", log_config=None, access_log=False)
uvicorn.Server(config).run(sockets=[listening])
"""
ROUNDS = 5


def figures_over_http(options: Options) -> Iterator[Figure]:
    """Counts a second, from one client and from several at once, in turn with the floor."""
    n_requests = 40 if options.quick else 1000
    ours = [*BULKPLAN, "sandbox", "serve", "--port", "0", "--rate-limit", "none"]
    with serving(ours) as sandbox, serving([sys.executable, "-c", _BARE]) as bare:
        for n_clients in (1, 4):
            rates: dict[int, list[float]] = {sandbox: [], bare: []}
            for _ in range(ROUNDS):
                for port, found in rates.items():
                    found.append(n_requests / _ask(port, n_requests // n_clients, n_clients))
            name = f"counts over HTTP, {n_clients} client{'s' * (n_clients > 1)}"
            yield Figure(name, median(rates[sandbox]), "/s", "bare uvicorn", median(rates[bare]))


@contextmanager
def serving(command: Sequence[str]) -> Iterator[int]:
    """Run a server until the block ends; its port."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
    with subprocess.Popen(
        command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        try:
            yield _port_of(process)
        finally:
            process.terminate()


def _port_of(process: subprocess.Popen[str]) -> int:
    for line in process.stdout or ():
        if found := re.search(r"http://127.0.0.1:(\d+)", line):
            return int(found[1])
    raise SystemExit(f"the server ended with {process.wait()} before it said where it listens")


def _ask(port: int, n_requests: int, n_clients: int) -> float:
    """How many seconds it takes when every client asks so often."""
    threads = [threading.Thread(target=_client, args=(port, n_requests)) for _ in range(n_clients)]
    start = time.perf_counter()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return time.perf_counter() - start


def _client(port: int, n_requests: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for _ in range(n_requests):
        connection.request("POST", "/api/v1/data/search/", COUNT, HEADERS)
        answer = connection.getresponse()
        if answer.status != 200:
            raise SystemExit(f"a count was answered with {answer.status}: {answer.read()!r}")
        answer.read()
    connection.close()
