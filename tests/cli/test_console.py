"""How bulkplan speaks."""

from __future__ import annotations

import errno
import io
import json
import os

import pytest
from support.consoles import console_in_memory

from bulkplan.cli.command_table import COMMANDS
from bulkplan.cli.console import Console, Manners, guarded, open_console, painted
from bulkplan.cli.exit_codes import exit_code
from bulkplan.errors import BulkplanError, InvalidFilesError, Location, Problem, RefusedError
from bulkplan.report.lines import Span

LINES = ((Span("run ", "add"), Span("winback@1")),)


def test_results_go_to_stdout_and_messages_to_stderr():
    heard = console_in_memory()
    heard.console.result(LINES)
    heard.console.note("working")
    assert (heard.out.getvalue(), heard.err.getvalue()) == ("run winback@1\n", "working\n")


def test_quiet_leaves_out_notes_but_no_errors_and_no_results():
    heard = console_in_memory(Manners(quiet=True))
    heard.console.note("working")
    heard.console.error(BulkplanError("broken", hint="mend it"))
    heard.console.result(LINES)
    assert heard.err.getvalue() == "error: broken\nhint: mend it\n"
    assert heard.out.getvalue() == "run winback@1\n"


def test_colour_is_used_only_where_it_is_meant():
    assert painted(LINES[0], colour=False) == "run winback@1"
    assert painted(LINES[0], colour=True) == "\x1b[32mrun \x1b[0mwinback@1"


@pytest.mark.parametrize("colour", [True, False])
def test_lines_made_ready_before_are_printed_as_any_others(colour):
    lines = (*LINES, (), (Span("Zoë \x1b[31m", "strong"), Span("::error::")))
    now, ready = (console_in_memory(Manners(colour_out=colour)) for _ in range(2))
    ready.console.prepare(lines[1:])
    for heard in (now, ready):
        heard.console.result(lines)
    assert ready.out.getvalue() == now.out.getvalue()


def test_an_escape_in_a_name_never_reaches_the_terminal():
    assert painted((Span("a\x1b[31mb\u202e", "error"),), colour=False) == "a\\x1b[31mb\\u202e"


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "no_color", "has_colour"),
    [
        ({}, False, True),
        ({"NO_COLOR": "1"}, False, False),
        ({"NO_COLOR": ""}, False, True),
        ({"TERM": "dumb"}, False, False),
        ({}, True, False),
        ({"FORCE_COLOR": "1"}, True, False),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False, False),
    ],
)
def test_colour_on_a_terminal(monkeypatch, environ, no_color, has_colour):
    monkeypatch.setattr("sys.stdout", _Terminal())
    manners = open_console(environ=environ, no_color=no_color).manners
    assert manners.colour_out is has_colour


@pytest.mark.parametrize(("environ", "has_colour"), [({}, False), ({"FORCE_COLOR": "1"}, True)])
def test_colour_in_a_pipe(monkeypatch, environ, has_colour):
    monkeypatch.setattr("sys.stdout", io.StringIO())
    assert open_console(environ=environ).manners.colour_out is has_colour


@pytest.mark.parametrize(
    ("environ", "no_input", "can_ask", "has_bars"),
    [({}, False, True, True), ({"CI": "true"}, False, True, False), ({}, True, False, True)],
)
def test_questions_and_bars_on_a_terminal(monkeypatch, environ, no_input, can_ask, has_bars):
    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(f"sys.{name}", _Terminal())
    manners = open_console(environ=environ, no_input=no_input).manners
    assert (manners.can_ask, manners.has_bars) == (can_ask, has_bars)


def test_nobody_is_asked_when_stdin_is_no_terminal(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("yes\n"))
    monkeypatch.setattr("sys.stderr", _Terminal())
    console = open_console(environ={})
    with pytest.raises(BulkplanError, match="Nobody can be asked") as caught:
        console.confirm("Run 2 actions?")
    assert "--auto-approve" in (caught.value.hint or "")
    assert "plan.json" in (caught.value.hint or "")
    assert exit_code(caught.value) == 1


@pytest.mark.parametrize(
    ("typed", "agreed"),
    [("yes\n", True), (" yes \n", True), ("y\n", False), ("YES\n", False), ("\n", False), ("", False)],
)
def test_only_yes_consents(typed, agreed):
    heard = console_in_memory(Manners(can_ask=True), typed=typed)
    assert heard.console.confirm("Run 2 actions?") is agreed
    assert "Run 2 actions?" in heard.err.getvalue()
    assert "Only 'yes' will be accepted" in heard.err.getvalue()
    assert heard.out.getvalue() == ""


def test_a_name_can_be_what_consents():
    assert console_in_memory(Manners(can_ask=True), typed="winback\n").console.confirm("?", expected="winback")
    assert not console_in_memory(Manners(can_ask=True), typed="yes\n").console.confirm("?", expected="winback")


def test_invalid_files_are_listed_whole():
    at = Location("specs/a.yaml", 2, 1, 4, "nam: x")
    problems = (Problem("unknown key nam", "did you mean name?", at=at), Problem("no action", at=at))
    heard = console_in_memory()
    heard.console.error(InvalidFilesError(problems))
    text = heard.err.getvalue()
    assert "unknown key nam" in text
    assert "no action" in text
    assert text.endswith("2 problems in 1 file; nothing was sent to Close.\n")


def test_an_error_of_several_lines_keeps_them():
    heard = console_in_memory()
    heard.console.error(BulkplanError("refused:\n  - one\n  - two", hint="again"))
    assert heard.err.getvalue() == "error: refused:\n  - one\n  - two\nhint: again\n"


def test_json_is_one_document_that_survives_any_encoding():
    bytes_out = io.BytesIO()
    out = io.TextIOWrapper(bytes_out, encoding="ascii", errors="replace")
    Console(stdout=out, stderr=io.StringIO(), stdin=io.StringIO(), manners=Manners()).document({"name": "Zoë “x”"})
    assert json.loads(bytes_out.getvalue().decode("ascii")) == {"name": "Zoë “x”"}


def test_text_on_a_terminal_that_knows_ascii_only_does_not_fail(monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr("sys.stdout", out)
    open_console(environ={}).result(((Span("“Zoë” \ud800"),),))
    assert out.errors == "replace"


def test_a_reader_that_goes_away_does_not_stop_the_work():
    read_end, write_end = os.pipe()
    os.close(read_end)
    with os.fdopen(write_end, "w") as out:
        console = Console(stdout=out, stderr=io.StringIO(), stdin=io.StringIO(), manners=Manners())
        console.raw("one\n")
        console.raw("two\n")
        console.flush()


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("apply", "what was recorded is safe: bulkplan status shows it"),
        ("import", "what was recorded is safe: bulkplan status shows it"),
        ("init", "nothing was sent to Close"),
        ("new", "nothing was sent to Close"),
        ("plan", "nothing was sent to Close"),
    ],
)
def test_a_signal_is_told_by_what_the_command_may_have_done(name, words):
    heard = console_in_memory()
    command = next(each for each in COMMANDS if each.name == name)
    heard.console.stopped(None, keeps_records=command.keeps_records)
    assert heard.err.getvalue() == f"interrupted; {words}\n"


def _work(error: Exception):
    def work() -> int:
        raise error

    return work


def test_an_error_of_ours_is_told_and_gives_its_code():
    heard = console_in_memory()
    assert guarded(_work(RefusedError("no")), heard.console, exit_code, bug_code=1) == 3
    assert heard.err.getvalue() == "error: no\n"


def test_a_bug_is_reported_as_a_bug_without_a_traceback():
    heard = console_in_memory()
    assert guarded(_work(ZeroDivisionError("division by zero")), heard.console, exit_code, bug_code=1) == 1
    text = heard.err.getvalue()
    assert "bug in bulkplan" in text
    assert "ZeroDivisionError: division by zero" in text
    assert "-v" in text
    assert "Traceback" not in text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.EMFILE, "Too many open files"), "may open no more files"),
        (MemoryError(), "no memory left"),
    ],
)
def test_what_the_machine_lacks_is_no_bug(error, words):
    heard = console_in_memory()
    assert guarded(_work(error), heard.console, exit_code, bug_code=99) == 1
    assert words in heard.err.getvalue()
    assert "bug" not in heard.err.getvalue()


def test_a_bug_shows_its_traceback_when_asked():
    heard = console_in_memory(Manners(verbose=True))
    guarded(_work(ZeroDivisionError("division by zero")), heard.console, exit_code, bug_code=1)
    assert "Traceback" in heard.err.getvalue()
