"""Stand-ins for Close and for time: a handler in process, a scripted TCP server, a clock stepped by waiting."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import stamina

from bulkplan.adapters.close_connection import Connection, Patience
from bulkplan.adapters.close_reader import HttpCloseReader, open_reader
from bulkplan.adapters.close_writer import HttpCloseWriter, open_writer
from bulkplan.adapters.secret import Secret

KEY = "api_canary0123456789.canaryABCDEF"
ME = {
    "id": "user_1",
    "email": "dana@example.com",
    "organizations": [{"id": "orga_1", "name": "Acme"}, {"id": "orga_2", "name": "Other"}],
}
BASE_PATH = "/api/v1"
Handler = Callable[[httpx.Request], httpx.Response]


@dataclass
class SteppedClock:
    """Waiting moves it on, and nothing else does."""

    at: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> datetime:
        return datetime(2026, 11, 22, tzinfo=UTC) + timedelta(seconds=self.at)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += seconds
        await asyncio.sleep(0)


def connection_to(
    handler: Handler | None = None, *, base_url: str = "https://close.test/api/v1", organization_id: str | None = None
) -> Connection:
    transport = httpx.MockTransport(handler) if handler else None
    return Connection(base_url, Secret(KEY), "$CLOSE_API_KEY", organization_id, transport)


@contextmanager
def quick_retries():
    """Retries wait no time; how often they are made stays as it is."""
    with stamina.set_testing(True, attempts=100, cap=True):
        yield


@asynccontextmanager
async def reader_over(
    handler: Handler, *, clock: SteppedClock | None = None, organization_id: str | None = None
) -> AsyncIterator[HttpCloseReader]:
    connection = connection_to(handler, organization_id=organization_id)
    with quick_retries():
        async with open_reader(connection, clock=clock or SteppedClock()) as reader:
            yield reader


@asynccontextmanager
async def writer_over(handler: Handler) -> AsyncIterator[HttpCloseWriter]:
    with quick_retries():
        async with open_writer(connection_to(handler), clock=SteppedClock()) as writer:
            yield writer


def script(*answers: httpx.Response | Exception) -> tuple[Handler, list[httpx.Request]]:
    """A handler that gives the answers in turn (the last one for ever), and the list of what it was asked."""
    asked: list[httpx.Request] = []

    def handle(request: httpx.Request) -> httpx.Response:
        answer = answers[min(len(asked), len(answers) - 1)]
        asked.append(request)
        if isinstance(answer, Exception):
            raise answer
        # A new one each time: a response is used up by reading it.
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)

    return handle, asked


def page(*items: object, has_more: bool | None = False) -> httpx.Response:
    body: dict[str, object] = {"data": list(items)}
    if has_more is not None:
        body["has_more"] = has_more
    return httpx.Response(200, json=body)


def http_answer(status: int, body: bytes, *headers: str) -> bytes:
    """The bytes of a whole answer."""
    head = [f"HTTP/1.1 {status} Some Reason", f"content-length: {len(body)}", "content-type: application/json"]
    return ("\r\n".join([*head, *headers]) + "\r\n\r\n").encode() + body


def json_answer(body: object, status: int = 200) -> bytes:
    return http_answer(status, json.dumps(body).encode())


Act = Callable[["asyncio.StreamWriter"], Awaitable[None]]


def sends(data: bytes, *, then: str = "stay") -> Act:
    """Send some bytes, then `stay`, `close`, `reset`, or `stall` (answer nothing more, keep the connection)."""

    async def act(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if then == "close":
            writer.close()
        elif then == "reset":
            linger = struct.pack("ii", 1, 0)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            writer.transport.abort()
        elif then == "stall":
            await asyncio.Event().wait()

    return act


@dataclass
class ScriptedServer:
    """A TCP server that answers `GET` by one act and `POST` by another, and keeps what arrived."""

    on_get: Act = field(default_factory=lambda: sends(json_answer(ME)))
    on_post: Act = field(default_factory=lambda: sends(json_answer({"id": "bulkedit_1"})))
    requests: list[tuple[str, bytes, bytes]] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    @property
    def posts(self) -> list[bytes]:
        return [body for line, _, body in self.requests if line.startswith("POST")]

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}{BASE_PATH}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator[ScriptedServer]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            await server.wait_closed()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            await self._serve(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while not writer.is_closing():
            head = await reader.readuntil(b"\r\n\r\n")
            line, _, headers = head.partition(b"\r\n")
            length = next(
                (
                    int(row.split(b":")[1])
                    for row in headers.lower().split(b"\r\n")
                    if row.startswith(b"content-length")
                ),
                0,
            )
            body = await reader.readexactly(length)
            self.requests.append((line.decode(), headers, body))
            await (self.on_post if line.startswith(b"POST") else self.on_get)(writer)


QUICK = Patience(connect_s=2.0, read_s=2.0, attempt_s=0.2, budget_s=1.0, post_s=0.2)
"""For tests of what ends by patience running out."""
