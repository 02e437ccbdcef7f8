"""A shard: the part of a project's runs that one job of many takes."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from bulkplan.model.base import Value

Count = Annotated[int, Field(ge=0)]
FromOne = Annotated[int, Field(ge=1)]


class Shard(Value):
    """Shard `number` (from 1) of `of`."""

    number: FromOne
    of: FromOne

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @property
    def words(self) -> str:
        """Like `shard 2 of 4`."""
        return f"shard {self.number} of {self.of}"


class PlanShard(Shard):
    """Which part of a whole plan a plan is: it shows `runs` of the `of_runs` rows that all shards have together."""

    runs: Count
    of_runs: Count

    @property
    def part_words(self) -> str:
        """Like `shard 2 of 4: 50 of 200 runs`."""
        return f"{self.words}: {self.runs:,} of {self.of_runs:,} run{'' if self.of_runs == 1 else 's'}"
