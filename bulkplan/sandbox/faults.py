"""Which faults are switched on: rules that pick a request and say what goes wrong with it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from fnmatch import fnmatchcase
from typing import NoReturn

from pydantic import JsonValue

from bulkplan.sandbox.errors import FieldsError
from bulkplan.sandbox.http import SandboxRequest, SandboxResponse, json_response
from bulkplan.sandbox.quirks import Quirks
from bulkplan.sandbox.settings import Echo

_DEFAULT_STATUS = 503


class FaultKind(Enum):
    """What goes wrong."""

    # on the wire
    LATENCY = "latency"  # the answer takes `seconds` longer
    STATUS = "status"  # answered with `status` and `body`
    HTML = "html"  # answered with `status` (200) and a page of HTML
    LOSE_ANSWER = "lose_answer"  # taken, and the connection is cut before the answer
    TIME_OUT = "time_out"  # no answer comes; the client's patience ends
    DROP = "drop"  # the connection is cut, nothing was taken
    REFUSE = "refuse"  # no connection can be made
    HALF_BODY = "half_body"  # taken, and the connection is cut in the middle of the answer
    # in the service
    ACCEPT_LATE = "accept_late"  # no answer comes; the bulk action is taken `seconds` later
    LISTING_LAG = "listing_lag"  # lists of actions and events are `seconds` behind
    ECHO_NORMALIZED = "echo_normalized"  # `negate: false` is added everywhere
    ECHO_STRIPPED = "echo_stripped"  # negated clauses under the top `and` are gone
    FAIL_AFTER = "fail_after"  # the bulk action ends in `error` after `leads`
    STICK_AFTER = "stick_after"  # the bulk action stops moving after `leads`


class Cut(Enum):
    """How a client loses an answer."""

    REFUSED = "refused"
    DROPPED = "dropped"
    LOST = "lost"
    TIMED_OUT = "timed_out"
    HALFWAY = "halfway"


@dataclass(frozen=True)
class FaultRule:
    """
    One fault.

    It strikes the requests whose method is `method` (`*`: any) and whose path below `/api/v1` matches `path` (with
    `*`), from the `nth` such request on, `times` times (None: for ever). `is_processed` says for STATUS, HTML and
    TIME_OUT whether the request takes effect before the answer goes wrong.
    """

    kind: FaultKind
    method: str = "*"
    path: str = "*"
    nth: int = 1
    times: int | None = 1
    seconds: float = 0.0
    status: int = _DEFAULT_STATUS
    body: JsonValue = None
    headers: tuple[tuple[str, str], ...] = ()
    leads: int = 0
    is_processed: bool = False

    def matches(self, request: SandboxRequest, path: str) -> bool:
        """Say whether the rule is about this request."""
        return self.method in ("*", request.method) and fnmatchcase(path, self.path)


@dataclass(frozen=True)
class Wire:
    """What the wire does with one request: `delay_s` first, then `answer` in place of the real one, or a `cut`."""

    delay_s: float = 0.0
    answer: SandboxResponse | None = None
    cut: Cut | None = None
    is_processed: bool = True


@dataclass(frozen=True)
class Delivery:
    """What reaches the client: after `delay_s`, a response, or a `cut` (HALFWAY cuts the response in the middle)."""

    response: SandboxResponse | None
    delay_s: float = 0.0
    cut: Cut | None = None


class FaultBoard:
    """The rules in force, each with a count of the requests it has seen."""

    def __init__(self, rules: Iterable[FaultRule] = ()) -> None:
        self._lock = threading.Lock()
        self._rules: list[tuple[FaultRule, list[int]]] = [(rule, [0]) for rule in rules]

    def add(self, rules: Iterable[FaultRule]) -> None:
        """Put further rules in force."""
        with self._lock:
            self._rules += [(rule, [0]) for rule in rules]

    def clear(self) -> None:
        """Take all rules out of force."""
        with self._lock:
            self._rules = []

    def strike(self, request: SandboxRequest, path: str) -> tuple[Wire, Quirks]:
        """Count a request and say what goes wrong with it; several rules may strike at once."""
        with self._lock:
            struck = [rule for rule, seen in self._rules if rule.matches(request, path) and _is_due(rule, seen)]
        wire, quirks = Wire(), Quirks()
        for rule in struck:
            wire = _on_wire(wire, rule)
            quirks = _in_service(quirks, rule)
        return wire, quirks


def _is_due(rule: FaultRule, seen: list[int]) -> bool:
    seen[0] += 1
    return rule.nth <= seen[0] and (rule.times is None or seen[0] < rule.nth + rule.times)


_CUTS: Mapping[FaultKind, tuple[Cut, bool]] = {
    FaultKind.LOSE_ANSWER: (Cut.LOST, True),
    FaultKind.DROP: (Cut.DROPPED, False),
    FaultKind.REFUSE: (Cut.REFUSED, False),
    FaultKind.HALF_BODY: (Cut.HALFWAY, True),
    FaultKind.ACCEPT_LATE: (Cut.TIMED_OUT, True),
}
"""How a fault cuts, and whether the request takes effect."""


def _on_wire(wire: Wire, rule: FaultRule) -> Wire:
    if rule.kind is FaultKind.LATENCY:
        return replace(wire, delay_s=wire.delay_s + rule.seconds)
    if rule.kind in _CUTS:
        cut, is_processed = _CUTS[rule.kind]
        return replace(wire, cut=cut, is_processed=is_processed)
    if rule.kind is FaultKind.TIME_OUT:
        return replace(wire, cut=Cut.TIMED_OUT, is_processed=rule.is_processed)
    if rule.kind in (FaultKind.STATUS, FaultKind.HTML):
        return replace(wire, answer=_answer(rule), is_processed=rule.is_processed)
    return wire


def _answer(rule: FaultRule) -> SandboxResponse:
    if rule.kind is FaultKind.HTML:
        page = b"<!doctype html><title>Maintenance</title><p>We will be back soon.</p>"
        status = 200 if rule.status == _DEFAULT_STATUS else rule.status
        return SandboxResponse(status, (("content-type", "text/html; charset=utf-8"), *rule.headers), page)
    body: JsonValue = {"error": f"Injected fault: {rule.status}."} if rule.body is None else rule.body
    limited = {"ratelimit": "limit=1, remaining=0, reset=1", "retry-after": "1"} if rule.status == 429 else {}
    return json_response(rule.status, body).with_headers({**limited, **dict(rule.headers)})


def _in_service(quirks: Quirks, rule: FaultRule) -> Quirks:
    kind = rule.kind
    if kind is FaultKind.ACCEPT_LATE:
        return replace(quirks, accept_after_s=rule.seconds)
    if kind is FaultKind.LISTING_LAG:
        return replace(quirks, listing_lag_s=rule.seconds)
    if kind is FaultKind.FAIL_AFTER:
        return replace(quirks, fail_after=rule.leads)
    if kind is FaultKind.STICK_AFTER:
        return replace(quirks, stick_after=rule.leads)
    echoes = {FaultKind.ECHO_NORMALIZED: Echo.NORMALIZED, FaultKind.ECHO_STRIPPED: Echo.STRIPPED}
    return replace(quirks, echo=echoes[kind]) if kind in echoes else quirks


def read_rules(given: JsonValue) -> tuple[FaultRule, ...]:
    """
    Read rules from JSON: `{"rules": [{"kind": "lose_answer", "method": "POST", "path": "/bulk_action/*", ...}]}`.

    The keys are those of `FaultRule`; all but `kind` may be left out.

    Raises:
        FieldsError: 400, naming the rule and the key.
    """
    rules = given.get("rules") if isinstance(given, dict) else None
    if not isinstance(rules, list):
        raise FieldsError({"rules": "Must be a list of objects."})
    return tuple(_read_rule(rule, f"rules.{number}") for number, rule in enumerate(rules))


def _read_rule(given: JsonValue, at: str) -> FaultRule:
    if not isinstance(given, dict):
        raise FieldsError({at: "Must be an object."})
    known = {kind.value: kind for kind in FaultKind}
    kind = known.get(str(given.get("kind")))
    if kind is None:
        raise FieldsError({f"{at}.kind": f"Must be one of {', '.join(known)}."})
    reader = _Reader(given, at)
    rule = FaultRule(
        kind,
        method=reader.text("method", "*"),
        path=reader.text("path", "*"),
        nth=reader.whole("nth", 1),
        times=None if "times" in given and given["times"] is None else reader.whole("times", 1),
        seconds=reader.number("seconds", 0.0),
        status=reader.whole("status", _DEFAULT_STATUS),
        body=given.get("body"),
        headers=reader.headers(),
        leads=reader.whole("leads", 0),
        is_processed=given.get("is_processed") is True,
    )
    reader.refuse_unknown()
    return rule


@dataclass(frozen=True)
class _Reader:
    """Reads typed keys of one rule."""

    given: Mapping[str, JsonValue]
    at: str

    def text(self, key: str, default: str) -> str:
        value = self.given.get(key, default)
        if not isinstance(value, str):
            self._fail(key, "Must be text.")
        return value

    def whole(self, key: str, default: int) -> int:
        value = self.given.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            self._fail(key, "Must be a whole number, not negative.")
        return value

    def number(self, key: str, default: float) -> float:
        value = self.given.get(key, default)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
            self._fail(key, "Must be a number, not negative.")
        return float(value)

    def headers(self) -> tuple[tuple[str, str], ...]:
        value = self.given.get("headers", {})
        if not isinstance(value, dict):
            self._fail("headers", "Must be an object.")
        return tuple((name.lower(), str(item)) for name, item in value.items())

    def refuse_unknown(self) -> None:
        unknown = sorted(self.given.keys() - FaultRule.__dataclass_fields__.keys())
        if unknown:
            self._fail(unknown[0], "Unknown field.")

    def _fail(self, key: str, message: str) -> NoReturn:
        raise FieldsError({f"{self.at}.{key}": message})


def deliver(wire: Wire, real: SandboxResponse | None) -> Delivery:
    """Put together what the client gets; `real` is None when the request was not taken."""
    response = wire.answer if wire.answer is not None else real
    return Delivery(response if wire.cut in (None, Cut.HALFWAY) else None, wire.delay_s, wire.cut)
