"""What a market's feed is: where the quotes and trades of an instrument come from, asked for any instant or span.

There are three: the seeded walk (`seeded`), the legs of a combo (`combo`), a recorded file (`replay`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

from simulator.market.option_model import Greeks

What = Literal["TRADES", "BID", "ASK", "MIDPOINT"]
Reach = tuple[int, int, int, int]
"""First, highest, lowest and last price of a span, in ticks."""


@dataclass(slots=True)
class Quote:
    """What a line shows at an instant. Prices are counted in ticks of the instrument, sizes in its units.

    `last_time` is when `last` traded; volume, number of trades, open, high and low are the day's so far; `close` is
    the last price of the session before. `greeks` are an option's.
    """

    time: float = 0.0
    bid: int = 0
    ask: int = 0
    last: int = 0
    bid_size: int = 0
    ask_size: int = 0
    last_size: int = 0
    volume: int = 0
    open: int = 0
    high: int = 0
    low: int = 0
    close: int = 0
    greeks: Greeks | None = None
    last_time: float = 0.0
    trades: int = 0


class Print(NamedTuple):
    """One trade. `price` in ticks; `conditions` as the tape marks them, usually empty."""

    time: float
    price: int
    size: int
    exchange: str
    conditions: str = ""


class Feed(Protocol):
    """Where a line's prices come from. Spans are [start, end); nothing is said of times when there is no trading."""

    prints_at_all: bool
    """Whether there are trades; where there are none, the quote's middle stands for them."""

    def after(self, moment: float) -> float:
        """The end of the smallest span that holds an instant: what happened until then is known at the instant."""
        ...

    def instants(self, start: float, end: float) -> Iterable[float]:
        """When the quote may have changed, in order."""
        ...

    def show(self, quote: Quote, moment: float) -> None:
        """Write bid, ask, their sizes and an option's figures of an instant."""
        ...

    def prints(self, start: float, end: float) -> list[Print]:
        """The trades, in order."""
        ...

    def traded(self, start: float, end: float) -> tuple[int, int]:
        """Volume and number of the trades."""
        ...

    def reach(self, what: What, start: float, end: float) -> Reach | None:
        """First, highest, lowest and last price in ticks; None where there was none."""
        ...

    def last_print(self, before: float) -> Print | None:
        """The last trade before an instant; None when there is none within reach."""
        ...

    def middle(self, moment: float) -> float:
        """The price in between bid and ask, in money, unrounded."""
        ...

    def shift(self, since: float, factor: float, trade: Print | None) -> None:
        """From an instant on all prices are times `factor`; a trade, if any, shows it."""
        ...
