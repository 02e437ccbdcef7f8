"""How long work shows that it goes on."""

from __future__ import annotations

import io

from support.consoles import console_in_memory

from bulkplan.cli.console import Console, Manners
from bulkplan.cli.progress import progress
from bulkplan.model.run import RunKey

KEY = RunKey("winback", 2)


class _Stepped:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_quick_work_is_not_spoken_of():
    heard = console_in_memory()
    with progress(heard.console, monotonic=_Stepped()) as shown:
        for done in range(4):
            shown.step("counting leads", done, 3)
    assert heard.err.getvalue() == ""


def test_slow_work_gets_a_line_now_and_then_and_one_at_its_end():
    heard, clock = console_in_memory(), _Stepped()
    with progress(heard.console, monotonic=clock) as shown:
        for done in range(1, 13):
            clock.seconds += 1
            shown.step("counting leads", done, 12)
        shown.step("counting leads", 12, 12)
    assert heard.err.getvalue().splitlines() == [
        "counting leads: 5 of 12",
        "counting leads: 10 of 12",
        "counting leads: 12 of 12",
    ]
    assert heard.out.getvalue() == ""


def test_news_of_a_run_is_told_at_once():
    heard = console_in_memory()
    with progress(heard.console, monotonic=_Stepped()) as shown:
        shown.update(KEY, "submitted", None)
    assert heard.err.getvalue() == "winback@2: submitted\n"


def test_quiet_says_nothing():
    heard, clock = console_in_memory(Manners(quiet=True)), _Stepped()
    with progress(heard.console, monotonic=clock) as shown:
        clock.seconds = 60
        shown.step("counting leads", 1, 2)
        shown.update(KEY, "submitted", None)
    assert heard.err.getvalue() == ""


def test_bars_are_drawn_on_stderr_without_colour_codes_when_there_is_no_colour():
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    err, out = Terminal(), io.StringIO()
    console = Console(stdout=out, stderr=err, stdin=io.StringIO(), manners=Manners(has_bars=True))
    with progress(console) as shown:
        shown.step("counting [leads]", 1, 2)
        shown.update(KEY, "submitted", None)
    assert "winback@2: submitted" in err.getvalue()
    assert "[leads]" in err.getvalue()
    assert "\x1b[3" not in err.getvalue().replace("\x1b[?25", "")
    assert out.getvalue() == ""
