"""bulkplan from Prefect 3: a flow run for each shard, and one that starts them all."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from bulkplan_job import TryLaterError, plan_and_apply
from prefect import flow, task
from prefect.deployments import run_deployment

if TYPE_CHECKING:
    from prefect.client.schemas.objects import State

PROJECT = Path("/srv/crm")
"""A checkout of the reviewed branch, on every worker; bulkplan is installed there, its keys are in the environment."""
TARGETS = ("emea", "americas")
SHARDS = 4


async def is_worth_a_retry(_task: object, _run: object, state: State[None]) -> bool:
    """Only exit code 75 is: after any other a person has to look first."""
    return isinstance(await state.aresult(raise_on_failure=False), TryLaterError)


@task(retries=4, retry_delay_seconds=[60, 300, 900, 1800], retry_condition_fn=is_worth_a_retry)
def apply(target: str, shard: str) -> None:
    """Called directly it runs in the main thread, which a cancelled flow run tells; plan_and_apply passes that on."""
    with tempfile.TemporaryDirectory(prefix="bulkplan-") as folder:
        plan_and_apply(target, shard, project=PROJECT, folder=Path(folder))


@flow(name="bulkplan-shard")
def bulkplan_shard(target: str, shard: str) -> None:
    """One shard of one target; deploy it once as `worker`, with a process work pool."""
    apply(target, shard)


@flow(name="bulkplan-nightly")
def bulkplan_nightly() -> None:
    """Start every shard of every target and wait for none: each flow run tells of its own failure."""
    for target in TARGETS:
        for number in range(1, SHARDS + 1):
            shard = f"{number}/{SHARDS}"
            run_deployment("bulkplan-shard/worker", parameters={"target": target, "shard": shard}, timeout=0)


if __name__ == "__main__":
    bulkplan_nightly()
