"""Account values, positions and profit and loss: the conversation with Account. Money is Decimal."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from supervision.message import Ask, Delivery, Message


class AccountValue(Message, frozen=True):
    """One value as the broker names it, for example NetLiquidation."""

    key: str
    value: str
    currency: str


class PnL(Message, frozen=True):
    """Profit and loss of an account, or of one position when `con_id` is set; None when not yet told."""

    delivery = Delivery.CONFLATE

    account: str
    con_id: int
    daily: Decimal | None
    unrealized: Decimal | None
    realized: Decimal | None

    def conflation_key(self) -> object:
        return (self.account, self.con_id)


class Position(Message, frozen=True):
    """What an account holds of one contract; negative is short. Market figures None until told."""

    account: str
    symbol: str
    con_id: int
    sec_type: str
    currency: str
    quantity: Decimal
    average_cost: float | None
    market_price: float | None = None
    market_value: float | None = None
    unrealized: Decimal | None = None
    realized: Decimal | None = None
    daily: Decimal | None = None


class Positions(Message, frozen=True):
    """All positions that are not flat. `as_of` is when the broker last confirmed them; `source` is
    `broker` or `cache`.
    """

    items: tuple[Position, ...]
    as_of: datetime | None
    source: str


class GetPositions(Ask[Positions], frozen=True):
    """The positions now."""


class AccountView(Message, frozen=True):
    """One account's summary. `source` is `broker` or `cache`; `complete` once the first download ended."""

    account: str
    currency: str
    net_liquidation: Decimal | None
    cash: Decimal | None
    available_funds: Decimal | None
    buying_power: Decimal | None
    gross_position_value: Decimal | None
    pnl: PnL
    values: tuple[AccountValue, ...]
    complete: bool
    as_of: datetime | None
    source: str


class Accounts(Message, frozen=True):
    """Every account behind the login."""

    items: tuple[AccountView, ...]


class GetAccounts(Ask[Accounts], frozen=True):
    """Summary, values and profit and loss of every account."""


class PortfolioView(Message, frozen=True):
    """All accounts and positions as they were known at one moment; `positions` None before the first list."""

    accounts: Accounts
    positions: Positions | None


class GetPortfolio(Ask[PortfolioView], frozen=True):
    """Accounts and positions of one moment."""


class AccountEvent(Message, frozen=True):
    """Topic `account`: profit and loss or a position changed."""

    delivery = Delivery.SHED

    account: str
    pnl: PnL | None = None
    position: Position | None = None
