"""Changing Close: pause and resume, which may be repeated, and sessions for the request that may not."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass

from bulkplan.adapters.clock import SystemClock
from bulkplan.adapters.close_connection import Connection, Patience
from bulkplan.adapters.close_http import Caller, open_client, tls_of
from bulkplan.adapters.close_limits import group_of
from bulkplan.adapters.close_pace import Pacer
from bulkplan.adapters.close_reader import action_path, fetch_action, the_action
from bulkplan.adapters.close_send import HttpSendSession, open_session
from bulkplan.adapters.read_only import PauseTransport
from bulkplan.errors import BadRequestError
from bulkplan.model.remote import BulkAction
from bulkplan.model.request import BulkKind
from bulkplan.ports import Clock


@asynccontextmanager
async def open_writer(
    connection: Connection, *, clock: Clock | None = None, patience: Patience | None = None
) -> AsyncIterator[HttpCloseWriter]:
    """A writer. Raises `CloseError` when the base URL is none that a key may be sent to; sends nothing by itself."""
    clock, patience = clock or SystemClock(), patience or Patience()
    tls = tls_of(connection)
    async with open_client(connection, patience=patience, guard=PauseTransport, tls=tls) as client:
        yield HttpCloseWriter(Caller(client, connection, clock, Pacer(clock), patience), tls)


@dataclass(frozen=True)
class HttpCloseWriter:
    """`CloseWriter` over HTTP."""

    caller: Caller
    tls: ssl.SSLContext | None = None
    """Of all sessions: loading the certificates takes longer than a request."""

    def open_session(self, kind: BulkKind) -> AbstractAsyncContextManager[HttpSendSession]:
        """
        A session over a connection of its own; entering connects, and raises when that fails (nothing was sent).

        Sessions share one pace: entering waits for the turn of a request of this kind before it connects.
        """
        caller = self.caller
        return open_session(
            caller.connection,
            clock=caller.clock,
            patience=caller.patience,
            pacer=caller.pacer,
            group=group_of("POST", f"/bulk_action/{kind}/"),
            tls=self.tls,
        )

    async def pause(self, kind: BulkKind, action_id: str) -> BulkAction:
        """Pause a bulk action; one that is paused already stays so."""
        return await self._set_status(kind, action_id, "paused", reached=frozenset({"paused"}))

    async def resume(self, kind: BulkKind, action_id: str) -> BulkAction:
        """Resume a paused bulk action; one that is running again stays so. Source: Close API, Bulk Actions."""
        return await self._set_status(kind, action_id, "resuming", reached=frozenset({"resuming", "processing"}))

    async def _set_status(self, kind: BulkKind, action_id: str, status: str, *, reached: frozenset[str]) -> BulkAction:
        path = action_path(kind, action_id)
        try:
            answer = await self.caller.send("PUT", path, {"status": status})
        except BadRequestError:
            # An earlier try whose answer was lost may have done it: then Close refuses the second.
            action = await fetch_action(self.caller, kind, action_id)
            if action.status in reached:
                return action
            raise
        return the_action(answer, action_id, what=f"PUT {path}")
