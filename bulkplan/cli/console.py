"""How bulkplan speaks: results on stdout, all else on stderr, questions on a terminal only."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import sys
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple, TextIO

from bulkplan import __version__
from bulkplan.core.visible import visible, visible_json, without_commands
from bulkplan.errors import BulkplanError, InvalidFilesError, UsageError
from bulkplan.report.lines import Line, Span

if TYPE_CHECKING:  # help and usage errors must not wait for pydantic
    from pydantic import JsonValue

    from bulkplan.cli.stopping import Stopped

_PLAIN_WIDTH = 100
_PATIENCE = 3
"""So often a question that needs an answer is asked."""
_MAX_WIDTH = 120
_INSTEAD = (
    "give --auto-approve; or save a plan (bulkplan plan --out plan.json), review it, and run that "
    "(bulkplan apply plan.json)"
)
_SGR = {
    "title": "1",
    "strong": "1",
    "muted": "2",
    "ok": "32",
    "warn": "33",
    "error": "1;31",
    "add": "32",
    "remove": "31",
    "change": "33",
}
"""Terminal codes by style; `plain` has none. Source: ECMA-48, "Select graphic rendition"."""


class Manners(NamedTuple):
    """How a console behaves. `can_ask`: a person sits at the terminal and may be asked."""

    quiet: bool = False
    verbose: bool = False
    colour_out: bool = False
    colour_err: bool = False
    can_ask: bool = False
    has_bars: bool = False
    width: int = _PLAIN_WIDTH


class Console:
    """The one place that prints. Text from outside is written out visibly: no escape of a name reaches the terminal."""

    def __init__(
        self,
        *,
        stdout: TextIO,
        stderr: TextIO,
        stdin: TextIO,
        manners: Manners,
    ) -> None:
        self.stdout, self.stderr, self.stdin = stdout, stderr, stdin
        self.manners = manners
        self.lost_output: str | None = None
        """Why some of the output could not be written; a reader that went away is no reason."""
        self._painted: dict[Line, str] = {}

    def prepare(self, lines: Iterable[Line]) -> None:
        """Get ready to print these lines as a result, while there is nothing else to do."""
        for line in lines:
            self._painted[line] = painted(line, colour=self.manners.colour_out)

    def result(self, lines: Iterable[Line]) -> None:
        """Print lines of the result."""
        text = "".join(f"{self._text_of(line)}\n" for line in lines)
        self._write(self.stdout, text, end="")

    def _text_of(self, line: Line) -> str:
        known = self._painted.get(line)
        return painted(line, colour=self.manners.colour_out) if known is None else known

    def document(self, value: JsonValue) -> None:
        """Print a result as one JSON document."""
        text = json.dumps(value, ensure_ascii=not self._is_utf8, indent=2, allow_nan=False)
        self.raw(visible_json(text) + "\n")

    def markup(self, text: str) -> None:
        """Print a result as HTML or Markdown, where every character can be written in ASCII."""
        self.raw(text if self._is_utf8 else text.encode("ascii", "xmlcharrefreplace").decode("ascii"))

    @property
    def _is_utf8(self) -> bool:
        return (self.stdout.encoding or "").lower().replace("-", "") == "utf8"

    def raw(self, text: str) -> None:
        """Print text of our own as it is."""
        self._write(self.stdout, text, end="")

    def note(self, text: str) -> None:
        """Say something on stderr that `--quiet` leaves out."""
        if not self.manners.quiet:
            self.message(((Span(text, "plain"),),))

    def message(self, lines: Iterable[Line]) -> None:
        """Say something on stderr that must be said."""
        for line in lines:
            self._write(self.stderr, painted(line, colour=self.manners.colour_err))

    def error(self, error: BulkplanError) -> None:
        """Say what went wrong, where, and how to mend it."""
        from bulkplan.report.problems_text import error_lines, invalid_lines

        if isinstance(error, InvalidFilesError):
            self.message(invalid_lines(error.problems, width=self.manners.width))
        else:
            self.message(error_lines(error, width=self.manners.width))

    def stopped(self, stopped: Stopped | None, *, keeps_records: bool) -> None:
        """Say that a signal ended the command; one that `keeps_records` may have written some."""
        if stopped and stopped.error:
            self.error(stopped.error)
            return
        safe = "what was recorded is safe: bulkplan status shows it" if keeps_records else "nothing was sent to Close"
        self.message(((Span("interrupted", "error"), Span(f"; {safe}")),))

    def lost(self, why: str) -> None:
        """Say that the result did not reach whoever wanted it."""
        self.message(((Span("error: ", "error"), Span(f"the output could not be written: {why}")),))

    def message_text(self, text: str) -> None:
        """Print text of our own on stderr as it is."""
        self._write(self.stderr, text, end="")

    def confirm(self, question: str, *, expected: str = "yes", instead: str = _INSTEAD) -> bool:
        """
        Ask, and take nothing but the expected word for consent.

        Args:
            question: What is asked, with its question mark.
            expected: The word that consents.
            instead: What to do where nobody can be asked.

        Raises:
            BulkplanError: Nobody can be asked here.
        """
        if not self.manners.can_ask:
            raise BulkplanError(
                f"{question} Nobody can be asked here: this is no terminal, or --no-input was given",
                hint=instead,
            )
        self._write(self.stderr, f"\n{visible(question)}\n  Only '{visible(expected)}' will be accepted: ", end="")
        answer = self.stdin.readline()
        if not answer.endswith("\n"):
            self._write(self.stderr, "")
        return answer.strip() == expected

    def ask(self, question: str, *, default: str = "", instead: str) -> str:
        """
        Ask for a word or a line; an empty answer gives the default, and is asked for again where there is none.

        Args:
            question: What is asked, with its question mark.
            default: What an empty answer means.
            instead: What to do where nobody can be asked.

        Raises:
            UsageError: Nobody can be asked here, or nobody answers.
        """
        if not self.manners.can_ask:
            raise UsageError(f"{question} Nobody can be asked here", hint=instead)
        for _ in range(_PATIENCE):
            shown = f" [{visible(default)}]" if default else ""
            self._write(self.stderr, f"{visible(question)}{shown} ", end="")
            line = self.stdin.readline()
            if not line.endswith("\n"):
                self._write(self.stderr, "")
                break
            if answer := line.strip() or default:
                return answer
        raise UsageError(f"{question} There was no answer", hint=instead)

    def bug(self, error: Exception) -> None:
        """Report a mistake of bulkplan itself."""
        self.message(
            (
                (
                    Span("error: ", "error"),
                    Span(f"this is a bug in bulkplan {__version__}: {type(error).__name__}: {error}", "plain"),
                ),
                (Span(f"  on Python {sys.version.split()[0]}, {sys.platform}", "muted"),),
            )
        )
        if self.manners.verbose:
            text = "".join(traceback.format_exception(error))
            self._write(
                self.stderr, "\n".join(painted((Span(each),), colour=False) for each in text.split("\n")), end=""
            )
        else:
            self.message(((Span("hint: run it again with -v for the traceback, and report it", "plain"),),))

    def flush(self) -> None:
        """Hand everything to the system; a reader that went away is no error."""
        for stream in (self.stdout, self.stderr):
            try:
                stream.flush()
            except (OSError, ValueError):
                _silence(stream)

    def _write(self, stream: TextIO, text: str, end: str = "\n") -> None:
        """Write at once. When nobody reads (`| head`) or the disk is full, our work goes on: an apply must not die."""
        try:
            stream.write(text + end)
            stream.flush()
        except BrokenPipeError:
            _silence(stream)
        except (OSError, ValueError) as error:
            self.lost_output = str(getattr(error, "strerror", None) or error)
            _silence(stream)


def open_console(
    *,
    environ: Mapping[str, str],
    quiet: bool = False,
    verbose: bool = False,
    no_color: bool = False,
    no_input: bool = False,
) -> Console:
    """The console of this process, on its three streams."""
    for stream, errors in ((sys.stdout, "replace"), (sys.stderr, "backslashreplace")):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors=errors)
    may_colour = not no_color and not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"
    forced = environ.get("FORCE_COLOR", "") not in {"", "0"}
    manners = Manners(
        quiet=quiet,
        verbose=verbose,
        colour_out=may_colour and (forced or _is_tty(sys.stdout)),
        colour_err=may_colour and (forced or _is_tty(sys.stderr)),
        can_ask=not no_input and _is_tty(sys.stdin) and _is_tty(sys.stderr),
        has_bars=_is_tty(sys.stderr) and environ.get("TERM") != "dumb" and environ.get("CI", "") in {"", "false", "0"},
        width=_width(environ),
    )
    # A stream that was closed before we started is None: results that are lost are told, words on stderr go nowhere.
    return Console(
        stdout=sys.stdout or _Closed(),
        stderr=sys.stderr or io.StringIO(),
        stdin=sys.stdin or io.StringIO(),
        manners=manners,
    )


class _Closed(io.StringIO):
    """A stream that takes nothing."""

    def write(self, text: str) -> int:
        """Raises `OSError`, unless there is nothing to write."""
        if text:
            raise OSError(errno.EBADF, "it is closed")
        return 0


def painted(line: Line, *, colour: bool) -> str:
    """A line as text for a terminal, or, without colour, as plain text; never a command to GitHub's runner."""
    plain = "".join(span.text for span in line)
    if not (plain.isascii() and plain.isprintable()):
        plain = "".join(visible(span.text) for span in line)
    if (inert := without_commands(plain)) != plain or not colour:
        return inert
    parts = []
    for span in line:
        text, code = visible(span.text), _SGR.get(span.style)
        parts.append(f"\x1b[{code}m{text}\x1b[0m" if code and text else text)
    return "".join(parts)


def guarded(
    work: Callable[[], int], console: Console, code_of: Callable[[BulkplanError], int], *, bug_code: int
) -> int:
    """Do the work; report what it raises. The one place that catches everything: a bug is reported as a bug."""
    try:
        return work()
    except BulkplanError as error:
        console.error(error)
        return code_of(error)
    except Exception as error:  # noqa: BLE001 - the last resort: a person gets words, not a traceback
        lack = _lack(error)
        if lack is not None:
            console.error(lack)
            return code_of(lack)
        console.bug(error)
        return bug_code


_LACKS = {
    errno.EMFILE: (
        "this process may open no more files",
        "raise its limit: ulimit -n 1024",
    ),
    errno.ENFILE: ("this machine can open no more files", "end what is not needed, then run the same command again"),
    errno.ENOMEM: ("there is no memory left", "end what is not needed, then run the same command again"),
}


def _lack(error: Exception) -> BulkplanError | None:
    """The error for what a process or its machine has run out of; `None` when that is not what happened."""
    number = errno.ENOMEM if isinstance(error, MemoryError) else getattr(error, "errno", None)
    if number not in _LACKS:
        return None
    message, hint = _LACKS[number]
    return BulkplanError(message, hint=hint)


def _is_tty(stream: TextIO | None) -> bool:
    try:
        return stream is not None and stream.isatty()
    except ValueError:  # closed
        return False


def _width(environ: Mapping[str, str]) -> int:
    if not _is_tty(sys.stdout) and not environ.get("COLUMNS"):
        return _PLAIN_WIDTH
    return max(40, min(_MAX_WIDTH, shutil.get_terminal_size((_PLAIN_WIDTH, 24)).columns))


def _silence(stream: TextIO) -> None:
    """Let all further writes to this stream go nowhere, also the one at exit."""
    if stream.closed or isinstance(stream, _Closed):
        return
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, stream.fileno())
    os.close(devnull)
