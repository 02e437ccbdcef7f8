"""Short ways to write the nodes, conditions and moments of a structured query in tests."""

OF_LEADS = {"type": "object_type", "object_type": "lead"}
MATCH_ALL = {"type": "match_all"}
NOW = {"type": "now"}


def both(*queries):
    return {"type": "and", "queries": list(queries)}


def either(*queries):
    return {"type": "or", "queries": list(queries)}


def no(query):
    return {**query, "negate": True}


def by_id(value):
    return {"type": "id", "value": value}


def regular(name, condition, object_type="lead"):
    field = {"type": "regular_field", "object_type": object_type, "field_name": name}
    return {"type": "field_condition", "field": field, "condition": condition}


def custom(field_id, condition):
    return {
        "type": "field_condition",
        "field": {"type": "custom_field", "custom_field_id": field_id},
        "condition": condition,
    }


def related(other, query, this="lead"):
    return {
        "type": "has_related",
        "this_object_type": this,
        "related_object_type": other,
        "related_query": query,
    }


def text(value, mode="full_words"):
    return {"type": "text", "mode": mode, "value": value}


def terms(*values):
    return {"type": "term", "values": list(values)}


def references(reference_type, *object_ids):
    return {"type": "reference", "reference_type": reference_type, "object_ids": list(object_ids)}


def numbers(**bounds):
    return {"type": "number_range", **bounds}


def moments(**bounds):
    return {"type": "moment_range", **bounds}


def utc(value):
    return {"type": "fixed_utc", "value": value}


def local_day(value, which):
    return {"type": "fixed_local_date", "value": value, "which": which}


def offset(direction="past", which_day_end=None, **span):
    moment = {"type": "offset", "direction": direction, "moment": NOW, "offset": span}
    return moment if which_day_end is None else {**moment, "which_day_end": which_day_end}


EXISTS = {"type": "exists"}
CURRENT_USER = {"type": "current_user"}
