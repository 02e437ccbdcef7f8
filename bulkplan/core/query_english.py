"""A structured query of Close as an English sentence, node by node."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from pydantic import JsonValue

from bulkplan.core.near import join_words
from bulkplan.core.query_conditions import field_words, say_condition, some
from bulkplan.core.query_moments import say_span
from bulkplan.core.visible import visible
from bulkplan.model.base import JsonMapping

EVERYBODY = "every lead"
MAX_CHARS = 1_500
MAX_DEPTH = 40

_KINDS: Mapping[str, str] = {
    "contact_email": "e-mail address",
    "contact_phone": "phone number",
    "contact_url": "web address",
    "activity.email": "e-mail",
    "activity.sms": "text message",
    "activity.custom_activity": "custom activity",
    "custom_object": "custom object",
    "sequence_subscription": "sequence subscription",
}
"""What people call related objects; any other kind is called as Close spells it."""


@dataclass(frozen=True)
class _Saying:
    """What a query is said with: names for IDs, and the kind of object that the words are about."""

    names: Mapping[str, str]
    scope: str = "lead"
    depth: int = 0

    def inside(self, kind: str) -> _Saying:
        return _Saying(self.names, kind, self.depth + 1)

    def deeper(self) -> _Saying:
        return _Saying(self.names, self.scope, self.depth + 1)

    def name(self, value: JsonValue) -> str:
        """A name for an ID; any other value as it is."""
        return self.names.get(value, value) if isinstance(value, str) else some(value)


def describe_query(s_query: JsonMapping, *, names: Mapping[str, str] | None = None, max_chars: int = MAX_CHARS) -> str:
    """
    Say which leads a structured query selects. Never raises: what has no words is named by its type.

    Args:
        s_query: A node of any kind. Source: Close API, Advanced Filtering.
        names: Names for the IDs in it; others are shown as they are.
        max_chars: Longest result, in characters, from 1 up; longer ones end in `…`.

    Returns:
        Like `status is Churned, and no opportunity whose status type is active`; one line, without a full stop.
    """
    text = _say(dict(s_query), _Saying(names or {}), is_top=True)
    return visible(text, max_chars=max(1, max_chars))


def _say(node: JsonValue, saying: _Saying, *, is_top: bool = False) -> str:
    if not isinstance(node, Mapping):
        return _no_words(node)
    if saying.depth > MAX_DEPTH:
        return "(deeper conditions)"
    if node.get("negate") is True:
        return _say_not({key: value for key, value in node.items() if key != "negate"}, saying)
    kind = str(node.get("type"))
    if kind in ("and", "or"):
        return _say_group(node, saying, is_top=is_top)
    say = _SAYERS.get(kind)
    return say(node, saying, is_negated=False) if say else _no_words(kind)


def _say_not(node: JsonMapping, saying: _Saying) -> str:
    """The complement of a node that is not negated itself."""
    kind = str(node.get("type"))
    if kind in ("and", "or"):
        clauses = _clauses(node, saying)
        if len(clauses) == 1:
            return _say_complement(clauses[0], saying)
        text = _say_group(node, saying, is_top=False)
        return f"not {text}" if text.startswith("(") else f"not ({text})"
    say = _SAYERS.get(kind)
    return say(node, saying, is_negated=True) if say else f"not {_no_words(kind)}"


def _say_complement(node: JsonValue, saying: _Saying) -> str:
    if isinstance(node, Mapping) and node.get("negate") is True:
        return _say({key: value for key, value in node.items() if key != "negate"}, saying)
    return _say_not(node, saying) if isinstance(node, Mapping) else f"not {_no_words(node)}"


def _say_group(node: JsonMapping, saying: _Saying, *, is_top: bool) -> str:
    clauses = _clauses(node, saying)
    if len(clauses) == 1:
        return _say(clauses[0], saying.deeper(), is_top=is_top)
    if not clauses:
        return _all_of(saying.scope)
    if node.get("type") == "or":
        if (count := _count_ids(clauses)) > 1:
            return f"is one of {count:,} {_plural(saying.scope)} named by ID"
        return f"(either {_joined(clauses, 'or', saying)})"
    text = _joined(clauses, "and", saying)
    return text if is_top else f"({text})"


def _joined(clauses: Sequence[JsonValue], word: str, saying: _Saying) -> str:
    return f", {word} ".join(_say(clause, saying.deeper()) for clause in clauses)


def _clauses(node: JsonMapping, saying: _Saying) -> list[JsonValue]:
    """The clauses that say something: one that every object of this kind meets says nothing in an `and`."""
    queries = node.get("queries")
    listed = list(queries) if isinstance(queries, list) else []
    return [one for one in listed if not _is_idle(one, saying.scope)] if node.get("type") == "and" else listed


def _is_idle(node: JsonValue, scope: str) -> bool:
    if not isinstance(node, Mapping) or node.get("negate") is True:
        return False
    return node.get("type") == "match_all" or (node.get("type") == "object_type" and node.get("object_type") == scope)


def _count_ids(clauses: Sequence[JsonValue]) -> int:
    """How many objects an `or` names; 0 when it holds anything but IDs."""
    are_ids = all(isinstance(one, Mapping) and one.get("type") == "id" and "negate" not in one for one in clauses)
    return len(clauses) if are_ids else 0


def _field_condition(node: JsonMapping, saying: _Saying, *, is_negated: bool) -> str:
    condition = node.get("condition")
    if not isinstance(condition, Mapping):
        return _no_words("field_condition")
    field = field_words(node.get("field"), saying.names, scope=saying.scope)
    return say_condition(field, condition, saying.names, is_negated=is_negated)


def _has_related(node: JsonMapping, saying: _Saying, *, is_negated: bool) -> str:
    related = str(node.get("related_object_type"))
    kind = _kind_words(related)
    start = f"no {kind}" if is_negated else f"{_article(kind)} {kind}"
    query = node.get("related_query")
    inside = saying.inside(related)
    if not isinstance(query, Mapping) or _is_idle(query, related):
        return start
    text = _say(query, inside)
    if text == _all_of(related):
        return start
    return f"{start} {'with' if _is_relation(query, related) else 'whose'} {text}"


def _is_relation(query: JsonMapping, scope: str) -> bool:
    """Whether the query is only about objects that hang on the related one."""
    if query.get("type") != "and":
        return query.get("type") == "has_related"
    queries = query.get("queries")
    told = [one for one in queries if not _is_idle(one, scope)] if isinstance(queries, list) else []
    return len(told) == 1 and isinstance(told[0], Mapping) and told[0].get("type") == "has_related"


def _object_type(node: JsonMapping, saying: _Saying, *, is_negated: bool) -> str:
    if node.get("object_type") == saying.scope:
        return f"no {_kind_words(saying.scope)} at all" if is_negated else _all_of(saying.scope)
    kind = _kind_words(str(node.get("object_type")))
    return f"is {'not ' if is_negated else ''}{_article(kind)} {kind}"


def _id(node: JsonMapping, saying: _Saying, *, is_negated: bool) -> str:
    return f"is {'not ' if is_negated else ''}the {_kind_words(saying.scope)} {saying.name(node.get('value'))}"


def _text(node: JsonMapping, _: _Saying, *, is_negated: bool) -> str:
    verb = "nowhere contains" if is_negated else "somewhere contains"
    return f"{verb} {'the phrase ' if node.get('mode') == 'phrase' else ''}“{some(node.get('value'))}”"


def _match_all(_: JsonMapping, saying: _Saying, *, is_negated: bool) -> str:
    return f"no {_kind_words(saying.scope)} at all" if is_negated else _all_of(saying.scope)


def _saved_search(node: JsonMapping, saying: _Saying, *, is_negated: bool) -> str:
    return f"is {'not ' if is_negated else ''}in the smart view “{saying.name(node.get('saved_search_id'))}”"


def _in_status(node: JsonMapping, saying: _Saying, *, is_negated: bool) -> str:
    ids = node.get("status_ids")
    statuses = join_words([saying.name(one) for one in ids] if isinstance(ids, list) else [], last="or")
    span = say_span(node)
    verb = "was never in the status" if is_negated else "was in the status"
    return f"{verb} {statuses}{f' {span}' if span else ''}"


class _Say(Protocol):
    """Says a node of one type, or its complement."""

    def __call__(self, node: JsonMapping, saying: _Saying, /, *, is_negated: bool) -> str:
        """The words."""
        ...


_SAYERS: Mapping[str, _Say] = {
    "field_condition": _field_condition,
    "has_related": _has_related,
    "object_type": _object_type,
    "id": _id,
    "text": _text,
    "match_all": _match_all,
    "saved_search": _saved_search,
    "in_status": _in_status,
}


def _all_of(scope: str) -> str:
    return EVERYBODY if scope == "lead" else f"any {_kind_words(scope)}"


def _kind_words(kind: str) -> str:
    return _KINDS.get(kind) or kind.removeprefix("activity.").replace("_", " ").replace(".", " ")


def _plural(scope: str) -> str:
    return f"{_kind_words(scope)}s"


def _article(noun: str) -> str:
    return "an" if noun[:1] in "aeio" else "a"


def _no_words(kind: JsonValue) -> str:
    return f"a condition that this version has no words for ({some(kind)})"
