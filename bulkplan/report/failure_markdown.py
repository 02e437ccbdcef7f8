"""A command that failed, for a comment or a summary: what is wrong, where, and how to mend it; no addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping

from bulkplan.model.failure import Failure, FailureProblem
from bulkplan.report.markdown import code_span, markdown_text
from bulkplan.report.plan_markdown import Markdown

_APART = r"\s<>()\[\]\"',;:"
_ADDRESS = re.compile(rf"(?<![^{_APART}])[^{_APART}@]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
"""A run key such as winback@2 is none: it has no dot."""

_TEXT_CHARS = 600
_MAX_LINES = 50
_TITLES: Mapping[tuple[str, int], str] = {
    ("plan", 65): "The plan for {target} could not be made: files are invalid",
    ("plan", 75): "The plan for {target} could not be made now: try again later",
    ("plan", 77): "The plan for {target} could not be made: not authorized",
    ("apply", 3): "Apply to {target}: a guard or a conflict refused",
    ("apply", 4): "Apply to {target} stopped: this is not what was reviewed",
    ("apply", 5): "Apply to {target}: a run is unknown and needs a person",
    ("apply", 75): "Apply to {target} could not go on now: it will be tried again",
    ("apply", 77): "Apply to {target} stopped: not authorized",
    ("apply", 130): "Apply to {target} was interrupted; what was recorded is safe",
}


def without_addresses(text: str) -> str:
    """The text with every e-mail address written as `…@…`."""
    return _ADDRESS.sub("…@…", text)


def failure_markdown(failure: Failure, *, max_bytes: int) -> Markdown:
    """What failed, as Markdown of at most `max_bytes` bytes; problems that do not fit are counted."""
    title = _TITLES.get((failure.command, failure.exit_code), _plain_title(failure))
    target = code_span(failure.target) if failure.target else "the default target"
    text = f"### {title.format(target=target)}\n\n" + "".join(_lines(failure.message)) + "\n"
    foot = f"\n**How to go on:** {_told(failure.hint)}\n" if failure.hint else ""
    foot += f"\n<sub>exit code {failure.exit_code}</sub>\n"
    items = [_item(problem) for problem in failure.problems]
    room = max_bytes - len((text + foot).encode()) - 100
    shown = 0
    for item in items:
        room -= len(item.encode())
        if room < 0:
            break
        shown += 1
    rest = len(items) - shown
    note = f"- and {rest:,} more; `bulkplan validate` lists them all\n" if rest else ""
    return Markdown(text + "".join(items[:shown]) + note + foot, rest)


def _plain_title(failure: Failure) -> str:
    if failure.command == "plan":
        return "The plan for {target} could not be made"
    return "Apply to {target} did not go through"


def _lines(message: str) -> list[str]:
    """The first line as a sentence, further ones as items."""
    first, *more = [line.strip().removeprefix("- ") for line in message.split("\n") if line.strip()] or [""]
    shown = [f"- {_told(line)}\n" for line in more[:_MAX_LINES]]
    if len(more) > _MAX_LINES:
        shown.append(f"- and {len(more) - _MAX_LINES:,} more\n")
    return [f"**Why:** {_told(first)}\n", *(["\n"] if shown else []), *shown]


def _item(problem: FailureProblem) -> str:
    place = f"{code_span(f'{problem.file}:{problem.line}:{problem.column}')} " if problem.file else ""
    hint = f" ({_told(problem.hint)})" if problem.hint else ""
    return f"- {place}{_told(problem.message)}{hint}\n"


def _told(text: str) -> str:
    """Text of an error; whose addresses stand in it is nobody's business in a comment."""
    return markdown_text(without_addresses(text), max_chars=_TEXT_CHARS)
