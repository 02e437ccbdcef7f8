"""What the words of a command line are once read, and the options that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from bulkplan.cli.shard_option import parse_shard

TEXT_OR_JSON = ("text", "json")


class Args(argparse.Namespace):
    """
    The words of one command line, typed; what was not given keeps the default below. Durations are in seconds.

    Each command reads only what its own arguments can set.
    """

    directory: Path = Path()
    target: str | None = None
    format: str = "text"
    quiet: bool = False
    verbose: bool = False
    no_color: bool = False
    no_input: bool = False

    paths: Sequence[str] = ()
    plan: Path | None = None
    out: Path | None = None
    detailed_exitcode: bool = False
    payload: bool = False
    members: Path | None = None
    no_members: bool = False
    with_names: bool = False
    sample: int = 0
    select: Sequence[str] = ()
    shard: tuple[int, int] | None = None
    var: Sequence[str] = ()
    auto_approve: bool = False
    settle_timeout: float = 140.0
    no_wait: bool = False
    wait_timeout: float = 3600.0
    keep_going: bool = False
    report: Path | None = None
    rule: Sequence[str] = ()
    online: bool = False
    strict: bool = False
    offline: bool = False
    shell: str = ""
    list_rules: bool = False
    reviewed: Sequence[Path] = ()
    failure: Path | None = None
    base: Path | None = None
    empty_base: bool = False
    new: bool = False
    pull: int | None = None
    refresh: bool = True
    no_refresh: bool = False
    run: str = ""
    ran: str | None = None
    did_not_run: bool = False
    reason: str | None = None
    yes: str | None = None
    since: str = "30d"
    origin: Sequence[str] = ()
    expect: str | None = None
    against: Path | None = None
    schema: str | None = None
    host: str = "127.0.0.1"
    port: int = 8686
    data: Path | None = None
    leads: int = 1000
    seed: int = 7
    api_key: str | None = None
    leads_per_second: float | None = None
    control: bool = False
    export: Path | None = None
    question: Sequence[str] = ()
    rate_limit: str | None = None
    fault: Sequence[str] = ()
    oauth: bool = False
    check: bool = False
    diff: bool = False
    name: str = ""
    from_smart_view: str | None = None
    from_filters: str | None = None
    from_status: str | None = None
    action: str | None = None
    template: str | None = None
    sender: str | None = None
    status: str | None = None
    field: str | None = None
    value: Sequence[str] = ()
    sequence: str | None = None
    operation: str | None = None
    description: str | None = None
    owner: str | None = None
    overwrite: bool = False
    folder: Path = Path()
    action_id: str | None = None
    list: bool = False
    spec_name: str | None = None
    version: int = 1
    spec_only: bool = False
    organization: str | None = None
    first_target: str | None = None
    api_key_env: str | None = None
    timezone: str | None = None
    state: str | None = None


class Collect(argparse.Action):
    """Adds a value to those given before it."""

    def __call__(
        self,
        parser: argparse.ArgumentParser,  # noqa: ARG002 - the shape argparse calls
        namespace: argparse.Namespace,
        values: object,
        option: str | None = None,  # noqa: ARG002 - the shape argparse calls
    ) -> None:
        """A new tuple each time: the default is shared."""
        setattr(namespace, self.dest, (*getattr(namespace, self.dest, ()), values))


Add = Callable[[argparse.ArgumentParser], None]


def add_common(parser: argparse.ArgumentParser) -> None:
    """The options that stand before or after any command."""
    group = parser.add_argument_group("common options")
    group.add_argument("-h", "--help", action="store_true", help="show this help")
    group.add_argument(
        "-C", dest="directory", metavar="DIR", type=Path, help="work as if started in DIR (default: here)"
    )
    group.add_argument(
        "--target", metavar="NAME", help="target to act on (default: $BULKPLAN_TARGET, else the project's default)"
    )
    group.add_argument("--quiet", action="store_true", help="no progress, no notes; results and errors only")
    group.add_argument("-v", dest="verbose", action="store_true", help="show the traceback of an unexpected error")
    group.add_argument("--no-color", action="store_true", help="no colour (as does a non-empty $NO_COLOR)")
    group.add_argument("--no-input", action="store_true", help="never ask; what would have to ask fails instead")


def add_format(parser: argparse.ArgumentParser, choices: Sequence[str] = TEXT_OR_JSON) -> None:
    """`--format`."""
    parser.add_argument("--format", choices=choices, help="form of the result on stdout (default: text)")


def add_select(parser: argparse.ArgumentParser) -> None:
    """`--select`."""
    parser.add_argument(
        "--select", metavar="GLOB", action=Collect, help="only runs whose name fits, e.g. 'winback*'; may be repeated"
    )


def add_shard(parser: argparse.ArgumentParser) -> None:
    """`--shard`."""
    parser.add_argument(
        "--shard",
        metavar="I/N",
        type=parse_shard,
        help="only the I-th of N parts of the runs, for a job of its own each, e.g. 2/4; runs that depend on one "
        "another stay together",
    )


def add_var(parser: argparse.ArgumentParser) -> None:
    """`--var`, for every command that reads specs."""
    parser.add_argument(
        "--var",
        metavar="NAME=VALUE",
        action=Collect,
        help="a value for {{ vars.NAME }}, above those of project and specs, e.g. quiet_days=30; may be repeated",
    )


def add_auto_approve(parser: argparse.ArgumentParser) -> None:
    """`--auto-approve`, for what else asks first."""
    parser.add_argument("--auto-approve", action="store_true", help="do it without asking")


def add_failure(parser: argparse.ArgumentParser) -> None:
    """`--failure`, for what a CI job tells people."""
    parser.add_argument(
        "--failure", metavar="FILE", type=Path, help="where the command fails, write why to FILE, for `ci comment`"
    )


def add_run_name(parser: argparse.ArgumentParser) -> None:
    """The name of a run."""
    parser.add_argument("run", metavar="NAME", help="name or run key, e.g. winback or winback@2")
