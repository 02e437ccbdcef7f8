"""
How many runs of one apply are on their way to Close at once, and in which order.

What the protocol promises does not rest on an order of the runs. A run is one key: one record, one nonce per attempt,
one connection, and every step of it is decided by that record alone; appliers on two machines have always gone side by
side. So with several runs of one apply in flight, each of these holds as before, run by run:

- Identity. Each request has a connection of its own, which has just said whose key it is. Nothing waits between that
  answer and the intent: waiting, be it for the rate limit, for a place or for another run, comes before connecting. (A
  connection left idle is ended by Close; the request would then rightly be called not sent.)
- The intent is durable before its one send, by compare-and-swap on the key's own record, and the send follows it
  without letting another run come between.
- Looks. The looks before and after are shared, and each begins after it was asked for (`listings`).
- A rate limit. All sessions share one pace. A run that met a limit keeps its place while it waits, and goes on with the
  record that it has itself written since the plan; it is never begun anew from the version of the plan.
- Guards are asked again for each run, on a count that is asked for when it is prepared; while no intent was handed to
  the store, what the check of the saved plan counted less than `REUSED_S` ago serves as well. A run that came to the
  door later than `FRESH_S` after it was counted is counted once more. (Waiting for the rate limit comes after that, and
  lasts a minute at most.)
- Ceilings, the sight of twins, the courtesy to another holder and the settling of what is open follow one record each.

What one after the other gave besides is kept by this line:

- Places are given in the order of the plan, to no more than have gone well before, and `OPEN_AT_ONCE` at most: the
  first three go alone, so a key that is refused, markers that come back stripped, or a request that is wrong in each
  run are met once, and so few at most are open when this process dies.
- While nobody can tell what became of a run, no further intent is stored, unless `--keep-going` asks for that; once it
  needs a person, the rest is not begun. Those that are on their way already end as they end.
- Without markers each goes alone: what became of it could only be seen by a person.
- A run starts only when what it depends on is done, and beside no run with which it shares leads (`side_by_side`).
- A first signal lets nobody through any more; each request that is out gets its grace, and its outcome is stored.
- Writes to the state stop the process for as long as they take: as many places are given as writes fit into
  `WRITES_S`, so a slow state starts its runs one after the other, and no connection waits for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from bulkplan.core.records import FOLLOWED
from bulkplan.model.record import Record

OPEN_AT_ONCE = 8
"""Runs between connecting and their outcome: so many at most are to be looked for when the process dies."""
FRESH_S = 10.0
"""So old may be what was counted of a run when its place comes."""
REUSED_S = 5.0
"""So old may be a count of the plan's check for those runs that are prepared before anything is sent."""
WRITES_S = 1.0
_ALONE = 3
"""So many go one after the other at first."""


@dataclass
class Line:
    """
    The one line of an apply. `goes_on`: whether anything further may start; once it says no, it never says yes again.

    `holds`: a run in doubt holds back the others. `is_single`: one at a time.
    """

    goes_on: Callable[[], bool]
    holds: bool = True
    is_single: bool = False
    n_well: int = 0
    has_begun: bool = False
    """Whether an intent of any run was handed to the store."""
    write_s: float = 0.0
    """How long the last write to the state took."""
    _coming: list[Ticket] = field(default_factory=list)
    _inside: set[Ticket] = field(default_factory=set)
    _in_doubt: set[Ticket] = field(default_factory=set)

    def join(self) -> Ticket:
        """The next ticket, to be drawn in the order of the plan."""
        ticket = Ticket(self)
        self._coming.append(ticket)
        return ticket

    @property
    def places(self) -> int:
        """How many may be on their way just now."""
        if self.is_single or self.n_well < _ALONE:
            return 1
        by_store = int(WRITES_S / self.write_s) if self.write_s > 0 else OPEN_AT_ONCE
        return max(1, min(OPEN_AT_ONCE, self.n_well - 1, by_store))

    def note_success(self) -> None:
        """Close took a run, and everything about it is as it should be."""
        self.n_well += 1
        self.advance()

    def is_clear(self, ticket: Ticket) -> bool:
        """Whether no other run is in doubt."""
        return not (self.holds and self._in_doubt - {ticket})

    def advance(self) -> None:
        """Give free places to those who come next; wake whoever may go on, or must hear that nobody may."""
        while self._coming and self._coming[0].wake and len(self._inside) < self.places and self.goes_on():
            if not self.is_clear(self._coming[0]):
                break
            self._inside.add(self._coming.pop(0))
        for ticket in (*self._inside, *self._coming):
            if ticket.wake and (ticket.may_pass or not self.goes_on()):
                wake, ticket.wake = ticket.wake, None
                wake()


@dataclass(eq=False)
class Ticket:
    """One run in the line. `wake` is called once it need not wait any more."""

    line: Line
    wake: Callable[[], None] | None = None
    has_begun: bool = False
    """Whether an intent of it was handed to the store: from then on nothing of it is done over."""

    @property
    def may_pass(self) -> bool:
        """Whether it may connect, and store its intent."""
        return self in self.line._inside and self.line.is_clear(self) and self.line.goes_on()

    def wait(self, wake: Callable[[], None]) -> None:
        """Have `wake` called, perhaps at once, when it may pass or nobody may any more."""
        self.wake = wake
        if self not in self.line._inside and self not in self.line._coming:
            self.line._coming.insert(0, self)  # it gave up its place, and comes before all who had none yet
        self.line.advance()

    def doubt(self) -> None:
        """Nobody can tell yet what became of its request."""
        self.line._in_doubt.add(self)

    def note_put(self, record: Record, *, is_stored: bool) -> None:
        """
        A record of it was written, or not. Once Close has it, and that is stored, there is room for the next.

        One that was refused keeps its place, to try again. Those that go alone keep theirs until everything about them
        is known.
        """
        self.has_begun = self.line.has_begun = True
        if is_stored and record.status in FOLLOWED and record.alarm is None and self.line.places > 1:
            self.line._inside.discard(self)
            self.line.advance()

    def leave(self) -> None:
        """Everything is known of it, or it came to nothing."""
        self.wake = None
        self.line._in_doubt.discard(self)
        self.line._inside.discard(self)
        if self in self.line._coming:
            self.line._coming.remove(self)
        self.line.advance()
