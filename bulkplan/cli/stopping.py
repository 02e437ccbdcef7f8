"""What a signal does: it ends any command in order, and an apply only where that is safe."""

from __future__ import annotations

import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TypeVar

from bulkplan.cli.exit_codes import INTERRUPTED, TERMINATED
from bulkplan.errors import BulkplanError, InterruptedApplyError

ResultT = TypeVar("ResultT")
SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Stopped(BaseException):
    """
    A signal ended the command. `error` is what the story said of it, where it had time to.

    Like `KeyboardInterrupt` it is no `Exception`, so that nothing on its way takes it for a failure.
    """

    def __init__(self, number: int, error: BulkplanError | None = None) -> None:
        super().__init__(number)
        self.number = number
        self.error = error

    @property
    def exit_code(self) -> int:
        """143 for SIGTERM, else 130."""
        return TERMINATED if self.number == signal.SIGTERM else INTERRUPTED


def listen() -> None:
    """From here on a signal raises in the main thread: `KeyboardInterrupt` for SIGINT, `Stopped` for SIGTERM."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, raise_stopped)


def raise_stopped(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a signal handler
    """A signal handler for code that is not asynchronous."""
    raise Stopped(number)


@contextmanager
def saying(error: BulkplanError) -> Iterator[None]:
    """Let a signal that ends this part of a command be told in the words of `error`."""
    try:
        yield
    except KeyboardInterrupt:
        raise Stopped(signal.SIGINT, error) from None
    except Stopped as stopped:
        raise Stopped(stopped.number, stopped.error or error) from None


def run_until_signal(
    story: Coroutine[None, None, ResultT], *, on_first: Callable[[int], bool] | None = None
) -> ResultT:
    """
    Run a story to its end, or to a signal.

    Args:
        story: What to run.
        on_first: Called with the first signal. True: the story ends in order by itself, and the second signal ends it
            at once. False, or none given: the first signal ends it at once.

    Raises:
        Stopped: a signal ended it.
    """
    import asyncio  # a third of what --help takes

    received: list[int] = []
    try:
        return asyncio.run(_watched(story, received, on_first))
    except asyncio.CancelledError:
        if not received:
            raise
        raise Stopped(received[0]) from None
    except InterruptedApplyError as error:
        if not received:
            raise
        raise Stopped(received[0], error) from error


async def _watched(
    story: Coroutine[None, None, ResultT], received: list[int], on_first: Callable[[int], bool] | None
) -> ResultT:
    import asyncio

    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def on_signal(number: int) -> None:
        received.append(number)
        is_heeded = len(received) == 1 and on_first is not None and on_first(number)
        if task is not None and not is_heeded:
            task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, on_signal, number)
    try:
        return await story
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
        signal.signal(signal.SIGTERM, raise_stopped)
