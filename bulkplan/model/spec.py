"""What one spec says, once its expressions are filled in: filter, action, options, guards."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import Field, JsonValue, StringConstraints

from bulkplan.model.base import JsonObject, Value
from bulkplan.model.where import Where

Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Percent = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,3}(\.[0-9]+)?%$")]
Text = Annotated[str, StringConstraints(min_length=1, strip_whitespace=True)]
Count = Annotated[int, Field(ge=0)]
PositiveCount = Annotated[int, Field(ge=1)]
ContactPreference = Literal["lead", "contact"]
Scalar = str | int | float | bool


class Filter(Value):
    """Which leads: exactly one of the four keys is set (the loader and the schema hold that)."""

    where: Where | None = Field(None, description="The short form: conditions by field name.")
    query: JsonObject | None = Field(None, description='A structured query, as Close\'s "Copy Filters" gives it.')
    smart_view: Text | None = Field(None, description="Name or ID of a smart view (saved search).")
    all_leads: Literal[True] | None = Field(
        None, description="Every lead of the organization. Must be said in so many words."
    )


class Email(Value):
    """Send an e-mail template once to every lead that matches."""

    type: Literal["email"]
    template: Text = Field(description="Name or ID of an e-mail template.")
    sender: Text = Field(description='"Name <address>", an address, or the ID of a connected account.')
    contact_preference: ContactPreference = Field(
        "lead",
        description="lead: the first address of each lead. contact: the first address of every contact.",
    )


class SetLeadStatus(Value):
    """Set the lead status of every lead that matches."""

    type: Literal["set_lead_status"]
    status: Text = Field(description="Label or ID of a lead status.")


class SetCustomField(Value):
    """Set, extend or reduce a custom field of every lead that matches: exactly one of `value` and `values`."""

    type: Literal["set_custom_field"]
    field: Text = Field(description="Name or ID of a custom field of leads.")
    value: Scalar | None = Field(None, description="One value.")
    values: Annotated[tuple[Scalar, ...], Field(min_length=1)] | None = Field(
        None, description="Several values, for a field that accepts them."
    )
    operation: Literal["replace", "add", "remove"] = Field(
        "replace", description="add and remove need a multi-value field."
    )


class ClearCustomField(Value):
    """Empty a custom field of every lead that matches."""

    type: Literal["clear_custom_field"]
    field: Text = Field(description="Name or ID of a custom field of leads.")


class Delete(Value):
    """Delete every lead that matches, with its contacts, opportunities and activities. Nothing takes it back."""

    type: Literal["delete"]


class SequenceSubscribe(Value):
    """Subscribe the contacts of every lead that matches, unless they ever had this sequence."""

    type: Literal["sequence_subscribe"]
    sequence: Text = Field(description="Name or ID of a sequence.")
    sender: Text = Field(description='"Name <address>", an address, or the ID of a connected account.')
    contact_preference: ContactPreference = Field(
        "lead", description="lead: the first contact. contact: every contact."
    )


class _SequenceChange(Value):
    sequence: Text | None = Field(None, description="Name or ID of a sequence; else say `all_sequences: true`.")
    all_sequences: Literal[True] | None = Field(None, description="Every sequence. Must be said in so many words.")


class SequencePause(_SequenceChange):
    """Pause the active subscriptions of the leads that match."""

    type: Literal["sequence_pause"]


class SequenceResume(_SequenceChange):
    """Resume the paused subscriptions of the leads that match."""

    type: Literal["sequence_resume"]


class SequenceResumeFinished(_SequenceChange):
    """Resume the finished subscriptions of the leads that match."""

    type: Literal["sequence_resume_finished"]


Action = Annotated[
    Email
    | SetLeadStatus
    | SetCustomField
    | ClearCustomField
    | Delete
    | SequenceSubscribe
    | SequencePause
    | SequenceResume
    | SequenceResumeFinished,
    Field(discriminator="type"),
]

ActionType = Literal[
    "email",
    "set_lead_status",
    "set_custom_field",
    "clear_custom_field",
    "delete",
    "sequence_subscribe",
    "sequence_pause",
    "sequence_resume",
    "sequence_resume_finished",
]


class Options(Value):
    """How Close runs the action."""

    results_limit: PositiveCount | None = Field(None, description="Take at most so many leads, in the order of `sort`.")
    sort: tuple[Text, ...] = Field((), max_length=3, description='Field names; a leading "-" sorts downwards.')
    send_done_email: bool = Field(
        default=False, description="Close mails the owner of the API key when the action is done."
    )


class Guards(Value):
    """Limits beyond which a run is refused. Percentages are written `5%`; a bare number is a count of leads."""

    max_matches: Count | None = Field(None, description="Most leads the filter may match.")
    min_matches: Count | None = Field(
        None, description="Fewest leads the filter may match; default 1 (0 with a schedule)."
    )
    max_percent: Percent | None = Field(None, description="Largest share of all leads of the organization.")
    max_drift: Percent | Count | None = Field(
        None, description="How far the match count may move between plan and apply; default 5% (0% for a delete)."
    )
    max_deviation: Percent | None = Field(
        None, description="How far the match count may be from the median of this spec's own last runs."
    )
    require_sort_with_limit: bool | None = Field(
        None,
        description="Where results_limit takes only some of the leads, options.sort must say which; default true "
        "(false for an edit).",
    )


class SpecTest(Value):
    """A made-up lead, and whether the filter must match it."""

    name: str | None = Field(None, description="What the test is called in reports.")
    lead: dict[str, JsonValue] = Field(
        description="A made-up lead: fields as a where names them, and lists: contacts, opportunities, emails, calls, "
        "sequence_subscriptions …"
    )
    matches: bool = Field(description="Whether the filter must match it.")
    suppressed: bool | None = Field(
        None, description="Whether the project's suppression must take it out; left out: it may or may not."
    )
    now: str | None = Field(
        None, description="The moment from which relative dates are measured; left out: the present."
    )


class Schedule(Value):
    """One run per period instead of one per version."""

    every: Literal["day", "week", "month", "quarter", "year"]
    timezone: Text = Field("UTC", description="IANA name, e.g. Europe/Berlin.")


LintIgnores = dict[Text, Text]
"""By the slug or the ID of a rule: why it does not hold here."""


class SpecLint(Value):
    """What `bulkplan lint` should know about this spec; no part of its meaning."""

    ignore: LintIgnores = Field(
        default_factory=dict, description="Rules that this spec may break, each with the reason in words."
    )


class Spec(Value):
    """One YAML document under `specs/`, its expressions filled in for one run."""

    schema_: Literal["bulkplan/v1"] = Field(alias="schema", description="Version of the format.")
    name: Name = Field(description="Unique in the project: a-z, 0-9 and dashes.")
    version: PositiveCount = Field(description="Raise it to run again; an applied version never changes.")
    description: str | None = None
    owner: str | None = None
    vars: dict[str, JsonValue] = Field(default_factory=dict, description="Values for {{ vars.name }}.")
    for_each: dict[str, tuple[Scalar, ...]] | None = Field(
        None, description="One run per combination; {{ each.key }} holds the value."
    )
    schedule: Schedule | None = None
    not_before: date | datetime | None = Field(None, description="Never runs earlier.")
    not_after: date | datetime | None = Field(None, description="Past it the spec is expired and never runs.")
    filter: Filter
    cohort: Literal["live", "frozen"] = Field(
        "live",
        description="live: Close evaluates the filter when it starts. frozen: only the leads of the plan, as far as "
        "they still match.",
    )
    action: Action
    options: Options = Options()
    guards: Guards = Guards()
    depends_on: tuple[Name, ...] = ()
    tests: tuple[SpecTest, ...] = ()
    lint: SpecLint = Field(default=SpecLint(), description="Rules of `bulkplan lint` that do not hold here.")


NEVER_FILLED = ("schema", "name", "version", "vars", "for_each", "schedule", "lint")
"""Keys without expressions: they say which runs there are, and are read before anything is filled in."""
