"""What Connection is asked and delivers about accounts, on topic "account_reports"; the rules are those of `broker`."""

from __future__ import annotations

from decimal import Decimal

from actors.messages.market import Contract
from supervision.message import Ask, Delivery, Done, Message


class PositionReport(Message, frozen=True):
    """position: one holding; quantity zero when it was closed."""

    epoch: int
    account: str
    contract: Contract
    quantity: Decimal
    average_cost: float | None

    def identity(self) -> str:
        return f"{self.account} {self.contract.con_id}"


class PositionList(Message, frozen=True):
    """Every position, complete."""

    items: tuple[PositionReport, ...]


class FetchPositions(Ask[PositionList], frozen=True):
    """All positions; later changes follow as PositionReport."""


class AccountValueReport(Message, frozen=True):
    """updateAccountValue or an account summary row."""

    epoch: int
    account: str
    key: str
    value: str
    currency: str


class PortfolioReport(Message, frozen=True):
    """updatePortfolio."""

    epoch: int
    account: str
    contract: Contract
    quantity: Decimal
    market_price: float | None
    market_value: float | None
    average_cost: float | None
    unrealized: Decimal | None
    realized: Decimal | None

    def identity(self) -> str:
        return f"{self.account} {self.contract.con_id}"


AccountReport = PositionReport | AccountValueReport | PortfolioReport
"""What a download of an account consists of."""


class PnLReport(Message, frozen=True):
    """pnl, or pnlSingle when `con_id` is set."""

    delivery = Delivery.CONFLATE

    epoch: int
    account: str
    con_id: int
    daily: Decimal | None
    unrealized: Decimal | None
    realized: Decimal | None

    def conflation_key(self) -> object:
        return (self.account, self.con_id)


class StreamAccount(Ask[Done], frozen=True):
    """Values and portfolio of one account, in the place of whichever streamed before; done at the first end marker.

    With it come the summary of all accounts, and the profit and loss of this one, which go on when another streams.
    """

    epoch: int
    account: str


class StreamPositionPnL(Ask[Done], frozen=True):
    """Profit and loss of one position."""

    epoch: int
    account: str
    con_id: int
