"""How an httpx client talks to a sandbox in the same process: no socket, the same faults."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping

import httpx

from bulkplan.sandbox.faults import Cut, Delivery
from bulkplan.sandbox.http import SandboxRequest, SandboxResponse
from bulkplan.sandbox.server import Sandbox

_ERRORS: Mapping[Cut, tuple[type[httpx.TransportError], str]] = {
    Cut.REFUSED: (httpx.ConnectError, "Connection refused"),
    Cut.DROPPED: (httpx.RemoteProtocolError, "Server disconnected without sending a response."),
    Cut.LOST: (httpx.ReadError, "Connection reset by peer"),
    Cut.TIMED_OUT: (httpx.ReadTimeout, "The read operation timed out"),
}
"""What httpx raises when a real connection is cut that way; a half answer raises while it is read."""


class SandboxTransport(httpx.AsyncBaseTransport):
    """Hands the requests of a client to a sandbox."""

    def __init__(self, sandbox: Sandbox) -> None:
        """Speak to `sandbox`, which stays open when the client closes."""
        self._sandbox = sandbox

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """
        Answer one request.

        Raises:
            httpx.TransportError: a fault cut the connection.
        """
        body = await request.aread()
        delivery = self._sandbox.deliver(read_request(request, body))
        if delivery.delay_s > 0:
            await asyncio.sleep(delivery.delay_s)
        return _respond(delivery, request)


def read_request(request: httpx.Request, body: bytes) -> SandboxRequest:
    """Bring a request of httpx into the sandbox's form."""
    return SandboxRequest(
        method=request.method,
        path=request.url.path,
        query=tuple(request.url.params.multi_items()),
        headers=tuple(request.headers.items()),
        body=body,
        scheme=request.url.scheme,
    )


def _respond(delivery: Delivery, request: httpx.Request) -> httpx.Response:
    response = delivery.response
    if delivery.cut is not None and delivery.cut in _ERRORS:
        kind, message = _ERRORS[delivery.cut]
        raise kind(message, request=request)
    if response is None:
        raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
    if delivery.cut is Cut.HALFWAY:
        length = ("content-length", str(len(response.body)))
        return httpx.Response(
            response.status, headers=[*response.headers, length], stream=_HalfBody(response), request=request
        )
    return httpx.Response(response.status, headers=list(response.headers), content=response.body, request=request)


class _HalfBody(httpx.AsyncByteStream):
    """Gives the first half of an answer and then fails as a cut connection does."""

    def __init__(self, response: SandboxResponse) -> None:
        self._body = response.body

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self._body[: len(self._body) // 2]
        raise httpx.RemoteProtocolError("peer closed connection without sending complete message body")
