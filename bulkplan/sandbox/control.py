"""How a test steers a served sandbox: faults, the clock and the log of requests, outside of `/api/v1`."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from bulkplan.sandbox.errors import ApiError, FieldsError, NotFoundError
from bulkplan.sandbox.faults import FaultBoard, read_rules
from bulkplan.sandbox.http import SandboxRequest, SandboxResponse, json_response, parse_object
from bulkplan.sandbox.world import World

CONTROL_ROOT = "/_sandbox"
LOG_LENGTH = 10_000
LONGEST_STEP_S = 10 * 366 * 86_400.0


@dataclass(frozen=True)
class LoggedRequest:
    """One request that came in; no body, no key. `status` 0: it was cut off before it took effect."""

    method: str
    path: str
    status: int


class RequestLog:
    """The last requests, oldest first."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: deque[LoggedRequest] = deque(maxlen=LOG_LENGTH)

    def add(self, request: SandboxRequest, *, status: int) -> None:
        """Note a request."""
        with self._lock:
            self._requests.append(LoggedRequest(request.method, request.path, status))

    def all(self) -> tuple[LoggedRequest, ...]:
        """Return what was noted."""
        with self._lock:
            return tuple(self._requests)

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._requests.clear()


@dataclass(frozen=True)
class Control:
    """
    The control endpoints.

    `POST /_sandbox/faults` adds rules, `DELETE` removes them all; `POST /_sandbox/clock` `{"advance_seconds": n}`
    moves the world's clock on; `GET /_sandbox/requests` answers the log, `DELETE` empties it.
    """

    world: World
    faults: FaultBoard
    log: RequestLog

    def handle(self, request: SandboxRequest) -> SandboxResponse:
        """Answer a control request; raises ApiError."""
        endpoints: Mapping[str, Mapping[str, Callable[[SandboxRequest], JsonValue]]] = {
            "/faults": {"POST": self._add_faults, "DELETE": self._clear_faults},
            "/clock": {"POST": self._advance},
            "/requests": {"GET": self._requests, "DELETE": self._forget_requests},
        }
        methods = endpoints.get(request.path.removeprefix(CONTROL_ROOT).rstrip("/"))
        if methods is None:
            raise NotFoundError
        if request.method not in methods:
            raise ApiError(405, f"The method {request.method} is not allowed for this URL.")
        return json_response(200, methods[request.method](request))

    def _add_faults(self, request: SandboxRequest) -> JsonValue:
        rules = read_rules(parse_object(request.body))
        self.faults.add(rules)
        return {"added": len(rules)}

    def _clear_faults(self, _request: SandboxRequest) -> JsonValue:
        self.faults.clear()
        return {}

    def _advance(self, request: SandboxRequest) -> JsonValue:
        seconds = parse_object(request.body).get("advance_seconds")
        is_number = isinstance(seconds, (int, float)) and not isinstance(seconds, bool)
        if not isinstance(seconds, (int, float)) or not is_number or not 0 <= seconds <= LONGEST_STEP_S:
            raise FieldsError({"advance_seconds": "Must be a number of seconds, not negative, ten years at most."})
        self.world.advance(float(seconds))
        return {"now": self.world.now().isoformat()}

    def _requests(self, _request: SandboxRequest) -> JsonValue:
        return {"data": [{"method": item.method, "path": item.path, "status": item.status} for item in self.log.all()]}

    def _forget_requests(self, _request: SandboxRequest) -> JsonValue:
        self.log.clear()
        return {}
