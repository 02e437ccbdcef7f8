"""`show`: a saved plan, as `plan` printed it."""

from __future__ import annotations

import os

from bulkplan.adapters.member_shelf import MemberShelf
from bulkplan.cli.arguments import Args
from bulkplan.cli.console import Console
from bulkplan.cli.exit_codes import OK
from bulkplan.cli.plan_formats import print_plan
from bulkplan.cli.planning import load_members, plan_key, read_sealed
from bulkplan.core.seal import KEY_VARIABLE, signature_reasons
from bulkplan.errors import PlanRefusedError, UsageError
from bulkplan.model.plan import SealedPlan


def run(args: Args, console: Console) -> int:
    """Read, check that it is unaltered, print."""
    if args.plan is None:
        raise UsageError("bulkplan show needs a PLAN", hint="bulkplan show --help")
    sealed = read_sealed(args.plan)
    _check_signature(sealed, console)
    with MemberShelf() as shelf:
        load_members(shelf, args.plan, sealed.plan, console)
    print_plan(sealed.plan, sealed, args, console)
    return OK


def _check_signature(sealed: SealedPlan, console: Console) -> None:
    """Anybody can make a digest fit; only the key tells who wrote a plan. Raises `PlanRefusedError`."""
    key = plan_key(os.environ)
    reasons = signature_reasons(sealed, key)
    if reasons and key is None:
        console.note(f"{reasons[0][0].upper()}{reasons[0][1:]}.")
    elif reasons:
        raise PlanRefusedError(
            reasons[0], hint=f"unset {KEY_VARIABLE} to look at it all the same; apply will refuse it"
        )
