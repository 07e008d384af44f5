"""Contracts, quotes, ticks and bars: the conversation with MarketData.

Prices and market sizes are floats, None when the broker has not told (its sentinels never get this
far). Times are UTC, nanoseconds since the epoch for ticks. Every quote carries its age and state.
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from supervision.message import Ask, Delivery, Done, Message

QuoteState = Literal["live", "delayed", "stale", "gap", "waiting"]
WhatToShow = Literal["TRADES", "MIDPOINT", "BID", "ASK"]


class ComboLeg(Message, frozen=True):
    """One leg of a combo at the broker: `ratio` contracts for each combo, on this side when the combo is bought."""

    con_id: int
    ratio: int
    side: Literal["BUY", "SELL"]
    exchange: str = "SMART"


class Contract(Message, frozen=True):
    """A broker contract. With `con_id` 0 it is a question, not yet an answer.

    `legs` are those of a combo (`sec_type` BAG), which has no contract id of its own.
    """

    symbol: str
    sec_type: str = "STK"
    exchange: str = "SMART"
    currency: str = "USD"
    con_id: int = 0
    primary_exchange: str = ""
    last_trade_date: str = ""
    strike: float = 0.0
    right: str = ""
    multiplier: str = ""
    local_symbol: str = ""
    trading_class: str = ""
    legs: tuple[ComboLeg, ...] = ()


class Leg(Message, frozen=True):
    """One leg of a combo as a user names it."""

    contract: str | Contract
    side: Literal["BUY", "SELL"]
    ratio: int = 1


class Combo(Message, frozen=True):
    """A combo as a user names it: several legs bought and sold as one order at one net price."""

    legs: tuple[Leg, ...]


class ContractDetails(Message, frozen=True):
    """What the broker says about one contract."""

    contract: Contract
    long_name: str = ""
    min_tick: float = 0.01
    min_size: float = 1.0
    size_increment: float = 1.0
    order_types: str = ""
    valid_exchanges: str = ""
    market_rule_ids: str = ""
    time_zone: str = ""
    trading_hours: str = ""
    liquid_hours: str = ""


class ResolveContract(Ask[ContractDetails], frozen=True):
    """The one contract meant; rejected with the candidates when there is none or more than one.

    A combo, also in words, is answered with one contract of `sec_type` BAG with its legs.
    """

    contract: str | Contract | Combo


class Quote(Message, frozen=True):
    """Last known values of one line. `age` is seconds since the last tick, None before the first.

    `note` says in words why the state is no better, when there is more to say than the state itself.
    """

    delivery = Delivery.CONFLATE

    symbol: str
    con_id: int
    bid: float | None = None
    ask: float | None = None
    last: float | None = None
    bid_size: float | None = None
    ask_size: float | None = None
    last_size: float | None = None
    volume: float | None = None
    high: float | None = None
    low: float | None = None
    open: float | None = None
    close: float | None = None
    time_ns: int = 0
    age: float | None = None
    state: QuoteState = "waiting"
    note: str = ""

    def conflation_key(self) -> object:
        return self.con_id

    @property
    def mid(self) -> float | None:
        """Half way between bid and ask; None unless both are known."""
        return None if self.bid is None or self.ask is None else (self.bid + self.ask) / 2


class Ticks(Message, frozen=True):
    """Ticks of several lines in order of arrival, in columns, for a subscriber of ticks.

    `fields` are the broker's tick type numbers. A size tick stands in `sizes` and has price -1.
    """

    delivery = Delivery.SHED

    time_ns: int
    con_ids: list[int]
    fields: list[int]
    prices: list[float]
    sizes: list[float]


class Gap(Message, frozen=True):
    """Quotes of these contracts may have been missed since now; they are marked, not shown as live."""

    con_ids: tuple[int, ...]
    reason: str


class Resumed(Message, frozen=True):
    """Quotes of these contracts flow again after a gap."""

    con_ids: tuple[int, ...]


class Subscribed(Message, frozen=True):
    """The subscription stands; `quote` is what is known now."""

    details: ContractDetails
    quote: Quote


class Subscribe(Ask[Subscribed], frozen=True):
    """Send me quotes of this contract over this connection until I leave or unsubscribe."""

    contract: str | Contract
    ticks: bool = False


class Unsubscribe(Ask[Done], frozen=True):
    """Stop sending quotes of this contract over this connection."""

    contract: str | Contract


class Hold(Ask[Subscribed], frozen=True):
    """Keep this contract subscribed for the operator, also over restarts, until dropped."""

    contract: str | Contract


class Drop(Ask[Done], frozen=True):
    """End the operator's hold on this contract."""

    contract: str | Contract


class GetQuote(Ask[Quote], frozen=True):
    """The quote of a subscribed contract now; rejected when nobody holds a line for it."""

    contract: str | Contract


class Quotes(Message, frozen=True):
    """Every subscribed contract's quote."""

    items: tuple[Quote, ...]


class GetQuotes(Ask[Quotes], frozen=True):
    """The quotes of all lines."""


class KeepQuotes(Ask[Quotes], frozen=True):
    """The quotes of these contracts now, and their lines kept open as for GetReference; without those that have none.

    It opens no line and waits for nothing.
    """

    con_ids: tuple[int, ...]


class Reference(Message, frozen=True):
    """What a pre-trade check needs to know of a contract; `legs` is the same of each leg of a combo, in its order."""

    details: ContractDetails
    quote: Quote
    legs: tuple[Reference, ...] = ()


class GetReference(Ask[Reference], frozen=True):
    """Contract and quote; opens a line for a short while when nobody holds one, and waits for its first price.

    The quote of a combo is the net of its legs' quotes, which are told with it: it has no line of its own.
    """

    contract: str | Contract | Combo


class Bar(Message, frozen=True):
    """One bar; `time` is its start, UTC."""

    time: datetime
    open: float
    high: float
    low: float
    close: float
    volume: float
    wap: float
    count: int


class Bars(Message, frozen=True):
    """Historical bars, oldest first."""

    symbol: str
    bar: str
    what: str
    items: tuple[Bar, ...]


class GetBars(Ask[Bars], frozen=True):
    """Historical bars. `duration` and `bar` as the broker spells them: "1 D", "5 mins". `end` None is now."""

    contract: str | Contract
    duration: str = "1 D"
    bar: str = "5 mins"
    what: WhatToShow = "TRADES"
    end: datetime | None = None
    rth: bool = True


class MarketDataView(Message, frozen=True):
    """Counters for `status`."""

    lines: int
    max_lines: int
    subscribers: int
    ticks: int
    stale: int
    conflated: int


class GetMarketData(Ask[MarketDataView], frozen=True):
    """The counters of MarketData."""
