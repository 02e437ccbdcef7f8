"""The protocol with several budgets, which must hold, and without one of its rules each, which must break."""

from __future__ import annotations

from model.state import Rules

ONCE = "at most once"

HOLDS: tuple[Rules, ...] = (
    Rules("two appliers", starts=1, crashes=2),
    Rules("two starts each", crashes=0),
    Rules("two starts each, two crashes, no lost reply", crashes=2, lost_replies=0),
    Rules("three appliers", appliers=3, starts=1, crashes=1, lost_replies=0),
    Rules("nobody decides", person="absent", crashes=2, lost_replies=0),
    Rules("two decisions, four attempts", decisions=2, nonces=4, crashes=1, lost_replies=0),
    Rules("two lost replies", lost_replies=2, crashes=0, starts=1, person="absent"),
    Rules("a stranger meanwhile", stranger=True, crashes=1, starts=1),
    Rules("odd answers", odd_answers=True, crashes=2, lost_replies=0),
    Rules(
        "the state is lost between applies", state_loss=True, listing_lags=False, requests_late=False, person="absent",
        crashes=0, lost_replies=0, appliers=1, starts=3,
    ),
    Rules("released by itself where time is trusted", releases_itself=True, person="absent", starts=1, crashes=1),
)  # fmt: skip
"""Budgets small enough for every run; each is searched to its end."""

HOLDS_FULLY: tuple[Rules, ...] = (
    Rules("two appliers"),
    Rules("three appliers", appliers=3, starts=1, crashes=1),
    Rules("three crashes, three starts, nobody decides", person="absent", crashes=3, starts=3),
    Rules("two decisions, four attempts", decisions=2, nonces=4, crashes=1),
    Rules("two lost replies", lost_replies=2, crashes=1, person="absent"),
    Rules("a stranger meanwhile", stranger=True, crashes=1),
    Rules("odd answers", odd_answers=True, crashes=1, lost_replies=0),
    Rules("released by itself where time is trusted", releases_itself=True, person="absent", crashes=1),
)
"""The same within larger budgets: millions of states, by hand."""

_ALONE = {"appliers": 1, "person": "absent"}

BREAKS: tuple[Rules, ...] = (
    Rules("send, then record", ONCE, writes_intent=False, only_once=True),
    Rules("send, then record, one applier", ONCE, writes_intent=False, appliers=1, crashes=1, only_once=True),
    Rules("a lock that expires", ONCE, expiring_lock=True, only_once=True),
    Rules("an open intent is sent again", ONCE, takes_over="always", only_once=True),
    Rules("sent again when it is not listed", ONCE, takes_over="unlisted", only_once=True),
    Rules("the same, the listing never lags", ONCE, takes_over="unlisted", listing_lags=False, only_once=True),
    Rules(
        "the same, and nothing is late", ONCE, takes_over="unlisted", listing_lags=False, requests_late=False,
        only_once=True,
    ),
    Rules("the client repeats on a time-out", ONCE, retries_timeout=True, appliers=1, crashes=0, only_once=True),
    Rules("5xx is a refusal", ONCE, odd_answers=True, trusts_5xx=True, appliers=1, only_once=True),
    Rules("any 2xx is success", "submitted is true", odd_answers=True, trusts_2xx=True, appliers=1),
    Rules("a lost reply of the store is success", ONCE, reads_back=False, only_once=True),
    Rules("a store that compares nothing", ONCE, swaps=False, crashes=0, only_once=True),
    Rules("matched by payload alone", "adopts only its own", has_marker=False, stranger=True),
    Rules("a careless person", ONCE, person="careless", only_once=True),
    Rules(
        "the state is lost while one sends", ONCE, state_loss=True, listing_lags=False, requests_late=False,
        person="absent", crashes=0, lost_replies=0, only_once=True,
    ),
    Rules(
        "lost between applies, and no first look", ONCE, state_loss=True, listing_lags=False, requests_late=False,
        crashes=0, lost_replies=0, starts=3, looks_first=False, only_once=True, **_ALONE,
    ),
)  # fmt: skip
