"""What the `--var` options of a command line give."""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import JsonValue

from bulkplan.adapters.yaml_scalars import BadScalar, resolve_plain
from bulkplan.adapters.yaml_text import hidden_character
from bulkplan.app.workspace import GivenVars
from bulkplan.errors import UsageError

_FORM = "write --var NAME=VALUE, such as --var quiet_days=30"


def given_vars(options: Sequence[str]) -> GivenVars | None:
    """
    The vars of some `NAME=VALUE`; `None` where there are none.

    A value is read as an unquoted word of YAML: a number, `true`, `false`, or text. In quotes it is text.

    Raises:
        UsageError: one of them is no `NAME=VALUE`, or a name is given twice.
    """
    values: dict[str, JsonValue] = {}
    for option in options:
        name, equals, word = option.partition("=")
        if not equals or not name.strip():
            raise UsageError(f'--var "{option}" is no NAME=VALUE', hint=_FORM)
        if name in values:
            raise UsageError(f"--var {name} is given twice", hint="give each var once")
        values[name] = _value(name, word)
    return GivenVars(values) if values else None


def _value(name: str, word: str) -> JsonValue:
    if (hidden := hidden_character(word)) is not None:
        raise UsageError(f"--var {name}: the value holds the character {hidden}, which cannot be seen")
    if len(word) > 1 and word[0] == word[-1] and word[0] in "'\"":
        return word[1:-1]
    value = resolve_plain(word)
    if isinstance(value, BadScalar):
        raise UsageError(
            f"--var {name}: {value.message}", hint=f"if it is meant as text, quote it: --var {name}='\"{word}\"'"
        )
    if value is None:
        raise UsageError(f"--var {name} has no value", hint=f"an empty text is written --var {name}='\"\"'")
    if word[0] in "[{":
        raise UsageError(
            f"--var {name} is one value: a number, true, false or text; lists and mappings stand in files",
            hint=f"if it is meant as text, quote it: --var {name}='\"{word}\"'",
        )
    return value
