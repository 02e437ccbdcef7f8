"""Texts that want to be more than text, and values of ours with one of them wherever a text may stand."""

from __future__ import annotations

import dataclasses
import enum
import re
from collections.abc import Iterator
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from bulkplan.model.run import RunKey

from .any_plan import HOSTILE

TERMINAL = (
    "\x1b]0;title\x07",
    "\x1b]8;;https://evil.test\x1b\\link\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[1;1H\x1b[?1049h",
    "\x1bP+q544e\x1b\\",
    "\x9b31mred\x9dtitle\x9c\x90",
    "\x08\x08\x08\x08gone",
    "\rover",
    "a\x00b\x7fc",
    "\u202eevil\u202d\u2066\u2069\u200e\u200f\u061c",
    "ze\u200bro\u200c\u200d\u2060\ufeff",
    "\U000e0061\U000e0062\U000e007f",
    "\u2028line\u2029paragraph\x85next\x0bvertical\x0cform",
    "\u115f\u1160\u3164\uffa0\u00ad\u034f",
    "\udc9b31m",
)
COMMANDS = (
    "::set-output name=x::1",
    "  ::add-mask::a",
    "\n::stop-commands::x",
    "\r\n::error file=a::b",
    "%0A::warning::x",
    "##[set-env name=PATH]/evil",
    "name ##[add-path]/evil",
    "\u3000::debug::ideographic blank",
    "x<<end\nx=1\nend",
    "GITHUB_OUTPUT=1\nplan_digest=sha256:0",
)
FORMULAS = (
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "\n=1",
    "\x00=1",
    "   =1",
    "\u3000=1",
    "\xa0@x",
    "\x85=1",
    "＝1",
    "＋1",
    "－1",
    "＠x",
    "=cmd|' /C calc'!A0",
    '","=1',
    "a\r\n=1,2",
)
MARKUP = (
    "<a href=javascript:alert(1)>x</a>",
    "<svg/onload=alert(1)>",
    "</title></style></script><b>",
    "<!--",
    "<![CDATA[",
    "<?php",
    "</code></pre></td></table>",
    "<details open><summary>",
    "&#60;b&#62; &lt;i&gt;",
    "javascript:alert(1)",
    "<javascript:alert(1)>",
    "[x]: https://evil.test",
    "![a][b] [^1] [x][y]",
    "~~~\nx\n~~~",
    "``` ``` `",
    "- [ ] task",
    "<!-- bulkplan:plan:production -->",
    "@octocat, @acme/ops",
    "GH-1 acme/crm#1 #1 deadbeef",
    "$$x$$ $`x`$",
    ">[!WARNING]\n> x",
    "' onmouseover='alert(1)",
    '" style="background:url(//evil.test)',
)
TEXTS = tuple(dict.fromkeys((*TERMINAL, *COMMANDS, *FORMULAS, *MARKUP, *HOSTILE)))
ENCODED = tuple(text for text in TEXTS if text == text.encode("utf-8", "replace").decode())
"""Those that can reach a plan: no file of a project and no answer of Close has halves of surrogate pairs."""

ANY = TypeVar("ANY")


def infected(value: ANY, texts: Iterator[str]) -> ANY:
    """The same value with the next of the texts in place of every text in it that may be any, made anew."""
    if isinstance(value, BaseModel):
        return _infected_model(value, texts)
    if isinstance(value, RunKey):
        return value._replace(variant=re.sub(r"[\[\]]", "", next(texts)) or None)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {one.name: getattr(value, one.name) for one in dataclasses.fields(value) if one.init}
        return dataclasses.replace(value, **{name: infected(part, texts) for name, part in fields.items()})
    if isinstance(value, str) and not isinstance(value, enum.Enum):
        return next(texts)
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return tuple(infected(part, texts) for part in value)
    if isinstance(value, list):
        return [infected(part, texts) for part in value]
    if isinstance(value, dict):
        return {name: infected(part, texts) for name, part in value.items()}
    return value


def _infected_model(value: BaseModel, texts: Iterator[str]) -> BaseModel:
    """Field by field: one whose text must be of some form stays as it is."""
    fields = type(value).model_fields
    names = {name: field.alias or name for name, field in fields.items()}
    for name in fields:
        there = infected(getattr(value, name), texts)
        try:
            type(value).model_validate({names[key]: part for key, part in {**dict(value), name: there}.items()})
        except ValidationError:
            continue
        value = value.model_copy(update={name: there})
    return value
