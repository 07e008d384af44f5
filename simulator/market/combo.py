"""The feed of a combo: priced from its legs, bought legs at their ask and sold ones at their bid; nothing prints.

The displayed size is what all legs together allow. A combo's price may be zero or below. It stands for as many units
as one contract of its largest leg: a covered call, 100 shares and an option sold, is quoted per share.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from simulator.market.feed import Feed, Print, Quote, Reach, What
from simulator.market.instrument import Instrument

_SAMPLES = 12


@dataclass(frozen=True)
class LegFeed:
    """One leg: its instrument and feed, and its ratio, negative for a leg that is sold."""

    instrument: Instrument
    feed: Feed
    ratio: int


def weights(legs: Iterable[tuple[Instrument, int]]) -> list[Decimal]:
    """How often each leg's price stands in the combo's, for legs with their ratios, whose signs are kept."""
    parts = [(item.factor, ratio) for item, ratio in legs]
    greatest = max(factor for factor, _ in parts)
    return [ratio * factor / greatest for factor, ratio in parts]


class ComboFeed:
    """A combo's quotes."""

    prints_at_all = False

    def __init__(self, item: Instrument, legs: list[LegFeed]) -> None:
        self._legs = legs
        self._shares = [float(share) for share in weights((leg.instrument, leg.ratio) for leg in legs)]
        self._weights = [
            share * float(leg.instrument.tick / item.tick) for share, leg in zip(self._shares, legs, strict=True)
        ]
        self._quotes = [Quote() for _ in legs]
        self._tick = float(item.tick)
        self._shifts: list[tuple[float, float]] = []

    def after(self, moment: float) -> float:
        """As for the legs."""
        return self._legs[0].feed.after(moment)

    def middle(self, moment: float) -> float:
        """The legs' prices, added and subtracted."""
        legs = zip(self._shares, self._legs, strict=True)
        return sum(share * leg.feed.middle(moment) for share, leg in legs) + self._moved(self.after(moment))

    def shift(self, since: float, factor: float, trade: Print | None) -> None:
        """The combo's own premium over its legs, from an instant on: `factor` times the price is where it stands."""
        if trade is not None:
            raise ValueError("combos do not print")
        self._shifts.append((since, self.middle(since) * (factor - 1)))

    def show(self, quote: Quote, moment: float) -> None:
        """Write bid, ask and sizes."""
        sizes: tuple[list[int], list[int]] = ([], [])
        bid = ask = self._moved(self.after(moment)) / self._tick
        for leg, weight, shown in zip(self._legs, self._weights, self._quotes, strict=True):
            leg.feed.show(shown, moment)
            bought = weight > 0
            ask += weight * (shown.ask if bought else shown.bid)
            bid += weight * (shown.bid if bought else shown.ask)
            sizes[0].append((shown.bid_size if bought else shown.ask_size) // abs(leg.ratio))
            sizes[1].append((shown.ask_size if bought else shown.bid_size) // abs(leg.ratio))
        quote.bid, quote.ask = round(bid), round(ask)
        quote.bid_size, quote.ask_size = min(sizes[0]), min(sizes[1])

    def instants(self, start: float, end: float) -> Iterable[float]:
        """When a leg may have changed."""
        return sorted({moment for leg in self._legs for moment in leg.feed.instants(start, end)})

    def prints(self, start: float, end: float) -> list[Print]:  # noqa: ARG002 the protocol's
        """None."""
        return []

    def traded(self, start: float, end: float) -> tuple[int, int]:  # noqa: ARG002 the protocol's
        """Nothing."""
        return 0, 0

    def last_print(self, before: float) -> Print | None:  # noqa: ARG002 the protocol's
        """None."""
        return None

    def reach(self, what: What, start: float, end: float) -> Reach | None:
        """First, highest, lowest and last of the quotes at a dozen instants."""
        if what == "TRADES":
            return None
        found = []
        for part in range(_SAMPLES):
            quote = Quote()
            self.show(quote, start + (end - start) * part / _SAMPLES)
            found.append({"BID": quote.bid, "ASK": quote.ask, "MIDPOINT": (quote.bid + quote.ask) // 2}[what])
        return found[0], max(found), min(found), found[-1]

    def _moved(self, end: float) -> float:
        return sum(premium for since, premium in self._shifts if since < end)
