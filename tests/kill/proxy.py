"""A TCP proxy in front of a served sandbox that cuts the exchange which starts a bulk action, at any byte."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

START = b"POST /api/v1/bulk_action/"
_END_OF_HEAD = b"\r\n\r\n"


@dataclass
class Proxy:
    """
    Passes everything on, but for requests that start a bulk action.

    `request_bytes`: so many bytes of such a request reach the server, then both sides are cut. `answer_bytes`: so many
    bytes of its answer reach the client. `None`: all. `request_size` and `answer_size` are those of the last one.
    """

    port: int
    request_bytes: int | None = None
    answer_bytes: int | None = None
    request_size: int = 0
    answer_size: int = 0
    listening_on: int = 0
    server: asyncio.Server | None = None

    async def listen(self) -> None:
        """Take connections on a free port of this host."""
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.listening_on = self.server.sockets[0].getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", self.port)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            while await self._exchange(reader, writer, there, back):
                pass
        for stream in (writer, back):
            stream.transport.abort()

    async def _exchange(self, reader, writer, there, back) -> bool:
        """One request and its answer; false when the connection is over."""
        request = await _message(reader)
        is_start = request.startswith(START)
        if is_start:
            self.request_size = len(request)
        passed = _cut(request, self.request_bytes) if is_start else request
        back.write(passed)
        await back.drain()
        if len(passed) < len(request):
            return False
        answer = await _message(there)
        if is_start:
            self.answer_size = len(answer)
        given = _cut(answer, self.answer_bytes) if is_start else answer
        writer.write(given)
        await writer.drain()
        if len(given) == len(answer):
            return True
        writer.close()  # what was given still arrives, then the end
        await writer.wait_closed()
        return False


def _cut(message: bytes, size: int | None) -> bytes:
    """At most so many bytes, and never the whole: IDs differ in length, and answers with them. `None`: the whole."""
    return message if size is None else message[: min(size, len(message) - 1)]


async def _message(reader: asyncio.StreamReader) -> bytes:
    """One message of HTTP, whole; both sides give its length."""
    head = await reader.readuntil(_END_OF_HEAD)
    lengths = [line.split(b":")[1] for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    return head + (await reader.readexactly(int(lengths[0])) if lengths else b"")


@contextmanager
def proxy(base_url: str) -> Iterator[tuple[Proxy, str]]:
    """A proxy in front of a base URL, in a thread of its own, and its base URL."""
    made = Proxy(urlsplit(base_url).port or 0)
    loop = asyncio.new_event_loop()
    loop.run_until_complete(made.listen())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield made, base_url.replace(f":{made.port}/", f":{made.listening_on}/")
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout=10)
        loop.run_until_complete(_end(made))
        loop.close()


async def _end(made: Proxy) -> None:
    assert made.server is not None
    made.server.close()
    pending = asyncio.all_tasks() - {asyncio.current_task()}
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
