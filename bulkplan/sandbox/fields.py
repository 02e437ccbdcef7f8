"""Which object types a query may name, with their fields and relations, and where each is found in SQL.

`{t}` stands for the alias of the object's row. Names beyond these are unknown.
Source: Close API, Advanced Filtering; for opportunities, activities, subscriptions and counters also filters copied
from the app.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from bulkplan.sandbox.query_values import QueryError
from bulkplan.sandbox.text_match import PART_SEPARATOR


class Kind(Enum):
    """What a field holds, which decides the conditions it takes."""

    TEXT = "text"
    TERM = "term"
    WORD = "word"  # a short text that is also asked for by terms: a country, a type of phone
    BOOLEAN = "boolean"
    NUMBER = "number"
    MOMENT = "moment"
    DATE = "date"
    REFERENCE = "reference"


@dataclass(frozen=True)
class Field:
    """
    A field of an object type.

    Attributes:
        kind: what it holds.
        sql: expression over `{t}`.
        reference_type: of a REFERENCE, as conditions name it.
        lookup: of a TERM kept in another table: its column here, that table, and the column there.
        uses_now: the expression has one `?`, for the present.
    """

    kind: Kind
    sql: str
    reference_type: str | None = None
    lookup: tuple[str, str, str] | None = None
    uses_now: bool = False


@dataclass(frozen=True)
class ObjectType:
    """
    A kind of object a query may be about.

    Attributes:
        key: columns that name a row; a type without the column `id` cannot be searched for by itself.
        row_filter: what tells its rows from others of the table, over `{t}`.
        text: what a `text` node searches, over `{t}`; parts are set apart by `PART_SEPARATOR`.
        relations: related object type to the columns that must be equal, here and there.
    """

    name: str
    table: str
    fields: Mapping[str, Field]
    text: str
    key: tuple[str, ...] = ("id",)
    row_filter: str | None = None
    relations: Mapping[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def has_id(self) -> bool:
        """Whether its objects have ids of their own."""
        return self.key == ("id",)


def object_type(name: str) -> ObjectType:
    """Answer an object type by name; raises QueryError for an unknown one."""
    if name not in OBJECT_TYPES:
        raise QueryError(f"Unknown object type: {name}")
    return OBJECT_TYPES[name]


def _plain(kind: Kind, *columns: str) -> dict[str, Field]:
    return {column: Field(kind, f"{{t}}.{column}") for column in columns}


def _users(*columns: str) -> dict[str, Field]:
    return {column: Field(Kind.REFERENCE, f"{{t}}.{column}", reference_type="user") for column in columns}


def _counter(rows: str) -> Field:
    return Field(Kind.NUMBER, f"(SELECT count(*) FROM {rows})")  # noqa: S608 - own names


def _parts(*expressions: str) -> str:
    return f" || char({ord(PART_SEPARATOR)}) || ".join(f"coalesce({expression}, '')" for expression in expressions)


def _gathered(column: str, rows: str) -> str:
    return f"(SELECT group_concat({column}, char({ord(PART_SEPARATOR)})) FROM {rows})"  # noqa: S608 - own names


_STAMPS = _plain(Kind.MOMENT, "date_created", "date_updated")
_OF_LEAD = ("id", "lead_id")
_OF_CONTACT = ("id", "contact_id")
_TO_LEAD = {"lead": ("lead_id", "id")}
_TO_CONTACT = {"contact": ("contact_id", "id")}
_ACTIVITY = "activity AS a WHERE a.lead_id = {t}.id AND "
_CONTACTS = "contact AS c WHERE c.lead_id = {t}.id"
_MAILS = "contact_email AS e JOIN contact AS c ON c.id = e.contact_id WHERE c.lead_id = {t}.id"
_LOCATION = " || ' ' || ".join(
    f"coalesce({{t}}.{column}, '')" for column in ("address_1", "address_2", "city", "state", "zipcode", "country")
)

_LEAD_FIELDS: dict[str, Field] = {
    **_plain(Kind.TEXT, "name", "display_name", "description", "url"),
    **_users("created_by", "updated_by"),
    **_STAMPS,
    **_plain(Kind.MOMENT, "last_communication_date", "last_lead_status_change_date"),
    "status_id": Field(Kind.REFERENCE, "{t}.status_id", reference_type="status.lead"),
    "status_label": Field(Kind.WORD, "(SELECT s.label FROM lead_status AS s WHERE s.id = {t}.status_id)"),
    "addresses_count": _counter("address AS a WHERE a.lead_id = {t}.id"),
    "all_urls_count": Field(
        Kind.NUMBER,
        "(({t}.url IS NOT NULL) + (SELECT count(*) FROM contact_url AS u JOIN contact AS c ON c.id = u.contact_id "
        "WHERE c.lead_id = {t}.id))",
    ),
    "num_opportunities": _counter("opportunity AS o WHERE o.lead_id = {t}.id"),
    "num_tasks": _counter("task AS k WHERE k.lead_id = {t}.id AND k.is_complete = 0"),
    "num_notes": _counter(f"{_ACTIVITY}a.kind = 'note'"),
    "num_emails": _counter(f"{_ACTIVITY}a.kind = 'email'"),
    "times_communicated": _counter(f"{_ACTIVITY}a.communicated_at IS NOT NULL"),
    "num_upcoming_meetings": Field(
        Kind.NUMBER,
        f"(SELECT count(*) FROM {_ACTIVITY}a.kind = 'meeting' AND a.status = 'upcoming' AND a.activity_at >= ?)",  # noqa: S608 - own names
        uses_now=True,
    ),
}
_CONTACT_FIELDS: dict[str, Field] = {
    **_plain(Kind.TEXT, "name", "title"),
    **_users("created_by", "updated_by"),
    **_STAMPS,
    "lead_id": Field(Kind.REFERENCE, "{t}.lead_id", reference_type="lead"),
    "emails_count": _counter("contact_email AS e WHERE e.contact_id = {t}.id"),
    "phones_count": _counter("contact_phone AS p WHERE p.contact_id = {t}.id"),
    "urls_count": _counter("contact_url AS u WHERE u.contact_id = {t}.id"),
}
_OPPORTUNITY_FIELDS: dict[str, Field] = {
    **_STAMPS,
    "status_id": Field(Kind.REFERENCE, "{t}.status_id", reference_type="status.opportunity"),
    "status_type": Field(
        Kind.TERM,
        "(SELECT s.type FROM opportunity_status AS s WHERE s.id = {t}.status_id)",
        lookup=("status_id", "opportunity_status", "type"),
    ),
    **_plain(Kind.NUMBER, "value", "confidence"),
    **_users("user_id"),
    **_plain(Kind.DATE, "date_won", "date_lost"),
}
_EMAIL_FIELDS: dict[str, Field] = {
    "date": Field(Kind.MOMENT, "{t}.activity_at"),
    **_plain(Kind.MOMENT, "date_sent", "date_created"),
    **_plain(Kind.TERM, "direction", "status"),
    **_plain(Kind.BOOLEAN, "has_reply"),
}
_ACTIVITY_FIELDS: dict[str, dict[str, Field]] = {
    "email": _EMAIL_FIELDS,
    "call": {**_plain(Kind.TERM, "direction"), **_plain(Kind.MOMENT, "date_created")},
    "sms": {**_plain(Kind.TERM, "direction"), **_plain(Kind.MOMENT, "date_created")},
    "meeting": {**_plain(Kind.TERM, "status"), **_plain(Kind.MOMENT, "date_created")},
    "note": _plain(Kind.MOMENT, "date_created"),
    "custom_activity": {**_plain(Kind.TERM, "custom_activity_type_id"), **_plain(Kind.MOMENT, "date_created")},
}


def _activity(kind: str) -> ObjectType:
    return ObjectType(
        name=f"activity.{kind}",
        table="activity",
        fields=_ACTIVITY_FIELDS[kind],
        text=_parts("{t}.subject", "{t}.note"),
        row_filter=f"{{t}}.kind = '{kind}'",
        relations=_TO_LEAD,
    )


def _of_contact(name: str, column: str) -> ObjectType:
    return ObjectType(
        name=name,
        table=name,
        fields={**_plain(Kind.TEXT, column), **_plain(Kind.WORD, "type")},
        text=f"{{t}}.{column}",
        key=("contact_id", "position"),
        relations=_TO_CONTACT,
    )


_LEAD = ObjectType(
    name="lead",
    table="lead",
    fields=_LEAD_FIELDS,
    text=_parts(
        "{t}.name", "{t}.description", "{t}.url", _gathered("c.name", _CONTACTS), _gathered("c.title", _CONTACTS),
        _gathered("e.email", _MAILS),
    ),
    relations={
        **dict.fromkeys(("contact", "address", "opportunity", "custom_object"), _OF_LEAD),
        **dict.fromkeys((f"activity.{kind}" for kind in _ACTIVITY_FIELDS), _OF_LEAD),
    },
)  # fmt: skip
_CONTACT = ObjectType(
    name="contact",
    table="contact",
    fields=_CONTACT_FIELDS,
    text=_parts("{t}.name", "{t}.title", _gathered("e.email", "contact_email AS e WHERE e.contact_id = {t}.id")),
    relations={
        **dict.fromkeys(("contact_email", "contact_phone", "contact_url", "sequence_subscription"), _OF_CONTACT),
        **_TO_LEAD,
    },
)
_OTHERS = (
    ObjectType(
        name="address",
        table="address",
        fields={
            **_plain(Kind.WORD, "address_1", "address_2", "city", "state", "zipcode", "country"),
            "location": Field(Kind.TEXT, f"trim({_LOCATION})"),
        },
        text=_LOCATION,
        key=("lead_id", "position"),
        relations=_TO_LEAD,
    ),
    ObjectType(
        name="opportunity", table="opportunity", fields=_OPPORTUNITY_FIELDS, text="{t}.note", relations=_TO_LEAD
    ),
    ObjectType(
        name="custom_object",
        table="custom_object",
        fields={**_plain(Kind.TERM, "custom_object_type_id"), **_STAMPS},
        text="{t}.name",
        relations=_TO_LEAD,
    ),
    ObjectType(
        name="sequence_subscription",
        table="sequence_subscription",
        fields={
            "sequence_id": Field(Kind.REFERENCE, "{t}.sequence_id", reference_type="sequence"),
            **_plain(Kind.TERM, "status"),
        },
        text="{t}.contact_email",
        relations=_TO_CONTACT,
    ),
    _of_contact("contact_email", "email"),
    _of_contact("contact_phone", "phone"),
    _of_contact("contact_url", "url"),
    *(_activity(kind) for kind in _ACTIVITY_FIELDS),
)

OBJECT_TYPES: Mapping[str, ObjectType] = {each.name: each for each in (_LEAD, _CONTACT, *_OTHERS)}
"""Every object type by name."""
