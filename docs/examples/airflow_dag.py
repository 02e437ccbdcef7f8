"""bulkplan from Airflow 3: every night, each shard of each target in a task of its own."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path

import pendulum
from airflow.exceptions import AirflowFailException
from airflow.sdk import dag, task
from bulkplan_job import NeedsPersonError, plan_and_apply

PROJECT = Path("/srv/crm")
"""A checkout of the reviewed branch, on every worker; bulkplan is installed there, its keys are in the environment."""
TARGETS = ("emea", "americas")
SHARDS = 4


@dag(
    schedule="17 5 * * *",
    start_date=pendulum.datetime(2026, 1, 1, tz="UTC"),
    catchup=False,
    max_active_runs=1,
    tags=["bulkplan"],
)
def bulkplan_nightly() -> None:
    """The shards of a target run at the same time: the state store sees to it that each run happens once."""

    @task(retries=4, retry_delay=timedelta(minutes=5), retry_exponential_backoff=True, max_active_tis_per_dagrun=8)
    def apply(target: str, number: int) -> None:
        # Airflow ends a task by SIGTERM, which it raises in here: plan_and_apply passes it on and waits.
        with tempfile.TemporaryDirectory(prefix="bulkplan-") as folder:
            try:
                plan_and_apply(target, f"{number}/{SHARDS}", project=PROJECT, folder=Path(folder))
            except NeedsPersonError as error:
                raise AirflowFailException(str(error)) from error  # fails for good: no retry

    for target in TARGETS:
        apply.override(task_id=f"apply_{target}").partial(target=target).expand(number=list(range(1, SHARDS + 1)))


bulkplan_nightly()
