"""The commands for those who write specs."""

from __future__ import annotations

from bulkplan.cli import author_arguments
from bulkplan.cli.command import Command

AUTHOR_COMMANDS: tuple[Command, ...] = (
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
)
