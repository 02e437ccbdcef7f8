"""What a signal does: it ends any command in order, and an apply only where that is safe."""

from __future__ import annotations

import signal
from collections.abc import Callable, Coroutine
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


def raise_stopped(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - the shape of a signal handler
    """A signal handler for code that is not asynchronous."""
    raise Stopped(number)


def run_until_signal(story: Coroutine[None, None, ResultT], *, on_first: Callable[[], None] | None = None) -> ResultT:
    """
    Run a story to its end, or to a signal.

    Args:
        story: What to run.
        on_first: Called at the first signal instead of ending the story, which then ends in order by itself; the
            second signal ends it at once.

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
    story: Coroutine[None, None, ResultT], received: list[int], on_first: Callable[[], None] | None
) -> ResultT:
    import asyncio

    loop, task = asyncio.get_running_loop(), asyncio.current_task()

    def on_signal(number: int) -> None:
        received.append(number)
        if on_first is not None and len(received) == 1:
            on_first()
        elif task is not None:
            task.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, on_signal, number)
    try:
        return await story
    finally:
        for number in SIGNALS:
            loop.remove_signal_handler(number)
        signal.signal(signal.SIGTERM, raise_stopped)
