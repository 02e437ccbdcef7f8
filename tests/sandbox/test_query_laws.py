"""The compiler and a plain evaluator agree on any query."""

from functools import cache

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sandbox import query_nodes as node
from sandbox.naive_query import NaiveWorld
from sandbox.small_world import NOON, context_of, small_world

from bulkplan.sandbox import search

TEXTS = (
    "strasse", "Söhne", "kelvin", "k", "neil baker", "o neil", "istanbul", "i̇stanbul", "100 cotton", "shop", "Untitled",
    "ΣΑΣ", "Σας", "naïve", "cafe", "café", "Berlin", "company", "100% Cotton_Shop", "health", "ceo", "head of", "VIP",
    "https", "example com", "STRASSE UND SOHN", "Haus", "ärzte", "US", "10", "Referral", "trade",
)  # fmt: skip
MODES = ("full_words", "phrase", "beginning_of_words", "exact_value")
RELATIONS = {
    "lead": (
        "contact", "address", "opportunity", "custom_object", "activity.email", "activity.call", "activity.meeting",
        "activity.sms", "activity.note",
    ),
    "contact": ("lead", "contact_email", "contact_phone", "contact_url", "sequence_subscription"),
    "opportunity": ("lead",),
    "activity.email": ("lead",),
    "sequence_subscription": ("contact",),
    "contact_email": ("contact",),
    "address": ("lead",),
}  # fmt: skip
FIELDS = {
    "lead": {
        "text": ("name", "display_name", "description", "url", "status_label"),
        "term": ("status_label",),
        "number": (
            "addresses_count", "all_urls_count", "num_opportunities", "num_tasks", "num_notes", "num_emails",
            "times_communicated", "num_upcoming_meetings",
        ),
        "moment": ("date_created", "date_updated", "last_communication_date", "last_lead_status_change_date"),
        "user": ("created_by", "updated_by"),
        "status.lead": ("status_id",),
    },
    "contact": {
        "text": ("title",),
        "number": ("emails_count", "phones_count", "urls_count"),
        "moment": ("date_created", "date_updated"),
        "user": ("created_by",),
    },
    "opportunity": {
        "term": ("status_type",),
        "moment": ("date_created", "date_updated"),
        "status.opportunity": ("status_id",),
    },
    "activity.email": {
        "term": ("direction", "status"),
        "moment": ("date", "date_sent", "date_created"),
        "boolean": ("has_reply",),
    },
    "activity.call": {"term": ("direction",)},
    "activity.meeting": {"term": ("status",)},
    "address": {"text": ("city", "country", "location", "state"), "term": ("country", "state")},
    "contact_email": {"text": ("email",), "term": ("type",)},
    "contact_phone": {"text": ("phone",)},
    "sequence_subscription": {"term": ("status",)},
}  # fmt: skip
TERMS = (
    "active", "won", "lost", "incoming", "outgoing", "sent", "inbox", "completed", "upcoming", "US", "DE", "TX",
    "office", "home", "paused", "finished", "Customer", "customer", "Potential",
)  # fmt: skip
CUSTOM = {
    "lead": {
        "term": ("Industry", "Region", "Plan", "Tags", "Do Not Contact", "Contract Type"),
        "number": ("Employees", "ARR"),
        "date": ("Renewal Date",),
        "moment": ("Last Login",),
        "user": ("Account Owner", "Success Team"),
        "text": ("Source", "External ID"),
        "contact": ("Main Contact",),
    },
    "contact": {"term": ("Department",), "text": ("Persona",)},
    "opportunity": {"term": ("Forecast", "Contract Type")},
}
CUSTOM_TERMS = (
    "SaaS",
    "Retail",
    "EMEA",
    "AMER",
    "Team",
    "vip",
    "newsletter",
    "Yes",
    "No",
    "Annual",
    "Commit",
    "Finance",
)


@cache
def the_world():
    """The one world of this module: seeding it for every example would be most of the work."""
    return small_world()


@cache
def ids_of(table, label):
    return dict(the_world().connection.execute(f"SELECT {label}, id FROM {table}"))  # noqa: S608 - names of this module


@cache
def naive_world(tz_offset):
    context = context_of(the_world())
    return NaiveWorld(the_world().connection, now=context.now, tz_offset=tz_offset, user_id=context.user_id)


@cache
def seen_instants():
    """Instants that stand in the world, where an inclusive and an exclusive bound differ."""
    columns = (
        "last_communication_date FROM lead", "last_lead_status_change_date FROM lead", "date_created FROM lead",
        "started_at FROM opportunity_status_period", "date_sent FROM activity", "date_created FROM contact",
    )  # fmt: skip
    connection = the_world().connection
    rows = [row for column in columns for row in connection.execute(f"SELECT {column}")]
    return sorted({value for (value,) in rows if value})


@st.composite
def moment(draw):
    kind = draw(st.sampled_from(("now", "utc", "day", "offset", "seen", "renewal")))
    if kind == "now":
        return node.NOW
    if kind == "seen":
        return node.utc(draw(st.sampled_from(seen_instants())))
    if kind == "renewal":
        rows = the_world().connection.execute("SELECT moment_value FROM custom_value WHERE length(moment_value) = 10")
        return node.local_day(
            draw(st.sampled_from(sorted(day for (day,) in rows))), draw(st.sampled_from(("start", "end")))
        )
    days = draw(st.integers(-60, 900))
    day = NOON.date().fromordinal(NOON.toordinal() - days)
    if kind == "utc":
        return node.utc(f"{day}T{draw(st.integers(0, 23)):02d}:00:00+0{draw(st.integers(0, 9))}:00")
    if kind == "day":
        return node.local_day(day.isoformat(), draw(st.sampled_from(("start", "end"))))
    units = st.sampled_from(("years", "months", "weeks", "days", "hours", "minutes", "seconds"))
    span = draw(st.dictionaries(units, st.integers(0, 40), max_size=3))
    span["years"] = span.get("years", 0) % 4
    which = draw(st.sampled_from((None, "start", "end")))
    return node.offset(draw(st.sampled_from(("past", "future"))), which, **span)


@st.composite
def condition(draw, kind):
    if draw(st.integers(0, 7)) == 0:
        return node.EXISTS
    if kind == "text":
        return node.text(draw(st.sampled_from(TEXTS)), draw(st.sampled_from(MODES)))
    if kind == "term":
        return node.terms(*draw(st.lists(st.sampled_from(TERMS + CUSTOM_TERMS), min_size=1, max_size=5)))
    if kind == "number":
        bound = st.integers(-1, 4) | st.integers(0, 20_000) | st.floats(0, 300)
        bounds = st.dictionaries(st.sampled_from(("gt", "gte", "lt", "lte")), bound, min_size=1, max_size=2)
        return node.numbers(**draw(bounds))
    if kind in ("moment", "date"):
        keys = st.sampled_from(("on_or_after", "before"))
        return node.moments(**draw(st.dictionaries(keys, st.none() | moment(), min_size=1)))
    if kind == "boolean":
        return {"type": "boolean", "value": draw(st.booleans())}
    if kind == "user" and draw(st.booleans()):
        return node.CURRENT_USER
    return node.references(kind, *draw(st.lists(st.sampled_from(referable(kind)), min_size=1, max_size=3)))


def referable(kind):
    table = {"user": "user", "contact": "contact", "status.lead": "lead_status"}.get(kind, "opportunity_status")
    return sorted(ids_of(table, "id"))


@st.composite
def field_condition(draw, object_type):
    by_kind = FIELDS.get(object_type, {})
    custom_by_kind = CUSTOM.get(object_type, {})
    if custom_by_kind and (not by_kind or draw(st.booleans())):
        kind = draw(st.sampled_from(sorted(custom_by_kind)))
        name = draw(st.sampled_from(custom_by_kind[kind]))
        return node.custom(ids_of("custom_field", "name")[name], draw(condition(kind)))
    kind = draw(st.sampled_from(sorted(by_kind)))
    return node.regular(draw(st.sampled_from(by_kind[kind])), draw(condition(kind)), object_type)


@st.composite
def leaf(draw, object_type):
    choice = draw(st.integers(0, 11))
    if choice == 0:
        return node.MATCH_ALL
    if choice == 1:
        named = draw(st.sampled_from(("lead", "contact", object_type)))
        return {"type": "object_type", "object_type": named}
    if choice == 2 and object_type in ("lead", "contact", "opportunity"):
        return node.by_id(draw(st.sampled_from(sorted(ids_of(object_type, "id")))))
    if choice == 3 and object_type in ("lead", "contact", "opportunity", "activity.email"):
        return node.text(draw(st.sampled_from(TEXTS)), draw(st.sampled_from(MODES)))
    if choice == 4 and object_type == "lead":
        views = ("Renewals in the next 60 days", "Untouched EMEA leads", "Enterprise churn risk")
        return {"type": "saved_search", "saved_search_id": ids_of("smart_view", "name")[draw(st.sampled_from(views))]}
    if choice in (5, 6) and object_type == "opportunity":
        span = draw(st.dictionaries(st.sampled_from(("on_or_after", "before")), st.none() | moment()))
        statuses = draw(st.lists(st.sampled_from(referable("status.opportunity")), min_size=1, max_size=2))
        return {"type": "in_status", "status_ids": statuses, **span}
    return draw(field_condition(object_type)) if object_type in FIELDS else node.MATCH_ALL


@st.composite
def queries(draw, object_type="lead", depth=3):
    choice = draw(st.integers(0, 5)) if depth else 0
    if choice in (1, 2):
        inner = st.lists(queries(object_type, depth - 1), max_size=3)
        made = {"type": draw(st.sampled_from(("and", "or"))), "queries": draw(inner)}
    elif choice in (3, 4) and object_type in RELATIONS:
        other = draw(st.sampled_from(RELATIONS[object_type]))
        made = node.related(other, draw(queries(other, depth - 1)), object_type)
    else:
        made = draw(leaf(object_type))
    return draw(st.sampled_from((made, made, {**made, "negate": True}, {**made, "negate": False})))


@st.composite
def single_conditions(draw):
    """One condition on a lead, or on an object one or two relations away."""
    paths = (
        (), (), ("contact",), ("opportunity",), ("opportunity",), ("address",), ("contact", "contact_email"),
        ("activity.email",), ("activity.call",), ("contact", "sequence_subscription"),
    )  # fmt: skip
    path = draw(st.sampled_from(paths))
    query = draw(leaf(path[-1] if path else "lead"))
    for this, other in reversed(list(zip(("lead", *path), path, strict=False))):
        query = node.related(other, query, this)
        query["negate"] = draw(st.booleans())
    return query


def check(query, tz_offset):
    world = the_world()
    context = context_of(world, tz_offset=tz_offset)
    about_leads = node.both(node.OF_LEADS, query)
    expected = naive_world(tz_offset).search("lead", query)
    assert set(search.ids(world, about_leads, context)) == expected
    assert search.count(world, about_leads, context) == len(expected)


OFFSETS = st.sampled_from((0.0, 5.5, -8.0, 13.0))
QUICK = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@settings(QUICK, max_examples=1000)
@given(query=single_conditions(), tz_offset=OFFSETS)
def test_sql_and_the_plain_evaluator_agree_on_each_condition(query, tz_offset):
    check(query, tz_offset)


@settings(QUICK, max_examples=500)
@given(query=queries(), tz_offset=OFFSETS)
def test_sql_and_the_plain_evaluator_agree_on_trees(query, tz_offset):
    check(query, tz_offset)


@settings(QUICK, max_examples=100)
@given(query=queries("contact", 2))
def test_sql_and_the_plain_evaluator_find_the_same_contacts(query):
    about_contacts = node.both({"type": "object_type", "object_type": "contact"}, query)
    found = search.ids(the_world(), about_contacts, context_of(the_world()))
    assert set(found) == naive_world(0.0).search("contact", query)


@settings(QUICK, max_examples=100)
@given(query=queries(depth=2))
def test_a_query_and_its_negation_part_the_leads_in_two(query):
    world = the_world()
    context = context_of(world)
    found = search.ids(world, node.both(node.OF_LEADS, query), context)
    others = search.ids(world, node.both(node.OF_LEADS, {**node.both(query), "negate": True}), context)
    assert sorted(found + others) == sorted(search.ids(world, node.MATCH_ALL, context))
