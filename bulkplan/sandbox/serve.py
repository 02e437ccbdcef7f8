"""How a sandbox is served over HTTP, until it is told to stop. Needs uvicorn: `pip install bulkplan[sandbox]`."""

from __future__ import annotations

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from bulkplan.sandbox.asgi import CUT, SandboxApp
from bulkplan.sandbox.courier import delivering
from bulkplan.sandbox.server import Sandbox
from bulkplan.sandbox.world import WorldBusyError

BACKLOG = 128
SHUTDOWN_S = 5
"""How long requests in flight get when the server is told to stop."""


def serve(sandbox: Sandbox, *, host: str = "127.0.0.1", port: int = 8686, on_ready: Callable[[int], None]) -> None:
    """
    Serve until SIGTERM or SIGINT.

    Args:
        sandbox: who answers; stays open.
        host: address to listen on.
        port: 0 takes a free one.
        on_ready: called with the port once connections are taken.

    Raises:
        OSError: the address cannot be listened on.
    """
    SandboxServer(sandbox, host=host, port=port, on_ready=on_ready).run()


class SandboxServer:
    """A server that can be stopped from another thread."""

    def __init__(
        self, sandbox: Sandbox, *, host: str = "127.0.0.1", port: int = 0, on_ready: Callable[[int], None]
    ) -> None:
        """Bind the address at once; `run` serves."""
        self._sandbox = sandbox
        self._socket = _listen(host, port)
        self.port = int(self._socket.getsockname()[1])
        app = SandboxApp(sandbox)
        config = uvicorn.Config(
            app,
            http=_CuttableProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            log_level="warning",
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_graceful_shutdown=SHUTDOWN_S,
        )
        self._server = _Server(config, on_started=lambda: on_ready(self.port), on_ending=app.end)

    def run(self) -> None:
        """Serve until `stop`, or, in the main thread, SIGTERM or SIGINT."""
        try:
            with delivering(self._deliver_due):
                self._server.run(sockets=[self._socket])
        finally:
            self._socket.close()

    def _deliver_due(self) -> int:
        """Send webhooks; a world that another process holds on to is asked again later."""
        try:
            return self._sandbox.deliver_due()
        except WorldBusyError:
            return 0

    def stop(self) -> None:
        """Ask `run` to end: requests in flight are answered first."""
        self._server.should_exit = True


class _Server(uvicorn.Server):
    """A uvicorn server that says when it is ready and ends quietly on a signal."""

    def __init__(
        self, config: uvicorn.Config, *, on_started: Callable[[], None], on_ending: Callable[[], None]
    ) -> None:
        super().__init__(config)
        self._on_started, self._on_ending = on_started, on_ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._on_ending()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal, without sending it to the process once more as uvicorn does."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        former = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in former.items():
                signal.signal(number, handler)


class _CuttableProtocol(H11Protocol):
    """Leaves in the state of each connection a function that closes it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # uvicorn says the same
        super().connection_made(transport)
        self.app_state = {**self.app_state, CUT: transport.close}


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named TCP, so that asyncio turns Nagle's algorithm off: otherwise every answer waits 40 ms for an acknowledgement.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen(BACKLOG)
    except OSError:
        listening.close()
        raise
    return listening
