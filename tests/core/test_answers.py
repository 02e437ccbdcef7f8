"""Whatever answers the one request: it means exactly one thing, and the request is never sent twice under one nonce."""

from __future__ import annotations

import itertools

import pytest
from support.engine_world import KEY, ORGANIZATION, RUN, World

from bulkplan.core.answers import ID_PREFIXES, REFUSALS, Ambiguous, Executed, NotExecuted, classify, explain_refusal
from bulkplan.core.marker import make_tag, nonces_of
from bulkplan.core.outcome import OutcomeKind
from bulkplan.model.record import RecordStatus
from bulkplan.model.remote import Answer

STATUSES = range(100, 600)
OURS = {"id": "bulkedit_1", "organization_id": ORGANIZATION, "status": "created"}
FOREIGN = {**OURS, "organization_id": "orga_other"}
BODIES = {
    "ours": OURS,
    "without a status": {"id": "bulkedit_1", "organization_id": ORGANIZATION},
    "of another organization": FOREIGN,
    "of another kind": {**OURS, "id": "bulkdelete_1"},
    "without an ID": {"organization_id": ORGANIZATION, "status": "created"},
    "an ID that is no text": {**OURS, "id": 7},
    "without an organization": {"id": "bulkedit_1"},
    "an organization that is no text": {**OURS, "organization_id": None},
    "a list": [OURS],
    "a text": "bulkedit_1",
    "an error": {"error": "no", "errors": [], "field-errors": {}},
    "no JSON": None,
}
TAKEN = ("ours", "without a status", "of another organization")
ENDINGS = {
    "complete": {"handed_over": True},
    "complete, with a wait": {"handed_over": True, "retry_after_s": 3.0},
    "not handed over": {"handed_over": False, "failure": "no connection"},
    "timed out": {"handed_over": True, "failure": "timed out"},
    "reset": {"handed_over": True, "failure": "the connection was reset"},
    "half a body": {"handed_over": True, "failure": "the answer ended early"},
}
SURELY_NOT = {400, 401, 402, 403, 404, 405, 406, 411, 413, 414, 415, 422, 429}
"""Written down here once more; the package's own table is what is tested."""


def answer_of(status, body, ending):
    return Answer(status=status, body=BODIES[body], **ENDINGS[ending])


def class_of(status, body, ending):
    """The row of the protocol's table."""
    if ending == "not handed over":
        return NotExecuted
    if not ending.startswith("complete"):
        return Ambiguous
    if status in SURELY_NOT:
        return NotExecuted
    return Executed if 200 <= status < 300 and body in TAKEN else Ambiguous


@pytest.mark.parametrize("ending", ENDINGS)
@pytest.mark.parametrize("body", BODIES)
def test_every_status_has_exactly_one_meaning(body, ending):
    for status in STATUSES:
        meaning = classify(answer_of(status, body, ending), kind="edit", organization_id=ORGANIZATION)
        assert type(meaning) is class_of(status, body, ending), (status, body, ending)


@pytest.mark.parametrize("ending", ["timed out", "reset", "half a body"])
def test_an_answer_that_broke_off_never_says_no_whatever_status_it_began_with(ending):
    meanings = {type(classify(answer_of(s, "ours", ending), kind="edit", organization_id="")) for s in STATUSES}
    assert meanings == {Ambiguous}


def test_the_refusals_of_the_package_are_those_of_the_protocol():
    assert REFUSALS | {429} == SURELY_NOT


def test_only_a_rate_limit_is_worth_a_new_attempt():
    for status in SURELY_NOT:
        meaning = classify(Answer(handed_over=True, status=status), kind="edit", organization_id=ORGANIZATION)
        assert meaning.is_rate_limited is (status == 429)


@pytest.mark.parametrize(("kind", "other"), list(itertools.permutations(ID_PREFIXES, 2)))
def test_an_id_of_another_kind_says_nothing(kind, other):
    body = {**OURS, "id": f"{ID_PREFIXES[other]}1"}
    meaning = classify(Answer(handed_over=True, status=200, body=body), kind=kind, organization_id=ORGANIZATION)
    assert isinstance(meaning, Ambiguous)


def test_an_action_in_another_organization_is_executed_and_names_it():
    meaning = classify(Answer(handed_over=True, status=201, body=FOREIGN), kind="edit", organization_id=ORGANIZATION)
    assert meaning == Executed("bulkedit_1", "created", "orga_other")


def test_a_refusal_is_told_in_the_words_of_close():
    body = {"error": "wrong", "errors": ["a", "b"], "field-errors": {"lead_status_id": "unknown"}}
    text = explain_refusal(Answer(handed_over=True, status=400, body=body))
    assert text == "Close answered 400: wrong; a; b; lead_status_id: unknown"


WITH_BODY_OURS = [(status, "ours", "complete") for status in STATUSES]
EACH_BODY_AND_ENDING = [
    (status, body, ending)
    for status in (100, 200, 201, 204, 302, 400, 408, 409, 425, 429, 500, 503)
    for body in BODIES
    for ending in ENDINGS
]


def nonces_sent(world):
    tag = make_tag("ab" * 8, ORGANIZATION, KEY)
    return [min(nonces_of(post["s_query"], tag)) for post in world.posts]


@pytest.mark.parametrize("cases", [WITH_BODY_OURS, EACH_BODY_AND_ENDING], ids=["each status", "each body and ending"])
@pytest.mark.parametrize("is_taken", [False, True])
def test_no_answer_makes_the_engine_send_a_nonce_twice(cases, is_taken):
    for status, body, ending in cases:
        expected = class_of(status, body, ending)
        world = World(answer=lambda world, action, case=(status, body, ending): take(world, action, case, is_taken))
        outcome = world.apply(settle_timeout_s=0.0)
        nonces = nonces_sent(world)
        assert len(set(nonces)) == len(nonces)
        assert len(nonces) == 1 or status == 429
        assert world.record.status is status_after(expected, is_taken), (status, body, ending)
        assert (outcome.kind is OutcomeKind.REFUSED) is (expected is NotExecuted)


def take(world, action, case, is_taken):
    """The answer of the case; before it Close took the action, where the case leaves that open."""
    if is_taken and class_of(*case) is Ambiguous:
        world.actions.append(action)
    return answer_of(*case)


def status_after(expected, is_taken):
    if expected is NotExecuted:
        return RecordStatus.REFUSED
    return RecordStatus.SUBMITTED if expected is Executed or is_taken else RecordStatus.UNKNOWN


def test_a_run_that_was_refused_keeps_what_it_would_send_again():
    world = World(answer=lambda world, action: Answer(handed_over=True, status=422))
    world.apply()
    assert world.record.body == RUN.body
