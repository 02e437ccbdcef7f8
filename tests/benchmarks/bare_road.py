"""What the road to a served sandbox takes a client that does nothing else; and when a plan sends its first request."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence

from benchmarks.measuring import ROOT, Job

from bulkplan.adapters.close_pace import MAX_IN_FLIGHT

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)


def bare_counts_s(port: int, key: str, queries: Sequence[Mapping[str, object]]) -> float:
    """Seconds that these counts take over as many connections as a plan opens; every byte was written before."""
    requests = [_request(port, key, query) for query in queries]
    start = time.perf_counter()
    asyncio.run(_ask_all(port, requests))
    return time.perf_counter() - start


def first_request_s(listening: socket.socket, job: Job) -> float:
    """Seconds from the start of a process to the first byte that it sends to `listening`; it is not answered."""
    environ = {**os.environ, "PYTHONPATH": str(ROOT), "NO_COLOR": "1", **(job.environ or {})}
    start = time.perf_counter()
    with subprocess.Popen(
        list(job.command), cwd=job.cwd, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1)
                return time.perf_counter() - start
        finally:
            process.terminate()


def _request(port: int, key: str, query: Mapping[str, object]) -> bytes:
    body = json.dumps({"query": query, "results_limit": 0, "include_counts": True, "_limit": 1}).encode()
    word = base64.b64encode(f"{key}:".encode()).decode()
    head = (
        f"POST /api/v1/data/search/ HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Basic {word}\r\n"
        f"content-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _ask_all(port: int, requests: Sequence[bytes]) -> None:
    waiting = iter(requests)
    async with asyncio.TaskGroup() as group:
        for _ in range(MAX_IN_FLIGHT):
            group.create_task(_lane(port, waiting))


async def _lane(port: int, waiting: Iterator[bytes]) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in waiting:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise SystemExit(f"a count was answered with {head[:80]!r}")
        await reader.readexactly(int(_LENGTH.findall(head)[0]))
    writer.close()
