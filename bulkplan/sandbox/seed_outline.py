"""What the makers of a seeded lead's parts know of the lead."""

from dataclasses import dataclass

from bulkplan.sandbox.names import Place


@dataclass(frozen=True, slots=True)
class Outline:
    """A lead in outline; ages are days before the making of the world."""

    lead_id: str
    status: str
    industry: str
    place: Place
    domain: str
    owner: str
    age: float
    last_communication_age: float | None
    status_change_age: float | None

    @property
    def is_paying(self) -> bool:
        """Whether it has, or had, a contract."""
        return self.status in ("Customer", "Churned")
