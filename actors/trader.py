"""An actor that trades: it knows its own orders and executions, also after a restart, and places new ones.

What it may count as its own carries its name. `known` becomes true when orders and executions have been
read from Order; from then on events keep them. What asks for or about orders (`buy`, `bracket`, `cancel` and
so on) blocks for the answer.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict, Unpack

import msgspec

from actors.desk import Desk
from actors.domain.bar_builder import BarBuilder
from actors.domain.own_positions import OwnPositions
from actors.messages.market import Combo, Contract, Quote, Subscribe, Subscribed
from actors.messages.orders import (
    CancelAll,
    CancelOrder,
    Executions,
    Fill,
    GetExecutions,
    GetOrders,
    ModifyOrder,
    OrderEvent,
    OrderPreview,
    Orders,
    OrderView,
    PlaceBracket,
    PlaceOneCancelsAll,
    PlaceOrder,
    PreviewOrder,
    Side,
)
from actors.messages.risk import Decision
from supervision import clock
from supervision.actor import Actor, Context
from supervision.errors import DeliveryError, Rejected
from supervision.uplink import Uplink

ORDER_SECONDS = 5.0
# Whoever waits in a callback for longer than supervision.hang_limit (10 s) is taken for hung, and killed.
CANCEL_ALL_SECONDS = 8.0  # many cancels wait their turn in Connection
PREVIEW_SECONDS = 8.0
RETRY_SECONDS = 0.5
UNKNOWN_SECONDS = 30.0
"""Until a contract that the broker does not know is asked for again: every question takes from the pacing of all."""


class MoreTerms(TypedDict, total=False):
    """What else an order may say, as in `PlaceOrder`: prices in the contract's unit, `good_till` with a time zone."""

    type: str
    trail: float
    trail_percent: float
    limit_offset: float
    good_till: datetime
    outside_rth: bool
    account: str
    what_if: bool


class Trader(Actor):
    """Base of Strategy: orders, executions, quotes and the asks behind them."""

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self.name = context.name
        self.log = context.log
        self.known = False
        self.quotes: dict[str, Quote] = {}
        self.orders: dict[str, OrderView] = {}
        self.symbols: dict[int, str] = {}
        """Symbols of the subscribed contracts, by contract id."""
        self._positions = OwnPositions()
        self._wanted: dict[str | Contract, bool] = {}
        self._bar_seconds: dict[str | Contract, float] = {}
        self.builders: dict[int, BarBuilder] = {}
        """What bars are built from, by contract id."""
        self._key_number = 0

    def prepare(self) -> None:
        self.desk = Desk(self.context.run_dir, sender=self.name)
        self._market = self.link("market_data", topics=("market",), on_up=self._market_up)
        self._order = self.link("order", topics=("orders",), on_up=self._order_up)

    # --- quotes ----------------------------------------------------------------------------------

    def subscribe(self, contract: str | Contract, *, ticks: bool = False, bars: float = 0.0) -> None:
        """Want quotes of a contract, also after restarts of MarketData. A refusal is logged and tried again.

        With `ticks` also every tick, with `bars` also bars of that many seconds, built from the ticks.
        """
        self._wanted[contract] = ticks or bars > 0
        if bars > 0:
            self._bar_seconds[contract] = bars
        if self._market.up:
            self._ask_for(contract)

    # --- orders ----------------------------------------------------------------------------------

    def buy(
        self,
        contract: str | Contract | Combo,
        quantity: Decimal | int,
        limit: float | None = None,
        stop: float | None = None,
        key: str = "",
        tif: str | None = None,
        **more: Unpack[MoreTerms],
    ) -> OrderView:
        """Buy; returns once the order is durable and on its way. Raises Rejected or a DeliveryError."""
        return self._place("BUY", contract, quantity, limit=limit, stop=stop, key=key, tif=tif, **more)

    def sell(
        self,
        contract: str | Contract | Combo,
        quantity: Decimal | int,
        limit: float | None = None,
        stop: float | None = None,
        key: str = "",
        tif: str | None = None,
        **more: Unpack[MoreTerms],
    ) -> OrderView:
        """Sell; as `buy`."""
        return self._place("SELL", contract, quantity, limit=limit, stop=stop, key=key, tif=tif, **more)

    def modify(self, key: str, **changes: Any) -> OrderView:
        """Change `quantity` or prices of a working order: see `ModifyOrder`."""
        return self._keep(self.desk.order.ask(ModifyOrder(key, **changes), timeout=ORDER_SECONDS))

    def cancel(self, key: str) -> OrderView:
        """Ask the broker to cancel."""
        return self._keep(self.desk.order.ask(CancelOrder(key), timeout=ORDER_SECONDS))

    def bracket(
        self,
        side: Side,
        contract: str | Contract | Combo,
        quantity: Decimal | int,
        limit: float | None = None,
        *,
        take_profit: float | None = None,
        stop_loss: float | None = None,
        stop_limit: float | None = None,
        trail: float | None = None,
        trail_percent: float | None = None,
        tif: str | None = None,
        exit_tif: str | None = None,
        key: str = "",
        account: str = "",
    ) -> tuple[OrderView, ...]:
        """Enter with exits that wait for the entry, all or nothing; returns the entry, then the exits."""
        key = key or self._new_key()
        entry = PlaceOrder(contract, side, quantity, limit=limit, tif=tif, key=key, account=account, strategy=self.name)
        asked = PlaceBracket(entry, take_profit, stop_loss, stop_limit, trail, trail_percent, exit_tif)
        return self._keep_all(self.desk.order.ask(asked, timeout=ORDER_SECONDS))

    def one_cancels_all(self, *orders: PlaceOrder, key: str = "") -> tuple[OrderView, ...]:
        """Place orders of which the first fill cancels the others, all or nothing; they become this actor's own."""
        own = tuple(msgspec.structs.replace(order, strategy=self.name) for order in orders)
        group = PlaceOneCancelsAll(own, key or self._new_key())
        return self._keep_all(self.desk.order.ask(group, timeout=ORDER_SECONDS))

    def cancel_all(self) -> tuple[OrderView, ...]:
        """Ask the broker to cancel every working order of this actor; returns those asked for."""
        return self._keep_all(self.desk.order.ask(CancelAll(self.name), timeout=CANCEL_ALL_SECONDS))

    def preview(self, order: PlaceOrder) -> OrderPreview:
        """What an order would do to margin, and cost; it is not placed. The broker answers about one a minute."""
        return self.desk.order.ask(PreviewOrder(order), timeout=PREVIEW_SECONDS)

    def why(self, order: PlaceOrder) -> Decision:
        """Whether an order of this actor would leave now, by every rule; nothing is sent, kept or counted."""
        return self.desk.why(msgspec.structs.replace(order, strategy=self.name))

    def position(self, contract: str | Contract | Combo) -> Decimal:
        """What this actor's own executions add up to; negative is short.

        A symbol means its shares, futures or currency; an option is asked for by its resolved contract, and so is a
        combo, of which as many are held as its legs make up. Rejected when it is not resolved.
        """
        return self._positions.of(contract)

    def working(self, symbol: str) -> list[OrderView]:
        """Own orders of a symbol that may still fill."""
        return [order for order in self.orders.values() if order.symbol == symbol and order.working]

    def note_order(self, event: OrderEvent) -> bool:
        """Keep an order event; False when the order is somebody else's."""
        if event.order.strategy != self.name:
            return False
        self.orders[event.order.key] = event.order
        return True

    def note_fill(self, fill: Fill) -> None:
        """Keep an execution, and pass it to `filled` when it is ours and new."""
        if fill.order.strategy != self.name:
            return
        self.orders[fill.order.key] = fill.order
        if self._positions.count(fill.execution):
            self.filled(fill)

    def filled(self, fill: Fill) -> None:
        """An own execution came to be known; also one that happened while Order was away.

        A combo's come as the whole (`sec_type` BAG) and leg by leg.
        """

    def _place(self, side: Side, contract: str | Contract | Combo, quantity: Decimal | int, **terms: Any) -> OrderView:
        terms["key"] = terms["key"] or self._new_key()
        order = PlaceOrder(contract, side, quantity, strategy=self.name, **terms)
        return self._keep(self.desk.order.ask(order, timeout=ORDER_SECONDS))

    def _new_key(self) -> str:
        self._key_number += 1
        return f"{self.name}-{clock.now_ns() // 1000:x}-{self._key_number}"

    def _keep_all(self, orders: Orders) -> tuple[OrderView, ...]:
        return tuple(map(self._keep, orders.items))

    def _keep(self, order: OrderView) -> OrderView:
        self.orders[order.key] = order  # newer than any event handled so far: those were sent before the ask
        return order

    # --- links -----------------------------------------------------------------------------------

    def _market_up(self, _: Uplink, __: int) -> None:
        for contract in self._wanted:
            self._ask_for(contract)

    def _ask_for(self, contract: str | Contract, complaint: str = "") -> None:
        """Subscribe; what cannot be yet is tried again, and logged when it fails for another reason than before."""

        def subscribed(reply: Subscribed) -> None:
            self.symbols[reply.quote.con_id] = reply.quote.symbol
            self.quotes[reply.quote.symbol] = reply.quote
            if contract in self._bar_seconds and reply.quote.con_id not in self.builders:
                self.builders[reply.quote.con_id] = BarBuilder(self._bar_seconds[contract])

        def failed(error: DeliveryError | Rejected) -> None:
            if str(error) != complaint:
                self.log.warning("no quotes of %s yet: %s", contract, error)
            unknown = isinstance(error, Rejected) and error.kind == "contract"
            again = UNKNOWN_SECONDS if unknown else RETRY_SECONDS
            self._again(self._market, lambda: self._ask_for(contract, str(error)), again)

        message = Subscribe(contract, self._wanted[contract])
        self._market.ask(message, timeout=ORDER_SECONDS, on_reply=subscribed, on_error=failed)

    def _order_up(self, link: Uplink, _: int) -> None:
        def failed(error: DeliveryError | Rejected) -> None:
            self.log.warning("own orders are not known yet: %s", error)
            self._again(link, lambda: self._order_up(link, link.incarnation))

        def executions(reply: Executions) -> None:
            for one in reply.items:
                new = self._positions.count(one)
                if new and self.known and one.key in self.orders:
                    self.filled(Fill(one, self.orders[one.key]))
            self.known = True

        def orders(reply: Orders) -> None:
            self.orders.update({one.key: one for one in reply.items if one.strategy == self.name})
            link.ask(GetExecutions(self.name), timeout=ORDER_SECONDS, on_reply=executions, on_error=failed)

        link.ask(GetOrders(all=True), timeout=ORDER_SECONDS, on_reply=orders, on_error=failed)

    def _again(self, link: Uplink, retry: Callable[[], None], seconds: float = RETRY_SECONDS) -> None:
        """Retry in a moment; if the link is down by then, its coming up retries anyway."""

        def due() -> None:
            if link.up:
                retry()

        self.reactor.after(seconds, due)
