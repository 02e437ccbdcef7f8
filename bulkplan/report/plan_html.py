"""A plan as a page for whoever has to say yes to it: one file, in plain words, riskiest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from bulkplan.core.risk import Risk, risk_of, riskiest_first
from bulkplan.core.shares import count_leads
from bulkplan.model.plan import Change, Plan
from bulkplan.report.facts import marker_words, percent, vars_words
from bulkplan.report.html_page import Child, Html, Tone, code, element, facts, folded, joined, name, page, table
from bulkplan.report.plan_text import NOTHING_SENT
from bulkplan.report.row_html import STATE_WORDS, TONES, card, risk_badge, state_badge
from bulkplan.report.summary import state_word, summarize

_CALLS_FOR_SOMEBODY = frozenset({"blocked", "conflict", "unknown", "failed"})


def plan_html(plan: Plan) -> str:
    """The page, as one text that needs nothing else; samples of leads are on it where the plan has them."""
    rows = riskiest_first(plan.changes)
    loud = [change for change in rows if risk_of(change) is not Risk.NONE]
    quiet = [change for change in rows if risk_of(change) is Risk.NONE]
    title = _headline(plan)
    body = joined((_top(plan, title), *_index(loud), *_cards(loud), *_quiet(quiet), _bottom(plan)))
    return page(title=f"{title} ({plan.target})", body=body)


def _headline(plan: Plan) -> str:
    summary = summarize(plan)
    if not plan.changes:
        return "No bulk action is wanted"
    if not summary.n_run:
        return "No bulk action would run"
    actions = f"{summary.n_run:,} bulk action{'s' if summary.n_run != 1 else ''}"
    if summary.n_run > 1:
        return f"{actions} would run"
    return f"{actions} would run on {count_leads(summary.leads)}"


def _top(plan: Plan, title: str) -> Html:
    organization = name(plan.organization_name or plan.organization_id)
    said = joined(
        (
            "This page shows what bulkplan would do in the Close organization ",
            element("strong", organization),
            ". ",
            f"{NOTHING_SENT} {_when(plan)}",
        )
    )
    part = f", {plan.shard.part_words}" if plan.shard else ""
    about = f"Plan for {plan.target}{part}, as of {_day(plan.now)}"
    return element(
        "header",
        element("p", "bulkplan", class_="brand"),
        element("h1", title),
        element("p", said, class_="lead"),
        element("p", about, class_="soft small"),
        _tiles(plan),
    )


def _when(plan: Plan) -> str:
    if not any(change.would_run for change in plan.changes):
        return "As it stands, applying this plan would send nothing either."
    return f"It runs only when somebody applies this plan, at the latest on {_day(plan.expires_at)}."


def _tiles(plan: Plan) -> Html:
    running = [change for change in plan.changes if change.would_run]
    calling = [change for change in plan.changes if state_word(change) in _CALLS_FOR_SOMEBODY]
    final = sum(not change.is_undoable for change in running)
    highest = max(map(risk_of, plan.changes), default=Risk.NONE)
    touched = sum(change.matches.limited for change in running if change.matches)
    tiles: list[tuple[str, str, Tone | None]] = [
        ("Would run", f"{len(running):,}", None),
        ("Leads, summed" if len(running) > 1 else "Leads", f"{touched:,}", None),
        ("Cannot be undone", f"{final:,}", "high" if final else None),
        ("Need somebody", f"{len(calling):,}", "critical" if calling else None),
        ("Highest risk", highest.word, TONES[highest]),
    ]
    return element("dl", *(_tile(*tile) for tile in tiles), class_="tiles")


def _tile(word: str, value: str, tone: Tone | None) -> Html:
    return element("div", element("dt", word), element("dd", value, class_=tone))


def _index(rows: Sequence[Change]) -> Iterator[Html]:
    if len(rows) > 1:
        yield element("h2", "At a glance, riskiest first")
        yield element("ol", *(_entry(number, change) for number, change in enumerate(rows, start=1)), class_="index")


def _entry(number: int, change: Change) -> Html:
    link = element("a", str(change.key), href=f"#{_anchor(number)}")
    stands = joined((" ", state_badge(change))) if not change.would_run else None
    said = joined((link, stands, element("div", change.summary, class_="small")))
    matches = change.matches
    count = count_leads(matches.limited) if matches else ""
    share = f" ({percent(matches.limited, matches.of_leads)})" if matches and matches.of_leads else ""
    return element("li", risk_badge(change), element("div", said), element("span", count + share, class_="number"))


def _cards(rows: Sequence[Change]) -> Iterator[Html]:
    if rows:
        yield element("h2", "In detail" if len(rows) > 1 else "What would be done")
    for number, change in enumerate(rows, start=1):
        yield card(change, anchor=_anchor(number))


def _quiet(rows: Sequence[Change]) -> Iterator[Html]:
    if not rows:
        return
    yield element("h2", "Nothing to do")
    lines = [_quiet_line(change) for change in rows]
    what = "row sends nothing and needs nobody" if len(rows) == 1 else "rows send nothing and need nobody"
    yield folded(f"{len(rows):,} {what}", table(("Run", "Stands", "Why"), lines, label="Rows with nothing to do"))


def _quiet_line(change: Change) -> tuple[Child, ...]:
    why = f"{change.reason}; {change.hint}" if change.hint else change.reason
    return code(str(change.key)), STATE_WORDS[state_word(change)], why


def _bottom(plan: Plan) -> Html:
    pairs: list[tuple[str, Child]] = [
        ("Organization", code(plan.organization_id)),
        ("Made", f"{_day(plan.now)}, by bulkplan {plan.tool_version}"),
        ("Good until", _day(plan.expires_at)),
        ("Plan", code(plan.plan_id)),
    ]
    if plan.commit:
        pairs.append(("Commit", code(plan.commit)))
    if given := vars_words(plan):
        pairs.append(("Made with --var", code(given)))
    if plan.suppression:
        pairs.append(("Never written to", f"leads of which this holds: {plan.suppression}"))
    if plan.marker:
        pairs.append(("Finding it again", marker_words(plan.marker)))
    return element("footer", element("h2", "About this plan"), facts(pairs))


def _anchor(number: int) -> str:
    return f"run-{number}"


def _day(moment: datetime) -> str:
    """Like `22 November 2026, 10:30 UTC`."""
    return f"{moment.day} {moment:%B %Y, %H:%M} UTC"
