"""Engines that are broken on purpose, one rule each: the simulator must catch every one of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType

from bulkplan.app import line
from bulkplan.core import engine, follow, result, settle
from bulkplan.core.outcome import OutcomeKind
from bulkplan.core.result import ResultKind
from bulkplan.model.record import RecordStatus
from bulkplan.model.store import PutResult
from sim import broken_rules as wrong
from sim import stories
from sim.plan import Kind, Plan
from sim.simulate import Options, Wrap

Patches = tuple[tuple[ModuleType | type, str, object], ...]


@dataclass(frozen=True)
class Broken:
    """
    One rule broken.

    `patches`: module or class, name and what stands there instead. `catches`: invariants that may see it, each of which
    is enough. `always` and `shape`: faults and whole schedules for rules that chance seldom tries.
    """

    name: str
    catches: frozenset[str]
    patches: Patches = ()
    wrap: Wrap | None = None
    is_careless: bool = False
    always: tuple[Kind, ...] = ()
    shape: Callable[[Plan], Plan] | None = None

    @property
    def options(self) -> Options:
        """How to simulate it."""
        return Options(wrap=self.wrap, is_careless=self.is_careless, always=self.always, shape=self.shape)


INTENT, ONCE, NEW_NONCE = (
    "request_follows_a_durable_intent",
    "nonce_is_sent_once_by_its_maker",
    "new_nonce_only_where_nothing_runs",
)
REFUSED, SUBMITTED, GROWS = "refused_is_the_senders_word", "submitted_is_true", "record_only_grows"
ARROWS = "record_follows_the_arrows"
EXIT_ZERO, AT_MOST_ONCE, FORGOTTEN = "exit_zero_means_submitted", "runs_at_most_once", "nothing_is_forgotten"
WINDOW, INTERRUPTED = "send_window_is_kept", "interrupted_sends_nothing"
FOUND, SETTLED, CAUSE = "executed_is_found", "ends_settled", "unknown_has_a_cause"
DRIFT, ODD, ONLY_ODD = "drift_is_refused", "odd_sizes_raise_the_alarm", "only_odd_sizes_are_paused"
BESIDE = "nothing_begins_beside_a_doubt"
REPEATS, TWINS = "repeats_raise_the_alarm", "twins_raise_the_alarm"


UNKNOWN_EXITS_ZERO: Mapping[OutcomeKind, ResultKind] = {
    **result.KIND_BY_OUTCOME,
    OutcomeKind.UNKNOWN: ResultKind.SKIPPED,
    OutcomeKind.ELSEWHERE: ResultKind.SKIPPED,
}


def _set(*names: str) -> frozenset[str]:
    return frozenset(names)


BROKEN: tuple[Broken, ...] = (
    Broken("send before the intent is stored", _set(INTENT), wrap=wrong.intent_after_sending),
    Broken("blind retry on time-out", _set(ONCE), wrap=wrong.sending_again(lambda answer: answer.failure is not None)),
    Broken("retry on time-out with a fresh nonce", _set(INTENT), wrap=wrong.new_nonce_on_timeout),
    Broken("the marker left out", _set(INTENT), ((engine, "mark_body", lambda body, marker: dict(body)),)),
    Broken(
        "429 sent again with the same nonce", _set(ONCE), wrap=wrong.sending_again(lambda answer: answer.status == 429)
    ),
    Broken(
        "5xx sent again with the same nonce",
        _set(ONCE),
        wrap=wrong.sending_again(lambda answer: (answer.status or 0) >= 500),
    ),
    Broken(
        "resend when one look is empty",
        _set(NEW_NONCE),
        ((settle, "settle", wrong.open_is_taken_over(RecordStatus.SENDING)),),
    ),
    Broken(
        "resend an unknown run", _set(NEW_NONCE), ((settle, "settle", wrong.open_is_taken_over(RecordStatus.UNKNOWN)),)
    ),
    Broken("5xx taken for a refusal", _set(REFUSED), wrong.calls_refusal(500, 502, 503, 504)),
    Broken("408 taken for a refusal", _set(REFUSED), wrong.calls_refusal(408)),
    Broken("409 taken for a refusal", _set(REFUSED), wrong.calls_refusal(409)),
    Broken("425 taken for a refusal", _set(REFUSED), wrong.calls_refusal(425)),
    Broken("a redirect taken for a refusal", _set(REFUSED), wrong.calls_refusal(302, 303, 307)),
    Broken("a lost answer taken for a refusal", _set(REFUSED), ((engine, "classify", wrong.lost_answer_is_refusal),)),
    Broken("any 2xx taken for success", _set(SUBMITTED), ((engine, "classify", wrong.any_2xx_is_success),)),
    Broken("an ID of another kind accepted", _set(SUBMITTED), ((engine, "classify", wrong.any_id_will_do),)),
    Broken("submitted without an ID", _set(SUBMITTED), ((engine, "_take_answer", wrong.submitted_without_an_id),)),
    Broken("lost store reply taken for success", _set(INTENT, ONCE, CAUSE), wrap=wrong.put_heard_as(PutResult.UNSURE)),
    Broken(
        "a store that is away taken for success",
        _set(INTENT),
        ((engine, "_store_intent", wrong.intent_sent_if(lambda heard: heard is not PutResult.CONFLICT)),),
    ),
    Broken("conflict ignored", _set(INTENT), wrap=wrong.put_heard_as(PutResult.CONFLICT)),
    Broken("a store without preconditions", _set(GROWS, NEW_NONCE), wrap=wrong.hearing(wrong.blind_put)),
    Broken(
        "read-back dropped",
        _set(CAUSE, SETTLED),
        ((engine, "_store_intent", wrong.intent_sent_if(lambda heard: heard is PutResult.STORED)),),
    ),
    Broken("the loser of a race sends", _set(ONCE), ((engine, "_store_intent", wrong.loser_sends),)),
    Broken(
        "refused written by a non-sender",
        _set(REFUSED),
        ((settle, "_not_found", wrong.settled_as(RecordStatus.REFUSED)),),
    ),
    Broken(
        "unknown released by itself",
        _set(NEW_NONCE),
        ((settle, "_not_found", wrong.settled_as(RecordStatus.RELEASED)),),
    ),
    Broken("nonce reused on retry", _set(NEW_NONCE), ((engine, "next_intent", wrong.old_nonce_again),)),
    Broken("history's nonces forgotten", _set(GROWS), ((engine, "next_intent", wrong.history_begins_anew),)),
    Broken("a refused record goes back to absent", _set(GROWS), wrap=wrong.hearing(wrong.refused_records_vanish)),
    Broken(
        "tag look skipped with lost state",
        _set(AT_MOST_ONCE, FORGOTTEN),
        ((engine, "_look_for_tag", wrong.no_look_for_the_tag),),
        always=(Kind.STATE_LOST,),
    ),
    Broken(
        "tag look skipped with an old copy of the state",
        _set(AT_MOST_ONCE, FORGOTTEN),
        ((engine, "_look_for_tag", wrong.no_look_for_the_tag),),
        always=(Kind.STATE_OLD,),
    ),
    Broken(
        "what matches not counted again",
        _set(DRIFT),
        ((stories, "may_start", lambda approved, found: True),),
        always=(Kind.COHORT_MOVES,),
    ),
    Broken(
        "more leads than approved unnoticed",
        _set(ODD),
        ((follow, "mismatch", lambda record, action: None),),
        always=(Kind.LIMIT_IGNORED,),
    ),
    Broken(
        "every action paused", _set(ONLY_ODD), ((follow, "mismatch", lambda record, action: "it runs on some leads"),)
    ),
    Broken(
        "listing error taken for empty",
        _set(AT_MOST_ONCE, FORGOTTEN, FOUND),
        wrap=wrong.hearing(wrong.listing_error_is_empty),
        always=(Kind.STATE_LOST, Kind.LOOK_FAILS, Kind.LOOK_FAILS),
    ),
    Broken(
        "nothing is ever found", _set(FOUND, CAUSE, AT_MOST_ONCE), wrap=wrong.hearing(wrong.nothing_like_ours_is_listed)
    ),
    Broken(
        "a look-alike without nonce adopted",
        _set(SUBMITTED),
        ((settle, "look", wrong.look_alikes_are_ours),),
        always=(Kind.STRANGER, Kind.STRANGER),
    ),
    Broken(
        "two hits adopted silently",
        _set(TWINS, REPEATS),
        ((settle, "_found", wrong.first_hit_is_enough), (settle, "look_for_twins", wrong.never_twins)),
        always=(Kind.DUPLICATED,),
    ),
    Broken(
        "no look for a repeat after success",
        _set(REPEATS),
        ((engine, "look_for_twins", wrong.never_twins), (follow, "look_for_twins", wrong.never_twins)),
        always=(Kind.DUPLICATED,),
    ),
    Broken(
        "interrupted sender sends",
        _set(INTERRUPTED),
        wrap=wrong.hearing(wrong.never_interrupted),
        always=(Kind.INTERRUPT,),
    ),
    Broken("send window ignored", _set(WINDOW), ((engine, "SEND_WINDOW_S", 1e9),), always=(Kind.FREEZE_AFTER_PUT,)),
    Broken(
        "commit ignoring the record's nonce",
        _set(REFUSED),
        ((engine, "commit", wrong.commit_whatever_the_nonce), (settle, "commit", wrong.commit_whatever_the_nonce)),
        shape=wrong.late_word_of_a_released_attempt,
    ),
    Broken(
        "commit ignoring the record's state",
        _set(ARROWS),
        ((engine, "commit", wrong.commit_whatever_the_state), (settle, "commit", wrong.commit_whatever_the_state)),
    ),
    Broken(
        "another run begun beside one in doubt",
        _set(BESIDE),
        ((line.Line, "is_clear", lambda self, ticket: True),),
        always=(Kind.ANSWER_LOST, Kind.REQUEST_LOST),
    ),
    Broken(
        "a doubt that nobody is told of",
        _set(BESIDE),
        ((line.Ticket, "doubt", lambda self: None),),
        always=(Kind.ANSWER_LOST, Kind.REQUEST_LOST),
    ),
    Broken("unknown exits 0", _set(EXIT_ZERO), ((result, "KIND_BY_OUTCOME", UNKNOWN_EXITS_ZERO),)),
    Broken(
        "a person's release too early",
        _set(AT_MOST_ONCE, FORGOTTEN),
        is_careless=True,
        always=(Kind.REQUEST_LATE, Kind.PERSON_DID_NOT_RUN),
    ),
)
