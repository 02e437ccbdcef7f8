"""How many people a run reaches: the steps from matching leads to messages, as queries and then as numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from bulkplan.core.digest import digest_json
from bulkplan.core.reach import (
    RESUMED_FROM,
    Reach,
    contacts_of,
    has_address,
    has_subscription,
    leads_with,
    leads_without_doubt,
    reach,
)
from bulkplan.model.base import SQuery
from bulkplan.model.plan import Change, ChangeKind, FunnelStep, Matches
from bulkplan.model.request import Request

StepName = Literal["with-address", "with-contact", "reachable", "not-subscribed", "with-subscription"]
FIRST_ADDRESSES = "Close writes to first addresses, which no query can ask for"


@dataclass(frozen=True)
class Unsubscribed:
    """The addresses that get no mass mail, or why they are not known. Personal data: kept in no plan."""

    addresses: frozenset[str] = frozenset()
    unknown: str | None = None


@dataclass(frozen=True)
class Step:
    """A step to count: its leads, and its contacts where it is about people (`None`: as many as leads)."""

    name: StepName
    words: str
    leads: SQuery
    contacts: SQuery | None = None


@dataclass(frozen=True)
class Course:
    """
    What is to be counted for one row.

    The last step is the most that may be reached, `surely` the fewest; `doubt` says why they may differ. Messages are
    counted in contacts if `is_per_contact`, else in leads.
    """

    matches: Matches
    steps: tuple[Step, ...]
    surely: SQuery | None
    is_per_contact: bool
    doubt: str | None = None

    @property
    def queries(self) -> Iterator[SQuery]:
        """Everything to count."""
        for step in self.steps:
            yield step.leads
            if step.contacts is not None:
                yield step.contacts
        if self.surely is not None:
            yield self.surely


@dataclass(frozen=True)
class Reached:
    """A row's funnel, and how many messages it ends in: `at_least` is `None` where nobody can tell."""

    steps: tuple[FunnelStep, ...]
    messages: int
    at_least: int | None = None
    doubt: str | None = None


Counts = Mapping[str, int | None]
"""Matches by the digest of a query; `None` for one that Close would not count."""


def writes_to_people(change: Change) -> bool:
    """Whether a row has a funnel: it runs now or as soon as it may, somebody matches, and it reaches people."""
    return (
        change.kind in (ChangeKind.RUN, ChangeKind.NOT_YET)
        and change.request is not None
        and change.request.kind in ("email", "sequence_subscription")
        and change.matches is not None
        and change.matches.total > 0
    )


def sends_messages(request: Request) -> bool:
    """Whether a request writes to contacts as a sender that it names; changes of subscriptions do not."""
    return _resumed_from(request) is None


def needs_unsubscribed(change: Change) -> bool:
    """Whether addresses that get no mass mail matter for a row."""
    return writes_to_people(change) and change.request is not None and sends_messages(change.request)


def course_of(change: Change, unsubscribed: Unsubscribed) -> Course:
    """What is to be counted for a row that writes to people. Raises `ValueError` for any other."""
    request, matches = change.request, change.matches
    if request is None or matches is None or not isinstance(leads := request.body.get("s_query"), dict):
        raise ValueError(f"{change.key} writes to nobody")
    if change.cohort_kind == "frozen" and change.cohort is not None:
        # Its query names the leads that it takes, so nothing is cut off any more.
        matches = matches.model_copy(update={"total": matches.limited})
    status = _resumed_from(request)
    if status is not None:
        return _subscription_course(request, leads, matches, status)
    return _message_course(request, leads, matches, unsubscribed)


def funnel(course: Course, counts: Counts) -> Reached:
    """The numbers of a course. A step that Close would not count is left out; the one before bounds the rest."""
    matches, doubt = course.matches, course.doubt
    steps = [FunnelStep(name="matched", words="matched", leads=matches.total)]
    if matches.limited < matches.total:
        steps.append(FunnelStep(name="limited", words="taken (results_limit)", leads=matches.limited))
        doubt = f"which {matches.limited:,} of {matches.total:,} leads are taken is known once it runs"
    for step in course.steps:
        found = _counted(step, steps[-1], counts, is_per_contact=course.is_per_contact)
        if found is None:
            doubt = f"Close would not count who is {step.words}"
        else:
            steps.append(found)
    last = steps[-1]
    messages = last.leads if last.contacts is None else last.contacts
    at_least = _at_least(course, counts, messages)
    return Reached(tuple(steps), messages, at_least, doubt if at_least != messages else None)


def _counted(step: Step, before: FunnelStep, counts: Counts, *, is_per_contact: bool) -> FunnelStep | None:
    """Leads come and go while they are counted; no step is larger than the one before."""
    n_leads = counts[digest_json(step.leads)]
    n_contacts = None if step.contacts is None else counts[digest_json(step.contacts)]
    if n_leads is None or (step.contacts is not None and n_contacts is None):
        return None
    n_leads = min(n_leads, before.leads)
    if step.name == "with-address":
        return FunnelStep(name=step.name, words=step.words, leads=n_leads)
    if n_contacts is None or not is_per_contact:
        n_contacts = n_leads
    if before.contacts is not None:
        n_contacts = min(n_contacts, before.contacts)
    return FunnelStep(name=step.name, words=step.words, leads=n_leads, contacts=n_contacts)


def _at_least(course: Course, counts: Counts, messages: int) -> int | None:
    """Of the leads that `results_limit` takes, any may be among those that are not reached."""
    surely = None if course.surely is None else counts[digest_json(course.surely)]
    if surely is None:
        return None
    left_out = course.matches.total - course.matches.limited
    if left_out and course.is_per_contact:
        return None
    return max(0, min(surely - left_out, messages))


def _message_course(request: Request, leads: SQuery, matches: Matches, unsubscribed: Unsubscribed) -> Course:
    is_per_contact = request.body.get("contact_preference") == "contact"
    sequence_id = request.body.get("sequence_id")
    never_had = sequence_id if isinstance(sequence_id, str) else None
    written = reach(unsubscribed.addresses)

    def people(name: StepName, words: str, conditions: tuple[SQuery, ...]) -> Step:
        contacts = contacts_of(leads, *conditions) if is_per_contact else None
        return Step(name, words, leads_with(leads, *conditions), contacts)

    steps = [
        Step("with-address", "with an e-mail address", leads_with(leads, has_address())),
        people("with-contact", _preference_words(is_per_contact=is_per_contact), (has_address(),)),
    ]
    if unsubscribed.unknown is None:
        steps.append(people("reachable", "not unsubscribed", written.possible))
    whole = reach(unsubscribed.addresses, never_had=never_had)
    if never_had is not None:
        steps.append(people("not-subscribed", "not in the sequence before", whole.possible))
    surely = _surely(leads, whole, is_per_contact=is_per_contact) if unsubscribed.unknown is None else None
    return Course(matches, tuple(steps), surely, is_per_contact, unsubscribed.unknown or FIRST_ADDRESSES)


def _surely(leads: SQuery, of_contact: Reach, *, is_per_contact: bool) -> SQuery:
    return contacts_of(leads, *of_contact.sure) if is_per_contact else leads_without_doubt(leads, of_contact)


def _preference_words(*, is_per_contact: bool) -> str:
    return "contacts (contact_preference: contact)" if is_per_contact else "first contacts (contact_preference: lead)"


def _subscription_course(request: Request, leads: SQuery, matches: Matches, status: str) -> Course:
    sequence_id = request.body.get("sequence_id")
    had = has_subscription(sequence_id if isinstance(sequence_id, str) else None, status=status)
    an = "an" if status == "active" else "a"
    words = f"contacts with {an} {status} subscription"
    step = Step("with-subscription", words, leads_with(leads, had), contacts_of(leads, had))
    return Course(matches, (step,), contacts_of(leads, had), is_per_contact=True)


def _resumed_from(request: Request) -> str | None:
    """The status of the subscriptions that a request changes; `None` for one that makes some, and for e-mail."""
    action = request.body.get("action_type")
    return RESUMED_FROM.get(action) if isinstance(action, str) else None
