"""Values, positions and profit and loss of every account, from the broker's reports.

Which positions exist is told by position reports alone; portfolio and profit-and-loss reports only add
figures, and a market value counts only while it is that of the quantity held. A value belongs to (key,
currency): one key may stand in the base currency, in each currency held, and as BASE. `as_of` is when the
broker last confirmed, in the session of the last finished download; nothing expires here, the age tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Final

import msgspec

from actors.domain.money import money
from actors.messages.account import Accounts, AccountValue, AccountView, PnL, Position, Positions
from actors.messages.broker_account import AccountValueReport, PnLReport, PortfolioReport, PositionList, PositionReport

SOURCE: Final = "broker"
_BASE: Final = "BASE"
_SUMMARY: Final = ("NetLiquidation", "TotalCashValue", "AvailableFunds", "BuyingPower", "GrossPositionValue")

PositionKey = tuple[str, int]  # account, con id


@dataclass(slots=True)
class _Account:
    """`epoch` is that of the last finished download, 0 before the first; `pnl_epoch` that of the last word on `pnl`,
    `pnl_doubt` not 0 while it was asked for again and is not told yet.
    """

    name: str
    pnl: PnL
    pnl_epoch: int = 0
    pnl_doubt: int = 0
    values: dict[tuple[str, str], AccountValueReport] = field(default_factory=dict)
    epoch: int = 0
    as_of: datetime | None = None


@dataclass(frozen=True, slots=True)
class Standing:
    """What one session told of an account: values by key and currency, the day's profit and loss, and since when."""

    values: Mapping[tuple[str, str], str]
    daily: Decimal | None
    as_of: datetime | None


@dataclass(frozen=True, slots=True)
class Holding:
    """A position, and the last mark of it, which may be that of another quantity."""

    held: PositionReport
    mark: PortfolioReport | None


class Portfolio:
    """All accounts behind the login. What applies a report returns what it changed."""

    def __init__(self) -> None:
        self._accounts: dict[str, _Account] = {}
        self._held: dict[PositionKey, PositionReport] = {}
        self._marks: dict[PositionKey, PortfolioReport] = {}
        self._pnls: dict[PositionKey, PnLReport] = {}
        self._doubts = 0
        self._epoch = 0
        self._as_of: datetime | None = None

    # --- accounts -------------------------------------------------------------------------------

    def expect(self, accounts: tuple[str, ...]) -> None:
        """These accounts exist; they are incomplete until `confirm`."""
        for name in accounts:
            self._account(name)

    def confirm(self, account: str, epoch: int, now: datetime) -> None:
        """A download of this account has ended: what only sessions before it told is forgotten."""
        found = self._account(account)
        found.epoch, found.as_of = epoch, now
        found.values = {key: report for key, report in found.values.items() if report.epoch == epoch}
        if found.pnl_epoch != epoch:
            found.pnl = PnL(account, 0, None, None, None)
        self._marks = {key: one for key, one in self._marks.items() if key[0] != account or one.epoch == epoch}
        self._pnls = {key: one for key, one in self._pnls.items() if key[0] != account or one.epoch == epoch}

    def apply_value(self, report: AccountValueReport, now: datetime) -> None:
        """One account value."""
        account = self._account(report.account)
        account.values[report.key, report.currency] = report
        if report.epoch == account.epoch:
            account.as_of = now

    def apply_pnl(self, report: PnLReport) -> PnL | Position | None:
        """Profit and loss of an account, or of one position; returns the changed one."""
        if report.con_id:
            key = (report.account, report.con_id)
            before = self._position(key)
            self._pnls[key] = report
            return self._changed(key, before)
        account = self._account(report.account)
        pnl = PnL(report.account, 0, report.daily, report.unrealized, report.realized)
        account.pnl_epoch, account.pnl_doubt = report.epoch, 0
        if pnl == account.pnl:
            return None
        account.pnl = pnl
        return pnl

    def doubt_pnl(self, account: str) -> None:
        """Profit and loss of an account is asked for again: it must be told, or else is not known any more."""
        self._doubts += 1
        self._account(account).pnl_doubt = self._doubts

    def pnl_doubt(self, account: str) -> int:
        """Which doubt about the profit and loss of an account is open; 0: none."""
        return self._account(account).pnl_doubt

    def pnl_silent(self, account: str, doubt: int) -> PnL | None:
        """There was time enough to settle this doubt. If it is open still nothing is known any more: returns that."""
        found = self._account(account)
        if not doubt or found.pnl_doubt != doubt:
            return None
        found.pnl, found.pnl_doubt = PnL(account, 0, None, None, None), 0
        return found.pnl

    def unmarked(self, key: PositionKey) -> bool:
        """Whether a position is held of which the portfolio tells no value, or that of another quantity."""
        held, mark = self._held.get(key), self._marks.get(key)
        return held is not None and (mark is None or mark.quantity != held.quantity)

    def accounts(self) -> Accounts:
        """Every account as it is known now."""
        return Accounts(tuple(_view(account) for account in self._accounts.values()))

    def standing(self, account: str) -> Standing:
        """What was told of an account in the session of its last finished download, and since."""
        found = self._account(account)
        return Standing(
            values={place: report.value for place, report in found.values.items()},
            daily=found.pnl.daily,
            as_of=found.as_of,
        )

    def holdings(self, account: str) -> list[Holding]:
        """Every position of an account that is not flat, with what the broker's last mark says of it."""
        keys = sorted(key for key in self._held if key[0] == account)
        return [Holding(self._held[key], self._marks.get(key)) for key in keys]

    def _account(self, name: str) -> _Account:
        found = self._accounts.get(name)
        if found is None:
            found = self._accounts[name] = _Account(name, PnL(name, 0, None, None, None))
        return found

    # --- positions ------------------------------------------------------------------------------

    def replace_positions(self, listed: PositionList, epoch: int, now: datetime) -> list[Position]:
        """The broker's complete list. Returns what changed; what is no longer listed comes with quantity zero."""
        self._epoch, self._as_of = epoch, now
        final = {(report.account, report.contract.con_id): report for report in listed.items}
        gone = [
            msgspec.structs.replace(report, quantity=Decimal(0))
            for key, report in self._held.items()
            if key not in final
        ]
        changed = [self.apply_position(report, now) for report in (*final.values(), *gone)]
        return [position for position in changed if position is not None]

    def apply_position(self, report: PositionReport, now: datetime) -> Position | None:
        """One position. Returns it when it changed, with quantity zero when it was closed."""
        if report.epoch == self._epoch:
            self._as_of = now
        key = (report.account, report.contract.con_id)
        before = self._position(key)
        if report.quantity:
            self._held[key] = report
            return self._changed(key, before)
        self._held.pop(key, None)
        self._marks.pop(key, None)
        self._pnls.pop(key, None)
        return None if before is None else msgspec.structs.replace(before, quantity=Decimal(0))

    def apply_portfolio(self, report: PortfolioReport) -> Position | None:
        """Market figures of one position. Returns the position when they changed it."""
        key = (report.account, report.contract.con_id)
        before = self._position(key)
        self._marks[key] = report
        return self._changed(key, before)

    def positions(self) -> Positions | None:
        """Every position that is not flat; None before the first complete list."""
        if self._as_of is None:
            return None
        found = [self._position(key) for key in self._held]
        return Positions(tuple(position for position in found if position is not None), self._as_of, SOURCE)

    def held(self) -> set[PositionKey]:
        """Account and contract of every position that is not flat."""
        return set(self._held)

    def _changed(self, key: PositionKey, before: Position | None) -> Position | None:
        after = self._position(key)
        return None if after == before else after

    def _position(self, key: PositionKey) -> Position | None:
        report = self._held.get(key)
        if report is None:
            return None
        mark, pnl = self._marks.get(key), self._pnls.get(key)
        current = mark if mark is not None and mark.quantity == report.quantity else None
        return Position(
            account=report.account,
            symbol=report.contract.symbol,
            con_id=report.contract.con_id,
            sec_type=report.contract.sec_type,
            currency=report.contract.currency,
            quantity=report.quantity,
            average_cost=report.average_cost,
            market_price=None if mark is None else mark.market_price,
            market_value=None if current is None else current.market_value,
            unrealized=_known(None if pnl is None else pnl.unrealized, None if current is None else current.unrealized),
            realized=_known(None if pnl is None else pnl.realized, None if mark is None else mark.realized),
            daily=None if pnl is None else pnl.daily,
        )


def _known(fresh: Decimal | None, older: Decimal | None) -> Decimal | None:
    return older if fresh is None else fresh


def _view(account: _Account) -> AccountView:
    currency = _base_currency(account)
    net, cash, available, buying, gross = (_money(account, key, currency) for key in _SUMMARY)
    return AccountView(
        account=account.name,
        currency=currency,
        net_liquidation=net,
        cash=cash,
        available_funds=available,
        buying_power=buying,
        gross_position_value=gross,
        pnl=account.pnl,
        values=tuple(AccountValue(key, report.value, unit) for (key, unit), report in account.values.items()),
        complete=account.epoch > 0,
        as_of=account.as_of,
        source=SOURCE,
    )


def _base_currency(account: _Account) -> str:
    """The currency of the account's net liquidation value; empty until it was told."""
    return next((unit for key, unit in account.values if key == "NetLiquidation" and unit not in (_BASE, "")), "")


def _money(account: _Account, key: str, currency: str) -> Decimal | None:
    """An amount in the base currency, never that of another currency under the same key; None if not told."""
    report = account.values.get((key, currency)) or account.values.get((key, _BASE))
    return None if report is None else money(report.value)
