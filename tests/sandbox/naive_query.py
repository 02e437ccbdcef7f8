"""A second, slow evaluator of structured queries over plain dicts; it shares no code with the compiler."""

import json
import re
import sqlite3
import unicodedata
from datetime import UTC, date, datetime, timedelta

_CHILDREN = {  # related type -> (table, its column, kind of activity)
    "contact": ("contact", "lead_id", None),
    "address": ("address", "lead_id", None),
    "opportunity": ("opportunity", "lead_id", None),
    "custom_object": ("custom_object", "lead_id", None),
    "contact_email": ("contact_email", "contact_id", None),
    "contact_phone": ("contact_phone", "contact_id", None),
    "contact_url": ("contact_url", "contact_id", None),
    "sequence_subscription": ("sequence_subscription", "contact_id", None),
    **{
        f"activity.{kind}": ("activity", "lead_id", kind)
        for kind in ("email", "call", "sms", "meeting", "note", "custom_activity")
    },
}
_PARENTS = {"lead": ("lead", "lead_id"), "contact": ("contact", "contact_id")}
_TABLES = (
    "lead", "contact", "address", "opportunity", "custom_object", "contact_email", "contact_phone", "contact_url",
    "sequence_subscription", "activity", "task", "custom_field", "custom_value", "lead_status", "opportunity_status",
    "opportunity_status_period", "smart_view",
)  # fmt: skip
_RENAMED = {("activity.email", "date"): "activity_at"}


class NaiveWorld:
    """All rows of a world, and who asks when."""

    def __init__(self, connection: sqlite3.Connection, *, now: datetime, tz_offset: float, user_id: str):
        self.now, self.tz, self.user_id = now, timedelta(hours=tz_offset), user_id
        self.tables = {table: self._load(connection, table) for table in _TABLES}
        self.custom = {}
        for row in sorted(self.tables["custom_value"], key=lambda row: row["position"]):
            value = next((row[c] for c in ("text_value", "number_value", "moment_value") if row[c] is not None), None)
            self.custom.setdefault((row["object_id"], row["custom_field_id"]), []).append(value)
        self.field_types = {row["id"]: row["type"] for row in self.tables["custom_field"]}

    @staticmethod
    def _load(connection, table):
        cursor = connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - names of this module
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor]

    def rows(self, object_type):
        if object_type in ("lead", "contact"):
            return self.tables[object_type]
        table, _, kind = _CHILDREN[object_type]
        return [row for row in self.tables[table] if kind is None or row["kind"] == kind]

    def search(self, object_type, query):
        return {row["id"] for row in self.rows(object_type) if self.matches(query, object_type, row)}

    def matches(self, query, object_type, row):
        found = getattr(self, f"_node_{query['type']}")(query, object_type, row)
        return found is not query.get("negate", False)

    def _node_and(self, query, object_type, row):
        return all(self.matches(each, object_type, row) for each in query["queries"])

    def _node_or(self, query, object_type, row):
        return any(self.matches(each, object_type, row) for each in query["queries"])

    def _node_match_all(self, query, object_type, row):
        return True

    def _node_object_type(self, query, object_type, row):
        return query["object_type"] == object_type

    def _node_id(self, query, object_type, row):
        return row["id"] == query["value"]

    def _node_text(self, query, object_type, row):
        return text_matches(query["mode"], query["value"], self._searched_texts(object_type, row))

    def _node_has_related(self, query, object_type, row):
        other = query["related_object_type"]
        if other == "lead" or (other == "contact" and object_type != "lead"):
            table, column = _PARENTS[other]
            related = [each for each in self.tables[table] if each["id"] == row[column]]
        else:
            column = _CHILDREN[other][1]
            related = [each for each in self.rows(other) if each[column] == row["id"]]
        return any(self.matches(query["related_query"], other, each) for each in related)

    def _node_saved_search(self, query, object_type, row):
        view = next(view for view in self.tables["smart_view"] if view["id"] == query["saved_search_id"])
        return self.matches(json.loads(view["s_query"])["query"], object_type, row)

    def _node_in_status(self, query, object_type, row):
        since = self.instant(query["on_or_after"]) if query.get("on_or_after") else None
        before = self.instant(query["before"]) if query.get("before") else None
        return any(
            period["status_id"] in query["status_ids"]
            and (before is None or datetime.fromisoformat(period["started_at"]) < before)
            and (since is None or period["ended_at"] is None or datetime.fromisoformat(period["ended_at"]) > since)
            for period in self.tables["opportunity_status_period"]
            if period["opportunity_id"] == row["id"]
        )

    def _node_field_condition(self, query, object_type, row):
        field, condition = query["field"], query["condition"]
        if field["type"] == "custom_field":
            values = self.custom.get((row["id"], field["custom_field_id"]), [])
            is_date = self.field_types[field["custom_field_id"]] == "date"
        else:
            values, is_date = [self.value(object_type, field["field_name"], row)], False
        return any(self._holds(condition, value, is_date) for value in values if value is not None)

    def _holds(self, condition, value, is_date):
        kind = condition["type"]
        if kind == "exists":
            return value != ""
        if kind == "boolean":
            return bool(value) is condition["value"]
        if kind == "current_user":
            return value == self.user_id
        if kind == "text":
            return text_matches(condition["mode"], condition["value"], [value])
        if kind == "term":
            return value in condition["values"]
        if kind == "reference":
            return value in condition["object_ids"]
        if kind == "number_range":
            return in_number_range(condition, value)
        return self._in_moment_range(condition, value, is_date)

    def _in_moment_range(self, condition, value, is_date):
        if is_date:
            instant = datetime.combine(date.fromisoformat(value), datetime.min.time(), tzinfo=UTC) - self.tz
        else:
            instant = datetime.fromisoformat(value)
        since, before = condition.get("on_or_after"), condition.get("before")
        return (since is None or instant >= self.instant(since)) and (before is None or instant < self.instant(before))

    def instant(self, moment):
        kind = moment["type"]
        if kind == "now":
            return self.now
        if kind == "fixed_utc":
            return datetime.fromisoformat(moment["value"])
        if kind == "fixed_local_date":
            midnight = datetime.fromisoformat(moment["value"]).replace(tzinfo=UTC) - self.tz
            return midnight + timedelta(days=moment["which"] == "end")
        return self._moved(moment)

    def _moved(self, moment):
        """Walk month by month, so that the arithmetic is not the compiler's."""
        span = {"years": 0, "months": 0, "weeks": 0, "days": 0, "hours": 0, "minutes": 0, "seconds": 0}
        span.update(moment["offset"])
        sign = -1 if moment["direction"] == "past" else 1
        local = self.now + self.tz
        year, month = local.year, local.month
        for _ in range(span["years"] * 12 + span["months"]):
            month += sign
            if month in (0, 13):
                year, month = year + sign, 12 if month == 0 else 1
        day = local.day
        while True:
            try:
                moved = local.replace(year=year, month=month, day=day)
                break
            except ValueError:
                day -= 1
        n_seconds = (span["weeks"] * 7 + span["days"]) * 86_400 + span["hours"] * 3600 + span["minutes"] * 60
        moved += sign * timedelta(seconds=n_seconds + span["seconds"])
        which = moment.get("which_day_end")
        if which and not any(span[unit] for unit in ("hours", "minutes", "seconds")):
            moved = moved.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=which == "end")
        return moved - self.tz

    def value(self, object_type, name, row):
        if object_type == "lead":
            counted = self._lead_counter(name, row)
            if counted is not None:
                return counted
        if object_type == "contact" and name.endswith("_count"):
            table = f"contact_{name.removesuffix('s_count')}"
            return sum(each["contact_id"] == row["id"] for each in self.tables[table])
        if name == "display_name":
            return (row["name"] or "").strip(" ") or "Untitled"
        if name == "status_label":
            return next(each["label"] for each in self.tables["lead_status"] if each["id"] == row["status_id"])
        if name == "status_type":
            return next(each["type"] for each in self.tables["opportunity_status"] if each["id"] == row["status_id"])
        if name == "location":
            parts = ("address_1", "address_2", "city", "state", "zipcode", "country")
            return " ".join(row[part] or "" for part in parts).strip(" ")
        return row[_RENAMED.get((object_type, name), name)]

    def _lead_counter(self, name, row):
        activities = [each for each in self.tables["activity"] if each["lead_id"] == row["id"]]
        if name == "all_urls_count":
            people = {each["id"] for each in self.tables["contact"] if each["lead_id"] == row["id"]}
            urls = [each for each in self.tables["contact_url"] if each["contact_id"] in people]
            return len(urls) + (row["url"] is not None)
        if name == "times_communicated":
            return sum(is_communication(each) for each in activities)
        if name == "num_upcoming_meetings":
            return sum(
                each["kind"] == "meeting"
                and each["status"] == "upcoming"
                and datetime.fromisoformat(each["activity_at"]) >= self.now
                for each in activities
            )
        tables = {"num_opportunities": "opportunity", "addresses_count": "address", "num_tasks": "task"}
        if name in tables:
            children = [each for each in self.tables[tables[name]] if each["lead_id"] == row["id"]]
            return sum(not each.get("is_complete") for each in children)
        kinds = {"num_notes": "note", "num_emails": "email"}
        return sum(each["kind"] == kinds[name] for each in activities) if name in kinds else None

    def _searched_texts(self, object_type, row):
        if object_type == "lead":
            people = [each for each in self.tables["contact"] if each["lead_id"] == row["id"]]
            own = [row["name"], row["description"], row["url"]]
            return [*own, *(text for each in people for text in (each["name"], each["title"], *self._emails(each)))]
        if object_type == "contact":
            return [row["name"], row["title"], *self._emails(row)]
        return [row["subject"], row["note"]] if object_type.startswith("activity") else [row["note"]]

    def _emails(self, contact):
        return [each["email"] for each in self.tables["contact_email"] if each["contact_id"] == contact["id"]]


def is_communication(activity):
    if activity["kind"] == "email":
        return activity["status"] in ("sent", "inbox")
    return activity["kind"] in ("call", "sms") or (activity["kind"], activity["status"]) == ("meeting", "completed")


def in_number_range(condition, value):
    tests = {
        "gt": lambda bound: value > bound,
        "gte": lambda bound: value >= bound,
        "lt": lambda bound: value < bound,
        "lte": lambda bound: value <= bound,
    }
    return all(test(condition[key]) for key, test in tests.items() if condition.get(key) is not None)


def naive_words(text):
    """Split by walking over the signs: letters and digits belong to words, all else parts them."""
    spaced = "".join(sign if unicodedata.category(sign)[0] in "LN" else " " for sign in text.casefold())
    return spaced.split()


def text_matches(mode, value, texts):
    texts = [text for text in texts if text is not None]
    if mode == "exact_value":
        return any(re.fullmatch(re.escape(value.casefold()), text.casefold(), re.DOTALL) for text in texts)
    wanted = naive_words(value)
    by_text = [naive_words(text) for text in texts]
    everything = [word for found in by_text for word in found]
    if mode == "phrase":
        return any(found[start : start + len(wanted)] == wanted for found in by_text for start in range(len(found)))
    if mode == "full_words":
        return all(word in everything for word in wanted)
    return all(any(word.startswith(start) for word in everything) for start in wanted)
