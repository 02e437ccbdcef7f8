"""What `bulkplan.yaml` says: targets, suppression, outer guards."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, JsonValue, StringConstraints

from bulkplan.model.base import Value
from bulkplan.model.spec import Guards, LintSettings, Text
from bulkplan.model.where import Where

DEFAULT_BASE_URL = "https://api.close.com/api/v1"
ProjectId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{8,64}$")]
OrganizationId = Annotated[str, StringConstraints(pattern=r"^orga_[A-Za-z0-9]+$")]


class SandboxSize(Value):
    """The embedded Close: how many leads it is made with, and from which seed."""

    leads: Annotated[int, Field(ge=1, le=1_000_000)] = 1000
    seed: int = 7


class Target(Value):
    """One organization to act on: the embedded sandbox, or a Close account reached over HTTP."""

    sandbox: SandboxSize | None = None
    organization_id: OrganizationId | None = None
    api_key_env: Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")] | None = None
    base_url: Text = DEFAULT_BASE_URL
    state: Text = "local"
    timezone: Text = "UTC"


class ProjectGuards(Value):
    """The outer limits, by family of action. A spec may only tighten them."""

    email: Guards = Guards()
    sequence: Guards = Guards()
    edit: Guards = Guards()
    delete: Guards = Guards()


class Project(Value):
    """The project file, or its defaults where there is none."""

    schema_: Annotated[str, StringConstraints(pattern=r"^bulkplan/project/v1$")] = Field(
        "bulkplan/project/v1", alias="schema"
    )
    project_id: ProjectId | None = Field(None, description="Random, made once; part of every marker.")
    default_target: Text = "sandbox"
    targets: dict[str, Target] = Field(default_factory=lambda: {"sandbox": Target(sandbox=SandboxSize())})
    suppress: Where | None = Field(None, description="Leads that no e-mail and no sequence run ever touches.")
    guards: ProjectGuards = ProjectGuards()
    require_saved_plan: bool = False
    vars: dict[str, JsonValue] = Field(
        default_factory=dict, description="Values for {{ vars.name }} in every spec that does not set them itself."
    )
    lint: LintSettings = LintSettings()
