"""The base of embedded strategies: an actor of its own process, with callbacks instead of messages.

Callbacks run one after the other in the strategy's thread; a slow one delays this strategy alone. None
is called before the strategy's own orders and executions are known again, so `position` is true from the
first quote on, also after a restart. `buy`, `sell`, `cancel` and `desk` block for the answer: a refusal or
a lost answer that a callback does not catch is logged and the callback ends, the strategy lives on. Any
other exception ends the process, and the supervisor starts a new one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, ClassVar

import pydantic

from actors.desk import Desk
from actors.messages.account import AccountEvent
from actors.messages.broker import Snapshot
from actors.messages.market import Contract, Gap, Quote, Resumed, Subscribe, Subscribed, Ticks
from actors.messages.orders import (
    CancelOrder,
    Execution,
    Executions,
    Fill,
    GetExecutions,
    GetOrders,
    ModifyOrder,
    OrderEvent,
    Orders,
    OrderView,
    PlaceOrder,
    Side,
)
from actors.messages.session import LinkChanged, SessionDown, SessionUp
from actors.messages.system import CustomEvent
from supervision.actor import Actor, Context, Sender, handles
from supervision.errors import ConfigurationError, DeliveryError, Rejected, SupervisionError
from supervision.uplink import Uplink

ORDER_SECONDS = 5.0
RETRY_SECONDS = 0.5
SessionEvent = SessionUp | SessionDown | LinkChanged


class Strategy(Actor):
    """Subclass this. `Params` is the model that `params` of the configuration is checked against."""

    class Params(pydantic.BaseModel):
        """No parameters."""

        model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    params: Any
    topics: ClassVar[tuple[str, ...]] = ()
    """Custom topics whose events `on_event` gets."""

    def __init__(self, context: Context, *, params: Mapping[str, object] | None = None) -> None:
        super().__init__(context)
        self.name = context.name
        self.log = context.log
        self.quotes: dict[str, Quote] = {}
        self.orders: dict[str, OrderView] = {}
        self._raw_params = dict(params or {})
        self._executions: dict[str, Execution] = {}
        self._wanted: dict[str | Contract, bool] = {}
        self._symbols: dict[int, str] = {}
        self._known = False
        self._key_number = 0

    # --- callbacks -----------------------------------------------------------------------------

    def on_quote(self, quote: Quote) -> None:
        """A subscribed quote changed."""

    def on_tick(self, symbol: str, field: int, price: float, size: float, time_ns: int) -> None:
        """One tick of a symbol subscribed with `ticks=True`; `field` is the broker's tick type, price -1 for sizes."""

    def on_ticks(self, ticks: Ticks) -> None:
        """Ticks in columns, as they were read together; calls `on_tick` for each unless overridden."""
        for con_id, field, price, size in zip(ticks.con_ids, ticks.fields, ticks.prices, ticks.sizes, strict=True):
            self.on_tick(self._symbols.get(con_id, ""), field, price, size, ticks.time_ns)

    def on_order(self, event: OrderEvent) -> None:
        """One of this strategy's orders changed."""

    def on_fill(self, fill: Fill) -> None:
        """One of this strategy's orders was filled, in part or whole; `position` already counts it."""

    def on_account(self, event: AccountEvent) -> None:
        """Profit and loss or a position of the account changed."""

    def on_session(self, event: SessionEvent) -> None:
        """The link to the broker came up, went down, or changed."""

    def on_gap(self, event: Gap | Resumed) -> None:
        """Quotes may have been missed, or flow again."""

    def on_event(self, event: CustomEvent) -> None:
        """Someone published under one of `topics`."""

    def on_timer(self) -> None:
        """The timer set with `every` is due."""

    # --- what a strategy does --------------------------------------------------------------------

    def subscribe(self, contract: str | Contract, *, ticks: bool = False) -> None:
        """Want quotes of a contract, also after restarts of MarketData; an unknown symbol is logged as refused."""
        self._wanted[contract] = ticks
        if self._market.up:
            self._ask_for(contract)

    def buy(
        self,
        contract: str | Contract,
        quantity: Decimal | int,
        limit: float | None = None,
        stop: float | None = None,
        key: str = "",
        tif: str | None = None,
    ) -> OrderView:
        """Buy; returns once the order is durable and on its way. Raises Rejected or a DeliveryError."""
        return self._place("BUY", contract, quantity, limit, stop, key, tif)

    def sell(
        self,
        contract: str | Contract,
        quantity: Decimal | int,
        limit: float | None = None,
        stop: float | None = None,
        key: str = "",
        tif: str | None = None,
    ) -> OrderView:
        """Sell; as `buy`."""
        return self._place("SELL", contract, quantity, limit, stop, key, tif)

    def modify(self, key: str, **changes: Any) -> OrderView:
        """Change `quantity`, `limit` or `stop` of a working order."""
        return self._keep(self.desk.order.ask(ModifyOrder(key, **changes), timeout=ORDER_SECONDS))

    def cancel(self, key: str) -> OrderView:
        """Ask the broker to cancel."""
        return self._keep(self.desk.order.ask(CancelOrder(key), timeout=ORDER_SECONDS))

    def position(self, symbol: str) -> Decimal:
        """What this strategy's own executions add up to; negative is short."""
        return sum(
            (one.quantity if one.side == "BUY" else -one.quantity)
            for one in self._executions.values()
            if one.symbol == symbol
        ) or Decimal(0)

    def working(self, symbol: str) -> list[OrderView]:
        """Own orders of a symbol that may still fill."""
        return [order for order in self.orders.values() if order.symbol == symbol and order.working]

    def every(self, seconds: float) -> None:
        """Call `on_timer` every `seconds`."""

        def tick() -> None:
            self.every(seconds)
            if self._known:
                self._call(self.on_timer)

        self.reactor.after(seconds, tick)

    # --- framework -------------------------------------------------------------------------------

    def prepare(self) -> None:
        try:
            self.params = self.Params(**self._raw_params)
        except pydantic.ValidationError as error:
            first = error.errors()[0]
            where = ".".join(str(part) for part in first["loc"]) or "params"
            raise ConfigurationError(
                f"strategy {self.name}: params.{where} = {first['input']!r}: {first['msg']}"
            ) from error
        self.desk = Desk(self.context.run_dir, sender=self.name)
        self._market = self.link("market_data", topics=("market",), on_up=self._market_up)
        self._order = self.link("order", topics=("orders",), on_up=self._order_up)
        self.link("account", topics=("account",))
        self.link("connection", topics=("session",))
        if self.topics:
            self.link("state", topics=self.topics)

    def _place(
        self,
        side: Side,
        contract: str | Contract,
        quantity: Decimal | int,
        limit: float | None,
        stop: float | None,
        key: str,
        tif: str | None,
    ) -> OrderView:
        if not key:
            self._key_number += 1
            key = f"{self.name}-{time.time_ns() // 1000:x}-{self._key_number}"
        order = PlaceOrder(contract, side, quantity, limit=limit, stop=stop, key=key, tif=tif, strategy=self.name)
        return self._keep(self.desk.order.ask(order, timeout=ORDER_SECONDS))

    def _keep(self, order: OrderView) -> OrderView:
        known = self.orders.get(order.key)
        if known is None or known.updated <= order.updated:
            self.orders[order.key] = order
        return order

    def _market_up(self, _: Uplink, __: int) -> None:
        for contract in self._wanted:
            self._ask_for(contract)

    def _ask_for(self, contract: str | Contract) -> None:
        def subscribed(reply: Subscribed) -> None:
            self._symbols[reply.quote.con_id] = reply.quote.symbol
            self.quotes[reply.quote.symbol] = reply.quote

        def retry() -> None:
            if self._market.up:
                self._ask_for(contract)

        def failed(error: DeliveryError | Rejected) -> None:
            self.log.warning("subscription to %s failed, trying again: %s", contract, error)
            self.reactor.after(RETRY_SECONDS, retry)

        message = Subscribe(contract, self._wanted[contract])
        self._market.ask(message, timeout=ORDER_SECONDS, on_reply=subscribed, on_error=failed)

    def _order_up(self, link: Uplink, _: int) -> None:
        def retry() -> None:
            if link.up:
                self._order_up(link, link.incarnation)

        def failed(error: DeliveryError | Rejected) -> None:
            self.log.warning("own orders are not known yet, trying again: %s", error)
            self.reactor.after(RETRY_SECONDS, retry)

        def executions(reply: Executions) -> None:
            self._executions.update({one.exec_id: one for one in reply.items if one.strategy == self.name})
            self._known = True

        def orders(reply: Orders) -> None:
            self.orders.update({one.key: one for one in reply.items if one.strategy == self.name})
            link.ask(GetExecutions(), timeout=ORDER_SECONDS, on_reply=executions, on_error=failed)

        link.ask(GetOrders(all=True), timeout=ORDER_SECONDS, on_reply=orders, on_error=failed)

    def _call(self, callback: Callable[..., None], *args: object) -> None:
        try:
            callback(*args)
        except SupervisionError as error:
            self.log.warning("%s ended early: %s", getattr(callback, "__name__", "callback"), error)

    @handles(Quote)
    def _quote(self, quote: Quote, _: Sender) -> None:
        self.quotes[quote.symbol] = quote
        if self._known:
            self._call(self.on_quote, quote)

    @handles(Ticks)
    def _ticks(self, ticks: Ticks, _: Sender) -> None:
        if self._known:
            self._call(self.on_ticks, ticks)

    @handles(OrderEvent)
    def _order_event(self, event: OrderEvent, _: Sender) -> None:
        if event.order.strategy == self.name:
            self.orders[event.order.key] = event.order
            self._call(self.on_order, event)

    @handles(Fill)
    def _fill(self, fill: Fill, _: Sender) -> None:
        if fill.order.strategy == self.name:
            self._executions[fill.execution.exec_id] = fill.execution
            self.orders[fill.order.key] = fill.order
            self._call(self.on_fill, fill)

    @handles(AccountEvent)
    def _account_event(self, event: AccountEvent, _: Sender) -> None:
        self._call(self.on_account, event)

    @handles(SessionUp)
    def _session_up(self, event: SessionUp, _: Sender) -> None:
        self._call(self.on_session, event)

    @handles(SessionDown)
    def _session_down(self, event: SessionDown, _: Sender) -> None:
        self._call(self.on_session, event)

    @handles(LinkChanged)
    def _link_changed(self, event: LinkChanged, _: Sender) -> None:
        self._call(self.on_session, event)

    @handles(Snapshot)
    def _snapshot(self, _: Snapshot, __: Sender) -> None:
        """Where the session stands at attach; strategies ask when they want to know."""

    @handles(Gap)
    def _gap(self, event: Gap, _: Sender) -> None:
        self._call(self.on_gap, event)

    @handles(Resumed)
    def _resumed(self, event: Resumed, _: Sender) -> None:
        self._call(self.on_gap, event)

    @handles(CustomEvent)
    def _custom(self, event: CustomEvent, _: Sender) -> None:
        self._call(self.on_event, event)
