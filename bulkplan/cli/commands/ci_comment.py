"""`ci comment`: the plan, or why there is none, on the pull request."""

from __future__ import annotations

import os
import re

from bulkplan.adapters.github import GitHub, open_github
from bulkplan.adapters.github_job import TOKEN_VARIABLE, Job, read_job
from bulkplan.app.ci_comment import Draft, add_comment, keep_comment
from bulkplan.cli.arguments import Args
from bulkplan.cli.ci_reading import comparison_of, read_document, setting_of, target_of, warn
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.errors import GitHubError
from bulkplan.model.plan import SealedPlan
from bulkplan.report.comment import MAX_COMMENT_BYTES, CiDocument, comment_body, content_of, marker_of

_MARGIN_BYTES = 500
"""For the hidden lines."""


def run(args: Args, console: Console) -> int:
    """Comment; what GitHub does not take is a warning, since the plan is what it is."""
    document = read_document(args.plan)
    job = read_job(os.environ, needs_event=args.pull is None)
    if job.pull is not None and job.pull.is_fork and args.pull is None:
        console.note("This pull request comes from a fork, whose token may not comment; the plan is in the summary.")
        return OK
    if job.token is None:
        warn(console, f"${TOKEN_VARIABLE} is not set: give the step its token", title="no comment")
        return OK
    draft = _draft(args, document, job, console)
    try:
        with open_github(api_url=job.api_url, repository=job.repository, token=job.token) as github:
            _place(github, args, job, draft, console)
    except GitHubError as error:
        hint = f"; {error.hint}" if error.hint else ""
        warn(console, f"the comment was not made: {error.message}{hint}", title="no comment")
    return OK


def _draft(args: Args, document: CiDocument, job: Job, console: Console) -> Draft:
    setting = setting_of(job)
    comparison = comparison_of(args, document, console)
    content = content_of(document, setting, comparison=comparison, max_bytes=MAX_COMMENT_BYTES - _MARGIN_BYTES)
    kind, said = _said(document, job) if args.new else ("plan", None)
    marker = marker_of(target_of(args, document), kind, said=said)
    return Draft(marker, lambda previous: comment_body(marker, content, setting, previous=previous))


def _said(document: CiDocument, job: Job) -> tuple[str, str]:
    """What makes two comments the same one: a count that moves from hour to hour does not make it news."""
    if isinstance(document, SealedPlan):
        return "plan", document.digest
    text = document.model_dump_json(include={"exit_code", "message", "error", "runs"})
    return "apply", f"{job.sha} {re.sub(r'[0-9]+', '#', text)}"


def _place(github: GitHub, args: Args, job: Job, draft: Draft, console: Console) -> None:
    pull = args.pull or (job.pull.number if job.pull else _pull_of_commit(github, job))
    if pull is None:
        console.note(f"No pull request belongs to {job.sha[:12]}; nobody was told.")
        return
    placed = add_comment(github, pull, draft) if args.new else keep_comment(github, pull, draft)
    console.note(f"Comment on pull request {pull}: {placed.value}.")


def _pull_of_commit(github: GitHub, job: Job) -> int | None:
    """The pull request by which the commit of the job came into its branch."""
    pulls = [pull for pull in github.pulls_of(job.sha) if not job.branch or pull.branch == job.branch]
    return pulls[0].number if pulls else None
