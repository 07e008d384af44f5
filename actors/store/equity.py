"""What accounts were worth and held over time, in state.db: a row an account, its balances and its holdings.

Only accounts whose download was complete are stored, and nothing is deleted. The caller opens the transaction.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from actors.domain.balances import amount, balances
from actors.domain.money import money
from actors.messages.account import AccountView, PortfolioView, Position
from actors.messages.state import EquityHistory, EquityRow
from actors.store.database import Database, Row

_COLUMNS = (
    "account, at, cause, trading_day, as_of, currency, net_liquidation, cash, available_funds, excess_liquidity, "
    "gross_position_value, daily, unrealized, realized"
)


class EquityStore:
    """The snapshot tables of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_day(self) -> date | None:
        """The trading day of the last snapshot, when its end was not stored; None when it was, or there is none."""
        rows = self._database.query("SELECT trading_day, cause FROM equity_snapshots ORDER BY snapshot DESC LIMIT 1")
        return date.fromisoformat(rows[0][0]) if rows and rows[0][1] != "day_end" else None

    def save(self, told: PortfolioView, accounts: frozenset[str] | None, cause: str, day: date, at: datetime) -> None:
        """Store what was told of these accounts, None: of all, as of a moment of a trading day."""
        held = told.positions.items if told.positions is not None else ()
        for view in told.accounts.items:
            if view.as_of is not None and view.complete and (accounts is None or view.account in accounts):
                self._save(view, [one for one in held if one.account == view.account], (at, cause, day, view.as_of))

    def history(self, days: int) -> EquityHistory:
        """The last snapshot of each account on each of the last trading days that have any."""
        rows = self._database.query(
            f"SELECT {_COLUMNS} FROM equity_snapshots WHERE snapshot IN "
            "(SELECT max(snapshot) FROM equity_snapshots GROUP BY account, trading_day) AND trading_day IN "
            "(SELECT DISTINCT trading_day FROM equity_snapshots ORDER BY trading_day DESC LIMIT ?) "
            "ORDER BY trading_day, account",
            (days,),
        )
        return EquityHistory(tuple(map(_row, rows)))

    def _save(self, view: AccountView, held: list[Position], when: tuple[datetime, str, date, datetime]) -> None:
        at, cause, day, as_of = when
        amounts = (
            view.net_liquidation,
            view.cash,
            view.available_funds,
            amount(view, "ExcessLiquidity"),
            view.gross_position_value,
            view.pnl.daily,
            view.pnl.unrealized,
            view.pnl.realized,
        )
        moment = (view.account, at.isoformat(), cause, day.isoformat(), as_of.isoformat(), view.currency)
        snapshot = self._database.execute(
            f"INSERT INTO equity_snapshots ({_COLUMNS}) VALUES ({', '.join('?' * 14)})", (*moment, *map(_text, amounts))
        )
        self._database.execute_many(
            "INSERT INTO balance_snapshots VALUES (?, ?, ?, ?, ?)",
            (
                (snapshot, one.currency, _text(one.cash), _text(one.net_liquidation), _text(one.rate))
                for one in balances(view)
            ),
        )
        self._database.execute_many(
            f"INSERT INTO holding_snapshots VALUES ({', '.join('?' * 12)})", (_holding(snapshot, one) for one in held)
        )


def _holding(snapshot: int, position: Position) -> tuple[Any, ...]:
    value = None if position.market_value is None else money(position.market_value)
    return (
        snapshot,
        position.con_id,
        position.symbol,
        position.sec_type,
        position.currency,
        str(position.quantity),
        position.average_cost,
        position.market_price,
        _text(value),
        _text(position.unrealized),
        _text(position.realized),
        _text(position.daily),
    )


def _row(row: Row) -> EquityRow:
    account, at, cause, day, as_of, currency, *amounts = row
    return EquityRow(
        account,
        datetime.fromisoformat(at),
        cause,
        date.fromisoformat(day),
        datetime.fromisoformat(as_of),
        currency,
        *(None if text is None else Decimal(text) for text in amounts),
    )


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)
