"""What Account and MarketData knew last, in state.db, served when they or the broker are away.

Only what the broker confirmed is stored: an account whose download is not complete, or positions that
it has not told yet, never replace what was known before. Everything read back says `cache` and since when.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

import msgspec

from actors.messages.account import Accounts, AccountValue, AccountView, PnL, Position, Positions
from actors.messages.market import ContractDetails
from actors.messages.state import Memory
from actors.store.database import Database, Row

_details = msgspec.json.Decoder(ContractDetails)


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _decimal(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


class Caches:
    """The cache tables of one database. The caller opens the transaction for what writes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def store_positions(self, positions: Positions) -> None:
        """Replace the cached positions by confirmed ones; anything else changes nothing."""
        if positions.as_of is None:
            return
        self._database.execute("DELETE FROM cached_positions")
        self._database.execute_many(
            f"INSERT INTO cached_positions VALUES ({', '.join('?' * 12)})", map(_position_row, positions.items)
        )
        self._database.execute(
            "INSERT OR REPLACE INTO cache_times VALUES ('positions', ?)", (positions.as_of.isoformat(),)
        )

    def positions(self) -> Positions | None:
        """The positions last confirmed; None when none ever were."""
        times = self._database.query("SELECT as_of FROM cache_times WHERE cache = 'positions'")
        if not times:
            return None
        rows = self._database.query("SELECT * FROM cached_positions ORDER BY account, symbol, con_id")
        return Positions(tuple(map(_position, rows)), datetime.fromisoformat(times[0][0]), "cache")

    def store_accounts(self, accounts: Accounts) -> None:
        """Replace the cached values of every account that is complete."""
        for view in accounts.items:
            if view.complete and view.as_of is not None:
                self._store_account(view, view.as_of)

    def accounts(self) -> Accounts | None:
        """The account values last confirmed, each account with its own age; None when none ever were."""
        rows = self._database.query("SELECT * FROM cached_accounts ORDER BY account")
        return Accounts(tuple(map(self._account, rows))) if rows else None

    def store_contracts(self, contracts: Iterable[ContractDetails], now: datetime) -> None:
        """Remember contract details, new or changed."""
        self._database.execute_many(
            "INSERT OR REPLACE INTO contracts VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                (
                    one.contract.con_id,
                    one.contract.symbol,
                    one.contract.sec_type,
                    one.contract.currency,
                    one.contract.primary_exchange,
                    msgspec.json.encode(one).decode(),
                    now.isoformat(),
                )
                for one in contracts
            ),
        )

    def store_hold(self, details: ContractDetails, held: bool, now: datetime) -> None:
        """Remember, or forget, that the operator holds a contract."""
        con_id, symbol = details.contract.con_id, details.contract.symbol
        if held:
            self._database.execute(
                "INSERT OR REPLACE INTO holds VALUES (?, ?, ?, ?)",
                (con_id, symbol, msgspec.json.encode(details).decode(), now.isoformat()),
            )
        else:
            self._database.execute("DELETE FROM holds WHERE con_id = ?", (con_id,))

    def memory(self) -> Memory:
        """Every contract known, and those the operator holds."""
        contracts = self._database.query("SELECT details FROM contracts ORDER BY con_id")
        holds = self._database.query("SELECT details FROM holds ORDER BY since, con_id")
        return Memory(
            contracts=tuple(_details.decode(text) for (text,) in contracts),
            held=tuple(_details.decode(text) for (text,) in holds),
        )

    def _store_account(self, view: AccountView, as_of: datetime) -> None:
        self._database.execute("DELETE FROM cached_accounts WHERE account = ?", (view.account,))
        self._database.execute(
            f"INSERT INTO cached_accounts VALUES ({', '.join('?' * 11)})",
            (
                view.account,
                view.currency,
                _text(view.net_liquidation),
                _text(view.cash),
                _text(view.available_funds),
                _text(view.buying_power),
                _text(view.gross_position_value),
                _text(view.pnl.daily),
                _text(view.pnl.unrealized),
                _text(view.pnl.realized),
                as_of.isoformat(),
            ),
        )
        self._database.execute_many(
            "INSERT OR REPLACE INTO cached_account_values VALUES (?, ?, ?, ?)",
            ((view.account, one.key, one.currency, one.value) for one in view.values),
        )

    def _account(self, row: Row) -> AccountView:
        account, currency, *amounts, as_of = row
        net, cash, available, buying, gross, daily, unrealized, realized = map(_decimal, amounts)
        values = self._database.query(
            "SELECT key, value, currency FROM cached_account_values WHERE account = ? ORDER BY key, currency",
            (account,),
        )
        return AccountView(
            account=account,
            currency=currency,
            net_liquidation=net,
            cash=cash,
            available_funds=available,
            buying_power=buying,
            gross_position_value=gross,
            pnl=PnL(account, 0, daily, unrealized, realized),
            values=tuple(AccountValue(*value) for value in values),
            complete=True,
            as_of=datetime.fromisoformat(as_of),
            source="cache",
        )


def _position_row(position: Position) -> tuple[Any, ...]:
    return (
        position.account,
        position.con_id,
        position.symbol,
        position.sec_type,
        position.currency,
        str(position.quantity),
        position.average_cost,
        position.market_price,
        position.market_value,
        _text(position.unrealized),
        _text(position.realized),
        _text(position.daily),
    )


def _position(row: Row) -> Position:
    account, con_id, symbol, sec_type, currency, quantity, cost, price, value, *profits = row
    return Position(
        account, symbol, con_id, sec_type, currency, Decimal(quantity), cost, price, value, *map(_decimal, profits)
    )
