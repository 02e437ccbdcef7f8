"""Which requests may leave which client, and which hosts see the key."""

from __future__ import annotations

import httpx

from bulkplan.adapters.secret import Secret
from bulkplan.errors import CloseError, ReadOnlyError

SEARCH_PATH = "/data/search/"
"""The one path that is read by POST. Source: Close API, Advanced Filtering."""

_OVERRIDE = "x-http-method-override"
"""Makes Close treat a POST as another method. Source: Close API, "Specifying filter parameters"."""


class _GuardTransport(httpx.AsyncBaseTransport):
    """Refuses, before a byte leaves, whatever its client was not made for. None takes a method override."""

    def __init__(self, inner: httpx.AsyncBaseTransport, *, base_path: str = "/api/v1") -> None:
        self._inner = inner
        self._base_path = base_path.rstrip("/").encode("ascii")

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request. Raises `ReadOnlyError` when this client may not send it."""
        if not self._may_leave(request):
            raise ReadOnlyError(
                f"{request.method} {request.url.path} was not sent: this client may not send it",
                hint="this is a fault in bulkplan; please report it",
            )
        return await self._inner.handle_async_request(request)

    def _may_leave(self, request: httpx.Request) -> bool:
        path = request.url.raw_path
        if _OVERRIDE in request.headers or not path.startswith(self._base_path + b"/"):
            return False
        return self.allows(request.method, path.removeprefix(self._base_path).decode("ascii"))

    def allows(self, method: str, path: str) -> bool:
        """Whether a request for `path` (below the base path, with its query) may leave."""
        raise NotImplementedError

    async def aclose(self) -> None:
        """Close what is below."""
        await self._inner.aclose()


class ReadOnlyTransport(_GuardTransport):
    """
    Lets reads through: GET, HEAD, and POST to exactly `/data/search/`.

    A client built on this cannot change Close, whatever the code above it does.
    """

    def allows(self, method: str, path: str) -> bool:
        """Reads only."""
        return method in {"GET", "HEAD"} or (method == "POST" and path == SEARCH_PATH)


class PauseTransport(_GuardTransport):
    """Lets through what may be repeated: GET, and PUT to a bulk action. It cannot start one."""

    def allows(self, method: str, path: str) -> bool:
        """Reads, pause and resume."""
        return method == "GET" or (method == "PUT" and path.startswith("/bulk_action/"))


class SinglePostTransport(_GuardTransport):
    """Lets GET through, and one POST to a bulk action in its whole life; after that POST, nothing at all."""

    _is_spent = False

    def allows(self, method: str, path: str) -> bool:
        """The first POST, and GET before it."""
        if self._is_spent:
            return False
        self._is_spent = method == "POST" and path.startswith("/bulk_action/")
        return self._is_spent or method == "GET"


class KeyTransport(httpx.AsyncBaseTransport):
    """
    Adds the API key to requests for one origin, and refuses any other origin.

    The key is added to a copy on its way out, so no request or error that others can see ever holds it.
    """

    def __init__(self, inner: httpx.AsyncBaseTransport, *, key: Secret, base_url: httpx.URL, owned: bool) -> None:
        self._inner = inner
        self._key = key
        self._origin = _origin(base_url)
        self._owned = owned

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request with the key. Raises `CloseError` when it is for another origin."""
        if _origin(request.url) != self._origin:
            raise CloseError(f"the API key is for {self._origin[1]} and was not sent to {request.url.host}")
        headers = [*request.headers.raw, (b"authorization", self._key.basic_credentials().encode("ascii"))]
        outgoing = httpx.Request(
            request.method, request.url, headers=headers, stream=request.stream, extensions=request.extensions
        )
        return await self._inner.handle_async_request(outgoing)

    async def aclose(self) -> None:
        """Close the connections below, unless somebody else owns them."""
        if self._owned:
            await self._inner.aclose()


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return (url.scheme, url.host, url.port)
