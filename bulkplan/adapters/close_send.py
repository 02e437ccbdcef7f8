"""
Sending the one request that starts a bulk action: at most once, and telling truly what came of it.

Theory: entering a session waits for the turn of its request under the rate limit, and only then connects, by asking
`GET /me/` on a connection of its own: Close ends a connection that nothing is asked on for some seconds. From then on
that connection is the only one: if Close has ended it, the request is not sent rather than sent on a new one. The
transport lets a single POST through in its life, so no layer above it can repeat the request. There is no retry, no
redirect and no pool.
Whether something left this machine is taken from the transport itself; in doubt it did.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import httpx

from bulkplan.adapters.close_connection import Connection, Patience
from bulkplan.adapters.close_http import Caller, open_client
from bulkplan.adapters.close_json import MAX_POST_BYTES, BodyError, decode_json, read_body
from bulkplan.adapters.close_limits import wait_asked_s
from bulkplan.adapters.close_pace import Pacer, Turn
from bulkplan.adapters.close_reader import fetch_identity
from bulkplan.adapters.read_only import SinglePostTransport
from bulkplan.core.digest import canonical_json
from bulkplan.core.visible import visible
from bulkplan.model.base import JsonMapping
from bulkplan.model.remote import Answer, Identity
from bulkplan.ports import Clock

_RECONNECT = "connection.connect_tcp.started"
_FIRST_BYTE = "http11.send_request_headers.started"
"""What httpcore calls the moments that matter here (its `trace` extension)."""

_SURELY_BEFORE = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.UnsupportedProtocol)


@asynccontextmanager
async def open_session(
    connection: Connection,
    *,
    clock: Clock,
    patience: Patience,
    pacer: Pacer | None = None,
    group: str = "POST bulk_action",
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[HttpSendSession]:
    """
    Wait for the turn of the request, connect, and ask whose key it is; nothing that changes Close is sent.

    `pacer` is shared by all sessions, `group` is that of the request, `tls` are certificates that are loaded already.

    Raises:
        NotAuthorizedError: The key is not accepted, or belongs to another organization than the connection names.
        CloseError: No connection, or no proper answer.
    """
    pacer = pacer or Pacer(clock)
    opening = open_client(connection, patience=patience, guard=SinglePostTransport, connections=1, tls=tls)
    async with pacer.turn(group) as turn, opening as client:
        caller = Caller(client, connection, clock, pacer, patience)
        yield HttpSendSession(caller, await fetch_identity(caller), turn)


class _Departure:
    """Watches one request leave: forbids a new connection for it, and notes when its first byte is due."""

    def __init__(self) -> None:
        self.has_begun = False

    async def trace(self, event: str, info: Mapping[str, object]) -> None:  # noqa: ARG002 - the shape httpcore calls
        if event == _RECONNECT:
            raise httpx.ConnectError("Close ended the connection before the request was sent")
        if event == _FIRST_BYTE:
            self.has_begun = True


class HttpSendSession:
    """`SendSession` over HTTP."""

    def __init__(self, caller: Caller, identity: Identity, turn: Turn) -> None:
        self._caller = caller
        self._identity = identity
        self._turn = turn
        self._is_used = False

    async def fetch_identity(self) -> Identity:
        """What `GET /me/` answered when this connection was made."""
        return self._identity

    async def post(self, path: str, body: JsonMapping) -> Answer:
        """
        Send the request; whatever the network or Close does is told by the answer.

        Raises:
            RuntimeError: Called a second time, which is a fault of the caller; nothing is sent.
        """
        if self._is_used:
            raise RuntimeError("a session sends one request, and it has sent it")
        self._is_used = True
        try:
            content = canonical_json(body).encode()
        except ValueError:
            return Answer(handed_over=False, failure="the request cannot be written as JSON")
        return await self._send(path, content)

    async def _send(self, path: str, content: bytes) -> Answer:
        departure = _Departure()
        request = self._caller.client.build_request(
            "POST",
            path,
            content=content,
            headers={"content-type": "application/json", "accept-encoding": "identity"},
            extensions={"trace": departure.trace},
        )
        deadline_s = self._caller.patience.post_s
        try:
            async with asyncio.timeout(deadline_s):
                return await self._exchange(request)
        except TimeoutError:
            return Answer(handed_over=True, failure=f"no complete answer within {deadline_s:g} s")
        except (httpx.HTTPError, OSError) as error:
            handed_over = departure.has_begun or not isinstance(error, _SURELY_BEFORE)
            return Answer(handed_over=handed_over, failure=self._words(error))
        except BodyError as error:
            return Answer(handed_over=True, failure=f"the answer {error}")

    async def _exchange(self, request: httpx.Request) -> Answer:
        response = await self._caller.client.send(request, stream=True)
        body = await read_body(response, max_bytes=MAX_POST_BYTES)
        status = response.status_code
        self._turn.learn(response.headers, status=status)
        retry_after_s = wait_asked_s(response.headers) if status == 429 else None
        try:
            decoded = decode_json(body, key=self._caller.connection.api_key)
        except BodyError:
            decoded = None
        return Answer(handed_over=True, status=status, body=decoded, retry_after_s=retry_after_s)

    def _words(self, error: Exception) -> str:
        what = "the connection took too long" if isinstance(error, httpx.TimeoutException) else "the connection failed"
        detail = visible(self._caller.connection.api_key.hide_in(str(error)), max_chars=200)
        return f"{what}: {detail or type(error).__name__}"
