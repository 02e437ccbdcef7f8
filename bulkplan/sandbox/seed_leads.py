"""How one seeded lead is made: who it is, where it sits, what its custom fields say."""

from itertools import accumulate
from random import Random

from bulkplan.sandbox import names
from bulkplan.sandbox import seed_catalog as catalog
from bulkplan.sandbox.ids import seeded_id
from bulkplan.sandbox.seed_batch import Batch, Days
from bulkplan.sandbox.seed_history import HistoryMaker
from bulkplan.sandbox.seed_organization import Organization
from bulkplan.sandbox.seed_outline import Outline
from bulkplan.sandbox.seed_people import PeopleMaker, Person

_STATUS_WEIGHTS = tuple(accumulate(catalog.LEAD_STATUS_WEIGHTS))
_PLACE_WEIGHTS = tuple(accumulate(names.PLACE_WEIGHTS))
_CHOICES = {field.name: field.choices for field in catalog.CUSTOM_FIELDS}
_INDUSTRIES = _CHOICES["Industry"]
_INDUSTRY_WEIGHTS = tuple(accumulate((30, 18, 14, 16, 12, 10)))
_PLAN_WEIGHTS = {"Customer": (5, 40, 35, 20), "Churned": (10, 50, 30, 10)}
_FREE_PLAN_WEIGHTS = (80, 15, 4, 1)

OLDEST_LEAD_DAYS = 1100
OLDEST_CONTACT_DAYS = 730  # two years: the spread of last_communication_date
_QUIET_DAYS = {  # mean age of the last communication
    "Potential": 220,
    "Contacted": 60,
    "Qualified": 30,
    "Customer": 50,
    "Churned": 260,
    "Bad Fit": 300,
}


class LeadMaker:
    """Makes leads one after the other; the n-th lead of a seed is always the same."""

    def __init__(self, organization: Organization, random: Random, days: Days) -> None:
        """Make leads for `organization`, by `random`, with dates counted by `days`."""
        self._organization, self._random, self._days = organization, random, days
        self._people = PeopleMaker(organization, random, days)
        self._history = HistoryMaker(organization, random, days)

    def add_lead(self, batch: Batch, number: int) -> None:
        """Gather the rows of one lead and of all that hangs off it."""
        random = self._random
        industry = random.choices(_INDUSTRIES, cum_weights=_INDUSTRY_WEIGHTS)[0]
        stem = random.choice(names.COMPANY_FIRST) + random.choice(names.COMPANY_SECOND)
        outline = self._outline(industry, f"{stem.lower()}{number}.example.{random.choice(('com', 'org', 'net'))}")
        self._add_row(batch, outline, f"{stem} {random.choice(names.COMPANY_TRADE[industry])}")
        has_address = random.random() < 0.93
        if has_address:
            self._add_address(batch, outline)
        people = self._people.add_people(batch, outline.lead_id, outline.place, outline.domain, outline.age)
        self._add_custom_values(batch, outline, people)
        self._history.add_history(batch, outline, people)

    def _outline(self, industry: str, domain: str) -> Outline:
        random = self._random
        status = random.choices(catalog.LEAD_STATUSES, cum_weights=_STATUS_WEIGHTS)[0]
        age = 1 + random.random() * (OLDEST_LEAD_DAYS - 1)
        spoken = random.random() > (0.22 if status == "Potential" else 0.03)
        quiet = min(random.expovariate(1 / _QUIET_DAYS[status]) + 0.05, age * 0.98, OLDEST_CONTACT_DAYS)
        return Outline(
            lead_id=seeded_id("lead_", random),
            status=status,
            industry=industry,
            place=random.choices(names.PLACES, cum_weights=_PLACE_WEIGHTS)[0],
            domain=domain,
            owner=random.choice(self._organization.users),
            age=age,
            last_communication_age=quiet if spoken else None,
            status_change_age=None if status == "Potential" else age * random.random(),
        )

    def _add_row(self, batch: Batch, outline: Outline, name: str) -> None:
        random, stamp = self._random, self._days.stamp
        described = random.random() < 0.3
        ages = (outline.age, outline.last_communication_age, outline.status_change_age)
        batch.add(
            "lead",
            outline.lead_id,
            name,
            f"{outline.industry} company in {outline.place.city}." if described else None,
            f"https://{outline.domain}" if random.random() < 0.8 else None,
            self._organization.lead_statuses[outline.status],
            outline.owner,
            outline.owner,
            stamp(outline.age),
            stamp(min(age for age in ages if age is not None)),
            None if outline.last_communication_age is None else stamp(outline.last_communication_age),
            None if outline.status_change_age is None else stamp(outline.status_change_age),
        )

    def _add_address(self, batch: Batch, outline: Outline) -> None:
        place, random = outline.place, self._random
        street = f"{random.randrange(1, 180)} {random.choice(names.STREETS)}"
        zipcode = names.fill_digits(place.zipcode, random)
        batch.add("address", outline.lead_id, 0, "business", street, place.city, place.state, zipcode, place.country)

    def _add_custom_values(self, batch: Batch, outline: Outline, people: list[Person]) -> None:
        random, chance = self._random, self._random.random
        texts = self._draw_texts(outline)
        if people and chance() < 0.3:
            texts["Main Contact"] = people[0].contact_id
        self._add_plan(batch, outline, texts)
        for name, value in texts.items():
            self._add_text(batch, outline.lead_id, name, (value,))
        if chance() < 0.85:
            self._add_number(batch, outline.lead_id, "Employees", round(random.lognormvariate(4, 1.3)) + 1)
        if chance() < 0.35:
            tags = random.sample(_CHOICES["Tags"], 1 if chance() < 0.7 else random.randrange(2, 4))
            self._add_text(batch, outline.lead_id, "Tags", tuple(tags))

    def _draw_texts(self, outline: Outline) -> dict[str, str]:
        """Draw the fields of text that any lead may have, by name."""
        random, chance = self._random, self._random.random
        texts: dict[str, str] = {"Region": outline.place.region}
        if chance() < 0.92:
            texts["Industry"] = outline.industry
        if chance() < 0.8:
            texts["Source"] = random.choice(names.SOURCES)
        if chance() < 0.1:
            texts["Competitor"] = random.choice(names.COMPETITORS)
        if chance() < 0.6:
            texts["External ID"] = f"cus-{random.randrange(10**7):07d}"
        if chance() < 0.7:
            texts["Account Owner"] = outline.owner
        draw = chance()
        if draw < 0.25:
            texts["Do Not Contact"] = "Yes" if draw < 0.05 else "No"
        return texts

    def _add_plan(self, batch: Batch, outline: Outline, texts: dict[str, str]) -> None:
        """Add what comes with a product: plan, contract, revenue, renewal, last login, success team."""
        random, lead_id = self._random, outline.lead_id
        if not outline.is_paying and random.random() > 0.3:
            return
        weights = _PLAN_WEIGHTS.get(outline.status, _FREE_PLAN_WEIGHTS)
        texts["Plan"] = random.choices(_CHOICES["Plan"], weights)[0]
        login = random.expovariate(1 / (120 if outline.status == "Churned" else 20))
        self._add_moment(batch, lead_id, "Last Login", self._days.stamp(min(login, outline.age)))
        if not outline.is_paying:
            return
        texts["Contract Type"] = "Annual" if random.random() < 0.6 else "Monthly"
        self._add_number(batch, lead_id, "ARR", round(random.lognormvariate(9, 1), -2))
        renewal = random.randrange(1, 400) if outline.status == "Churned" else -random.randrange(-30, 366)
        self._add_moment(batch, lead_id, "Renewal Date", self._days.date(renewal))
        if outline.status == "Customer":
            team = random.sample(self._organization.users, 1 if random.random() < 0.6 else 2)
            self._add_text(batch, lead_id, "Success Team", tuple(team))

    def _add_text(self, batch: Batch, lead_id: str, field: str, values: tuple[str, ...]) -> None:
        for position, value in enumerate(values):
            batch.add("custom_value", lead_id, self._organization.fields[field], position, value, None, None)

    def _add_number(self, batch: Batch, lead_id: str, field: str, value: float) -> None:
        batch.add("custom_value", lead_id, self._organization.fields[field], 0, None, float(value), None)

    def _add_moment(self, batch: Batch, lead_id: str, field: str, value: str) -> None:
        batch.add("custom_value", lead_id, self._organization.fields[field], 0, None, None, value)
