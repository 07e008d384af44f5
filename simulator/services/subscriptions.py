"""Open requests of one kind, by session and request id, and the market data lines that they use."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Generic, TypeVar

from simulator.refusal import Refused
from simulator.session import Session

Stream = TypeVar("Stream")

_TICK_BY_TICK_SHARE = 20
_DEPTH_LINES = 100
_LEAST_DEPTH = 3


class Subscriptions(Generic[Stream]):
    """What each client has open. Iterates in the order in which it was asked for."""

    def __init__(self) -> None:
        self._open: dict[Session, dict[int, Stream]] = {}

    def __iter__(self) -> Iterator[Stream]:
        return (stream for streams in self._open.values() for stream in streams.values())

    def __len__(self) -> int:
        return sum(map(len, self._open.values()))

    def of(self, session: Session) -> dict[int, Stream]:
        """A client's streams by request id."""
        return dict(self._open.get(session, {}))

    def require_new(self, session: Session, request_id: int) -> None:
        """Raises `Refused` (322) for an id that is in use."""
        if request_id in self._open.get(session, {}):
            raise Refused(322, "Error processing request.-'bR' : cause - Duplicate ticker id")

    def add(self, session: Session, request_id: int, stream: Stream) -> None:
        """Keep a stream that `require_new` let through."""
        self._open.setdefault(session, {})[request_id] = stream

    def take(self, session: Session, request_id: int) -> Stream | None:
        """Remove and return a stream; None when there is none of that id."""
        return self._open.get(session, {}).pop(request_id, None)

    def drop(self, session: Session) -> list[Stream]:
        """Remove and return all of a client's."""
        return list(self._open.pop(session, {}).values())


class MarketLines:
    """How many instruments may stream at once, over all clients; other limits follow from it as at IB.

    Watching an instrument twice takes one line (IBKR Campus, "Market data lines").
    """

    def __init__(self, limit: int = 100) -> None:
        self.limit = limit
        self._used: Counter[int] = Counter()

    @property
    def tick_by_tick(self) -> int:
        """How many streams of single ticks are allowed: one for 20 lines."""
        return max(1, self.limit // _TICK_BY_TICK_SHARE)

    @property
    def depth(self) -> int:
        """How many books may be watched: three, and one more for each further hundred lines."""
        return max(_LEAST_DEPTH, _LEAST_DEPTH + (self.limit - _DEPTH_LINES) // _DEPTH_LINES)

    def take(self, con_id: int) -> None:
        """Use a line. Raises `Refused` (101) when there is none left."""
        if con_id not in self._used and len(self._used) >= self.limit:
            raise Refused(101, "Max number of tickers has been reached")
        self._used[con_id] += 1

    def give_back(self, con_id: int) -> None:
        """One use less."""
        self._used[con_id] -= 1
        if not self._used[con_id]:
            del self._used[con_id]
