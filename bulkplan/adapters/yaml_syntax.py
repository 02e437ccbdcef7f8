"""A parser's refusal in plain words, with the place and the likely mend."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ruamel.yaml.error import MarkedYAMLError

from bulkplan.adapters.yaml_text import FileText
from bulkplan.errors import Problem


@dataclass(frozen=True)
class _Mistake:
    """Where it was noticed, where it began (lines and columns from 0), and the parser's own two sentences."""

    problem: str
    context: str
    line: int
    column: int
    begin: tuple[int, int] | None


_UNCLOSED = re.compile(r"expected ',' or '([\]}])'")
_ODD_BLANK = re.compile("[\u00a0\u2007\u202f]")
_GLUED = re.compile(r"([\w.-]++:)([^\s:/].*)$")
# Possessive, lest a hostile line takes quadratic time.
_BARE_EXPRESSION = re.compile(r"\s*+(?:-\s++)*+(?:[\w.-]++:\s++)?+[\[,\s]*+(\{\{[^}]*+\}\})")
_QUOTED = re.compile(r"""('[^']*'|"[^"]*")""")


def explain(content: FileText, error: Exception) -> Problem:
    """The problem that a parser's error speaks of."""
    mark = error.problem_mark if isinstance(error, MarkedYAMLError) else None
    if not isinstance(error, MarkedYAMLError) or mark is None:
        return Problem("this is not YAML", "look for a stray quote or backslash", at=content.location(0, 0))
    begin = (int(error.context_mark.line), int(error.context_mark.column)) if error.context_mark else None
    line, column = _inside(content, int(mark.line), int(mark.column))
    mistake = _Mistake(str(error.problem or ""), str(error.context or ""), line, column, begin)
    for rule in (
        _expression,
        _tab,
        _unclosed_quote,
        _unclosed_bracket,
        _colon,
        _indicator,
        _escape,
        _alias_or_anchor,
        _dash,
    ):
        if (found := rule(content, mistake)) is not None:
            return found
    return _indentation(content, mistake)


def _inside(content: FileText, line: int, column: int) -> tuple[int, int]:
    """The place itself, or the end of the last line with text when the parser stopped past the end."""
    while line > 0 and (line >= len(content.lines) or (not content.lines[line].strip() and column == 0)):
        line -= 1
        column = len(content.lines[line]) if line < len(content.lines) else 0
    return line, min(column, len(content.lines[line]))


def _at(content: FileText, mistake: _Mistake, message: str, hint: str) -> Problem:
    return Problem(message, hint, at=content.location(mistake.line, mistake.column, mistake.column + 1))


def _expression(content: FileText, mistake: _Mistake) -> Problem | None:
    found = _BARE_EXPRESSION.match(content.lines[mistake.line])
    if found is None:
        return None
    at = content.location(mistake.line, *found.span(1))
    return Problem("an expression {{ … }} must stand inside quotes", 'put the whole value in quotes: "{{ … }}"', at=at)


def _tab(content: FileText, mistake: _Mistake) -> Problem | None:
    for line in (mistake.line, mistake.line - 1):
        if line < 0:
            continue
        text = content.lines[line]
        blanks = text[: len(text) - len(text.lstrip())]
        if "\t" in blanks:
            at = content.location(line, blanks.index("\t"), blanks.rindex("\t") + 1)
            return Problem(
                "a tab indents this line; YAML is indented with blanks", "replace the tab by 2 blanks", at=at
            )
    return None


def _unclosed_quote(content: FileText, mistake: _Mistake) -> Problem | None:
    is_quote = "quoted scalar" in mistake.context
    if not is_quote or "unexpected" not in mistake.problem or mistake.begin is None:
        return None
    line, column = mistake.begin
    quote = content.lines[line][column : column + 1]
    hint = f"close it with {quote}, or put the other kind of quotes around the text"
    return Problem(
        f"the quote {quote} that opens here is never closed", hint, at=content.location(line, column, column + 1)
    )


def _unclosed_bracket(content: FileText, mistake: _Mistake) -> Problem | None:
    found = _UNCLOSED.search(mistake.problem)
    if found is None or mistake.begin is None:
        return None
    line, column = mistake.begin
    bracket = content.lines[line][column : column + 1]
    closing = found.group(1)
    return Problem(
        f"the {bracket} that opens here is not closed, or a comma is missing before line {mistake.line + 1}, "
        f"column {mistake.column + 1}",
        f"close it with {closing}; put commas between the items, and quotes around text that holds , : [ ] {{ }}",
        at=content.location(line, column, column + 1),
    )


def _colon(content: FileText, mistake: _Mistake) -> Problem | None:
    if "could not find expected ':'" in mistake.problem and mistake.begin is not None:
        return _bare_line(content, mistake.begin[0])
    if "mapping values are not allowed" not in mistake.problem:
        return None
    before = content.lines[mistake.line][: mistake.column]
    if ":" in _QUOTED.sub("", before):
        return _at(
            content,
            mistake,
            "a second colon in one line",
            "put quotes around text that holds a colon followed by a blank",
        )
    previous = content.lines[mistake.line - 1].strip() if mistake.line else ""
    if previous and not previous.startswith(("#", "- ")) and (":" not in previous or _GLUED.match(previous)):
        return _bare_line(content, mistake.line - 1)
    return _at(
        content,
        mistake,
        "this key stands where no key can stand",
        "indent it like the keys beside it; check the line above for a missing colon or quote",
    )


def _bare_line(content: FileText, line: int) -> Problem:
    """A line that ought to be `key: value`, and is not."""
    text = content.lines[line]
    start = len(text) - len(text.lstrip())
    if glued := _GLUED.match(text.strip()):
        at = content.location(line, start, start + glued.end(1))
        return Problem("a blank is missing after the colon", f'write "{glued.group(1)} {glued.group(2)}"', at=at)
    if odd := _ODD_BLANK.search(text):
        hint = "type the blank anew; it came along with copied text"
        at = content.location(line, *odd.span())
        return Problem("a no-break blank stands here, which YAML takes for a letter", hint, at=at)
    end = len(text.rstrip())
    word = (text.split() or ["key"])[0]
    return Problem("a colon is missing after the key", f'write "{word}: …"', at=content.location(line, start, end))


def _indicator(content: FileText, mistake: _Mistake) -> Problem | None:
    if "cannot start any token" not in mistake.problem:
        return None
    sign = content.lines[mistake.line][mistake.column : mistake.column + 1]
    return _at(content, mistake, f"no value begins with {sign} unless it is quoted", 'put it in quotes: "…"')


def _escape(content: FileText, mistake: _Mistake) -> Problem | None:
    if "escape" not in mistake.problem and "expected escape sequence" not in mistake.context:
        return None
    return _at(
        content,
        mistake,
        "this backslash sequence is unknown inside double quotes",
        "use single quotes, or write two backslashes",
    )


def _alias_or_anchor(content: FileText, mistake: _Mistake) -> Problem | None:
    if "alias" not in mistake.context and "anchor" not in mistake.context:
        return None
    return _at(content, mistake, "& and * begin YAML names, and this is none", 'put the text in quotes: "*…"')


def _dash(content: FileText, mistake: _Mistake) -> Problem | None:
    if "sequence entries are not allowed" not in mistake.problem:
        return None
    return _at(
        content,
        mistake,
        "a list cannot begin on this line",
        'start each "- item" on a line of its own, or quote the text',
    )


def _indentation(content: FileText, mistake: _Mistake) -> Problem:
    if "undefined tag" in mistake.problem:
        return _at(content, mistake, "no tag (!…) may stand here", "delete it, or quote the text")
    if "<stream end>" in mistake.problem:
        return _at(
            content, mistake, "the file ends before this value is complete", "write the rest, or close the bracket"
        )
    if "expected the node content" in mistake.problem:
        return _at(content, mistake, "a value is missing here", "write the value, or delete the stray sign")
    if "<document start>" in mistake.problem:
        return _at(
            content, mistake, "this does not belong to what stands before it", "delete it, or quote the whole text"
        )
    text = content.lines[mistake.line][: mistake.column]
    if text.strip() and "<block end>" in mistake.problem:
        return _at(
            content,
            mistake,
            "there is more text after the value ended",
            "put quotes around the whole text, or delete it",
        )
    hint = "keys of one mapping, and dashes of one list, begin in the same column"
    if "block scalar" in mistake.context:
        hint = "after | or > nothing but a line break may follow"
    return _at(content, mistake, "the indentation does not fit the lines above", hint)
