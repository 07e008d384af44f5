"""A trading day in the simulator: what is stored at its end, what Account says and what the ledger has are one."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from queue import Queue

import pytest

from actors.domain.balances import balances
from actors.messages.account import AccountView, GetPortfolio, PortfolioView
from actors.messages.orders import GetExecutions, GetOrder, PlaceOrder
from actors.messages.risk import MarginWarning
from supervision import clock
from supervision.message import Message
from tests.support.whole import Whole, whole

DAY = date(2026, 11, 19)  # a Thursday
TEN = datetime(2026, 11, 19, 15, 0, tzinfo=UTC)  # 10:00 in New York
END = TEN + timedelta(hours=7)
CENT = Decimal("0.01")
CASH = Decimal(1_000_000)
TRADES = (
    (timedelta(0), "DU1", "BUY", 50, "AAPL"),
    (timedelta(minutes=1), "DU2", "SELL", 20, "MSFT"),
    (timedelta(hours=2), "DU1", "BUY", 20_000, "EUR.USD"),
    (timedelta(hours=3), "DU2", "BUY", 5_000, "GBP.USD"),
    (timedelta(hours=4), "DU1", "SELL", 20, "AAPL"),
    (timedelta(hours=5), "DU2", "BUY", 20, "MSFT"),
    (timedelta(hours=5, minutes=30), "DU1", "SELL", 7, "SPY"),
)


class Day:
    """A service and its gateway on one calendar, which is set by hand and goes on from there."""

    def __init__(self, service: Whole, shift: Path) -> None:
        self.service = service
        self._shift = shift

    def set(self, instant: datetime) -> None:
        """It is this time, for us and for the gateway."""
        clock.set_shift(self._shift, calendar=(instant - datetime.now(UTC)).total_seconds())
        self.service.market(f"clock set {instant:%Y-%m-%d %H:%M:%S} UTC")

    def trade(self, key: str, account: str, side: str, quantity: int, symbol: str) -> None:
        """A market order, to its fill."""
        order = PlaceOrder(symbol, side, Decimal(quantity), account=account, key=key)  # type: ignore[arg-type]
        self.service.desk.order.ask(order, timeout=10.0)
        self.service.until(
            f"{key} is filled", lambda: self.service.desk.order.ask(GetOrder(key)).status == "FILLED", limit=20.0
        )

    def stored(self, sql: str, *values: object) -> list[tuple]:
        """Rows of state.db."""
        with closing(sqlite3.connect(self.service.directory / "state.db")) as database:
            return database.execute(sql, values).fetchall()


@pytest.fixture
def shift(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "clock"
    monkeypatch.setenv(clock.VARIABLE, str(path))
    clock.set_shift(path, calendar=(TEN - datetime.now(UTC)).total_seconds())
    return path


def test_after_a_trading_day_stored_equity_account_values_and_ledger_agree_to_the_cent(shift: Path) -> None:
    settings = {
        "strategies": [],
        "simulator.account": "DU1,DU2",
        "simulator.hours": "exchange",
        "risk.max_order_quantity": 50_000,
    }
    with whole(settings) as service:
        day = Day(service, shift)
        day.set(TEN)
        service.wait_open()
        for number, (later, *trade) in enumerate(TRADES):
            day.set(TEN + later)
            day.trade(f"trade-{number}", *trade)  # type: ignore[arg-type]
        service.market("freeze on")
        service.market("restart for 100ms")  # a new session: every value is told anew, of a market that stands still
        service.wait_open()
        day.set(END - timedelta(seconds=2))
        service.until("the end of the day is stored", lambda: len(ends(day)) == 2, limit=20.0)
        told = service.desk.account.ask(GetPortfolio())
        assert len(service.desk.order.ask(GetExecutions()).items) >= len(TRADES)
        for view in told.accounts.items:
            ledger_agrees(service, view, told)
            storage_agrees(day, view, told)


def ends(day: Day) -> list[tuple]:
    return day.stored("SELECT * FROM equity_snapshots WHERE cause = 'day_end' AND trading_day = ?", DAY.isoformat())


def ledger_agrees(service: Whole, view: AccountView, told: PortfolioView) -> None:
    """Every execution of the day, added up, is what the account's values say."""
    cash = {"USD": CASH}
    for con_id, symbol, side, quantity, price, fee, currency in service.ledger(
        "select con_id, symbol, side, quantity, price, commission, currency from fills where account = ?", view.account
    ):
        signed = Decimal(quantity) * (1 if side in ("BUY", "BOT") else -1)
        pair = {12087792: ("EUR", "USD"), 12087797: ("GBP", "USD")}.get(con_id)
        unit = pair[1] if pair else currency
        cash[unit] = cash.get(unit, Decimal(0)) - (signed * Decimal(price)).quantize(CENT)
        cash[currency] = cash.get(currency, Decimal(0)) - Decimal(fee).quantize(CENT)
        if pair:
            assert symbol == pair[0]
            cash[pair[0]] = cash.get(pair[0], Decimal(0)) + signed
    assert {one.currency: one.cash for one in balances(view)} == cash
    rates = {one.currency: one.rate for one in balances(view)}
    held = {one.con_id: one for one in told.positions.items if one.account == view.account}  # type: ignore[union-attr]
    rows = service.ledger("select con_id, quantity from positions where account = ?", view.account)
    assert {con_id: Decimal(text) for con_id, text in rows if Decimal(text)} == {
        con_id: one.quantity for con_id, one in held.items()
    }
    worth = sum((amount * rates[unit] for unit, amount in cash.items()), Decimal(0))  # type: ignore[operator]
    for one in held.values():
        assert one.market_price is not None
        assert one.market_value is not None
        value = (one.quantity * Decimal(repr(one.market_price))).quantize(CENT)
        assert value == Decimal(repr(one.market_value)).quantize(CENT)
        if one.sec_type != "CASH":
            worth += value * rates[one.currency]  # type: ignore[operator]
    assert view.net_liquidation == worth.quantize(CENT)
    assert view.pnl.daily == view.net_liquidation - CASH, "everything was bought today"


def storage_agrees(day: Day, view: AccountView, told: PortfolioView) -> None:
    """What was written down at the end of the day is what the account says."""
    (row,) = day.stored(
        "SELECT snapshot, currency, net_liquidation, cash, daily, unrealized, realized FROM equity_snapshots "
        "WHERE cause = 'day_end' AND account = ?",
        view.account,
    )
    snapshot, currency, *amounts = row
    assert currency == "USD"
    pnl = view.pnl
    said = (view.net_liquidation, view.cash, pnl.daily, pnl.unrealized, pnl.realized)
    assert [Decimal(text) for text in amounts] == list(said)
    kept = day.stored("SELECT currency, cash, rate FROM balance_snapshots WHERE snapshot = ?", snapshot)
    assert {unit: (Decimal(cash), Decimal(rate)) for unit, cash, rate in kept} == {
        one.currency: (one.cash, one.rate) for one in balances(view)
    }
    holdings = day.stored(
        "SELECT con_id, quantity, market_value, unrealized, realized, daily FROM holding_snapshots WHERE snapshot = ?",
        snapshot,
    )
    assert {con_id: tuple(map(Decimal, amounts)) for con_id, *amounts in holdings} == {
        one.con_id: (one.quantity, Decimal(repr(one.market_value)), one.unrealized, one.realized, one.daily)
        for one in told.positions.items  # type: ignore[union-attr]
        if one.account == view.account
    }
    assert len(holdings) == {"DU1": 3, "DU2": 1}[view.account]


def test_an_account_whose_margin_runs_out_is_warned_of_and_so_is_its_recovery() -> None:
    with whole({"strategies": [], "simulator.cash": 10_000}) as service:
        service.wait_open()
        heard: Queue[Message] = Queue()
        end = service.desk.listen(("risk",), heard.put)
        service.market("freeze on")
        service.market("price AAPL 100")
        service.market("manual BUY 200 AAPL limit 101")
        warned: list[MarginWarning] = []

        def told(wanted: int) -> bool:
            while heard.qsize():
                event = heard.get()
                warned.extend([event] if isinstance(event, MarginWarning) else [])
            return len(warned) == wanted

        service.until("the position is there", lambda: service.our_positions() == {"AAPL": Decimal(200)})
        service.market("price AAPL 62")  # 2,480 of margin for shares of 12,400 stand on 2,400 of equity
        service.market("manual SELL 1 AAPL")  # a fill has the broker tell values at once
        service.until("the warning is told", lambda: told(1))
        service.market("price AAPL 100")
        service.market("manual SELL 1 AAPL")
        service.until("its end is told", lambda: told(2))
        end()
        assert [(one.account, one.low) for one in warned] == [("DU1000001", True), ("DU1000001", False)]
        assert service.logged("excess liquidity is down to -3.")
