"""How one call to Close is made: the client, the pace, the limits on an answer, and the retry of reads."""

from __future__ import annotations

import asyncio
import logging
import random
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import httpx
from pydantic import JsonValue

from bulkplan import __version__
from bulkplan.adapters.close_connection import Connection, Patience, checked_base_url
from bulkplan.adapters.close_errors import PassingError, Reply, decode_reply, error_of, no_answer
from bulkplan.adapters.close_json import MAX_READ_BYTES, BodyError, read_body
from bulkplan.adapters.close_lanes import LanesTransport
from bulkplan.adapters.close_limits import group_of, wait_asked_s
from bulkplan.adapters.close_pace import MAX_IN_FLIGHT, Pacer
from bulkplan.adapters.read_only import KeyTransport, PauseTransport, ReadOnlyTransport, SinglePostTransport
from bulkplan.errors import BadAnswerError
from bulkplan.model.base import JsonMapping
from bulkplan.ports import Clock

Guard = type[ReadOnlyTransport] | type[PauseTransport] | type[SinglePostTransport]
Params = Mapping[str, str | int]

_MOST_TRIES = 21
_FIRST_BACKOFF_S = 0.5
_LONGEST_BACKOFF_S = 20.0
_SILENT = logging.NullHandler()
_HEADERS = {"accept": "application/json", "accept-encoding": "gzip", "user-agent": f"bulkplan/{__version__}"}


@asynccontextmanager
async def open_client(
    connection: Connection,
    *,
    patience: Patience,
    guard: Guard,
    connections: int = MAX_IN_FLIGHT,
    tls: ssl.SSLContext | None = None,
) -> AsyncIterator[httpx.AsyncClient]:
    """
    A client for one origin, with the key; no proxies, no `.netrc`, no redirects, TLS always verified.

    `guard` says what may leave it at all. `connections`: how many it may open at once; an idle one is kept until Close
    ends it. `tls`: certificates that are loaded already (`tls_of`).

    Raises:
        CloseError: The base URL is none that a key may be sent to.
    """
    base_url = checked_base_url(connection.base_url)
    keyed = KeyTransport(
        connection.transport or _network(connections, tls or tls_of(connection)),
        key=connection.api_key,
        base_url=base_url,
        owned=connection.transport is None,
    )
    transport = guard(keyed, base_path=base_url.path)
    timeout = httpx.Timeout(patience.read_s, connect=patience.connect_s, pool=patience.attempt_s)
    async with httpx.AsyncClient(
        base_url=base_url,
        transport=transport,
        headers=_HEADERS,
        timeout=timeout,
        trust_env=False,
        follow_redirects=False,
    ) as client:
        yield client


def tls_of(connection: Connection) -> ssl.SSLContext:
    """The certificates for a connection: loading them takes longer than a local call. Raises `CloseError`."""
    is_tls = connection.transport is None and checked_base_url(connection.base_url).scheme == "https"
    # Without TLS, a context that trusts nobody.
    return httpx.create_ssl_context(trust_env=False) if is_tls else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _network(connections: int, verify: ssl.SSLContext) -> httpx.AsyncBaseTransport:
    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=None)
    lane = partial(httpx.AsyncHTTPTransport, verify=verify, trust_env=False, http2=False, retries=0, limits=limits)
    return lane() if connections == 1 else LanesTransport(lane, count=connections)


@dataclass(frozen=True)
class Caller:
    """Makes calls that may be repeated: reads, and changes that are the same when done twice."""

    client: httpx.AsyncClient
    connection: Connection
    clock: Clock
    pacer: Pacer
    patience: Patience

    async def get(self, path: str, params: Params | None = None) -> JsonValue:
        """The JSON of `GET path`. Raises `NotAuthorizedError`, or `CloseError` or one of its kinds."""
        return await self._call("GET", path, params=params)

    async def send(self, method: str, path: str, body: JsonMapping) -> JsonValue:
        """The JSON that `method path` answers to a JSON body. Raises as `get` does. Only for what may be repeated."""
        return await self._call(method, path, body=body)

    async def _call(
        self, method: str, path: str, *, params: Params | None = None, body: JsonMapping | None = None
    ) -> JsonValue:
        effort = _Effort(self.clock, started_at=self.clock.monotonic(), budget_s=self.patience.budget_s)

        async def try_once() -> JsonValue:
            return await self._try_once(self.client.build_request(method, path, params=params, json=body))

        try:
            return await try_once()  # nearly always all there is: what counts the tries is made for those who need it
        except PassingError as error:
            return await self._try_again(error, try_once, effort)

    async def _try_again(
        self, failed: PassingError, try_once: Callable[[], Awaitable[JsonValue]], effort: _Effort
    ) -> JsonValue:
        """After a first try that `failed`."""
        import stamina  # hardly any command needs it, and the first request need not wait for it

        # stamina tells its logger of every retry; where nobody has set up logging, Python would print that on stderr.
        logging.getLogger("stamina").addHandler(_SILENT)
        first: PassingError | None = failed
        async for attempt in stamina.retry_context(
            on=effort.wait_after,
            attempts=_MOST_TRIES,
            timeout=None,
            wait_initial=_FIRST_BACKOFF_S,
            wait_max=_LONGEST_BACKOFF_S,
        ):
            with attempt:
                if first is not None:
                    error, first = first, None
                    raise error
                return await try_once()
        raise AssertionError("stamina ends by a result or by raising")

    async def _try_once(self, request: httpx.Request) -> JsonValue:
        path = self._path_of(request)
        call = f"{request.method} {path}"
        async with self.pacer.turn(group_of(request.method, path)) as turn:
            reply = await self._exchange(request, call)
            turn.learn(reply.headers, status=reply.status)
        if not 200 <= reply.status < 300:
            raise error_of(reply, self.connection, wait_s=wait_asked_s(reply.headers))
        return decode_reply(reply, self.connection)

    async def _exchange(self, request: httpx.Request, call: str) -> Reply:
        try:
            async with asyncio.timeout(self.patience.attempt_s):
                response = await self.client.send(request, stream=True)
                body = await read_body(response, max_bytes=MAX_READ_BYTES)
        except TimeoutError as error:
            what = f"Close took longer than {self.patience.attempt_s:g} s over {call}"
            raise PassingError(what, retries=3) from error
        except (httpx.HTTPError, OSError) as error:
            raise no_answer(call, error, self.connection) from error
        except BodyError as error:
            raise BadAnswerError(f"Close answered {call}, but the answer {error}") from error
        return Reply(call, response.status_code, response.headers, body)

    def _path_of(self, request: httpx.Request) -> str:
        return "/" + request.url.path.removeprefix(self.client.base_url.path).lstrip("/")


@dataclass
class _Effort:
    """The tries of one call: how many failed, and since when; says how long to wait before the next."""

    clock: Clock
    started_at: float
    budget_s: float
    failed: int = 0

    def wait_after(self, error: Exception) -> bool | float:
        """For stamina: seconds to wait, `True` for its own back-off, `False` to give up."""
        self.failed += 1
        if not isinstance(error, PassingError) or self.failed > error.retries:
            return False
        left_s = self.budget_s - (self.clock.monotonic() - self.started_at)
        if error.wait_s is None:
            return left_s > _LONGEST_BACKOFF_S
        wait_s = error.wait_s * random.uniform(1.0, 1.1)  # noqa: S311 - spreads callers, keeps no secret
        return wait_s if wait_s <= left_s else False
