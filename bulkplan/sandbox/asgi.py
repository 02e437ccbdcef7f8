"""How a sandbox is served by an ASGI server: one small application."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from urllib.parse import parse_qsl

from bulkplan.sandbox.faults import Cut, Delivery
from bulkplan.sandbox.http import MAX_BODY_BYTES, SandboxRequest, SandboxResponse
from bulkplan.sandbox.server import Sandbox

Message = MutableMapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

CUT = "bulkplan.cut"
"""Key of the connection's state under which the server leaves a function that closes the connection."""


class SandboxApp:
    """Answers the HTTP requests of an ASGI server, each in a thread, so that a slow one holds up no other."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Answer for `sandbox`."""
        self._sandbox = sandbox
        self._ending = asyncio.Event()

    def end(self) -> None:
        """The server is about to end: whoever waits for an answer that was to be late loses the connection."""
        self._ending.set()

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request; faults that cut need `CUT` in the scope's state."""
        if scope["type"] != "http":
            return
        request = _request(scope, await _body(receive))
        delivery = await asyncio.to_thread(self._sandbox.deliver, request)
        if delivery.delay_s > 0 and await self._ends_within(delivery.delay_s):
            delivery = Delivery(None, cut=Cut.LOST)
        if delivery.cut is not None:
            await _cut(delivery, scope, receive, send)
        elif delivery.response is not None:
            await _start(delivery.response, send)
            await send({"type": "http.response.body", "body": delivery.response.body})

    async def _ends_within(self, seconds: float) -> bool:
        """Wait; whether the server began to end meanwhile."""
        try:
            await asyncio.wait_for(self._ending.wait(), seconds)
        except TimeoutError:
            return False
        return True


async def _body(receive: Receive) -> bytes:
    """Read a body; of one that is too long, as much as shows that it is."""
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        part = message.get("body", b"")
        if isinstance(part, bytes) and size <= MAX_BODY_BYTES:
            parts.append(part)
            size += len(part)
        if not message.get("more_body", False):
            return b"".join(parts)


def _request(scope: Message, body: bytes) -> SandboxRequest:
    query = scope.get("query_string", b"")
    words = query.decode("latin-1") if isinstance(query, bytes) else ""
    headers = scope.get("headers")
    return SandboxRequest(
        method=str(scope["method"]),
        path=str(scope["path"]),
        query=tuple(parse_qsl(words, keep_blank_values=True)),
        headers=tuple(_header_pairs(headers) if isinstance(headers, Iterable) else ()),
        body=body,
        scheme=str(scope.get("scheme", "http")),
    )


def _header_pairs(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[str, str]]:
    return [(name.decode("latin-1"), value.decode("latin-1")) for name, value in headers]


async def _start(response: SandboxResponse, send: Send) -> None:
    headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers]
    length = (b"content-length", str(len(response.body)).encode())
    await send({"type": "http.response.start", "status": response.status, "headers": [*headers, length]})


async def _cut(delivery: Delivery, scope: Message, receive: Receive, send: Send) -> None:
    if delivery.cut is Cut.HALFWAY and delivery.response is not None:
        await _start(delivery.response, send)
        half = delivery.response.body[: len(delivery.response.body) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": True})
    state = scope.get("state")
    cut = state.get(CUT) if isinstance(state, dict) else None
    if callable(cut):
        cut()
    while (await receive())["type"] != "http.disconnect":
        pass
