"""The portfolio in plain SQL: what cannot be converted is worth nothing that is known."""

from __future__ import annotations

from pathlib import Path

import msgspec

from actors.messages.account import Accounts, AccountValue, Positions
from actors.store.caches import Caches
from actors.store.database import Database
from tests.state.samples import ACCOUNT, HELD, NOON


def test_people_read_what_each_position_is_worth_in_the_base_currency_or_that_nobody_knows(tmp_path: Path) -> None:
    database = Database(tmp_path / "state.db")
    units = {"USD": "1.00", "EUR": "1.25", "CHF": "N/A", "GBP": "1.7976931348623157E308", "JPY": "0"}
    values = tuple(AccountValue("ExchangeRate", text, unit) for unit, text in units.items())
    held = [
        msgspec.structs.replace(HELD, con_id=number, symbol=unit, currency=unit, market_value=100.0)
        for number, unit in enumerate((*units, "SEK"))
    ]
    caches = Caches(database)
    with database.transaction():
        caches.store_accounts(Accounts((msgspec.structs.replace(ACCOUNT, values=values),)))
        caches.store_positions(Positions((*held, msgspec.structs.replace(HELD, account="DU9")), NOON, "broker"))
    shown = database.query("SELECT account, symbol, rate, base_value, base_currency FROM portfolio ORDER BY con_id")
    assert shown == [
        ("DU1", "USD", 1.0, 100.0, "USD"),
        ("DU1", "EUR", 1.25, 125.0, "USD"),
        *(("DU1", unit, None, None, "USD") for unit in ("CHF", "GBP", "JPY", "SEK")),
        ("DU9", "AAPL", None, None, None),
    ]
    database.close()
