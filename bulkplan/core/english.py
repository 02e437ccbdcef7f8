"""A short filter as an English sentence."""

from __future__ import annotations

from collections.abc import Mapping

from bulkplan.core.near import join_words
from bulkplan.core.operators import OperandValue, written_operators
from bulkplan.model.spec import Scalar
from bulkplan.model.where import AllOf, AnyOf, FieldCondition, Has, Not, Use, Where

KIND_WORDS: Mapping[str, str] = {
    "contact": "contact",
    "opportunity": "opportunity",
    "activity.email": "e-mail",
    "activity.call": "call",
    "activity.note": "note",
    "activity.meeting": "meeting",
    "activity.sms": "text message",
    "sequence_subscription": "sequence subscription",
}
"""What people call the related kinds."""

_PHRASES: Mapping[str, str] = {
    "is": "is {}",
    "is_not": "is not {}",
    "contains": "contains “{}”",
    "phrase": "contains the phrase “{}”",
    "word_starts_with": "has a word that starts with “{}”",
    "gt": "is more than {}",
    "gte": "is at least {}",
    "lt": "is less than {}",
    "lte": "is at most {}",
    "on": "is on {}",
    "before": "is before {}",
    "after": "is after {}",
    "on_or_before": "is on or before {}",
    "on_or_after": "is on or after {}",
}
"""How to say each operator, with the operand's place; `exists` has words of its own."""


def describe_where(where: Where) -> str:
    """
    Say a filter in English, as the spec says it.

    Returns:
        Like `status is Churned, and Industry is SaaS, and no opportunity whose status type is active`.
    """
    return _describe(where, scope="lead", is_top=True)


def describe_clause(where: Where, *, scope: str) -> str:
    """Say one clause of a filter that is about objects of a kind (`lead`, `opportunity`, …)."""
    return _describe(where, scope=scope, is_top=False)


def _describe(where: Where, *, scope: str, is_top: bool) -> str:
    if isinstance(where, AllOf):
        text = ", and ".join(_describe(part, scope=scope, is_top=len(where.all) == 1) for part in where.all)
        return text if is_top or len(where.all) == 1 else f"({text})"
    if isinstance(where, AnyOf):
        text = ", or ".join(_describe(part, scope=scope, is_top=len(where.any) == 1) for part in where.any)
        return text if len(where.any) == 1 else f"(either {text})"
    if isinstance(where, Not):
        return _describe_not(where, scope=scope)
    if isinstance(where, Has):
        return _describe_has(where, article=None)
    if isinstance(where, Use):
        return _describe_use(where, scope=scope)
    return _describe_condition(where, scope=scope)


def _describe_not(where: Not, *, scope: str) -> str:
    inner = where.not_
    if isinstance(inner, Has):
        return _describe_has(inner, article="no")
    if isinstance(inner, Not):
        return _describe(inner.not_, scope=scope, is_top=False)
    text = _describe(inner, scope=scope, is_top=False)
    return f"not {text}" if text.startswith("(") or isinstance(inner, Use) else f"not ({text})"


def _describe_use(use: Use, *, scope: str) -> str:
    """A fragment by its name, and what it says here."""
    if use.where is None:
        return use.use
    return f"{use.use} ({_describe(use.where, scope=scope, is_top=True)})"


def _describe_has(has: Has, *, article: str | None) -> str:
    kind = KIND_WORDS[has.has]
    start = f"{article or _article(kind)} {kind}"
    return start if has.where is None else f"{start} whose {_inside(has)}"


def _inside(has: Has) -> str:
    where = has.where
    return "" if where is None else _describe(where, scope=has.has, is_top=not _is_compound(where))


def _is_compound(where: Where) -> bool:
    """Whether the words of a related object need brackets to show where they end."""
    return isinstance(where, AllOf) and len(where.all) > 1


def _article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def _describe_condition(condition: FieldCondition, *, scope: str) -> str:
    written = written_operators(condition)
    said = " and ".join(_phrase(operator, operand) for operator, operand in written)
    return f"{_field_words(condition.field, scope)} {said}".rstrip()


def _field_words(name: str, scope: str) -> str:
    bare = name.removeprefix(f"{scope}.")
    if bare.startswith("custom."):
        return bare.removeprefix("custom.")
    return bare.removesuffix("_id").replace("_", " ").replace(".", " ")


def _phrase(operator: str, operand: OperandValue) -> str:
    if operator == "exists":
        return "has a value" if operand else "is empty"
    values = operand if isinstance(operand, tuple) else (operand,)
    words = [_value(value) for value in values]
    if operator == "is_not" and len(words) > 1:
        return f"is neither {join_words(words, last='nor')}"
    return _PHRASES[operator].format(join_words(words, last="or"))


def _value(value: Scalar) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
