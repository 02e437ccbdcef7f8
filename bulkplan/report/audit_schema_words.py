"""What keys of the audit's documents mean, and how their values look."""

from __future__ import annotations

from collections.abc import Mapping

from bulkplan.report.document_words import DIGEST
from bulkplan.report.schema_words import Word, says

_TIME = "2026-11-22T21:03:04Z"
_COMMIT = "9fceb02d0ae598e95dc970b74767f19372d61af8"
_CI_RUN = "https://github.com/acme/crm/actions/runs/1"
_RUN = "winback-churned@1"
_ACTION = "bulkemail_4fT9x2"
_USER = "user_7Qm2"

ACTION_WORDS: Mapping[str, Mapping[str, Word]] = {
    "AuditReport": {
        "format_version": says("Grows when keys are added."),
        "tool_version": says("Of the bulkplan that made it.", "0.1.0"),
        "made_at": says("When it was made; UTC.", _TIME),
        "since": says("From when on actions are listed; null for all.", _TIME),
        "target": says("Name of the target.", "production"),
        "organization_id": says("The organization that was audited.", "orga_4fT9x2"),
        "organization_name": says("Its name, for people.", "Northwind Trading"),
        "project_id": says("Of the project file; null without one.", "7f3c0c1e2b9d4a60"),
        "store": says("Where the state is, for people.", "local (.bulkplan/state/production.db)"),
        "head": says("Digest over every record; see audit verify.", DIGEST),
        "n_earlier": says("Actions before since, which are not listed.", 12),
        "findings": says("What a person should look at; alarms first."),
        "actions": says("Every bulk action since then, newest first."),
        "runs": says("The recorded runs of which something was written since then, by key."),
        "unapplied": says("What specs ask for and nobody applied, and records without a spec; by key."),
        "limits": says("What this audit does not see.", ["listings may be minutes behind"]),
    },
    "AuditFinding": {
        "severity": says("An alarm breaks a promise of bulkplan; a warning does not."),
        "rule": says("Which rule found it."),
        "message": says("What was found.", f"{_RUN} has 2 actions in Close: {_ACTION}, bulkemail_9k"),
        "hint": says("How to go on.", "look at these actions in Close"),
        "run_key": says("The run it is about.", _RUN),
        "action_ids": says("The actions it is about.", [_ACTION]),
    },
    "AuditedAction": {
        "kind": says("Which list of Close it stands in."),
        "id": says("The bulk action in Close.", _ACTION),
        "created_at": says("When it was made; UTC.", _TIME),
        "user_id": says("Who made it.", _USER),
        "user_name": says("The name, where it could be read.", "Dana Reyes"),
        "api_key_id": says("Names the API key without revealing it, where the event log tells.", "api_4fT9x2"),
        "action_type": says("What it does, as specs say it.", "set_lead_status", "email"),
        "subject_id": says("The template, status, field or sequence.", "tmpl_4fT9x2"),
        "subject": says("Its name, where it could be read.", "Win-back 2026"),
        "status": says("Its status in Close.", "done"),
        "n_leads": says("Leads that Close found; null until it has.", 32),
        "n_leads_processed": says("Leads that Close is done with.", 32),
        "origin": says("Where it came from."),
        "run_key": says("The run that it is, or that its marker names.", _RUN),
        "note": says("More about its origin.", "found in Close by its nonce"),
    },
}

RUN_WORDS: Mapping[str, Mapping[str, Word]] = {
    "AuditedRun": {
        "key": says("Names the run.", _RUN),
        "action_type": says("The action of the spec.", "email"),
        "state": says("Of its record."),
        "remote_id": says("The bulk action in Close.", _ACTION),
        "remote_status": says("Its status there.", "done"),
        "approved": says("Leads of the plan.", 32),
        "n_leads": says("Leads that Close found; null until it has.", 32),
        "n_leads_processed": says("Leads that Close is done with.", 32),
        "started_at": says("When its last attempt was begun; UTC.", _TIME),
        "finished_at": says("When it was over in Close; UTC.", _TIME),
        "attempt": says("How many attempts there were.", 1),
        "ci": says("The CI job of its last attempt; null outside of CI."),
        "decisions": says("Who let it run, and who said what became of it; in order."),
        "deviations": says("What ended otherwise than planned.", ["it ended in an error in Close"]),
    },
    "RunDecision": {
        "at": says("When; UTC.", _TIME),
        "what": says("What was decided.", "attempt 1", "a person says that it ran"),
        "actor": says("Who.", "dana"),
        "host": says("Where.", "runner-7"),
        "commit": says("Of the specs, where git knows one.", _COMMIT),
        "ci_run_url": says("The run of CI.", _CI_RUN),
        "plan_digest": says("Of the saved plan; null where it was made just then.", DIGEST),
    },
    "CiRun": {
        "attempt": says("Which attempt of the CI run, from 1.", 2),
        "workflow": says("Its name.", "apply"),
        "event": says("What began it.", "push"),
        "ref": says("The branch, tag or pull request it ran on.", "refs/heads/main"),
        "pull_request": says("The number of the pull request, where it was about one.", 12),
        "triggering_actor": says("Who began this attempt.", "dana"),
    },
    "UnappliedRun": {
        "key": says("Names the run.", _RUN),
        "change": says("What plan would say of it, without asking Close."),
        "reason": says("Why.", "never ran"),
        "hint": says("How to go on.", "raise the version to run it again"),
        "file": says("Where the spec is, below the project.", "specs/winback-churned.yaml"),
        "line": says("Its line there, from 1.", 3),
        "owner": says("Who answers for the spec.", "revops@example.com"),
        "last_change": says("Since when the file is as it is; null where git does not tell."),
    },
    "FileChange": {
        "at": says("When it was committed, or merged; UTC. Null: it has changes that are not committed.", _TIME),
        "commit": says("The commit.", _COMMIT),
        "author": says("Its author.", "Dana Reyes"),
        "is_exact": says("False in a shallow clone, where it may be older."),
    },
}

CHAIN_WORDS: Mapping[str, Mapping[str, Word]] = {
    "ChainReport": {
        "format_version": says("Grows when keys are added."),
        "tool_version": says("Of the bulkplan that made it.", "0.1.0"),
        "checked_at": says("When the records were looked at; UTC.", _TIME),
        "target": says("Name of the target.", "production"),
        "store": says("Where the state is, for people.", "local (.bulkplan/state/production.db)"),
        "lineage": says("A random name of the store; another one is another history.", "5c1f0e"),
        "head": says("Digest over all slots.", DIGEST),
        "is_ok": says("Whether everything fits."),
        "n_records": says("Records of runs.", 14),
        "n_entries": says("Entries in their histories.", 71),
        "n_before_chain": says("Those of them that are older than the chain.", 0),
        "compared": says("What the state was held against.", "heads.json of 2026-11-22 21:03 UTC"),
        "breaks": says("What does not fit."),
        "slots": says("What every slot of the store stands at, by key."),
    },
    "ChainBreak": {
        "key": says("The key in the store; empty where it is about all of it.", f"run/{_RUN}"),
        "entry": says("Which entry of the history, from 1; null where it is about the record.", 3),
        "problem": says("What does not fit.", "it was altered: it does not fit its digest"),
    },
    "SlotHead": {
        "key": says("The key in the store.", f"run/{_RUN}"),
        "version": says("How often it was written.", 5),
        "entries": says("Entries in its history.", 5),
        "before_chain": says("Those of them that are older than the chain.", 0),
        "link": says("Digest of the whole history; null where there is none.", DIGEST),
        "content": says("Digest of the rest.", DIGEST),
    },
}

AUDIT_WORDS: Mapping[str, Mapping[str, Word]] = {**ACTION_WORDS, **RUN_WORDS, **CHAIN_WORDS}
