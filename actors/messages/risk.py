"""What may be sent and why: the conversation about risk with Order, and what Account tells it for that.

Money is Decimal in the base currency of the account unless a name says otherwise. What is not known is None: who
decides by it fails closed.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from actors.messages.orders import PlaceOrder
from supervision.message import Ask, Delivery, Message


class RuleVerdict(Message, frozen=True):
    """What one rule said of one order. `rule` is the name of its setting, or of the check that has none.

    `value` is what the order has, `limit` what is accepted; both in words, with unit. `text` is the refusal, which
    names them; it is empty when the order passed.
    """

    rule: str
    value: str
    limit: str
    text: str = ""

    @property
    def passed(self) -> bool:
        """Whether the rule lets the order through."""
        return not self.text


class Decision(Message, frozen=True):
    """Whether an order may leave, by every rule, and the facts on which that was decided."""

    allowed: bool
    verdicts: tuple[RuleVerdict, ...]
    facts: dict[str, str]
    at: datetime


class ExplainOrder(Ask[Decision], frozen=True):
    """What would become of this order now, by the same rules as a real one; nothing is sent, kept or counted."""

    order: PlaceOrder


class Mark(Message, frozen=True):
    """What one position is worth: `value` in the contract's currency as the broker marks it, negative for a short
    position, None when it was not told.
    """

    con_id: int
    symbol: str
    sec_type: str
    currency: str
    quantity: Decimal
    value: Decimal | None


class RiskFigures(Message, frozen=True):
    """Topic `risk_figures`: what limits are measured against, of one account; told at attach and after changes.

    `rates` turns other currencies into the base one, by currency; the base currency itself is 1. `daily` is the
    day's profit and loss, realised and unrealised. `live` is False while there is no session, the gateway
    has lost the broker, or the first download since then has not ended: then the figures are those of before.
    """

    delivery = Delivery.CONFLATE

    account: str
    currency: str
    live: bool
    net_liquidation: Decimal | None
    available_funds: Decimal | None
    excess_liquidity: Decimal | None
    daily: Decimal | None
    rates: dict[str, Decimal]
    marks: tuple[Mark, ...]
    as_of: datetime | None

    def conflation_key(self) -> object:
        return self.account


class Unprotected(Message, frozen=True):
    """A position that should have a live exit and is not covered by one, in whole or in part."""

    account: str
    con_id: int
    symbol: str
    quantity: Decimal
    covered: Decimal
    since: datetime
    reason: str


class ProtectionChanged(Message, frozen=True):
    """Topic `risk`: which positions are without the exit they should have; empty when all is well."""

    items: tuple[Unprotected, ...]


class GetProtection(Ask[ProtectionChanged], frozen=True):
    """Which positions are without the exit they should have, as Order knows it now."""


class MarginWarning(Message, frozen=True):
    """Topic `risk`: an account's cushion, excess liquidity by net liquidation, fell below the limit, or is back."""

    account: str
    cushion: float
    limit: float
    low: bool


class LowMargins(Message, frozen=True):
    """The accounts whose cushion is below the limit; none when all is well."""

    items: tuple[MarginWarning, ...]


class GetLowMargins(Ask[LowMargins], frozen=True):
    """Which accounts come near a margin call, as their figures stand."""


class Sessions(Message, frozen=True):
    """When an exchange trades, by its calendar: opening and closing of each session, oldest first, in UTC.

    `known_from` and `known_until` are the dates between which a day that is not listed is a holiday.
    """

    calendar: str
    known_from: datetime
    known_until: datetime
    items: tuple[tuple[datetime, datetime], ...]


class GetSessions(Ask[Sessions], frozen=True):
    """The sessions of an exchange by IB's name for it, from a week ago on; rejected with kind `unknown` when no
    calendar is known for it.
    """

    exchange: str
