"""How the past and the plans of a seeded lead are made: activities, opportunities, tasks, sequence subscriptions."""

import json
from itertools import accumulate
from random import Random

from bulkplan.sandbox import names
from bulkplan.sandbox.ids import seeded_id
from bulkplan.sandbox.seed_batch import Batch, Cell, Days
from bulkplan.sandbox.seed_organization import Organization
from bulkplan.sandbox.seed_outline import Outline
from bulkplan.sandbox.seed_people import Person

_SPOKEN_KINDS = ("email", "call", "meeting", "sms")
_SPOKEN_WEIGHTS = tuple(accumulate((62, 22, 12, 4)))
_SUBSCRIBABLE = ("Trial onboarding", "Renewal nurture", "Cold outreach")
_SUBSCRIPTION_STATUSES = ("active", "paused", "finished")
_SUBSCRIPTION_WEIGHTS = tuple(accumulate((35, 25, 40)))
_MAX_COMMUNICATIONS = 9

# Per lead status: how likely an opportunity is, and the weights of Discovery, Proposal, Won, Lost.
_OPPORTUNITIES = {
    "Potential": (0.04, (70, 15, 0, 15)),
    "Contacted": (0.25, (55, 20, 0, 25)),
    "Qualified": (0.85, (40, 50, 0, 10)),
    "Customer": (0.95, (5, 10, 80, 5)),
    "Churned": (0.80, (3, 2, 75, 20)),
    "Bad Fit": (0.10, (0, 0, 0, 100)),
}


class HistoryMaker:
    """Makes what happened with a lead, and what is planned."""

    def __init__(self, organization: Organization, random: Random, days: Days) -> None:
        """Make histories by `random`, with dates counted by `days`."""
        self._organization, self._random, self._days = organization, random, days

    def add_history(self, batch: Batch, outline: Outline, people: list[Person]) -> None:
        """Gather all of it for one lead."""
        random = self._random
        if outline.last_communication_age is not None:
            self._add_communications(batch, outline, people, outline.last_communication_age)
        if outline.status_change_age is not None:
            self._add_status_change(batch, outline, outline.status_change_age)
        if random.random() < 0.3:
            note_age = outline.age * random.random()
            self._add_activity(batch, outline, None, "note", note_age, note=random.choice(names.NOTES))
        if random.random() < 0.05:
            ahead = -random.randrange(1, 30) - random.randrange(16, 34) / 48
            self._add_activity(batch, outline, None, "meeting", ahead, status="upcoming", duration=1800)
        self._add_opportunities(batch, outline, people)
        if random.random() < 0.28:
            self._add_task(batch, outline)
        reachable = [person for person in people if person.email]
        if reachable and random.random() < 0.1:
            self._add_subscription(batch, outline, reachable[0])

    def _add_activity(
        self,
        batch: Batch,
        outline: Outline,
        person: Person | None,
        kind: str,
        age: float,
        *,
        direction: str | None = None,
        status: str | None = None,
        note: str | None = None,
        duration: int | None = None,
        email: tuple[Cell, ...] = (None, 0, None, None, None, None),
        change: tuple[Cell, ...] = (None, None, None),
    ) -> None:
        """Gather one activity; `email` are its columns from date_sent to template_id, `change` the status columns."""
        at = self._days.stamp(age)
        made = at if age >= 0 else self._days.stamp(min(outline.age, 1.0))
        contact_id = person.contact_id if person else None
        batch.add(
            "activity",
            *(seeded_id("acti_", self._random), kind, outline.lead_id, contact_id, outline.owner, at, made, made),
            *(direction, status, note, *email, duration, *change),
        )

    def _add_communications(self, batch: Batch, outline: Outline, people: list[Person], last_age: float) -> None:
        random = self._random
        n_more = min(int(random.expovariate(0.45)), _MAX_COMMUNICATIONS)
        span = outline.age - last_age
        for age in (last_age, *(last_age + span * random.random() for _ in range(n_more))):
            person = random.choice(people) if people else None
            (kind,) = random.choices(_SPOKEN_KINDS, cum_weights=_SPOKEN_WEIGHTS)
            if kind == "email":
                self._add_email(batch, outline, person, age)
            else:
                self._add_talk(batch, outline, person, kind, age)
        if random.random() < 0.03:
            draft: tuple[Cell, ...] = (None, 0, random.choice(names.SUBJECTS), None, None, None)
            self._add_activity(
                batch, outline, None, "email", last_age, direction="outgoing", status="draft", email=draft
            )

    def _add_email(self, batch: Batch, outline: Outline, person: Person | None, age: float) -> None:
        random = self._random
        is_incoming = random.random() < 0.3
        address = (person.email if person else None) or f"info@{outline.domain}"
        _, name, sender = random.choice(self._organization.accounts)
        template = random.choice(self._organization.templates) if random.random() < 0.2 else None
        self._add_activity(
            batch,
            outline,
            person,
            "email",
            age,
            direction="incoming" if is_incoming else "outgoing",
            status="inbox" if is_incoming else "sent",
            email=(
                self._days.stamp(age),
                int(not is_incoming and random.random() < 0.25),
                random.choice(names.SUBJECTS),
                address if is_incoming else f"{name} <{sender}>",
                json.dumps([sender if is_incoming else address]),
                None if is_incoming else template,
            ),
        )

    def _add_talk(self, batch: Batch, outline: Outline, person: Person | None, kind: str, age: float) -> None:
        random = self._random
        direction = "inbound" if random.random() < 0.25 else "outbound"
        if kind == "meeting":
            self._add_activity(batch, outline, person, kind, age, status="completed", duration=1800)
        elif kind == "sms":
            status = "inbox" if direction == "inbound" else "sent"
            text = random.choice(names.SUBJECTS)
            self._add_activity(batch, outline, person, kind, age, direction=direction, status=status, note=text)
        else:
            seconds = int(random.expovariate(1 / 240))
            note = random.choice(names.NOTES) if random.random() < 0.4 else None
            self._add_activity(
                batch, outline, person, kind, age, direction=direction, status="completed", note=note, duration=seconds
            )

    def _add_status_change(self, batch: Batch, outline: Outline, age: float) -> None:
        statuses = self._organization.lead_statuses
        change = (None, statuses["Potential"], statuses[outline.status])
        self._add_activity(batch, outline, None, "lead_status_change", age, change=change)

    def _add_opportunities(self, batch: Batch, outline: Outline, people: list[Person]) -> None:
        random = self._random
        likely, weights = _OPPORTUNITIES[outline.status]
        if random.random() < likely:
            for _ in range(1 if random.random() < 0.8 else 2):
                (label,) = random.choices(tuple(self._organization.opportunity_statuses), weights)
                self._add_opportunity(batch, outline, people, label)

    def _add_opportunity(self, batch: Batch, outline: Outline, people: list[Person], label: str) -> None:
        random, days, statuses = self._random, self._days, self._organization.opportunity_statuses
        opportunity_id = seeded_id("oppo_", random)
        made = outline.age * (0.3 + 0.7 * random.random())
        moved = None if label == "Discovery" else made * random.random()
        closed = days.date(int(moved)) if moved is not None and label in ("Won", "Lost") else None
        stamp, changed = days.stamp(made), days.stamp(made if moved is None else moved)
        batch.add(
            "opportunity",
            *(opportunity_id, outline.lead_id, people[0].contact_id if people else None, outline.owner),
            *(statuses[label], None, round(random.lognormvariate(9, 1)) * 100, "USD"),
            random.choice(("one_time", "monthly", "annual")),
            {"Discovery": 20, "Proposal": 60, "Won": 100, "Lost": 0}[label],
            days.date(-random.randrange(1, 120)) if closed is None else None,
            *(closed if label == "Won" else None, closed if label == "Lost" else None),
            *(outline.owner, outline.owner, stamp, changed),
        )
        self._add_periods(batch, outline, opportunity_id, label, stamp, None if moved is None else (moved, changed))
        fields = self._organization.fields
        if closed is None and random.random() < 0.7:
            forecast = random.choice(("Commit", "Best Case", "Pipeline"))
            batch.add("custom_value", opportunity_id, fields["Forecast"], 0, forecast, None, None)
        if random.random() < 0.5:
            contract = "Annual" if random.random() < 0.6 else "Monthly"
            batch.add("custom_value", opportunity_id, fields["Contract Type"], 0, contract, None, None)

    def _add_periods(
        self,
        batch: Batch,
        outline: Outline,
        opportunity_id: str,
        label: str,
        made: str,
        moved: tuple[float, str] | None,
    ) -> None:
        """Gather which status it had when, and the activity of the change; every one begins in Discovery."""
        statuses = self._organization.opportunity_statuses
        table = "opportunity_status_period"
        batch.add(table, opportunity_id, made, statuses["Discovery"], moved and moved[1])
        if moved is not None:
            batch.add(table, opportunity_id, moved[1], statuses[label], None)
            change = (opportunity_id, statuses["Discovery"], statuses[label])
            self._add_activity(batch, outline, None, "opportunity_status_change", moved[0], change=change)

    def _add_task(self, batch: Batch, outline: Outline) -> None:
        random, days = self._random, self._days
        is_complete = random.random() < 0.4
        made = outline.age * random.random()
        due = int(made * random.random()) if is_complete else random.randrange(-30, 15)
        stamp = days.stamp(made)
        batch.add(
            "task",
            *(seeded_id("task_", random), outline.lead_id, outline.owner, random.choice(names.TASKS)),
            *(days.date(due), int(is_complete), outline.owner, outline.owner, stamp, stamp),
        )

    def _add_subscription(self, batch: Batch, outline: Outline, person: Person) -> None:
        random = self._random
        (status,) = random.choices(_SUBSCRIPTION_STATUSES, cum_weights=_SUBSCRIPTION_WEIGHTS)
        reason = random.choice(("manual", "reply-received")) if status == "paused" else None
        account_id, name, sender = random.choice(self._organization.accounts)
        made = min(outline.age, random.random() * 200)
        stamp = self._days.stamp(made)
        batch.add(
            "sequence_subscription",
            *(seeded_id("sub_", random), self._organization.sequences[random.choice(_SUBSCRIBABLE)]),
            *(person.contact_id, outline.lead_id, person.email, status, reason, stamp, account_id, sender, name),
            *(outline.owner, outline.owner, stamp, self._days.stamp(made * random.random())),
        )
