"""One row of a plan as a card: what it does in a sentence, to whom, what was checked, and what stands in its way."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from bulkplan.core.risk import Risk, risk_of
from bulkplan.core.shares import count_leads
from bulkplan.model.plan import ALARM, Change, FieldChange, FunnelStep, GuardName, Overlap, Verdict
from bulkplan.report.facts import json_line, percent, request_text, spec_words
from bulkplan.report.funnel_text import step_count
from bulkplan.report.html_page import (
    Child,
    Html,
    Tone,
    badge,
    bar,
    code,
    element,
    facts,
    folded,
    joined,
    name,
    preformatted,
    table,
)
from bulkplan.report.lines import Span
from bulkplan.report.sentence import action_sentence, undo_sentence
from bulkplan.report.summary import BLOCKED, state_word
from bulkplan.report.verdict_text import passed_words

TONES: Mapping[Risk, Tone] = {
    Risk.NONE: "none",
    Risk.LOW: "low",
    Risk.MEDIUM: "medium",
    Risk.HIGH: "high",
    Risk.CRITICAL: "critical",
}
STATE_WORDS: Mapping[str, str] = {
    "run": "will run",
    BLOCKED: "blocked: does not run",
    "no-op": "nothing to do",
    "conflict": "conflict: does not run",
    "in-progress": "running in Close",
    "paused": "paused in Close",
    "failed": "failed in Close",
    "unknown": "unknown: needs a person",
    "not-yet": "not yet",
    "expired": "expired",
    "orphan": "no longer wanted",
}
"""How a row stands, for people; by `state_word`."""

_CALM = frozenset({"run", "not-yet", "in-progress"})
_RANKS: Mapping[str, int] = {"error": 0, "warning": 1, "exclusion": 2}

_STEPS: Mapping[str, str] = {
    "matched": "Leads that match",
    "limited": "Taken by this run",
    "with-address": "Have an e-mail address",
    "reachable": "Have not unsubscribed",
    "not-subscribed": "Never had this sequence",
}

_LAYERS: Mapping[str, str] = {
    "default": "bulkplan's default",
    "project": "the project's limit",
    "spec": "this action's own limit",
}

_PASSED: Mapping[GuardName, str] = {
    "max_matches": "At most {limit} leads may match; {measured} do",
    "max_percent": "At most {limit} of {whole} may match; it is {measured}",
    "min_matches": "At least {limit} must match; {measured} do",
    "max_deviation": "It may be at most {limit} off {whole}; it is {measured}",
    "require_sort_with_limit": "Where not all that match are taken, their order must be said; it is: {measured}",
}


def card(change: Change, *, anchor: str) -> Html:
    """Everything about one row that somebody should look at."""
    tone = TONES[risk_of(change)]
    return element(
        "article",
        _meta(change),
        element("h3", sentence(change)),
        element("p", name(" ".join(change.description.split())), class_="soft") if change.description else None,
        *_ways_on(change),
        _about(change),
        *_share(change, tone),
        *_funnel(change),
        *_judged(change),
        *_differences(change),
        *_folds(change),
        class_=f"card {tone}",
        id=anchor,
    )


def sentence(change: Change) -> Html:
    """What the row does, with its numbers and names in bold."""
    return joined(_span(span) for span in action_sentence(change))


def risk_badge(change: Change) -> Html:
    """Like `high risk`."""
    risk = risk_of(change)
    return badge("no risk" if risk is Risk.NONE else f"{risk.word} risk", TONES[risk])


def _span(span: Span) -> Html:
    return element("strong", name(span.text)) if span.style == "strong" else joined((span.text,))


def state_badge(change: Change) -> Html:
    """Like `blocked: does not run`."""
    state = state_word(change)
    tone = "info" if state in _CALM else TONES[risk_of(change)]
    return badge(STATE_WORDS[state], tone)


def _meta(change: Change) -> Html:
    return element("p", risk_badge(change), state_badge(change), code(str(change.key)), class_="meta")


def _ways_on(change: Change) -> Iterator[Html]:
    """What needs somebody, before all else."""
    if change.hint:
        yield element("p", element("strong", "Next: "), change.hint, class_=f"notice {TONES[risk_of(change)]}")
    for note in change.notes:
        tone = TONES[risk_of(change)] if note.startswith(ALARM) else "info"
        yield element("p", element("strong", "Note: "), note, class_=f"notice {tone}")


def _about(change: Change) -> Html:
    pairs: list[tuple[str, Child]] = [("Why it is here", _capital(change.reason))]
    if change.filter_words:
        pairs.append(("Which leads", _capital(change.filter_words)))
    matches = change.matches
    if matches and matches.limited < matches.total:
        pairs.append(("How many", f"{count_leads(matches.total)} match; {matches.limited:,} of them are taken."))
    if matches and matches.suppressed:
        pairs.append(("Left out", f"{count_leads(matches.suppressed)} that match, but no message may reach."))
    if matches and matches.excluded:
        pairs.append(("Taken out", f"{count_leads(matches.excluded)}, because an earlier run of this plan takes them."))
    if change.source:
        pairs.append(("Can it be undone?", undo_sentence(change)))
    if change.depends_on:
        pairs.append(("Waits for", joined(_listed(change.depends_on))))
    if change.owner:
        pairs.append(("Who answers for it", name(change.owner)))
    return facts(pairs)


def _share(change: Change, tone: Tone) -> Iterator[Html]:
    matches = change.matches
    if matches is None or not matches.of_leads:
        return
    said = f"{percent(matches.limited, matches.of_leads)} of all {count_leads(matches.of_leads)}"
    yield element("h4", "Share of all leads")
    yield element(
        "div",
        element("span", "Leads of this run"),
        bar(matches.limited, matches.of_leads, tone=tone, label=said),
        element("span", f"{matches.limited:,} of {matches.of_leads:,}", class_="number"),
        class_="bars",
    )


def _funnel(change: Change) -> Iterator[Html]:
    if change.funnel:
        yield element("h4", "From matching to being reached")
        most = max(step_count(step) for step in change.funnel)
        yield element("div", *(part for step in change.funnel for part in _step(step, change, most)), class_="bars")
    if change.forecast:
        yield element("p", _capital(change.forecast.words), class_="small")


def _step(step: FunnelStep, change: Change, most: int) -> Iterator[Html]:
    count = step_count(step)
    unit = "lead" if step.contacts is None else "contact"
    number = f"{count:,} {unit}{'s' if count != 1 else ''}"
    yield element("span", _step_words(step, change))
    yield bar(count, most, label=f"{number}, of {most:,} at the most")
    yield element("span", number, class_="number")


def _step_words(step: FunnelStep, change: Change) -> str:
    """A step for people who do not know the keys of a spec."""
    body = change.request.body if change.request else {}
    if step.name == "with-contact":
        is_everyone = body.get("contact_preference") == "contact"
        return "Every contact of these" if is_everyone else "The first contact of each"
    return _STEPS.get(step.name) or _capital(step.words, stop="")


def _judged(change: Change) -> Iterator[Html]:
    """What refuses first, then what should be minded, then what passed."""
    said = [*((_rank(verdict), _verdict(verdict)) for verdict in change.verdicts)]
    said += [(_RANKS[overlap.severity], _overlap(overlap)) for overlap in change.overlaps]
    if said:
        yield element("h4", "What was checked")
        yield element("ul", *(item for _, item in sorted(said, key=lambda one: one[0])), class_="judged")


def _rank(verdict: Verdict) -> int:
    return _RANKS["exclusion"] if verdict.is_ok else _RANKS["error"]


def _verdict(verdict: Verdict) -> Html:
    layer = element("span", f" ({_layer(verdict)})", class_="soft small")
    if verdict.is_ok:
        pattern = _PASSED.get(verdict.guard)
        said = passed_words(verdict) if pattern is None else _filled(pattern, verdict)
        return element("li", element("strong", "Passes: "), said, "." if pattern else None, layer, class_="passes")
    said = f"{verdict.message or verdict.measured}."
    return element("li", element("strong", "Refuses: "), _capital(said), layer, *_mend(verdict.mend), class_="refuses")


def _layer(verdict: Verdict) -> str:
    """Whose limit it is, and where it stands."""
    return f"{_LAYERS[verdict.layer]}, {verdict.set_at}" if verdict.set_at else _LAYERS[verdict.layer]


def _filled(pattern: str, verdict: Verdict) -> str:
    whole = verdict.denominator_words or "all leads"
    return pattern.format(limit=_number(verdict.limit), measured=_number(verdict.measured), whole=whole)


def _overlap(overlap: Overlap) -> Html:
    heads = {"error": "Refuses: ", "warning": "Mind: ", "exclusion": "Taken out: "}
    class_ = {"error": "refuses", "warning": "warns", "exclusion": "passes"}[overlap.severity]
    return element(
        "li", element("strong", heads[overlap.severity]), f"{overlap.message}.", *_mend(overlap.mend), class_=class_
    )


def _mend(words: str | None) -> Iterator[Html]:
    if words:
        yield element("div", element("em", "To mend it: "), f"{words}.", class_="small")


def _differences(change: Change) -> Iterator[Html]:
    if not change.differences:
        return
    yield element("h4", "What differs from ", code(str(change.compared_with)))
    rows = [_difference(difference) for difference in change.differences]
    yield table(("What", "Before", "Now"), rows, label=f"Differences to {change.compared_with}")


def _difference(difference: FieldChange) -> Sequence[Child]:
    before = None if difference.change == "added" else element("del", json_line(difference.before))
    after = None if difference.change == "removed" else element("ins", json_line(difference.after))
    nothing = element("span", "nothing", class_="soft")
    return code(difference.path), before or nothing, after or nothing


def _folds(change: Change) -> Iterator[Html]:
    if change.sample:
        rows = [(name(lead.name or "(no name)"), code(lead.id)) for lead in change.sample]
        shown = table(("Name", "Lead"), rows, label="Leads by name")
        about = element("p", "Personal data, shown because it was asked for (--sample).", class_="small soft")
        yield folded(f"The first {count_leads(len(rows))} by name", about, shown)
    text = request_text(change)
    if text is None or change.request is None:
        return
    facts_ = facts([("Spec", code(where)) for where in (spec_words(change),) if where])
    yield folded(
        "For technicians: the request",
        facts_,
        element("p", code(f"POST {change.request.path}")),
        preformatted(text),
    )


def _listed(words: Sequence[str]) -> Iterator[Child]:
    for number, word in enumerate(words):
        yield ", " if number else None
        yield code(word)


def _capital(text: str, *, stop: str = ".") -> str:
    """As a sentence; a run key at its beginning stays as it is."""
    whole = " ".join(text.split())
    first, _, _ = whole.partition(" ")
    begun = whole if "@" in first else whole[:1].upper() + whole[1:]
    return begun if whole.endswith((".", "!", "?")) else begun + stop


def _number(text: str) -> str:
    return f"{int(text):,}" if text.isdecimal() else text.replace("%", " %")
