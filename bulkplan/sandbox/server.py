"""What answers a request: a local Close, in one process or in many that share a world file."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import JsonValue

from bulkplan.sandbox.auth import Caller, authenticate
from bulkplan.sandbox.bulk import advance
from bulkplan.sandbox.call import API_ROOT, Call
from bulkplan.sandbox.clock import Clock
from bulkplan.sandbox.control import CONTROL_ROOT, Control, LoggedRequest, RequestLog
from bulkplan.sandbox.courier import poster
from bulkplan.sandbox.downloads import DOWNLOAD_ROOT, answer_download
from bulkplan.sandbox.endpoints.table import ROUTES
from bulkplan.sandbox.errors import ApiError, NotFoundError
from bulkplan.sandbox.exports import advance_exports
from bulkplan.sandbox.faults import Delivery, FaultBoard, FaultRule, deliver
from bulkplan.sandbox.http import MAX_BODY_BYTES, SandboxRequest, SandboxResponse, json_response, parse_json
from bulkplan.sandbox.ids import random_id
from bulkplan.sandbox.quirks import NO_QUIRKS, Quirks
from bulkplan.sandbox.ratelimit import RateLimiter
from bulkplan.sandbox.router import Match, Router
from bulkplan.sandbox.settings import RateLimit, SandboxSettings
from bulkplan.sandbox.webhooks import note_outcome, take_due
from bulkplan.sandbox.world import Progress, World, WorldBusyError

JsonObject = dict[str, JsonValue]

SEARCH_PATTERN = "/data/search/"
MAX_TZ_OFFSET_HOURS = 14.0


class Sandbox:
    """
    A local Close organization that answers requests.

    `handle` and `deliver` may be called from several threads. Nothing runs between requests: each one first moves the
    bulk actions and exports of the world to where they should be by the world's clock. Webhooks are sent by
    `deliver_due`, and only then.
    """

    def __init__(self, world: World, *, settings: SandboxSettings) -> None:
        """Answer for a world that is open; `Sandbox.open` opens one."""
        self.world = world
        self.settings = settings
        self._faults = FaultBoard()
        self._log = RequestLog()
        self._limiter = RateLimiter()
        self._router = Router(ROUTES)
        self._control = Control(world, self._faults, self._log)
        self._lock = threading.RLock()

    @classmethod
    def open(
        cls,
        path: Path | None,
        *,
        leads: int = 1000,
        seed: int = 7,
        clock: Clock | None = None,
        settings: SandboxSettings | None = None,
        progress: Progress | None = None,
        export: Path | None = None,
    ) -> Sandbox:
        """
        Open a world file, or make one.

        Args:
            path: the file; None keeps the world in memory.
            leads: how many a new world gets; an existing one is taken as it is.
            seed: of a new world.
            clock: what time is measured by; the machine's when None.
            settings: how it behaves; the defaults suit use in process.
            progress: called while a new world is seeded.
            export: file of a JSON lead export, whose leads a new world gets in place of made-up ones.

        Raises:
            WorldError: the file is no world of this version, or cannot be made.
            InvalidFilesError: the export cannot be used; every fault with its place.
        """
        world = World.open(path, leads=leads, seed=seed, clock=clock, progress=progress, export=export)
        return cls(world, settings=settings or SandboxSettings())

    def close(self) -> None:
        """Close the world."""
        with self._lock:
            self.world.close()

    @property
    def requests(self) -> tuple[LoggedRequest, ...]:
        """The last requests, oldest first."""
        return self._log.all()

    def add_faults(self, rules: Iterable[FaultRule]) -> None:
        """Put faults in force, for `deliver`."""
        self._faults.add(rules)

    def clear_faults(self) -> None:
        """Take all faults out of force."""
        self._faults.clear()

    def deliver(self, request: SandboxRequest) -> Delivery:
        """Answer a request as a client would meet it: with the faults in force."""
        if request.path.startswith(CONTROL_ROOT + "/"):
            return Delivery(self.handle(request))
        wire, quirks = self._faults.strike(request, request.path.removeprefix(API_ROOT))
        if not wire.is_processed:
            self._log.add(request, status=wire.answer.status if wire.answer else 0)
            return deliver(wire, None)
        return deliver(wire, self._answer(request, quirks))

    def handle(self, request: SandboxRequest) -> SandboxResponse:
        """Answer a request, whatever it is; faults of the wire do not touch it."""
        return self._answer(request, NO_QUIRKS)

    def deliver_due(self) -> int:
        """
        Send the webhook deliveries that are due by the world's clock, and note what became of them.

        A served sandbox does it by itself, in a thread; in process it is called by hand. Receivers may ask this
        sandbox while they are called. Only loopback addresses are ever called.

        Returns:
            How many attempts were made.
        """
        with self._lock:
            advance(self.world, self.settings)
            advance_exports(self.world, self.settings)
            due = take_due(self.world, self.settings)
        post = poster(timeout_s=self.settings.webhook_timeout_seconds)
        for delivery in due:
            error = post(delivery)
            with self._lock:
                note_outcome(self.world, delivery, error=error)
        return len(due)

    def _answer(self, request: SandboxRequest, quirks: Quirks) -> SandboxResponse:
        exchange = _Exchange(self, request, quirks, self._limiter, self._router, self._control)
        with self._lock:
            response = exchange.run()
        if not request.path.startswith(CONTROL_ROOT + "/"):
            self._log.add(request, status=response.status)
        return response


@dataclass
class _Exchange:
    """One request on its way; `headers` gathers what the answer carries besides its body."""

    sandbox: Sandbox
    request: SandboxRequest
    quirks: Quirks
    limiter: RateLimiter
    router: Router
    control: Control

    def run(self) -> SandboxResponse:
        """Turn every refusal into its answer."""
        headers: dict[str, str] = {}
        try:
            return self._run(headers).with_headers(headers)
        except ApiError as error:
            return json_response(error.status, error.body()).with_headers(headers)
        except (RecursionError, UnicodeError, OverflowError):
            # Text that is no Unicode, numbers beyond 64 bits, trees too deep: all of them the request's.
            return json_response(400, {"error": "The request holds a value that cannot be stored."})
        except (WorldBusyError, sqlite3.OperationalError) as error:
            if isinstance(error, sqlite3.OperationalError) and error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            return json_response(503, {"error": str(error)}).with_headers({"retry-after": "1"})

    def _run(self, headers: dict[str, str]) -> SandboxResponse:
        if self.request.path.startswith(CONTROL_ROOT + "/") and self.sandbox.settings.control:
            check_body(self.request)  # a web page cannot send JSON here unasked
            return self.control.handle(self.request)
        world, settings = self.sandbox.world, self.sandbox.settings
        if self.request.path.startswith(DOWNLOAD_ROOT + "/"):
            return answer_download(world, self.request)
        if not self.request.path.startswith(API_ROOT + "/"):
            raise NotFoundError
        caller = authenticate(self.request, settings=settings, user_id=world.owner_user_id)
        request = overridden(self.request)
        match = self.router.find(request.method, self._path(request))
        self._limit(match, caller, headers)
        check_body(request)
        advance(world, settings)
        advance_exports(world, settings)
        return json_response(match.route.status, self._endpoint(match, self._call(request, match, caller)))

    def _path(self, request: SandboxRequest) -> str:
        path = request.path.removeprefix(API_ROOT)
        if not self.sandbox.settings.open_questions.path_without_slash_is_found:
            return path
        folded = re.sub("/{2,}", "/", path)  # clients that add no slash at the end add two at the beginning
        return folded if folded.endswith("/") else folded + "/"

    def _endpoint(self, match: Match, call: Call) -> JsonValue:
        if match.route.is_write:
            with call.world.transaction():
                return match.route.endpoint(call)
        with call.world.reading():
            return match.route.endpoint(call)

    def _limit(self, match: Match, caller: Caller, headers: dict[str, str]) -> None:
        limits = self.sandbox.settings.rate_limits
        limit: RateLimit = limits.search if match.route.pattern == SEARCH_PATTERN else limits.default
        group = f"{match.route.method} {match.route.pattern}"
        allowance = self.limiter.take(group, caller.credential_id, now=self.sandbox.world.now(), limit=limit)
        headers.update(allowance.headers())
        if allowance.is_exceeded:
            raise ApiError(429, "API call count exceeded for this key, please wait.")

    def _call(self, request: SandboxRequest, match: Match, caller: Caller) -> Call:
        settings = self.sandbox.settings
        lag = max(self.quirks.listing_lag_s, settings.listing_lag_seconds)
        return Call(
            world=self.sandbox.world,
            settings=settings,
            caller=caller,
            method=request.method,
            path=request.path.removeprefix(API_ROOT),
            now=self.sandbox.world.now(),
            request_id=random_id("req_"),
            ids=match.ids,
            query=dict(request.query),
            body=request.body,
            tz_offset=tz_offset(request),
            quirks=replace(self.quirks, listing_lag_s=lag),
            base_url=request.base_url,
        )


def tz_offset(request: SandboxRequest) -> float:
    """Read `x-tz-offset` (hours, may be a fraction); UTC without it. Raises ApiError 400."""
    given = request.header("x-tz-offset")
    if given is None:
        return 0.0
    try:
        hours = float(given)
    except ValueError:
        hours = float("nan")
    if not abs(hours) <= MAX_TZ_OFFSET_HOURS:
        raise ApiError(400, "x-tz-offset must be a number of hours, such as -4 or 5.5.")
    return hours


def check_body(request: SandboxRequest) -> None:
    """Refuse bodies that are too long (413), and POST or PUT of anything but JSON (415)."""
    if len(request.body) > MAX_BODY_BYTES:
        raise ApiError(413, "The request body is too large.")
    media_type = (request.header("content-type") or "").partition(";")[0].strip().lower()
    if request.method in ("POST", "PUT") and media_type != "application/json":
        raise ApiError(415, "The content type of the request must be application/json.")


def overridden(request: SandboxRequest) -> SandboxRequest:
    """
    Return the request that `x-http-method-override` on a POST stands for.

    `_params` of the body become the parameters; the body itself stays for methods that have one.
    Source: Close API, "Specifying filter parameters".
    """
    method = (request.header("x-http-method-override") or "").upper()
    if request.method != "POST" or not method:
        return request
    check_body(request)
    body = parse_json(request.body) if request.body else {}
    params = body.get("_params", {}) if isinstance(body, dict) else {}
    if not isinstance(params, dict):
        raise ApiError(400, "_params must be an object.")
    query = (*request.query, *((name, _parameter(value)) for name, value in params.items()))
    return replace(request, method=method, query=query)


def _parameter(value: JsonValue) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ",".join(_parameter(item) for item in value)
    return str(value)
