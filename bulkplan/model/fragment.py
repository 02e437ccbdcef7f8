"""What one document under `filters/` says: conditions that specs share by name."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, JsonValue

from bulkplan.model.base import Value
from bulkplan.model.spec import Name
from bulkplan.model.where import Where


class FilterFragment(Value):
    """A named piece of a short filter. Its expressions see the `vars` and `each` of the spec that uses it."""

    schema_: Literal["bulkplan/filter/v1"] = Field(alias="schema", description="Version of the format.")
    name: Name = Field(description="Unique among the fragments: a-z, 0-9 and dashes.")
    description: str | None = None
    vars: dict[str, JsonValue] = Field(
        default_factory=dict, description="Values for {{ vars.name }} that the spec and the use may set otherwise."
    )
    where: Where = Field(description="The conditions.")
