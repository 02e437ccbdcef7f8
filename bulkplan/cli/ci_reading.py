"""What the commands of a CI job read: a plan, a failure or a report; the plan of the base; the job itself."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import ValidationError

from bulkplan.adapters.github_job import Job
from bulkplan.adapters.member_shelf import MemberShelf
from bulkplan.adapters.text_files import read_named
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.planning import read_sealed
from bulkplan.core.comparison import Comparison, KeptAtEnds, compare_plans
from bulkplan.errors import BulkplanError, UsageError
from bulkplan.model.apply_report import ApplyReport
from bulkplan.model.failure import Failure
from bulkplan.model.plan import Plan, SealedPlan
from bulkplan.model.shard import Shard
from bulkplan.report.annotations import Annotation, annotation_lines
from bulkplan.report.comment import CiDocument, Setting

_NO_TARGET = "default"


def read_document(path: Path | None) -> CiDocument:
    """
    What a file holds that `plan` or `apply` wrote.

    Raises:
        UsageError: There is no such file.
        PlanRefusedError: It is neither of them, or a plan that was altered.
        BulkplanError: It cannot be read.
    """
    if path is None:
        raise UsageError("a plan is missing", hint="name the file that plan --out wrote")
    schema = _schema(path)
    if schema.startswith("bulkplan/failure/"):
        return _read(path, Failure)
    if schema.startswith("bulkplan/apply-report/"):
        return _read(path, ApplyReport)
    return read_sealed(path)


def comparison_of(args: Args, document: CiDocument, console: Console) -> Comparison | None:
    """What the pull request changes, where that was asked for and both plans are there."""
    if not isinstance(document, SealedPlan) or not (args.base or args.empty_base):
        return None
    if args.base is None:
        return compare_plans(None, document.plan)
    base = read_document(args.base)
    if isinstance(base, SealedPlan) and base.plan.target == document.plan.target:
        return _compared(args.base, base.plan, args.plan, document.plan)
    why = base.message if isinstance(base, Failure) else "it is no plan for the same target"
    warn(console, f"the base branch could not be planned, so the plan stands alone: {why}", title="no comparison")
    return None


def _compared(base_path: Path, base: Plan, head_path: Path | None, head: Plan) -> Comparison:
    """The comparison of two saved plans, with the members that lie beside them."""
    with MemberShelf() as before, MemberShelf() as after:
        before.load(base_path, base)
        if head_path is not None:
            after.load(head_path, head)
        return compare_plans(base, head, KeptAtEnds(before.get, after.get))


def target_of(args: Args, document: CiDocument) -> str:
    """The target that a document is about, and the shard, where it is about one: ` 2/4` behind the target."""
    if isinstance(document, SealedPlan):
        return _with_shard(document.plan.target, document.plan.shard)
    return _with_shard(document.target or args.target or _NO_TARGET, document.shard)


def _with_shard(target: str, shard: Shard | None) -> str:
    """Names of targets hold no blank."""
    return f"{target} {shard.number}/{shard.of}" if shard else target


def setting_of(job: Job) -> Setting:
    """Where the text of this job stands."""
    return Setting(commit=job.head_sha, run_url=job.run_url)


def warn(console: Console, text: str, *, title: str) -> None:
    """A warning beside the job, which does not fail it."""
    for line in annotation_lines([Annotation("warning", text, f"bulkplan: {title}")]):
        console.raw(f"{line}\n")


def _schema(path: Path) -> str:
    """What a file says it is; empty where it does not."""
    try:
        content = json.loads(read_named(path))
    except (FileNotFoundError, IsADirectoryError) as error:
        raise UsageError(f"there is no file {path}", hint="make one: bulkplan plan --out plan.json") from error
    except (ValueError, RecursionError):
        return ""
    schema = content.get("schema") if isinstance(content, dict) else None
    return schema if isinstance(schema, str) else ""


def _read(path: Path, kind: type[Failure] | type[ApplyReport]) -> Failure | ApplyReport:
    try:
        return kind.model_validate_json(read_named(path))
    except ValidationError as error:
        raise BulkplanError(f"{path} is not what bulkplan writes") from error
