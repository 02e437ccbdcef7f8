"""
An explicit-state model of the apply protocol: every interleaving of one run key, step by atomic step.

Appliers, one store with compare-and-swap, a service without an idempotency key, a network that is late and loses
things, a listing that lags, a person. A breadth-first search visits all states within the budgets of a `Rules`, so the
first bad state that it meets has the shortest trace.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from model.state import (
    FREE,
    IDLE,
    OPEN,
    REFUSED,
    RELEASED,
    SENDING,
    STRANGER,
    SUBMITTED,
    UNKNOWN,
    Applier,
    Record,
    Rules,
    State,
    Step,
    first_state,
)


def broken_property(rules: Rules, state: State) -> str | None:
    """The property that this state breaks."""
    own = [nonce for nonce, _ in state.remote if nonce != STRANGER]
    if len(own) > 1:
        return "at most once"
    if rules.only_once:
        return None
    record = state.record
    if record is not None and record[0] == SUBMITTED:
        if record[1] not in {nonce for nonce, _ in state.remote}:
            return "submitted is true"
        if record[1] == STRANGER:
            return "adopts only its own"
    if own and not rules.state_loss and (record is None or record[0] in FREE or record[1] != own[0]):
        return "nothing forgotten"
    return None


def broken_end(rules: Rules, before: State, after: State) -> str | None:
    """An applier that ends well while nothing is submitted claims too much."""
    if rules.state_loss or rules.only_once:
        return None
    for was, now in zip(before.appliers, after.appliers, strict=True):
        ended_well = now.at == "end" and was.at != "end" and now.holds == 0
        if ended_well and (after.record is None or after.record[0] != SUBMITTED):
            return "doubt is said"
    return None


@dataclass(frozen=True)
class Model:
    """All steps that can be taken from a state."""

    rules: Rules

    def steps(self, state: State) -> Iterator[Step]:
        """Each next state, with words for how it comes about."""
        for number, applier in enumerate(state.appliers):
            name = "ABCD"[number]
            if applier.at in IDLE:
                if applier.starts:
                    yield f"{name} starts", _with(state, number, "start", None, starts=applier.starts - 1)
                continue
            if state.crashes:
                fewer = state._replace(crashes=state.crashes - 1)
                yield f"{name} is killed at {applier.at}", _with(fewer, number, "off", None)
            for words, after in _PROCESS[applier.at](self, state, number, applier.holds):
                yield f"{name} {words}", after
        yield from self._network(state)
        yield from self._surroundings(state)

    # the world
    def _network(self, state: State) -> Iterator[Step]:
        for message in state.net:
            kind, nonce, _ = message
            rest = state._replace(net=state.net - {message})
            if kind == "answer":
                yield f"the answer to {nonce} is lost", rest
                continue
            yield f"request {nonce} is lost", rest
            yield f"request {nonce} is refused", _answered(rest, nonce, "no")
            taken = rest._replace(remote=rest.remote | {(nonce, not self.rules.listing_lags)})
            yield f"request {nonce} is taken", _answered(taken, nonce, "yes")
            if self.rules.odd_answers:
                yield f"request {nonce} is taken and answered 500", _answered(taken, nonce, "5xx")
                yield f"request {nonce} fails with 500", _answered(rest, nonce, "5xx")
                yield f"a proxy answers {nonce} with a page", _answered(rest, nonce, "page")
        for nonce, is_listed in state.remote:
            if not is_listed:
                listed = (state.remote - {(nonce, False)}) | {(nonce, True)}
                yield f"action {nonce} is listed", state._replace(remote=listed)

    def _surroundings(self, state: State) -> Iterator[Step]:
        for old, new in state.late_puts:
            rest = state._replace(late_puts=state.late_puts - {(old, new)})
            yield "a late put is dropped", rest
            if state.record == old or not self.rules.swaps:
                yield "a late put lands", rest._replace(record=new)
        if state.may_lose_state:
            yield "the state is lost", state._replace(record=None, may_lose_state=False)
        if state.may_meddle:
            remote = state.remote | {(STRANGER, True)}
            yield "somebody starts the same by hand", state._replace(remote=remote, may_meddle=False)
        if state.decisions and state.record and state.record[0] == UNKNOWN and self.rules.person != "absent":
            yield from self._decisions(state, state.record[1])

    def _decisions(self, state: State, nonce: int) -> Iterator[Step]:
        after = state._replace(decisions=state.decisions - 1)
        ran = any(one == nonce for one, _ in state.remote)
        if ran:
            yield "a person says that it ran", after._replace(record=(SUBMITTED, nonce))
        if self.rules.person == "careless" or (not ran and _is_quiet(state, nonce)):
            yield "a person releases it", after._replace(record=(RELEASED, nonce))

    def _listed(self, state: State) -> list[int]:
        return [nonce for nonce, is_listed in state.remote if is_listed]

    # a process
    def _start(self, state: State, who: int, _: object) -> Iterator[Step]:
        record, may_make = state.record, state.nonces_used < self.rules.nonces
        if self.rules.expiring_lock:
            yield "takes the lock, expired or not", _with(state, who, "look without intent", None)
        elif not self.rules.writes_intent:
            yield from self._look_without_intent(state, who, None)
        elif record is None or record[0] in FREE:
            found = self._found_first(state)
            if found is not None:
                yield f"finds {found} before it begins", _with(state, who, "adopt", (record, found))
            elif may_make:
                yield f"sees {record}", _make(state, who, "intend", record)
        elif record[0] in OPEN:
            yield f"sees {record}", _with(state, who, "settle", record)
            if record[0] == SENDING:
                yield "says that it is under way", _with(state, who, "end", 4)
        else:
            yield "sees that it is submitted", _with(state, who, "end", 0)

    def _found_first(self, state: State) -> int | None:
        if not self.rules.looks_first or (state.record is not None and not self.rules.has_marker):
            return None
        listed = self._listed(state)
        if self.rules.has_marker:
            listed = [nonce for nonce in listed if nonce != STRANGER]
        return listed[0] if listed else None

    def _look_without_intent(self, state: State, who: int, _: object) -> Iterator[Step]:
        if state.record is not None:
            yield "sees that it is done", _with(state, who, "end", 0)
        elif state.nonces_used < self.rules.nonces:
            made = state._replace(nonces_used=state.nonces_used + 1)
            yield "sees nothing", _with(made, who, "armed", state.nonces_used)

    def _intend(self, state: State, who: int, holds: object) -> Iterator[Step]:
        old, nonce = holds
        yield from self._put(state, who, old, (SENDING, nonce), ("armed", nonce), ("start", None))

    def _put(self, state: State, who: int, old: Record, new: Record, then, lost) -> Iterator[Step]:
        """Every outcome of a compare-and-swap."""
        fits = state.record == old or not self.rules.swaps
        if fits:
            yield f"puts {new}", _with(state._replace(record=new), who, *then)
        else:
            yield f"meets a conflict with {new}", _with(state, who, *lost)
        if not state.lost_replies:
            return
        fewer = state._replace(lost_replies=state.lost_replies - 1)
        unsure = ("unsure", (old, new, then, lost))
        if fits:
            yield f"puts {new}, the reply is lost", _with(fewer._replace(record=new), who, *unsure)
        late = fewer._replace(late_puts=fewer.late_puts | {(old, new)})
        yield f"puts {new}, not stored yet, the reply is lost", _with(late, who, *unsure)

    def _unsure(self, state: State, who: int, holds: object) -> Iterator[Step]:
        old, new, then, lost = holds
        if not self.rules.reads_back:
            yield "takes its put for stored", _with(state, who, *then)
        elif state.record == new:
            yield "reads its own put back", _with(state, who, *then)
        elif state.record == old:
            yield "reads the old value", _with(state, who, "put again", holds)
        else:
            yield "reads another value", _with(state, who, *lost)

    def _put_again(self, state: State, who: int, holds: object) -> Iterator[Step]:
        old, new, then, lost = holds
        if state.record == new:
            yield "finds that its put had landed", _with(state, who, *then)
        else:
            yield from self._put(state, who, old, new, then, lost)

    def _armed(self, state: State, who: int, nonce: object) -> Iterator[Step]:
        sent = state._replace(net=state.net | {("request", nonce, "")})
        yield f"sends {nonce}", _with(sent, who, "wait", nonce)
        yield "cannot connect", _with(state, who, "refuse", nonce)

    def _wait(self, state: State, who: int, nonce: object) -> Iterator[Step]:
        for message in state.net:
            if message[0] == "answer" and message[1] == nonce:
                heard = state._replace(net=state.net - {message})
                yield f"hears {message[2]}", _with(heard, who, *self._meaning(message[2], nonce))
        if not self.rules.requests_late and ("request", nonce, "") in state.net:
            return
        if self.rules.retries_timeout and state.nonces_used < self.rules.nonces:
            again = state.nonces_used
            sent = state._replace(nonces_used=again + 1, net=state.net | {("request", again, "")})
            yield "times out and sends again", _with(sent, who, "wait", again)
        has_record = self.rules.writes_intent and not self.rules.expiring_lock
        yield "times out", _with(state, who, *(("settle", (SENDING, nonce)) if has_record else ("end", 1)))

    def _meaning(self, answer: str, nonce: int) -> tuple[str, object]:
        is_clear = {"yes": True, "no": True, "5xx": self.rules.trusts_5xx, "page": self.rules.trusts_2xx}[answer]
        if not is_clear:
            return "settle", (SENDING, nonce)
        return ("commit" if answer in ("yes", "page") else "refuse"), nonce

    def _commit(self, state: State, who: int, nonce: object) -> Iterator[Step]:
        record = state.record
        if not self.rules.writes_intent or self.rules.expiring_lock:
            yield "records it", _with(state._replace(record=(SUBMITTED, nonce)), who, "end", 0)
        elif record is not None and record[1] == nonce and record[0] in OPEN:
            yield from self._put(state, who, record, (SUBMITTED, nonce), ("end", 0), ("commit", nonce))
        else:
            yield "finds its word not needed", _with(state, who, "end", 0 if record == (SUBMITTED, nonce) else 4)

    def _refuse(self, state: State, who: int, nonce: object) -> Iterator[Step]:
        record = state.record
        has_record = self.rules.writes_intent and not self.rules.expiring_lock
        if has_record and record is not None and record[1] == nonce and record[0] in OPEN:
            yield from self._put(state, who, record, (REFUSED, nonce), ("end", 1), ("refuse", nonce))
        else:
            yield "gives up", _with(state, who, "end", 1)

    def _settle(self, state: State, who: int, old: object) -> Iterator[Step]:
        nonce, may_make = old[1], state.nonces_used < self.rules.nonces
        hits = [one for one in self._listed(state) if one == nonce or not self.rules.has_marker]
        if hits:
            yield "finds it listed", _with(state, who, "adopt", (old, hits[0]))
        elif self.rules.takes_over == "unlisted" and may_make:
            yield "takes it over, as it is not listed", _make(state, who, "intend", old)
            return
        else:
            yield from self._not_listed(state, who, old)
        if self.rules.takes_over == "always" and may_make:
            yield "takes it over", _make(state, who, "intend", old)

    def _not_listed(self, state: State, who: int, old: Record) -> Iterator[Step]:
        nonce = old[1]
        may_show = self.rules.listing_lags and any(one == nonce for one, _ in state.remote)
        if self.rules.releases_itself and _is_quiet(state, nonce) and not may_show:
            yield from self._put(state, who, old, (RELEASED, nonce), ("start", None), ("start", None))
        if old[0] == SENDING:
            yield from self._put(state, who, old, (UNKNOWN, nonce), ("end", 4), ("start", None))
        else:
            yield "still cannot tell", _with(state, who, "end", 4)

    def _adopt(self, state: State, who: int, holds: object) -> Iterator[Step]:
        old, nonce = holds
        yield from self._put(state, who, old, (SUBMITTED, nonce), ("end", 0), ("start", None))


_PROCESS = {
    "start": Model._start,
    "look without intent": Model._look_without_intent,
    "intend": Model._intend,
    "unsure": Model._unsure,
    "put again": Model._put_again,
    "armed": Model._armed,
    "wait": Model._wait,
    "commit": Model._commit,
    "refuse": Model._refuse,
    "settle": Model._settle,
    "adopt": Model._adopt,
}


def _with(state: State, who: int, at: str, holds: object, *, starts: int | None = None) -> State:
    appliers = list(state.appliers)
    appliers[who] = Applier(at, holds, appliers[who].starts if starts is None else starts)
    return state._replace(appliers=tuple(appliers))


def _make(state: State, who: int, at: str, old: Record) -> State:
    """A new nonce in the hand of an applier."""
    nonce = state.nonces_used
    return _with(state._replace(nonces_used=nonce + 1), who, at, (old, nonce))


def _answered(state: State, nonce: int, answer: str) -> State:
    return state._replace(net=state.net | {("answer", nonce, answer)})


def _is_quiet(state: State, nonce: int) -> bool:
    """Whether nothing can bring an attempt to the service any more."""
    is_armed = any(one.at == "armed" and one.holds == nonce for one in state.appliers)
    return not is_armed and ("request", nonce, "") not in state.net


@dataclass(frozen=True)
class Finding:
    """What a search found: `broken` with its shortest `trace`; or, when all holds, the ends (record state, runs)."""

    n_states: int
    broken: str | None = None
    trace: tuple[str, ...] = ()
    ends: frozenset[tuple[str | None, int]] = field(default_factory=frozenset)
    is_whole: bool = True
    """Whether the search came to its end within its limit."""


def search(rules: Rules, *, limit: int) -> Finding:
    """Visit every state, breadth first, up to `limit` states."""
    model, first = Model(rules), first_state(rules)
    parents: dict[State, tuple[State, str] | None] = {first: None}
    queue, ends = deque([first]), set()
    while queue:
        state = queue.popleft()
        is_last = True
        for words, after in model.steps(state):
            is_last = False
            if after in parents:
                continue
            parents[after] = (state, words)
            broken = broken_property(rules, after) or broken_end(rules, state, after)
            if broken:
                return Finding(len(parents), broken, _trace(parents, after))
            queue.append(after)
        if is_last:
            runs = len([nonce for nonce, _ in state.remote if nonce != STRANGER])
            ends.add((state.record[0] if state.record else None, runs))
        if len(parents) > limit:
            return Finding(len(parents), is_whole=False)
    return Finding(len(parents), ends=frozenset(ends))


def _trace(parents: dict[State, tuple[State, str] | None], state: State) -> tuple[str, ...]:
    words: list[str] = []
    while (step := parents[state]) is not None:
        state, said = step
        words.append(said)
    return tuple(reversed(words))
