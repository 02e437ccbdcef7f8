"""One run, explained, for people: what it would send, part by part, and where each part comes from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from bulkplan.core.explain import COVERED, FREE, Explanation, Fact
from bulkplan.core.fates import fate
from bulkplan.core.near import join_words
from bulkplan.core.query_parts import Part
from bulkplan.report.facts import FORMER_VALUES, UNDO_BY_HAND
from bulkplan.report.lines import Line, Span
from bulkplan.report.record_text import moment, progress_words
from bulkplan.report.wrap import wrapped

_LABEL = 11
_INDENT = "  "


def explain_lines(explanation: Explanation, *, width: int) -> tuple[Line, ...]:
    """The run: what it does to whom, its query, its other keys, names, guards, when it runs, what is recorded."""
    wanted = explanation.wanted
    title = (Span(str(wanted.key), "title"), Span(f"  {explanation.at}", "muted"))
    lines: list[Line] = [title]
    for label, words in _head(explanation):
        lines += wrapped((Span(f"{_INDENT}{label:<{_LABEL}}", "muted"),), (Span(words),), width=width)
    lines += [(), *_query(explanation, width)]
    lines += _facts("Other keys of the request", explanation.body, width)
    lines += _facts("Names", explanation.names, width)
    lines += _facts("Guards", explanation.guards, width)
    lines += _timing(explanation, width)
    lines += _fingerprint(explanation, width)
    lines += _record(explanation, width)
    return tuple(lines)


def _head(explanation: Explanation) -> Iterator[tuple[str, str]]:
    spec = explanation.wanted.spec
    if spec.description:
        yield "for", spec.description
    if spec.owner:
        yield "owner", spec.owner
    yield "does", explanation.summary
    yield "leads", explanation.leads
    undo = f"{UNDO_BY_HAND}: {FORMER_VALUES}" if explanation.undo is None else f"no: {explanation.undo}"
    yield "undo", undo
    for note in explanation.notes:
        yield "note", note


def _query(explanation: Explanation, width: int) -> Iterator[Line]:
    is_resolved = explanation.request is not None
    yield (
        Span("Query", "strong"),
        Span("" if is_resolved else "  (names are not resolved: Close was not asked)", "muted"),
    )
    for part in explanation.parts:
        yield from _part(part, width)
    if explanation.request is not None:
        kind = explanation.request.kind
        yield (Span(f"{_INDENT}sent as s_query of POST /bulk_action/{kind}/", "muted"),)


def _part(part: Part, width: int) -> Iterator[Line]:
    margin = Span(f"{_INDENT}{'  ' * part.depth}- ")
    yield from wrapped((margin,), (Span(part.words), Span(_origin(part.why, part.at), "muted")), width=width)
    if part.node is not None:
        head = Span(" " * len(margin.text))
        yield from wrapped((head,), (Span(_json(part.node), "muted"),), width=width)


def _facts(title: str, facts: Sequence[Fact], width: int) -> Iterator[Line]:
    if not facts:
        return
    yield ()
    yield (Span(title, "strong"),)
    longest = min(max(len(fact.name) for fact in facts), width // 3)
    for fact in facts:
        value = fact.value if isinstance(fact.value, str) else _json(fact.value)
        body = (Span(value), Span(_origin(fact.why, fact.at), "muted"))
        yield from wrapped((Span(f"{_INDENT}{fact.name:<{longest}}  "),), body, width=width)


def _origin(why: str, at: str | None) -> str:
    return f" ({why}, {at})" if at else f" ({why})"


def _timing(explanation: Explanation, width: int) -> Iterator[Line]:
    decision = explanation.decision
    now = Fact("now", decision.kind.value, decision.reason + (f"; {decision.hint}" if decision.hint else ""))
    yield from _facts("When it runs", (now, *explanation.timing), width)


def _fingerprint(explanation: Explanation, width: int) -> Iterator[Line]:
    covered, rest = join_words(COVERED), join_words(FREE)
    yield ()
    yield (Span("Fingerprint", "strong"), Span(f"  {explanation.wanted.fingerprint}", "muted"))
    words = f"covers {covered}: an edit there, once it ran, needs a higher version; {rest} can be changed freely"
    yield from wrapped((Span(_INDENT),), (Span(words),), width=width)


def _record(explanation: Explanation, width: int) -> Iterator[Line]:
    record = explanation.record
    yield ()
    yield (Span("Record", "strong"),)
    if record is None:
        yield (Span(f"{_INDENT}none of {explanation.wanted.key}"),)
        return
    remote = f", in Close {record.remote_id}" if record.remote_id else ""
    words = f"it {fate(record)}, {progress_words(record)}{remote}, by {record.actor}, begun {moment(record.sent_after)}"
    yield from wrapped((Span(_INDENT),), (Span(words),), width=width)
    yield (Span(f"{_INDENT}bulkplan state show '{record.key}' has its history", "muted"),)


def _json(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(", ", ": "))
