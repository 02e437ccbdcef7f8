"""Many requests at once over HTTP, each on a connection that no other request looks for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import httpx


class LanesTransport(httpx.AsyncBaseTransport):
    """
    Up to `count` connections, each behind a transport of its own; the one used last is used first.

    A pool of httpx goes through all of its connections and waiting requests whenever one begins or ends: with 64 at
    once that takes longer than the requests themselves.
    """

    def __init__(self, open_lane: Callable[[], httpx.AsyncHTTPTransport], *, count: int) -> None:
        self._open_lane = open_lane
        self._places = asyncio.Semaphore(count)
        self._free: list[httpx.AsyncHTTPTransport] = []
        self._lanes: list[httpx.AsyncHTTPTransport] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request on a free connection; it is free again when the answer is closed."""
        await self._places.acquire()
        lane = self._free.pop() if self._free else self._new_lane()
        try:
            response = await lane.handle_async_request(request)
        except BaseException:
            self._give_back(lane)
            raise
        stream = response.stream
        if not isinstance(stream, httpx.AsyncByteStream):
            raise TypeError("an answer over HTTP comes as an asynchronous stream")
        response.stream = _LaneStream(stream, lambda: self._give_back(lane))
        return response

    def _new_lane(self) -> httpx.AsyncHTTPTransport:
        lane = self._open_lane()
        self._lanes.append(lane)
        return lane

    def _give_back(self, lane: httpx.AsyncHTTPTransport) -> None:
        self._free.append(lane)
        self._places.release()

    async def aclose(self) -> None:
        """Close every connection."""
        for lane in self._lanes:
            await lane.aclose()


class _LaneStream(httpx.AsyncByteStream):
    """The body of an answer; tells once that it is closed."""

    def __init__(self, stream: httpx.AsyncByteStream, give_back: Callable[[], None]) -> None:
        self._stream = stream
        self._give_back: Callable[[], None] | None = give_back

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            yield chunk

    async def aclose(self) -> None:
        give_back, self._give_back = self._give_back, None
        try:
            await self._stream.aclose()
        finally:
            if give_back is not None:
                give_back()
