"""The comment on a pull request as one text: hidden marker, what is true now, and what was said before, folded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

from bulkplan.core.comparison import Comparison
from bulkplan.model.apply_report import ApplyReport
from bulkplan.model.failure import Failure
from bulkplan.model.plan import SealedPlan
from bulkplan.report.applied_markdown import applied_markdown
from bulkplan.report.comparison_markdown import comparison_markdown
from bulkplan.report.failure_markdown import failure_markdown
from bulkplan.report.markdown import code_span
from bulkplan.report.plan_markdown import MIN_BYTES, plan_markdown

MAX_COMMENT_BYTES = 65_536
"""Source: GitHub; it counts characters, of which there are never more than bytes."""

_OLDER = "<!-- bulkplan:older -->"
_FOLD = "<!-- bulkplan:fold -->"
_MAX_FOLDS = 10
_COMPARISON_SHARE = 3
"""One part in so many is what the comparison may take of the room at most."""


CiDocument = SealedPlan | Failure | ApplyReport
"""What a comment or a summary may be about."""


@dataclass(frozen=True)
class Setting:
    """Where a text stands: the commit it is about, and the address of the job that made it."""

    commit: str
    run_url: str | None = None


def marker_of(target: str, kind: str = "plan", *, said: str | None = None) -> str:
    """
    The hidden first line of a comment, by which it is found again.

    `said` makes it one for this very text: the same is then not said twice.
    """
    word = f":{sha256(said.encode()).hexdigest()[:16]}" if said is not None else ""
    return f"<!-- bulkplan:{kind}:{quote(target, safe='').replace('-', '%2D')}{word} -->"


def content_of(document: CiDocument, setting: Setting, *, comparison: Comparison | None = None, max_bytes: int) -> str:
    """What is true now, in Markdown of at most `max_bytes` bytes: the comparison first, then the plan."""
    foot = _foot(setting, document)
    room = max_bytes - len(foot.encode())
    if isinstance(document, Failure):
        return failure_markdown(document, max_bytes=room).text + foot
    if isinstance(document, ApplyReport):
        return applied_markdown(document, max_bytes=room).text + foot
    if comparison is None:
        return plan_markdown(document.plan, max_bytes=room).text + foot
    first = comparison_markdown(comparison, max_bytes=max(MIN_BYTES, room // _COMPARISON_SHARE)).text
    plan = plan_markdown(document.plan, max_bytes=max(MIN_BYTES, room - len(first.encode()) - 1))
    return f"{first}\n{plan.text}{foot}"


def comment_body(marker: str, content: str, setting: Setting, *, previous: str | None = None) -> str:
    """
    The whole comment: what was said of earlier commits is folded below, newest first, as far as there is room.

    Args:
        marker: Its first line.
        content: What is true now.
        setting: The commit that this is about.
        previous: The text of the comment as it is, which we wrote.
    """
    head = f"{marker}\n{_commit_line(setting.commit)}\n{content.rstrip()}\n"
    room = MAX_COMMENT_BYTES - len(head.encode()) - len(f"\n{_OLDER}\n".encode())
    folds: list[str] = []
    for fold in _folds(previous, setting.commit)[:_MAX_FOLDS] if previous else ():
        room -= len(fold.encode())
        if room < 0:
            break
        folds.append(fold)
    return head + (f"\n{_OLDER}\n{''.join(folds)}" if folds else "")


def _commit_line(commit: str) -> str:
    return f"<!-- bulkplan:commit:{quote(commit, safe='')} -->"


def _foot(setting: Setting, document: CiDocument) -> str:
    parts = [f"commit {code_span(setting.commit[:12])}"] if setting.commit else []
    where = "the job, with more in its summary and its log"
    if isinstance(document, SealedPlan):
        parts.append(f"plan {code_span(document.digest[:19])}")
        where = "the job, with the whole plan in its summary"
    parts += [f"[{where}]({setting.run_url})"] if setting.run_url else []
    return f"\n<sub>{', '.join(parts)}</sub>\n" if parts else ""


def _folds(previous: str, commit: str) -> Sequence[str]:
    """What the comment said until now, each earlier commit folded; that of this very commit is replaced."""
    current, _, older = previous.replace("\r\n", "\n").partition(f"\n{_OLDER}\n")
    folds = [f"{_FOLD}{fold}" for fold in older.split(_FOLD)[1:]]
    lines = current.split("\n")
    of = lines[1] if len(lines) > 1 else ""
    if of == _commit_line(commit):
        return folds
    name = of.removeprefix("<!-- bulkplan:commit:").removesuffix(" -->")[:12]
    summary = f"An earlier plan{f', of <code>{name}</code>' if name.isalnum() else ''}"
    content = "\n".join(lines[2:]).strip()
    return [f"{_FOLD}\n<details><summary>{summary}</summary>\n\n{content}\n\n</details>\n", *folds]
