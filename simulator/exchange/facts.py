"""What conditions on an order are about: the market, the clock, the order's account and its trades."""

from __future__ import annotations

from decimal import Decimal

from simulator.exchange.accounts import Accounts
from simulator.exchange.fills import Fills
from simulator.exchange.orders import Order
from simulator.exchange.triggers import watched_prices
from simulator.exchange.venue import Venue
from simulator.market.market import Line, Market


class OrderFacts:
    """The facts as one order sees them."""

    def __init__(self, order: Order, market: Market, venue: Venue, accounts: Accounts, fills: Fills) -> None:
        self._order = order
        self._market = market
        self._venue = venue
        self._account = accounts[order.terms.account]
        self._fills = fills

    def now(self) -> float:
        """Calendar time."""
        return self._venue.now()

    def price(self, con_id: int, trigger_method: int) -> Decimal:
        """The price of a contract by a trigger method."""
        return watched_prices(self._line(con_id), trigger_method, self._order.sign)[0]

    def volume(self, con_id: int) -> int:
        """The day's volume."""
        return self._line(con_id).quote.volume

    def percent_change(self, con_id: int) -> Decimal:
        """Change since the close of the day before."""
        quote = self._line(con_id).quote
        return Decimal(100) * (quote.last - quote.close) / quote.close if quote.close else Decimal(0)

    def cushion_percent(self) -> Decimal:
        """Excess liquidity in per cent of net liquidation value."""
        figures = self._account.figures()
        net = figures["NetLiquidation"]
        return 100 * figures["ExcessLiquidity"] / net if net else Decimal(0)

    def traded(self, sec_type: str, exchange: str, symbol: str) -> bool:
        """Whether the account traded the symbol since the order was placed."""
        return any(
            fill.account == self._account.name
            and fill.time >= self._order.placed
            and (fill.instrument.sec_type, fill.instrument.symbol) == (sec_type, symbol)
            and exchange in {"", "*", "SMART", fill.exchange}
            for fill in self._fills.today
        )

    def _line(self, con_id: int) -> Line:
        item = self._market.universe.get(con_id)
        if item is None:
            raise ValueError(f"a condition names a contract that does not exist: {con_id}")
        return self._market.line(item)
