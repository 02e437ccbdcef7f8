"""The commands for those who write specs."""

from __future__ import annotations

import argparse
from pathlib import Path

from bulkplan.cli.arguments import TEXT_OR_JSON, Collect, add_var
from bulkplan.cli.command import Command

ACTION_TYPES = (
    "email",
    "set_lead_status",
    "set_custom_field",
    "clear_custom_field",
    "delete",
    "sequence_subscribe",
    "sequence_pause",
    "sequence_resume",
    "sequence_resume_finished",
)
SHELLS = ("bash", "zsh", "fish", "powershell")
LINT_FORMATS = ("text", "json", "github", "sarif")


def add_fmt(parser: argparse.ArgumentParser) -> None:
    """Arguments of `fmt`."""
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files or folders (default: the project)")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when a file would change")
    parser.add_argument("--diff", action="store_true", help="write nothing; show what would change")


def add_completion(parser: argparse.ArgumentParser) -> None:
    """Arguments of `completion`."""
    parser.add_argument("shell", metavar="SHELL", choices=SHELLS, help=f"which shell: {', '.join(SHELLS)}")


def add_explain(parser: argparse.ArgumentParser) -> None:
    """Arguments of `explain`."""
    parser.add_argument("run", metavar="NAME", help="a spec, a run or a run key, e.g. winback, 'news[EMEA]', winback@2")
    add_var(parser)
    parser.add_argument("--offline", action="store_true", help="ask nobody: what files and a local state alone say")
    parser.add_argument("--format", choices=("text", "json"), help="form of the result on stdout (default: text)")


def add_lint(parser: argparse.ArgumentParser) -> None:
    """Arguments of `lint`."""
    parser.add_argument("paths", metavar="PATH", nargs="*", help="files or folders to report on (default: the project)")
    add_var(parser)
    parser.add_argument("--format", choices=LINT_FORMATS, help="form of the result on stdout (default: text)")
    parser.add_argument(
        "--select", metavar="GLOB", action=Collect, help="only specs whose name fits, e.g. 'winback*'; may be repeated"
    )
    parser.add_argument(
        "--rule", metavar="RULE", action=Collect, help="only this rule, by slug or ID; may be repeated (default: all)"
    )
    parser.add_argument(
        "--online",
        action="store_true",
        help="also ask Close (names, templates, smart views, counts), and read a state that is not a file here",
    )
    parser.add_argument("--strict", action="store_true", help="exit 1 for warnings too (default: for errors only)")
    parser.add_argument("--list-rules", action="store_true", help="list every rule, and look at nothing")


def add_new(parser: argparse.ArgumentParser) -> None:
    """Arguments of `new`."""
    parser.add_argument(
        "name", metavar="NAME", help="name of the spec: a-z, 0-9 and dashes; the file is specs/NAME.yaml"
    )
    source = parser.add_mutually_exclusive_group()
    source.add_argument("--from-smart-view", metavar="X", help="the leads of a smart view, by name or ID")
    source.add_argument(
        "--from-filters", metavar="FILE", help='the JSON that "Copy Filters" gives in Close; - reads it from stdin'
    )
    source.add_argument("--from-status", metavar="LABEL", help="the leads with this status, as a beginning")
    parser.add_argument("--action", metavar="TYPE", help=f"what happens to them: {', '.join(ACTION_TYPES)}")
    _action_words(parser)
    _about(parser)
    parser.add_argument("--overwrite", action="store_true", help="take the place of specs/NAME.yaml")


def _action_words(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--template", metavar="X", help="e-mail template (email)")
    parser.add_argument("--sender", metavar="X", help='"Name <address>" to send as (email, sequence_subscribe)')
    parser.add_argument("--status", metavar="LABEL", help="the new status (set_lead_status)")
    parser.add_argument("--field", metavar="X", help="custom field (set_custom_field, clear_custom_field)")
    _values(parser)
    parser.add_argument("--sequence", metavar="X", help="sequence (sequence_…)")


def _about(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--description", metavar="TEXT", help="one line on what it is for")
    parser.add_argument("--owner", metavar="ADDRESS", help="who answers for it (default: git's user.email)")


def _values(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--value", metavar="X", action=Collect, help="its new value; repeated: several (set_custom_field)"
    )
    parser.add_argument(
        "--operation",
        choices=("replace", "add", "remove"),
        help="what the values do to those there are (default: replace)",
    )


def add_init(parser: argparse.ArgumentParser) -> None:
    """Arguments of `init`."""
    parser.add_argument(
        "folder", metavar="DIR", nargs="?", default=Path(), type=Path, help="folder of the project (default: here)"
    )
    parser.add_argument("--organization", metavar="ID", help="organization of Close, orga_… (default: a comment)")
    parser.add_argument("--first-target", metavar="NAME", help="what it is called here (default: production)")
    parser.add_argument("--api-key-env", metavar="NAME", help="variable that holds its key (default: CLOSE_API_KEY)")
    parser.add_argument("--timezone", metavar="ZONE", help="where its days begin, e.g. Europe/Berlin (default: UTC)")
    parser.add_argument("--state", metavar="STORE", help="where is kept what ran (default: git)")


def add_test(parser: argparse.ArgumentParser) -> None:
    """Arguments of `test`."""
    parser.add_argument(
        "paths", metavar="NAME|PATH", nargs="*", help="specs by name, or files or folders (default: the project)"
    )
    parser.add_argument(
        "--select", metavar="GLOB", action=Collect, help="only specs whose name fits, e.g. 'winback*'; may be repeated"
    )
    add_var(parser)
    parser.add_argument("--format", choices=TEXT_OR_JSON, help="form of the result on stdout (default: text)")


def add_import(parser: argparse.ArgumentParser) -> None:
    """Arguments of `import`."""
    parser.add_argument(
        "action_id",
        metavar="ID",
        nargs="?",
        default=None,
        help="a bulk action of Close, e.g. bulkemail_… (default: --list)",
    )
    parser.add_argument("--list", action="store_true", help="list the bulk actions that no record tells of")
    parser.add_argument("--name", dest="spec_name", metavar="NAME", help="name of the spec: a-z, 0-9 and dashes")
    parser.add_argument("--version", metavar="N", type=_version, help="version of the spec (default: 1)")
    parser.add_argument("--spec-only", action="store_true", help="write the spec, and no record")
    parser.add_argument("--field", metavar="ID", help="the custom field, where its name means several")
    _values(parser)
    _about(parser)
    parser.add_argument("--overwrite", action="store_true", help="take the place of specs/NAME.yaml")


def _version(text: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise argparse.ArgumentTypeError(f'"{text}" is no version: write a whole number from 1 up')
    return int(text)


AUTHOR_COMMANDS: tuple[Command, ...] = (
    Command(
        "init",
        "write the files of a new project",
        "Write bulkplan.yaml, a first spec that runs in the sandbox, the schemas for editors, and the workflows for\n"
        "GitHub. On a terminal it asks for the organization; whatever is there already stays as it is.\n"
        "Opens no connection.",
        (
            ("bulkplan init", "here"),
            ("bulkplan init crm --no-input", "in a folder of its own, nothing asked"),
            ("bulkplan init --organization orga_4fT9 --timezone Europe/Berlin", "with a target for that organization"),
        ),
        add_init,
        "init",
        "Running it again is harmless: it writes what is missing, and names what it kept.",
    ),
    Command(
        "new",
        "write a spec, from a smart view, copied filters or a status",
        "Write specs/NAME.yaml: the filter in the short form where that says exactly the same, else as the query; the\n"
        "action; a ceiling from the count of today; first tests. Asks on a terminal for what was not said. Reads from\n"
        "Close and sends nothing.",
        (
            ('bulkplan new renewals --from-smart-view "Renewals in the next 60 days"', "asks what to do with them"),
            ("bulkplan new tidy --from-filters filters.json --action delete", 'from "Copy Filters" in Close'),
            (
                "bulkplan new lost --from-status Churned --action set_lead_status --status Lost",
                "all said, nothing asked",
            ),
        ),
        add_new,
        "new",
        "A smart view is copied: a later change of it in Close changes nothing here. To follow it, write\n"
        "filter: {smart_view: NAME}. Nothing is overwritten but with --overwrite.",
    ),
    Command(
        "test",
        "try the filters of specs on made-up leads, offline",
        "Evaluate the tests: of specs. Each makes up a lead and says whether the filter must match it; the local\n"
        "Close decides, and a test that fails shows which clauses hold. Needs no account, opens no connection.",
        (
            ("bulkplan test", "every test of the project"),
            ("bulkplan test winback specs/purge.yaml", "those of a spec, by name or file"),
            ("bulkplan test -v", "also what passed, with its clauses"),
            ("bulkplan test --var quiet_days=30", "with another value"),
            ("bulkplan test --format json", "for a program"),
        ),
        add_test,
        "test",
        "Exits 1 when a test fails, 65 when a file or a made-up lead is invalid. What only Close can evaluate (smart\n"
        "views) is told as not evaluated and counts as neither passed nor failed.",
    ),
    Command(
        "import",
        "take in a bulk action that ran without a spec",
        "Write what a bulk action of Close did as a spec, with a record that says it ran: plan then shows it as done,\n"
        "and it never runs again. Without an ID: list what no record tells of. Changes nothing in Close.",
        (
            ("bulkplan import --list", "what ran outside of git"),
            ("bulkplan import bulkemail_4fT9 --name winback", "specs/winback.yaml, and the record winback@1"),
            ("bulkplan import bulkedit_4fT9 --name tags --value vip --operation add", "what Close does not say"),
            ("bulkplan import bulkdelete_4fT9 --name purge --spec-only", "a spec to run anew, and no record"),
        ),
        add_import,
        "import_action",
        "An action that was sent from here is refused: it is in the state, or apply finds it by its marker.",
        keeps_records=True,
    ),
    Command(
        "fmt",
        "lay out spec and project files",
        "Bring bulkplan.yaml, specs/ and filters/ into one layout: keys in the order of the schema, two blanks of\n"
        "indentation, short mappings in one line, no needless quotes. Comments and blank lines stay, and the data is\n"
        "read back and compared before a file is written. Opens no connection.",
        (
            ("bulkplan fmt", "the whole project"),
            ("bulkplan fmt specs/winback.yaml", "one file"),
            ("bulkplan fmt --check", "for CI: exit 1, and the names of the files that would change"),
            ("bulkplan fmt --diff", "what would change"),
        ),
        add_fmt,
        "fmt",
        "A file that cannot be read is left as it is, and told with its place: exit 65.",
    ),
    Command(
        "lint",
        "look twice at what is valid: limits, filters, history",
        "Apply rules of good taste and of caution to every spec and to bulkplan.yaml. Reads files, and the state\n"
        "where it is a file here; opens no connection but with --online. Exits 1 when an error stands.",
        (
            ("bulkplan lint", "the whole project"),
            ("bulkplan lint --online --target production", "and what only Close knows"),
            ("bulkplan lint --format sarif > lint.sarif", "for code scanning"),
            ("bulkplan lint --format github --strict", "as notes beside the lines of a pull request"),
            ("bulkplan lint --list-rules", "every rule"),
        ),
        add_lint,
        "lint",
        "A rule that does not hold is switched off in the spec (or in bulkplan.yaml), with the reason:\n"
        "  lint: {ignore: {no-ceiling: the list is kept by hand}}\n"
        "-v shows what was ignored, and why. docs/lint-rules.md explains every rule.",
    ),
    Command(
        "completion",
        "print the completion script of a shell",
        "Print the script by which a shell completes commands, options, choices, files, and the names of specs,\n"
        "runs and targets of the project at hand.",
        (
            ("bulkplan completion bash", "for bash"),
            ("bulkplan completion zsh", "for zsh"),
        ),
        add_completion,
        "completion",
        "To install it:\n"
        "  bash        bulkplan completion bash > ~/.local/share/bash-completion/completions/bulkplan\n"
        '              or in ~/.bashrc: eval "$(bulkplan completion bash)"\n'
        "  zsh         bulkplan completion zsh > a folder of $fpath, as _bulkplan\n"
        "              or in ~/.zshrc, behind compinit: source <(bulkplan completion zsh)\n"
        "  fish        bulkplan completion fish > ~/.config/fish/completions/bulkplan.fish\n"
        "  PowerShell  in $PROFILE: bulkplan completion powershell | Out-String | Invoke-Expression",
    ),
    Command(
        "explain",
        "show what a spec would send, and why each part is there",
        "Resolve and compile one spec, and put each part of its request beside the line that it comes from:\n"
        "query, names, options and defaults, guards, when it runs, what is recorded. Counts nothing, sends nothing.",
        (
            ("bulkplan explain winback", "against the default target"),
            ("bulkplan explain 'news[EMEA]' --target production", "one run of a spec with for_each"),
            ("bulkplan explain winback --offline", "without asking Close for names"),
            ("bulkplan explain winback --format json", "for a program"),
        ),
        add_explain,
        "explain",
    ),
)
