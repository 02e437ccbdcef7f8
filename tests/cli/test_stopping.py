"""What signals do."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from bulkplan.cli.stopping import Stopped, run_until_signal, saying
from bulkplan.errors import InterruptedApplyError


@pytest.fixture(autouse=True)
def _restored_handlers():
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def heeding(asked):
    """Sets an event, and says that the story ends by itself."""

    def heed(number: int) -> bool:
        asked.set()
        return True

    return heed


def test_a_story_without_signals_just_runs():
    async def story() -> int:
        return 7

    assert run_until_signal(story()) == 7


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_a_story_that_only_reads(number, code):
    async def story() -> None:
        os.kill(os.getpid(), number)
        await asyncio.Event().wait()

    with pytest.raises(Stopped) as caught:
        run_until_signal(story())
    assert caught.value.exit_code == code


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_lets_an_apply_end_in_order(number, code):
    asked = asyncio.Event()
    ended: list[str] = []

    async def story() -> None:
        os.kill(os.getpid(), number)
        await asked.wait()
        ended.append("stored")
        raise InterruptedApplyError("interrupted; what was recorded is safe")

    with pytest.raises(Stopped) as caught:
        run_until_signal(story(), on_first=heeding(asked))
    assert ended == ["stored"]
    assert caught.value.exit_code == code
    assert caught.value.error is not None


def test_a_first_signal_that_nobody_heeds_ends_a_story_at_once():
    async def story() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()

    with pytest.raises(Stopped):
        run_until_signal(story(), on_first=lambda number: False)


@pytest.mark.parametrize("raised", [KeyboardInterrupt(), Stopped(signal.SIGTERM)])
def test_a_part_of_a_command_says_in_its_own_words_what_a_signal_ended(raised):
    with pytest.raises(Stopped) as caught, saying(InterruptedApplyError("nothing was sent")):
        raise raised
    assert caught.value.error is not None
    assert caught.value.error.message == "nothing was sent"
    assert caught.value.exit_code == (130 if isinstance(raised, KeyboardInterrupt) else 143)


def test_the_second_signal_ends_an_apply_at_once():
    asked = asyncio.Event()

    async def story() -> None:
        os.kill(os.getpid(), signal.SIGINT)
        await asked.wait()
        os.kill(os.getpid(), signal.SIGINT)
        await asyncio.Event().wait()

    with pytest.raises(Stopped):
        run_until_signal(story(), on_first=heeding(asked))
    assert asked.is_set()
