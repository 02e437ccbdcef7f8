"""`ci reviewed`: the plans that merged pull requests were reviewed by, as files."""

from __future__ import annotations

import os
from pathlib import Path

from bulkplan.adapters.github import open_github
from bulkplan.adapters.github_job import TOKEN_VARIABLE, read_job
from bulkplan.adapters.member_shelf import MemberShelf, file_beside, write_beside
from bulkplan.app.ci_reviewed import ReviewedPlan, reviewed_plans
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.own_files import write_text
from bulkplan.cli.wiring import find_place
from bulkplan.core.seal import load_sealed
from bulkplan.errors import BulkplanError, NotAuthorizedError, PlanRefusedError, UsageError
from bulkplan.model.plan import SealedPlan


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
                sealed = _laid_down(found, folder / f"pull-{found.pull}.json")
            except PlanRefusedError as error:
                console.note(f"The plan of pull request {found.pull} does not count: {error.message}.")
                continue
            console.note(f"Pull request {found.pull} was reviewed by a plan of {sealed.plan.now:%Y-%m-%d %H:%M} UTC.")
    return OK


def _laid_down(found: ReviewedPlan, path: Path) -> SealedPlan:
    """The plan, written down with what lies beside it. Raises `PlanRefusedError`; then nothing is left of it."""
    sealed = load_sealed(found.text)
    write_text(path, found.text)
    if found.members is None:
        return sealed
    write_beside(path, found.members)
    try:
        with MemberShelf() as shelf:
            shelf.load(path, sealed.plan)
    except PlanRefusedError:
        path.unlink()
        file_beside(path).unlink()
        raise
    return sealed


def _emptied(folder: Path | None) -> Path:
    """The folder, made where it is not there; plans that were fetched before are removed."""
    if folder is None:
        raise UsageError("--out DIR is missing")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("pull-*.json*"):
            old.unlink()
    except OSError as error:
        raise BulkplanError(f"{folder} cannot be made: {error.strerror}") from error
    return folder
