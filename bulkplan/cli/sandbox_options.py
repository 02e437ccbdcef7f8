"""What the options of `sandbox serve` mean: settings of a sandbox, and the faults it begins with."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from difflib import get_close_matches

from pydantic import JsonValue

from bulkplan.cli.arguments import Args
from bulkplan.errors import UsageError
from bulkplan.sandbox.errors import FieldsError
from bulkplan.sandbox.faults import FaultRule, read_rules
from bulkplan.sandbox.settings import (
    UNLIMITED,
    OpenQuestions,
    RateLimit,
    RateLimits,
    SandboxSettings,
    served_settings,
)

_RATE = re.compile(r"(\d{1,9})/(\d{1,9}(?:\.\d{1,6})?)")
_YES_AND_NO: Mapping[str, bool] = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
_QUESTION_HINT = "bulkplan sandbox serve --question help"
_FAULT_HINT = """--fault '{"kind": "lose_answer", "method": "POST", "path": "/bulk_action/*"}'"""

Answer = bool | int | float


def read_settings(args: Args) -> SandboxSettings:
    """
    Read the settings of a served sandbox.

    Raises:
        UsageError: a question that there is not, or a value that does not fit.
    """
    keys = (args.api_key,) if args.api_key else ()
    settings = served_settings(api_keys=keys, control=args.control)
    settings = replace(
        settings,
        takes_bearer_tokens=args.oauth,
        open_questions=read_questions(args.question),
        rate_limits=settings.rate_limits if args.rate_limit is None else read_rate_limit(args.rate_limit),
    )
    return replace(settings, leads_per_second=args.leads_per_second) if args.leads_per_second else settings


def read_questions(given: Sequence[str]) -> OpenQuestions:
    """Read answers such as `pause_by_put=false` or `max_list_limit=50`; raises UsageError."""
    defaults = _defaults()
    answers: dict[str, Answer] = dict(defaults)
    for words in given:
        name, equals, value = words.partition("=")
        if not equals:
            raise UsageError(f'--question "{words}" is no NAME=VALUE', hint=_QUESTION_HINT)
        if name not in defaults:
            near = get_close_matches(name, defaults, n=1)
            hint = f"did you mean {near[0]}? See {_QUESTION_HINT}" if near else _QUESTION_HINT
            raise UsageError(f'there is no open question "{name}"', hint=hint)
        answers[name] = _answer(name, value, like=defaults[name])
    return OpenQuestions(**answers)  # type: ignore[arg-type]  # each answer has the type of its default


def _defaults() -> dict[str, Answer]:
    return {item.name: item.default for item in fields(OpenQuestions) if isinstance(item.default, (bool, int, float))}


def _answer(name: str, value: str, *, like: Answer) -> Answer:
    if isinstance(like, bool):
        if value.lower() not in _YES_AND_NO:
            raise UsageError(f'{name} is true or false, not "{value}"', hint=_QUESTION_HINT)
        return _YES_AND_NO[value.lower()]
    try:
        number = int(value) if isinstance(like, int) else float(value)
    except ValueError as error:
        raise UsageError(f'{name} is a number, not "{value}"', hint=_QUESTION_HINT) from error
    if not 0 < number < float("inf"):
        raise UsageError(f'{name} is a number above 0, not "{value}"', hint=_QUESTION_HINT)
    return number


def questions_help() -> str:
    """List the open questions with the sandbox's own answers."""
    defaults = _defaults()
    width = max(len(name) for name in defaults)
    listed = "\n".join(f"  {name:<{width}}  {str(value).lower()}" for name, value in defaults.items())
    return f"What the pages of Close leave open, with the answers of the sandbox:\n{listed}\n"


def read_rate_limit(words: str) -> RateLimits:
    """Read `20/1` (requests per seconds, for every endpoint group) or `none`; raises UsageError."""
    if words == "none":
        return UNLIMITED
    found = _RATE.fullmatch(words)
    if found is None or int(found[1]) < 1 or float(found[2]) <= 0:
        raise UsageError(f'--rate-limit "{words}" is no N/SECONDS', hint="--rate-limit 20/1, or --rate-limit none")
    limit = RateLimit(int(found[1]), float(found[2]))
    return RateLimits(default=limit, search=limit)


def read_faults(given: Sequence[str]) -> tuple[FaultRule, ...]:
    """Read faults, each the JSON of one rule or of a list of them; raises UsageError."""
    rules: list[JsonValue] = []
    for words in given:
        try:
            value: JsonValue = json.loads(words)
        except ValueError as error:
            raise UsageError(f"--fault is not valid JSON: {error}", hint=_FAULT_HINT) from error
        rules += value if isinstance(value, list) else [value]
    try:
        return read_rules({"rules": rules})
    except FieldsError as error:
        raise UsageError(f"--fault: {error}", hint=_FAULT_HINT) from error
