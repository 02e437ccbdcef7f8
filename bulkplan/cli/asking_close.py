"""What an author's command wants to know of Close, and the words for what it cannot know."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from bulkplan.app.new_spec import EVERY_KIND, Surroundings
from bulkplan.cli.console import Console
from bulkplan.cli.progress import progress
from bulkplan.cli.stopping import run_until_signal
from bulkplan.cli.wiring import Place, open_connection

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from bulkplan.adapters.close_reader import HttpCloseReader

AnswerT = TypeVar("AnswerT")


@asynccontextmanager
async def _open(place: Place, console: Console) -> AsyncIterator[HttpCloseReader]:
    from bulkplan.adapters.close_reader import open_reader

    with progress(console) as shown:
        async with (
            open_connection(place, console, shown) as connection,
            open_reader(connection, clock=place.clock) as reader,
        ):
            yield reader


def ask_close(place: Place, console: Console, question: Callable[[HttpCloseReader], Awaitable[AnswerT]]) -> AnswerT:
    """What a client that can only read answers. Raises what connecting and reading raise."""

    async def asked() -> AnswerT:
        async with _open(place, console) as reader:
            return await question(reader)

    return run_until_signal(asked())


def look_around(place: Place, console: Console) -> Surroundings:
    """Every name that the organization knows, and whose key it is."""

    async def look(reader: HttpCloseReader) -> Surroundings:
        identity = await reader.fetch_identity()
        return Surroundings(
            catalog=await reader.fetch_catalog(EVERY_KIND),
            now=place.clock.now(),
            timezone=place.target.timezone,
            suppress=place.project.suppress,
            user_id=identity.user_id,
        )

    return ask_close(place, console, look)
