"""Which choices an operator of the sandbox has: keys, speed, limits, and the questions Close's pages leave open."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum


class Echo(Enum):
    """How a bulk action's `s_query` comes back."""

    AS_SENT = "as_sent"
    NORMALIZED = "normalized"  # `negate: false` is written out on every node
    STRIPPED = "stripped"  # negated clauses right below the top `and` are gone


@dataclass(frozen=True)
class RateLimit:
    """At most `limit` requests per `window_s` seconds, counted per endpoint group and API key."""

    limit: int
    window_s: float


@dataclass(frozen=True)
class RateLimits:
    """The limit of most endpoint groups, and the tighter one of searches."""

    default: RateLimit
    search: RateLimit


UNLIMITED = RateLimits(RateLimit(1_000_000, 1.0), RateLimit(1_000_000, 1.0))
"""For use in process, where nobody is protected by waiting."""

AS_OBSERVED = RateLimits(RateLimit(160, 8.0), RateLimit(16, 1.0))
"""What clients of Close have met. Source: Close API, "Rate limits", and figures seen in replies."""


@dataclass(frozen=True)
class OpenQuestions:
    """
    What the documentation of Close leaves open; the defaults are the careful choice.

    Each switch is named for the answer it gives when true.
    """

    pause_by_put: bool = True  # otherwise POST to the action's path
    s_query_is_required: bool = True  # otherwise a missing one selects every lead
    unknown_keys_are_refused: bool = False
    pausing_created_is_allowed: bool = True
    paused_expires: bool = True  # no resume after `pause_lifetime_s`
    choices_are_enforced: bool = True
    path_without_slash_is_found: bool = False
    max_list_limit: int = 100
    pause_lifetime_s: float = 7 * 86_400.0


@dataclass(frozen=True)
class SandboxSettings:
    """
    How a sandbox behaves.

    `api_keys` empty: any key is accepted. Speeds are per second (leads of bulk actions, documents of exports), `inf`
    finishes at once. Times are seconds. `takes_bearer_tokens`: any OAuth token is accepted, otherwise none.
    `chain_length`: objects that one chain of cursors reaches. Source: Close API, Advanced Filtering.
    """

    api_keys: tuple[str, ...] = field(default=(), repr=False)
    leads_per_second: float = 400.0
    loading_seconds: float = 0.3
    rate_limits: RateLimits = UNLIMITED
    echo: Echo = Echo.AS_SENT
    listing_lag_seconds: float = 0.0
    event_merge_seconds: float = 10.0
    takes_bearer_tokens: bool = False
    export_documents_per_second: float = 2000.0
    download_link_seconds: float = 600.0
    chain_length: int = 10_000
    webhook_timeout_seconds: float = 5.0
    control: bool = False
    open_questions: OpenQuestions = OpenQuestions()


def served_settings(*, api_keys: tuple[str, ...] = (), control: bool = False) -> SandboxSettings:
    """Return the settings of a sandbox that is served over HTTP: with the rate limits clients of Close meet."""
    return SandboxSettings(api_keys=api_keys, rate_limits=AS_OBSERVED, control=control)
