"""bulkplan from Temporal: an activity for each shard, cancelled in order, retried only where that helps."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path

from temporalio import activity, workflow
from temporalio.client import Client
from temporalio.common import RetryPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

with workflow.unsafe.imports_passed_through():
    from bulkplan_job import GRACE_S, NeedsPersonError, check

PROJECT = Path("/srv/crm")
"""A checkout of the reviewed branch, on every worker; bulkplan is installed there, its keys are in the environment."""
QUEUE = "bulkplan"
HEARTBEAT = timedelta(seconds=10)


async def bulkplan(words: list[str]) -> None:
    """Run the program with a heartbeat; a cancelled activity ends it in order."""
    process = await asyncio.create_subprocess_exec("bulkplan", *words, cwd=PROJECT, start_new_session=True)
    ending = asyncio.ensure_future(process.wait())
    try:
        while not (await asyncio.wait({ending}, timeout=HEARTBEAT.total_seconds()))[0]:
            activity.heartbeat()
    except asyncio.CancelledError:
        process.terminate()
        await asyncio.wait({ending}, timeout=GRACE_S)
        raise
    try:
        check(ending.result())
    except NeedsPersonError as error:
        raise ApplicationError(str(error), non_retryable=True) from error


@activity.defn
async def plan_and_apply(target: str, shard: str) -> None:
    """A retry plans anew. A worker that died is no danger: the next attempt finds out what became of its runs."""
    with tempfile.TemporaryDirectory(prefix="bulkplan-") as folder:
        plan = f"{folder}/plan.json"
        await bulkplan(["plan", "--target", target, "--shard", shard, "--out", plan, "--no-input"])
        await bulkplan(["apply", plan, "--target", target, "--no-input"])


@workflow.defn
class BulkplanNightly:
    """All shards of one target at the same time; the first that needs a person fails the workflow at its end."""

    @workflow.run
    async def run(self, target: str, shards: int) -> None:
        """`shards`: how many jobs share the runs."""
        jobs = [
            workflow.execute_activity(
                plan_and_apply,
                args=[target, f"{number}/{shards}"],
                start_to_close_timeout=timedelta(hours=2),
                heartbeat_timeout=3 * HEARTBEAT,
                cancellation_type=workflow.ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
                retry_policy=RetryPolicy(initial_interval=timedelta(minutes=1), maximum_attempts=5),
            )
            for number in range(1, shards + 1)
        ]
        ends = await asyncio.gather(*jobs, return_exceptions=True)
        for end in ends:
            if isinstance(end, BaseException):
                raise end


async def main() -> None:
    """A worker; its own SIGTERM cancels its activities, and waits for them."""
    client = await Client.connect("localhost:7233")
    grace = timedelta(seconds=GRACE_S)
    worker = Worker(
        client,
        task_queue=QUEUE,
        workflows=[BulkplanNightly],
        activities=[plan_and_apply],
        graceful_shutdown_timeout=grace,
    )
    await worker.run()


if __name__ == "__main__":
    asyncio.run(main())
