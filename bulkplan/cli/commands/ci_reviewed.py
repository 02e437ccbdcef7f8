"""`ci reviewed`: the plans that merged pull requests were reviewed by, as files."""

from __future__ import annotations

import os
from pathlib import Path

from bulkplan.adapters.github import open_github
from bulkplan.adapters.github_job import TOKEN_VARIABLE, read_job
from bulkplan.app.ci_reviewed import reviewed_plans
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.planning import write_text
from bulkplan.cli.wiring import find_place
from bulkplan.core.seal import load_sealed
from bulkplan.errors import BulkplanError, NotAuthorizedError, PlanRefusedError, UsageError


def run(args: Args, console: Console) -> int:
    """Fetch, check that each is a plan, and write them down; one that is none does not count."""
    place, job = find_place(args), read_job(os.environ)
    if job.token is None:
        raise NotAuthorizedError(
            f"${TOKEN_VARIABLE} is not set", hint=f"give the step {TOKEN_VARIABLE}: ${{{{ github.token }}}}"
        )
    folder = _emptied(args.out)
    with open_github(api_url=job.api_url, repository=job.repository, token=job.token) as github:
        now = place.clock.now()
        for found in reviewed_plans(github, branch=job.branch, target=place.target_name, now=now):
            try:
                sealed = load_sealed(found.text)
            except PlanRefusedError as error:
                console.note(f"The plan of pull request {found.pull} does not count: {error.message}.")
                continue
            write_text(folder / f"pull-{found.pull}.json", found.text)
            console.note(f"Pull request {found.pull} was reviewed by a plan of {sealed.plan.now:%Y-%m-%d %H:%M} UTC.")
    return OK


def _emptied(folder: Path | None) -> Path:
    """The folder, made where it is not there; plans that were fetched before are removed."""
    if folder is None:
        raise UsageError("--out DIR is missing")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("pull-*.json"):
            old.unlink()
    except OSError as error:
        raise BulkplanError(f"{folder} cannot be made: {error.strerror}") from error
    return folder
