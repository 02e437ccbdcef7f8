"""The simulated network between an applier and Close: what becomes of each request, and what its sender sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bulkplan.core import effects as fx
from bulkplan.core.marker import make_tag, nonces_of
from bulkplan.model.remote import Answer, BulkAction
from bulkplan.model.run import RunKey
from sim.close_model import ORGANIZATION, Taken
from sim.facts import Accepted, Sent
from sim.plan import REFUSING, Fault, Kind

if TYPE_CHECKING:
    from sim.actors import Actor
    from sim.world import World

CLIENT_PATIENCE_S = 60.0
PROCESSING_S = 600.0
"""So long an action on an odd number of leads is at work: long enough to be stopped."""
_KINDS = (
    Kind.REQUEST_LOST, Kind.REQUEST_LATE, Kind.ANSWER_LOST, Kind.DUPLICATED, Kind.ANSWER, Kind.PAGE, Kind.NO_ID,
    Kind.OTHER_KIND, Kind.OTHER_ORGANIZATION, Kind.HALF_BODY, Kind.NOT_HANDED_OVER,
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """One request on its way."""

    by: Actor
    key: RunKey
    nonce: str
    body: dict[str, object]


class Network:
    """Carries requests and answers. `accepted`: what Close took, by nonce."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.flying: dict[str, int] = {}
        self.accepted: dict[str, list[Accepted]] = {}
        self.sent: dict[str, int] = {}
        self.refused_clearly: set[str] = set()
        self.last: dict[Actor, Request] = {}
        self.returned: dict[str, set[str]] = {}
        """IDs that an answer named, by nonce."""
        self.twins_listed: dict[RunKey, list[Actor]] = {}
        """Who saw more than one action of a run."""
        self.is_careless = False
        """Whether people release attempts that may still run."""
        self.keys = {f"stat_{number}": RunKey(f"run-{number}", 1) for number in range(6)}

    def send(self, actor: Actor, effect: fx.Send) -> None:
        """Hand a request over; its answer wakes the sender later."""
        world = self.world
        request = self.last[actor] = self._read(actor, effect.body)
        fault = self._fault(world.count("send"))
        if world.say is not None:
            world.trace(f"{actor}: sends {request.key} nonce {request.nonce[:4]}")
        if fault is not None and fault.kind is Kind.NOT_HANDED_OVER:
            self.refused_clearly.add(request.nonce)
            actor.busy_with = None
            self._answer(request, 0.01, Answer(handed_over=False, failure="no connection"))
            return
        self.sent[request.nonce] = self.sent.get(request.nonce, 0) + 1
        actor.n_sent += 1
        tag = make_tag(actor.context.project_id, ORGANIZATION, request.key)
        world.tell(Sent(actor, request.key, request.nonce, nonces_of(effect.body["s_query"], tag)))
        actor.busy_with = None
        self._carry(request, fault)
        if world.strike_process(actor, Kind.CRASH_AFTER_SEND, actor.count("sent")):
            world.kill(actor, "while its request is on the way")

    def _read(self, actor: Actor, body: dict[str, object]) -> Request:
        key = self.keys[body["lead_status_id"]]
        tag = make_tag(actor.context.project_id, ORGANIZATION, key)
        carried = nonces_of(body["s_query"], tag)
        nonce = min(carried) if carried else (actor.busy_with or "none")
        return Request(actor, key, nonce, body)

    def _fault(self, number: int) -> Fault | None:
        found = [self.world.strike(kind, number) for kind in _KINDS]
        return next((fault for fault in found if fault), None)

    def _carry(self, request: Request, fault: Fault | None) -> None:
        """What becomes of the request, and of its answer."""
        trip, back = 0.05, 0.1
        if fault is None:
            self._arrive(request, trip, answers_after=back)
            return
        match fault.kind:
            case Kind.REQUEST_LOST:
                self._fail(request, CLIENT_PATIENCE_S)
            case Kind.REQUEST_LATE if fault.seconds < CLIENT_PATIENCE_S:
                self._arrive(request, fault.seconds, answers_after=back)
            case Kind.REQUEST_LATE:
                self._arrive(request, fault.seconds)
                self._fail(request, CLIENT_PATIENCE_S)
            case Kind.ANSWER_LOST | Kind.HALF_BODY:
                self._arrive(request, trip)
                self._fail(request, CLIENT_PATIENCE_S if fault.accepted else 2 * back)
            case Kind.DUPLICATED:
                self._arrive(request, trip)
                self._arrive(request, trip + fault.seconds, answers_after=back if fault.accepted else None, repeat=True)
                if not fault.accepted:
                    self._fail(request, trip + fault.seconds + back)
            case Kind.OTHER_ORGANIZATION:
                self._arrive(request, trip, answers_after=back, elsewhere=True)
            case _:
                self._answer_oddly(request, fault, trip + back)

    def _answer_oddly(self, request: Request, fault: Fault, after_s: float) -> None:
        if fault.accepted:
            self._arrive(request, 0.05)
        if fault.kind is Kind.ANSWER and fault.status in REFUSING:
            self.refused_clearly.add(request.nonce)
        body = {
            Kind.PAGE: None,
            Kind.NO_ID: {"status": "created", "organization_id": ORGANIZATION},
            Kind.OTHER_KIND: {"id": "bulkdelete_0001", "status": "created", "organization_id": ORGANIZATION},
        }.get(fault.kind, {"error": "no"})
        status = fault.status if fault.kind is Kind.ANSWER else 200
        retry_after_s = fault.seconds or None
        self._answer(request, after_s, Answer(handed_over=True, status=status, body=body, retry_after_s=retry_after_s))

    def _fail(self, request: Request, after_s: float) -> None:
        self._answer(request, after_s, Answer(handed_over=True, failure="timed out"))

    def _arrive(
        self,
        request: Request,
        after_s: float,
        *,
        answers_after: float | None = None,
        repeat: bool = False,
        elsewhere: bool = False,
    ) -> None:
        self.flying[request.nonce] = self.flying.get(request.nonce, 0) + 1

        def arrive() -> None:
            taken = self._take(request, repeat=repeat, elsewhere=elsewhere)
            if answers_after is not None:
                self._answer(request, answers_after, self._success(request, taken, elsewhere=elsewhere))

        self.world.at(after_s, arrive)

    def _take(self, request: Request, *, repeat: bool, elsewhere: bool) -> Taken:
        """Close takes the request: from here it runs."""
        world = self.world
        self.flying[request.nonce] -= 1
        if not self.flying[request.nonce]:
            del self.flying[request.nonce]
        number = world.count("accept")
        lags = [world.strike(kind, number) for kind in (Kind.LISTING_LAG, Kind.LOG_LAG)]
        list_lag, log_lag = (fault.seconds if fault and not world.store.losses else 0.0 for fault in lags)
        ignored = world.strike(Kind.LIMIT_IGNORED, number) is not None
        n_leads = world.n_taken(request.key, request.body, is_limited=not ignored)
        odd_s = PROCESSING_S if n_leads != world.close.n_leads else 0.0
        taken = world.close.create(
            "edit", request.body, now=world.t, list_lag=list_lag, log_lag=log_lag, n_leads=n_leads, processing_s=odd_s
        )
        if elsewhere:
            taken.kind = "in another organization"
        if world.say is not None:
            world.trace(f"Close takes {request.key} nonce {request.nonce[:4]} as {taken.id}")
        fact = Accepted(request.key, request.nonce, taken.id, repeat, elsewhere)
        self.accepted.setdefault(request.nonce, []).append(fact)
        world.tell(fact)
        return taken

    def _success(self, request: Request, taken: Taken, *, elsewhere: bool) -> Answer:
        self.returned.setdefault(request.nonce, set()).add(taken.id)
        action = self.world.close.view(taken, now=self.world.t, just_taken=True)
        body = {
            "id": action.id,
            "status": action.status,
            "organization_id": "orga_other" if elsewhere else ORGANIZATION,
            "s_query": action.s_query,
        }
        return Answer(handed_over=True, status=200, body=body)

    def _answer(self, request: Request, after_s: float, answer: Answer) -> None:
        def hear() -> None:
            world, actor = self.world, request.by
            if not actor.is_alive:
                return
            if world.say is not None:
                world.trace(f"{actor}: hears {answer.failure or answer.status} about {request.key}")
            actor.count("answer")
            frozen_s = world.suffer_after(actor, Kind.FREEZE_AFTER_ANSWER, "answer")
            if frozen_s:
                world.at(frozen_s, lambda: world.resume(actor, answer))
            else:
                world.resume(actor, answer)

        self.world.at(after_s, hear)

    def is_unclear(self, actor: Actor, answer: Answer) -> bool:
        """Whether an answer leaves open if the last request of an actor was executed."""
        if answer.failure is not None or not answer.handed_over:
            return answer.handed_over
        ids = self.returned.get(self.last[actor].nonce, ())
        is_named = isinstance(answer.body, dict) and answer.body.get("id") in ids
        return not is_named and answer.status not in REFUSING

    def note_twins(self, actor: Actor, hits: tuple[BulkAction, ...]) -> None:
        """Remember that somebody saw more than one action of a run."""
        ids = {hit.id for hit in hits}
        for facts in self.accepted.values():
            if sum(fact.action_id in ids for fact in facts) > 1:
                self.twins_listed.setdefault(facts[0].key, []).append(actor)
