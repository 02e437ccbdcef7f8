"""Which commands there are: their names, their help, their examples, and the module that runs each."""

from __future__ import annotations

from bulkplan.cli import arguments
from bulkplan.cli.audit_table import AUDIT_COMMANDS
from bulkplan.cli.author_table import AUTHOR_COMMANDS
from bulkplan.cli.ci_table import CI_COMMANDS
from bulkplan.cli.command import Command

_POINT_A_SCRIPT_AT_IT = """\
point a script of yours at it:
  curl -u any: http://127.0.0.1:8686/api/v1/me/

  from closeio_api import API                  # the official client: pip install closeio
  api = API("http://127.0.0.1:8686/api/v1/", "any")
  api.get("lead", params={"_limit": 5})

  Wherever a program says https://api.close.com, give it http://127.0.0.1:8686; any API key will do.

Webhooks are delivered, signed, to loopback addresses and nowhere else. No mail is ever sent.
The file of an export is fetched from this server, by the link in GET /export/ID/."""

COMMANDS: tuple[Command, ...] = (
    *AUTHOR_COMMANDS,
    Command(
        "validate",
        "check spec and project files, offline",
        "Check bulkplan.yaml and every file under specs/, and list every problem with its place.\n"
        "Needs no account and opens no connection. Exits 65 when there is a problem.",
        (
            ("bulkplan validate", "the whole project"),
            ("bulkplan validate specs/winback.yaml", "report on one file"),
            ("bulkplan validate --format json", "for an editor or a CI job"),
            ("bulkplan validate --format github", "as notes beside the lines of a pull request"),
        ),
        arguments.add_validate,
        "validate",
    ),
    Command(
        "plan",
        "show what would run, on how many leads, and why",
        "Compare the specs with what was recorded, count the leads of every run, and judge the guards.\n"
        "Reads from Close and cannot write to it.",
        (
            ("bulkplan plan", "against the default target"),
            ("bulkplan plan --target production --out plan.json", "save it for review"),
            ("bulkplan plan --select 'winback*' --payload", "some runs, with their exact requests"),
            ("bulkplan plan --format html", "a page for whoever has to say yes; add > plan.html"),
            ("bulkplan plan --members members.csv", "and the leads of each run, in a file for you alone"),
            ("bulkplan plan --shard 2/4 --out plan-2.json", "the second of four parts of the runs"),
            ("bulkplan plan --detailed-exitcode", "exit 2 when something would run"),
        ),
        arguments.add_plan,
        "plan",
        "Exits 3 when a guard or an overlap refuses a run, or a conflict stands, and 5 when a record holds an alarm;\n"
        "every row is shown all the same.",
    ),
    Command(
        "apply",
        "run what a plan shows, each run exactly once",
        "Without PLAN: make a plan, show it, ask, and run it. With PLAN: run exactly what was saved and\n"
        "reviewed, without asking; refused when anything has moved since.",
        (
            ("bulkplan apply", "plan, ask, run"),
            ("bulkplan apply plan.json", "run a reviewed plan"),
            ("bulkplan apply --auto-approve --target sandbox", "no question asked"),
            ("bulkplan apply plan.json --no-wait", "do not wait for Close to finish"),
            ("bulkplan apply plan.json --report out.json", "and what became of each run, as JSON"),
            ("bulkplan apply --shard 2/4 --auto-approve", "one of four jobs that share the runs"),
            ("bulkplan apply --reviewed reviewed/", "after a merge: plan again, run what was reviewed"),
        ),
        arguments.add_apply,
        "apply",
        "Interrupting is safe: what was sent is recorded, and the next apply goes on from there.\n"
        "--select and --shard narrow a plan made now; a saved plan is run whole, so they do not go with PLAN.",
        keeps_records=True,
    ),
    Command(
        "show",
        "show a saved plan",
        "Show a plan that was saved by `plan --out`, after checking that it is unaltered. Opens no connection.",
        (
            ("bulkplan show plan.json", "as plan printed it"),
            ("bulkplan show plan.json --payload", "with the exact requests"),
            ("bulkplan show plan.json --format markdown", "for a comment on a pull request, without names of leads"),
            ("bulkplan show plan.json --format html", "a page for whoever has to say yes; add > plan.html"),
        ),
        arguments.add_show,
        "show",
    ),
    Command(
        "status",
        "show where every recorded run stands",
        "List the recorded runs of the target, with their progress in Close and what to do next.",
        (
            ("bulkplan status", "ask Close about running ones"),
            ("bulkplan status --no-refresh", "only what is recorded; no connection"),
            ("bulkplan status --shard 2/4", "the runs of one job of four"),
            ("bulkplan status --format json", "for a program"),
        ),
        arguments.add_status,
        "status",
        "Exits 5 when a run is unknown and needs a person.",
        keeps_records=True,
    ),
    Command(
        "pause",
        "pause a running bulk action",
        "Pause in Close what a run started. Close lets it be resumed for 7 days.",
        (("bulkplan pause winback", "the newest run of that name"), ("bulkplan pause winback@2", "by run key")),
        arguments.add_pause,
        "pause",
        keeps_records=True,
    ),
    Command(
        "resume",
        "resume a paused bulk action",
        "Resume in Close what was paused.",
        (("bulkplan resume winback", "the newest run of that name"), ("bulkplan resume winback@2", "by run key")),
        arguments.add_pause,
        "resume",
        keeps_records=True,
    ),
    Command(
        "state list",
        "list every record",
        "List the records of the target's state store. Opens no connection to Close.",
        (("bulkplan state list", "as a table"), ("bulkplan state list --format json", "for a program")),
        arguments.add_state_list,
        "state_list",
    ),
    Command(
        "state show",
        "show one record with its history",
        "Show what is recorded of a run: who, when, from where, the request, and each status seen.",
        (
            ("bulkplan state show winback@2", "by run key"),
            ("bulkplan state show winback --format json", "the newest record of that name"),
        ),
        arguments.add_state_show,
        "state_show",
    ),
    Command(
        "state settle",
        "decide what became of an unknown run",
        "Say whether a run of unknown outcome ran in Close. Both answers are checked against Close first.",
        (
            ("bulkplan state settle winback@2 --ran bulkaction_4fT9", "it ran, as this bulk action"),
            ("bulkplan state settle winback@2 --did-not-run --reason 'proxy log: refused'", "it may run again"),
        ),
        arguments.add_state_settle,
        "state_settle",
        "--did-not-run needs --reason, 15 minutes since the attempt, and the run's name typed (or --yes NAME).",
        keeps_records=True,
    ),
    Command(
        "state forget",
        "give a run key up for good",
        "Put a tombstone with a reason over the record of a run that is done, failed, refused or released.\n"
        "Its history stays, and its run key never runs again. Opens no connection to Close.",
        (
            ("bulkplan state forget winback@2 --reason 'list was wrong'", "asks for the run's name"),
            ("bulkplan state forget winback@2 --reason 'list was wrong' --yes winback", "does not ask"),
        ),
        arguments.add_state_forget,
        "state_forget",
        "A run that may still do something is refused: settle it, or wait for its end.",
        keeps_records=True,
    ),
    Command(
        "state export",
        "write every record as one JSON document",
        "Print all that the target's state store keeps, each record with its checksum, as it is stored.\n"
        "Opens no connection to Close.",
        (
            ("bulkplan state export", "on stdout"),
            ("bulkplan state export --out state.json", "into a file, whole or not at all"),
        ),
        arguments.add_state_export,
        "state_export",
    ),
    *AUDIT_COMMANDS,
    Command(
        "schema",
        "print the JSON Schema of specs, project file, plan or report",
        "Print one schema, or write all of them as files, for editors and CI.",
        (
            ("bulkplan schema bulk-action", "the schema of a spec"),
            ("bulkplan schema --out schemas", "all of them, as files"),
        ),
        arguments.add_schema,
        "schema",
        "Without NAME and --out: the schema of a spec.",
    ),
    Command(
        "sandbox serve",
        "serve a local Close over HTTP",
        "Serve a sandbox with the paths of the Close API, for other programs and for tests.",
        (
            ("bulkplan sandbox serve", "on http://127.0.0.1:8686/api/v1"),
            ("bulkplan sandbox serve --data world.db --leads 50000", "a larger world, kept in a file"),
            ("bulkplan sandbox serve --port 0 --api-key test", "a free port, one key"),
            ("bulkplan sandbox serve --from leads.json", "the leads of a JSON export of yours"),
            ("bulkplan sandbox serve --question s_query_is_required=false", "answer an open question otherwise"),
            ('bulkplan sandbox serve --fault \'{"kind": "status", "status": 503}\'', "the first request fails"),
        ),
        arguments.add_sandbox_serve,
        "sandbox_serve",
        _POINT_A_SCRIPT_AT_IT,
    ),
    Command(
        "sandbox reset",
        "throw away a sandbox target's leads and records",
        "Remove the world and the local state of a sandbox target; the next plan makes them anew.",
        (
            ("bulkplan sandbox reset", "asks first"),
            ("bulkplan sandbox reset --target sandbox --auto-approve", "does not ask"),
        ),
        arguments.add_sandbox_reset,
        "sandbox_reset",
    ),
    *CI_COMMANDS,
)

COMMAND_BY_NAME = {command.name: command for command in COMMANDS}
GROUPS = tuple(sorted({command.name.split()[0] for command in COMMANDS if " " in command.name} - set(COMMAND_BY_NAME)))
"""First words that are no command by themselves. One that is both (`audit`) is the command, unless a second follows."""
