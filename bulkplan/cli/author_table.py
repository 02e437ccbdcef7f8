"""The commands for those who write specs."""

from __future__ import annotations

from bulkplan.cli import author_arguments
from bulkplan.cli.command import Command

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
        author_arguments.add_init,
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
        author_arguments.add_new,
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
        author_arguments.add_test,
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
        author_arguments.add_import,
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
        author_arguments.add_fmt,
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
        author_arguments.add_lint,
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
        author_arguments.add_completion,
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
        author_arguments.add_explain,
        "explain",
    ),
)
