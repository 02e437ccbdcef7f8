"""
One job of bulkplan, for whatever starts it: the program with its signals passed on, and its exit codes as two errors.

Copy it beside your DAG, flow or workflow. `TryLaterError` is worth a retry, which plans anew, `NeedsPersonError` not.
"""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

MEANING = {
    1: "something failed; the log says what, and what was done",
    3: "a guard, an overlap or a conflict refused a run",
    4: "the saved plan was refused: something moved since it was made",
    5: "nobody can tell what became of a run; bulkplan status says how to settle it",
    64: "the command line is wrong",
    65: "a spec or the project file is invalid",
    77: "the API key is missing, wrong, or of another organization",
}
TRY_LATER = 75
GRACE_S = 60
"""So long an apply that was asked to end may take to record what is in flight. It needs a few seconds."""


class TryLaterError(Exception):
    """A rate limit, or a busy state store. Everything that was sent is recorded."""


class NeedsPersonError(Exception):
    """Doing the same again would not help, and after 5 it must not be tried blindly."""


def check(code: int) -> None:
    """Raise what an exit code means; 0 is done, or nothing to do."""
    if code == TRY_LATER:
        raise TryLaterError("bulkplan: try again later")
    if code:
        raise NeedsPersonError(f"bulkplan ended with {code}: {MEANING.get(code, 'see its log')}")


def bulkplan(words: Sequence[str], *, project: Path) -> None:
    """Run the program to its end. Whatever ends us meanwhile ends it in order first."""
    running: list[subprocess.Popen[bytes]] = []
    # What ends us is raised in this thread. The program is started in another one, so that it can't be raised after the
    # start and before we know of it: nobody would be left to end the program.
    with ThreadPoolExecutor(max_workers=1) as starter:
        starter.submit(running.clear).result()  # the thread is there from here on
        try:
            starter.submit(lambda: running.append(started(words, project))).result()
            code = running[0].wait()
        except BaseException:
            starter.shutdown(wait=True)
            for process in running:
                end(process)
            raise
    check(code)


def started(words: Sequence[str], project: Path) -> subprocess.Popen[bytes]:
    """The running program. Not in our process group: of two signals at once the second would end it without order."""
    return subprocess.Popen(["bulkplan", *words], cwd=project, start_new_session=True)  # noqa: S603, S607


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask the program to end, and wait until it has recorded what is in flight."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        process.kill()


def plan_and_apply(target: str, shard: str, *, project: Path, folder: Path) -> None:
    """
    Plan one shard (`2/4`) and run that plan. A retry calls this again: what was started is followed, not sent again.

    `folder` is private to this job; the plan in it holds counts and IDs, no names.
    """
    plan = str(folder / "plan.json")
    bulkplan(["plan", "--target", target, "--shard", shard, "--out", plan, "--no-input"], project=project)
    bulkplan(
        ["apply", plan, "--target", target, "--no-input", "--report", str(folder / "report.json")], project=project
    )
