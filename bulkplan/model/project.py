"""What `bulkplan.yaml` says: targets, suppression, outer guards."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from bulkplan.model.base import Value
from bulkplan.model.spec import Guards, LintIgnores, PositiveCount, Text
from bulkplan.model.where import Where

DEFAULT_BASE_URL = "https://api.close.com/api/v1"
ALLOW_VARIABLE = "BULKPLAN_ALLOW_HOST"
"""Names the hosts besides Close that a key may be sent to: in the environment, which no pull request can set."""
DEFAULT_SENDER = "default"
"""The key of `senders` that holds for every address without one of its own."""
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


OverlapRule = Literal["error", "warning", "allow"]
ExcludingRule = Literal["error", "warning", "exclude", "allow"]


class OverlapRules(Value):
    """
    What it means that two runs of one plan touch the same leads: `error` refuses both, `warning` tells it, `exclude`
    takes the leads of the earlier run out of the later one, `allow` is silent.
    """

    email_and_delete: ExcludingRule = Field("error", description="An e-mail to leads that another run deletes.")
    sequence_and_delete: ExcludingRule = Field("error", description="A sequence for leads that another run deletes.")
    edit_and_delete: ExcludingRule = Field("warning", description="An edit of leads that another run deletes.")
    two_values: OverlapRule = Field("error", description="Two values for one status or custom field.")
    opposite_sequence_changes: OverlapRule = Field(
        "error", description="One run subscribes to or resumes a sequence that another pauses."
    )
    edit_of_filter: OverlapRule = Field(
        "warning", description="An edit of the field by which another run chooses its leads."
    )
    two_emails: ExcludingRule = Field("warning", description="Two e-mails to one lead.")
    email_and_sequence: ExcludingRule = Field("warning", description="An e-mail and a sequence for one lead.")
    two_sequences: ExcludingRule = Field("warning", description="Two sequences for one lead.")


class SenderLimit(Value):
    """What one sender may send."""

    daily_limit: PositiveCount = Field(description="Most messages a day, as the sending limits of Close have it.")


Severity = Literal["error", "warning", "note"]


class ProjectLint(Value):
    """What `bulkplan lint` should know about the whole project."""

    ignore: LintIgnores = Field(
        default_factory=dict, description="Rules that do not hold in this project, each with the reason in words."
    )
    severity: dict[Text, Severity] = Field(
        default_factory=dict, description="Other severities: by the slug or the ID of a rule, error, warning or note."
    )


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
    overlaps: OverlapRules = Field(
        default=OverlapRules(), description="What it means that two runs of one plan touch the same leads."
    )
    senders: dict[str, SenderLimit] = Field(
        default_factory=dict,
        description="What each address may send a day, for the forecast of a plan; default: holds for all others.",
    )
    lint: ProjectLint = Field(default=ProjectLint(), description="Rules of `bulkplan lint`, for every spec.")
