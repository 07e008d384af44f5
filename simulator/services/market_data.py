"""All market data services of a gateway as one: their handlers, what they follow, and what ends them."""

from __future__ import annotations

from collections.abc import Callable

from simulator.market.line import Line
from simulator.market.market import Market
from simulator.market.universe import Instrument
from simulator.services.bars import BarService
from simulator.services.depth import DepthService
from simulator.services.entitlements import Entitlements
from simulator.services.history_ticks import HistoryTickService
from simulator.services.option_computations import OptionService
from simulator.services.quotes import QuoteService
from simulator.services.real_time_bars import RealTimeBarService
from simulator.services.reference import Handler
from simulator.services.subscriptions import MarketLines
from simulator.services.tick_by_tick import TickByTickService
from simulator.session import Session


class MarketData:
    """`entitlements` and `most_lines` may be changed at any time; streams follow at once, open lines stay."""

    def __init__(self, market: Market, later: Callable[[float, Callable[[], None]], object]) -> None:
        self._lines = MarketLines()
        self.entitlements = Entitlements(self._recheck)
        shared = market, self.entitlements, self._lines
        self._quotes = QuoteService(*shared)
        self._bars = BarService(market, self.entitlements, later)
        self._streams = (TickByTickService(*shared), DepthService(*shared), RealTimeBarService(*shared), self._bars)
        self.handlers: dict[int, Handler] = {
            **self._quotes.handlers,
            **OptionService(market).handlers,
            **HistoryTickService(market, self.entitlements).handlers,
        }
        for service in self._streams:
            self.handlers.update(service.handlers)

    @property
    def most_lines(self) -> int:
        """How many instruments may stream at once before code 101; other limits follow from it."""
        return self._lines.limit

    @most_lines.setter
    def most_lines(self, count: int) -> None:
        self._lines.limit = count

    def lines(self, session: Session) -> list[str]:
        """The symbols that a client watches, one for each of its quote lines."""
        return sorted(item.symbol for item in self.watched(session).values())

    def watched(self, session: Session) -> dict[int, Instrument]:
        """What a client watches, by request id."""
        return self._quotes.watched(session)

    def recall(self, session: Session) -> None:
        """A client was shown what is not the market: each of its quote lines is shown whole at its next change."""
        self._quotes.recall(session)

    def opened(self, session: Session) -> int:
        """How many quote lines a client has opened so far."""
        return self._quotes.opened(session)

    def instruments(self) -> dict[int, Instrument]:
        """What somebody follows, by contract id."""
        found = self._quotes.instruments()
        for service in self._streams:
            found.update(service.instruments())
        return found

    def publish(self, line: Line) -> None:
        """Send everybody what happened on a line in this step."""
        self._quotes.publish(line)
        for service in self._streams:
            service.publish(line)

    def forget(self, session: Session) -> None:
        """The session is over."""
        self.lose(session)
        self._quotes.forget(session)

    def lose(self, session: Session) -> None:
        """Every stream of a client ends without a word, as after 1101."""
        self._quotes.lose(session)
        for service in self._streams:
            service.lose(session)

    def _recheck(self) -> None:
        self._quotes.recheck()
        for service in self._streams:
            service.recheck()
