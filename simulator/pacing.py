"""How fast clients may ask, as TWS counts it. Pure: time is told, in seconds of the monotonic clock.

- Requests: 50 a second and client. Each one above that is refused with error 100, the third ends the connection.
  A bucket of 50 that is refilled steadily, so a simulator that reads late does not blame the client for it.
- Historical bars of 30 seconds and less: 60 requests in ten minutes (BID_ASK counts twice), the same one not again
  within 15 seconds, fewer than six for one contract, exchange and kind of data within two seconds (error 162).
- Streams of 5-second bars: 60 new ones in ten minutes (error 420).
- Bars of all sizes: 50 requests open at once (error 322).
What is refused does not count. Facts: reference/tws-api.md, section 3. Nothing of this is enforced unless `on`.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from simulator.refusal import Refused

RATE: Final = 50
STRIKES: Final = 3
OPEN_REQUESTS: Final = 50
_WINDOW: Final = 600.0
_IN_WINDOW: Final = 60
_AGAIN_AFTER: Final = 15.0
_BURST_WINDOW: Final = 2.0
_BURST: Final = 6
_VIOLATION: Final = "Historical data request pacing violation"
_SMALL_BARS: Final = ("sec", "secs")
"""The units of bar sizes up to 30 seconds; the next larger one is written as a minute."""


class RequestPace:
    """The requests of one client."""

    def __init__(self) -> None:
        self._tokens = float(RATE)
        self._filled: float | None = None
        self._arrivals: deque[float] = deque()
        self.busiest = 0
        """The most requests that came within one second."""
        self.strikes = 0

    def arrived(self, now: float) -> bool:
        """A request came; whether it was within the rate."""
        self._arrivals.append(now)
        while self._arrivals[0] <= now - 1.0:
            self._arrivals.popleft()
        self.busiest = max(self.busiest, len(self._arrivals))
        if self._filled is not None:
            self._tokens = min(float(RATE), self._tokens + (now - self._filled) * RATE)
        self._filled = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True

    def strike(self) -> str:
        """Count a violation; returns the text of its error 100."""
        self.strikes += 1
        received = len(self._arrivals)
        return f"Max rate of messages per second has been exceeded:max={RATE} rec={received} ({self.strikes})"


@dataclass(frozen=True)
class HistoryRequest:
    """What counts about a request for bars."""

    contract: tuple[str, ...]
    """The contract's fields as they were sent, exchange and all."""
    bar_size: str
    what: str
    rest: tuple[str, ...]
    """Everything else that was asked."""

    @property
    def paced(self) -> bool:
        """Whether its bars are so short that the hard limits hold."""
        return self.bar_size.lower().endswith(_SMALL_BARS)

    @property
    def weight(self) -> int:
        """As how many requests it counts."""
        return 2 if self.what.upper() == "BID_ASK" else 1


class Pacing:
    """Whether pace is enforced, and the data requests of all clients of one gateway."""

    def __init__(self) -> None:
        self.on = False
        self._history: deque[tuple[float, HistoryRequest]] = deque()
        self._streams: deque[float] = deque()

    def history(self, request: HistoryRequest, now: float, open_requests: int) -> None:
        """A request for bars by a client that has so many open. Raises Refused, if enforced."""
        if not self.on:
            return
        if open_requests >= OPEN_REQUESTS:
            cause = f"Only {OPEN_REQUESTS} simultaneous API historical data requests allowed."
            raise Refused(322, f"Error processing request.-'bN' : cause - {cause}")
        if not request.paced:
            return
        while self._history and self._history[0][0] <= now - _WINDOW:
            self._history.popleft()
        if self._violates(request, now):
            raise Refused(162, f"Historical Market Data Service error message:{_VIOLATION}")
        self._history.append((now, request))

    def stream(self, now: float) -> None:
        """A request for a stream of 5-second bars. Raises Refused, if enforced."""
        if not self.on:
            return
        while self._streams and self._streams[0] <= now - _WINDOW:
            self._streams.popleft()
        if len(self._streams) >= _IN_WINDOW:
            raise Refused(420, f"Invalid Real-time Query:{_VIOLATION}")
        self._streams.append(now)

    def _violates(self, request: HistoryRequest, now: float) -> bool:
        if sum(earlier.weight for _, earlier in self._history) + request.weight > _IN_WINDOW:
            return True
        if any(earlier == request and at > now - _AGAIN_AFTER for at, earlier in self._history):
            return True
        kind = request.contract, request.what
        alike = [at for at, earlier in self._history if (earlier.contract, earlier.what) == kind]
        return sum(at > now - _BURST_WINDOW for at in alike) + 1 >= _BURST
