"""What keys of the files that people write mean, where the model does not say so, and how their values look."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from pydantic import JsonValue


class Word(NamedTuple):
    """What a key means, and values that it may have. Empty words leave those of the model."""

    description: str
    examples: tuple[JsonValue, ...] = ()


def says(description: str, *examples: JsonValue) -> Word:
    """A description, and examples."""
    return Word(description, examples)


def like(*examples: JsonValue) -> Word:
    """Examples alone: the model says what it means."""
    return Word("", examples)


QUERY: JsonValue = {"type": "and", "queries": [{"type": "object_type", "object_type": "lead"}]}
_STATUS_IS: JsonValue = {"field": "status", "is": "Churned"}

_TYPE = says("Which action it is.")

SPEC_WORDS: Mapping[str, Mapping[str, Word]] = {
    "Spec": {
        "schema": like("bulkplan/v1"),
        "name": like("winback-churned"),
        "version": like(1, 2),
        "description": says("What it is for: stands in every plan.", "Win back churned leads"),
        "owner": says("Who answers for it.", "revops@example.com"),
        "vars": like({"quiet_days": 90}),
        "for_each": like({"region": ["EMEA", "APAC"]}),
        "schedule": says("One run per period instead of one per version."),
        "not_before": like("2026-12-01", "2026-12-01T09:00:00+01:00"),
        "not_after": like("2026-12-31"),
        "filter": says("Which leads: exactly one of where, query, smart_view and all_leads."),
        "action": says("What happens to the leads."),
        "options": says("How Close runs the action."),
        "guards": says("Limits beyond which a run is refused; they can only tighten those of the project."),
        "depends_on": says("Specs that must be done first.", ["tag-churned"]),
        "tests": says("Made-up leads that the filter must and must not match."),
    },
    "Filter": {
        "query": like(QUERY),
        "smart_view": like("Renewals in the next 60 days"),
    },
    "Email": {
        "type": _TYPE,
        "template": like("Win-back 2026"),
        "sender": like("Dana Reyes <dana@example.com>"),
    },
    "SetLeadStatus": {"type": _TYPE, "status": like("Potential")},
    "SetCustomField": {
        "type": _TYPE,
        "field": like("Industry"),
        "value": like("SaaS", 50, "2026-01-31"),
        "values": like(["win-back", "vip"]),
    },
    "ClearCustomField": {"type": _TYPE, "field": like("Competitor")},
    "Delete": {"type": _TYPE},
    "SequenceSubscribe": {
        "type": _TYPE,
        "sequence": like("Trial onboarding"),
        "sender": like("Dana Reyes <dana@example.com>"),
    },
    "SequencePause": {"type": _TYPE, "sequence": like("Trial onboarding")},
    "SequenceResume": {"type": _TYPE, "sequence": like("Trial onboarding")},
    "SequenceResumeFinished": {"type": _TYPE, "sequence": like("Renewal nurture")},
    "Options": {"results_limit": like(500), "sort": like(["-date_created"])},
    "Guards": {
        "max_matches": like(2000),
        "min_matches": like(1),
        "max_percent": like("10%"),
        "max_drift": like("2%", 20),
        "max_deviation": like("50%"),
    },
    "SpecTest": {
        "name": like("nobody to write to"),
        "lead": like({"status": "Churned", "custom.Industry": "SaaS", "last_communication_date": "100 days ago"}),
        "now": like("2026-11-22"),
    },
    "Schedule": {
        "every": says("How often: the run key carries the period, e.g. winback@1+2026-W47."),
        "timezone": like("Europe/Berlin"),
    },
    "SpecLint": {"ignore": like({"no-ceiling": "the list is kept by hand"})},
}

WHERE_WORDS: Mapping[str, Mapping[str, Word]] = {
    "AllOf": {"all": says("Conditions that must all hold.", [_STATUS_IS])},
    "AnyOf": {"any": says("Conditions of which at least one must hold.", [_STATUS_IS])},
    "Not": {"not": says("The condition that must not hold.", _STATUS_IS)},
    "Has": {
        "has": says("The kind of related object."),
        "where": says("What must hold of that object; without it any will do.", {"field": "email", "exists": True}),
    },
    "Use": {"use": like("quiet-leads"), "vars": like({"days": 90})},
    "FieldCondition": {
        "field": like("status", "custom.Industry", "last_communication_date"),
        "is": like("Churned", ["Churned", "Potential"]),
        "is_not": like("Free", ["Free", "Trial"]),
        "contains": like("renewal contract"),
        "phrase": like("annual renewal"),
        "word_starts_with": like("renew"),
        "gt": like(50),
        "gte": like(50),
        "lt": like(10),
        "lte": like(10),
        "on": like("2026-01-31", "yesterday"),
        "before": like("90 days ago", "2026-01-31"),
        "after": like("30 days ago", "2026-01-31"),
        "on_or_before": like("today", "2026-01-31"),
        "on_or_after": like("start of this month", "2026-01-31"),
    },
    "FilterFragment": {
        "schema": like("bulkplan/filter/v1"),
        "name": like("quiet-leads"),
        "description": says("What the conditions have in common.", "Leads that nobody talked to for a while"),
        "vars": like({"days": 90}),
        "where": like(_STATUS_IS),
    },
}

PROJECT_WORDS: Mapping[str, Mapping[str, Word]] = {
    "Project": {
        "schema": says("Version of the format.", "bulkplan/project/v1"),
        "project_id": like("7f3c0c1e2b9d4a60"),
        "default_target": says("The target of commands without --target.", "sandbox"),
        "targets": says(
            "The organizations to act on, by name.",
            {"sandbox": {"sandbox": {"leads": 1000, "seed": 7}}},
        ),
        "suppress": like({"any": [{"field": "custom.Do Not Contact", "is": True}]}),
        "guards": says("The outer limits, by family of action; a spec can only tighten them."),
        "require_saved_plan": says("Real targets run only what was saved by plan --out; never asked of a sandbox."),
        "vars": like({"quiet_days": 90}),
        "senders": like({"dana@example.com": {"daily_limit": 400}, "default": {"daily_limit": 200}}),
    },
    "ProjectLint": {
        "ignore": like({"no-tests": "the filters are tried in the sandbox"}),
        "severity": like({"missing-owner": "error"}),
    },
    "ProjectGuards": {
        "email": says("Limits of e-mails."),
        "sequence": says("Limits of sequences: subscribing, pausing, resuming."),
        "edit": says("Limits of edits: lead status and custom fields."),
        "delete": says("Limits of deletes; `max_matches: 0` forbids them."),
    },
    "SenderLimit": {"daily_limit": like(400)},
    "SandboxSize": {
        "leads": says("How many leads it is made with.", 1000),
        "seed": says("The same seed makes the same leads.", 7),
    },
    "Target": {
        "sandbox": says("An embedded sandbox of this size; else say `api_key_env`."),
        "organization_id": says("Compared with the organization of the key, before anything else.", "orga_4fT9x2"),
        "api_key_env": says("Name of the environment variable that holds the API key.", "CLOSE_API_KEY"),
        "base_url": says("Where the API is.", "https://api.close.com/api/v1", "http://127.0.0.1:8686/api/v1"),
        "state": says(
            "Where it is kept what ran: local, git, git+REMOTE, s3://bucket/prefix or postgresql://host/database.",
            "git",
            "s3://acme-bulkplan/state",
        ),
        "timezone": says("In which days begin and end: an IANA name.", "Europe/Berlin"),
    },
}

WRITTEN_WORDS: Mapping[str, Mapping[str, Word]] = {**SPEC_WORDS, **WHERE_WORDS, **PROJECT_WORDS}
"""By the name of the model, then by key as files spell it."""
