"""How the contacts of a seeded lead are made, with their addresses, numbers and custom fields."""

from dataclasses import dataclass
from itertools import accumulate
from random import Random

from bulkplan.sandbox import names
from bulkplan.sandbox.ids import seeded_id
from bulkplan.sandbox.seed_batch import Batch, Days
from bulkplan.sandbox.seed_organization import Organization

_N_CONTACTS = (0, 1, 2, 3, 4, 5)
_N_CONTACTS_WEIGHTS = tuple(accumulate((8, 44, 26, 13, 6, 3)))
_DEPARTMENTS = tuple(names.TITLES_BY_DEPARTMENT)

SHARE_WITHOUT_EMAIL = 0.12
SHARE_UNSUBSCRIBED = 0.02


@dataclass(frozen=True, slots=True)
class Person:
    """A contact as the history of its lead needs it; `email` is its first address, if it has one."""

    contact_id: str
    email: str | None


class PeopleMaker:
    """Makes contacts."""

    def __init__(self, organization: Organization, random: Random, days: Days) -> None:
        """Make contacts by `random`, with dates counted by `days`."""
        self._organization, self._random, self._days = organization, random, days

    def add_people(self, batch: Batch, lead_id: str, place: names.Place, domain: str, lead_age: float) -> list[Person]:
        """Gather the contacts of one lead, none to five of them, in their order."""
        random = self._random
        (n_people,) = random.choices(_N_CONTACTS, cum_weights=_N_CONTACTS_WEIGHTS)
        people = []
        for position in range(n_people):
            contact_id = seeded_id("cont_", random)
            first, last = random.choice(names.FIRST_NAMES), random.choice(names.LAST_NAMES)
            department = random.choice(_DEPARTMENTS)
            self._add_contact(batch, (contact_id, lead_id, position, f"{first} {last}"), department, lead_age)
            email = self._add_emails(batch, contact_id, f"{first}.{last}".lower(), domain)
            self._add_phones(batch, contact_id, place)
            if random.random() < 0.08:
                batch.add("contact_url", contact_id, 0, f"https://{domain}/team/{first.lower()}", "url")
            people.append(Person(contact_id, email))
        return people

    def _add_contact(self, batch: Batch, head: tuple[str, str, int, str], department: str, lead_age: float) -> None:
        random, fields = self._random, self._organization.fields
        title = random.choice(names.TITLES_BY_DEPARTMENT[department]) if random.random() < 0.85 else None
        stamp = self._days.stamp(lead_age * (1 - 0.5 * random.random()))
        user = random.choice(self._organization.users)
        batch.add("contact", *head, title, user, user, stamp, stamp)
        if random.random() < 0.6:
            batch.add("custom_value", head[0], fields["Department"], 0, department, None, None)
        if random.random() < 0.3:
            persona = random.choice(names.PERSONAS)
            batch.add("custom_value", head[0], fields["Persona"], 0, persona, None, None)

    def _add_emails(self, batch: Batch, contact_id: str, local: str, domain: str) -> str | None:
        random = self._random
        if random.random() < SHARE_WITHOUT_EMAIL:
            return None
        first = f"{local}@{domain}"
        batch.add("contact_email", contact_id, 0, first, "office")
        if random.random() < 0.1:
            batch.add("contact_email", contact_id, 1, f"{local}.{random.randrange(100)}@example.net", "home")
        if random.random() < SHARE_UNSUBSCRIBED:
            batch.add("unsubscribed_email", first, self._days.stamp(random.random() * 400))
        return first

    def _add_phones(self, batch: Batch, contact_id: str, place: names.Place) -> None:
        random = self._random
        if place.phone is None or random.random() > 0.55:
            return
        batch.add("contact_phone", contact_id, 0, names.fill_digits(place.phone, random), "office")
        if random.random() < 0.15:
            batch.add("contact_phone", contact_id, 1, names.fill_digits(place.phone, random), "mobile")
