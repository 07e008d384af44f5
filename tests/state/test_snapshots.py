"""What accounts are worth over time: what is written down, when, and what is left out because nobody knows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from queue import Queue
from typing import Any

import msgspec
import pytest

from actors.messages.account import (
    Accounts,
    AccountValue,
    GetAccounts,
    GetPortfolio,
    GetPositions,
    PortfolioView,
    Positions,
)
from actors.messages.risk import RiskFigures
from actors.messages.state import GetEquityHistory
from actors.store import snapshots
from supervision import clock
from supervision.actor import Actor, Context, Sender, handles
from supervision.errors import Rejected
from tests.state.house import House
from tests.state.samples import ACCOUNT, HELD, NOON

END = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)  # 17:00 in New York, on a Friday
VALUES = (
    AccountValue("ExcessLiquidity", "800000.5", "USD"),
    AccountValue("CashBalance", "998000.10", "USD"),
    AccountValue("CashBalance", "-20.25", "EUR"),
    AccountValue("ExchangeRate", "1.0875", "EUR"),
)
DU1 = msgspec.structs.replace(ACCOUNT, values=VALUES)
DU2 = msgspec.structs.replace(ACCOUNT, account="DU2", net_liquidation=Decimal(5))
FIGURES = RiskFigures("DU1", "USD", True, None, None, None, None, {}, (), None)


class Worth(Actor):
    """An Account that says what the test wants, and whose figures are live from the beginning."""

    def __init__(self, context: Context, *, asked: Queue[None]) -> None:
        super().__init__(context)
        self.told = PortfolioView(Accounts((DU1,)), Positions((HELD,), NOON, "broker"))
        self.asked = asked
        self.away = False

    def on_attach(self, peer: Any, topics: tuple[str, ...]) -> None:
        if "risk_figures" in topics:
            peer.send(FIGURES)

    @handles(GetPortfolio)
    def _portfolio(self, _: GetPortfolio, __: Sender) -> PortfolioView:
        self.asked.put(None)
        if self.away:
            raise Rejected("not now", kind="not_ready")
        return self.told

    @handles(GetAccounts)
    def _accounts(self, _: GetAccounts, __: Sender) -> Accounts:
        return self.told.accounts

    @handles(GetPositions)
    def _positions(self, _: GetPositions, __: Sender) -> Positions | None:
        return self.told.positions


class Home(House):
    """State and an Account, on a calendar of the test's own that goes on from wherever it is set."""

    def __init__(self, directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(directory)
        self.asks: Queue[None] = Queue()
        self._shift = timedelta()
        self._true: Callable[[], datetime] = clock.now
        monkeypatch.setattr(clock, "now", lambda: self._true() + self._shift)
        monkeypatch.setattr(snapshots, "AFTER", 0.0)

    def set_clock(self, instant: datetime) -> None:
        self._shift = instant - self._true()

    def begin(self, instant: datetime = NOON + timedelta(seconds=1)) -> None:
        """State runs, and has written down that figures became live."""
        self.set_clock(instant)
        self.worth = self.service.start("account", Worth, asked=self.asks)
        self.start_state()
        self.stored()

    def stored(self) -> None:
        """State asked, and has handled the answer."""
        self.asks.get(timeout=5.0)
        self.settle()

    def jumped(self) -> None:
        """State has seen that the calendar was set; its own look for that is too seldom for a test."""
        self.state.call(self.state.actor._snapshots.clock_jumped)

    def figures(self, **changes: Any) -> None:
        figures = msgspec.structs.replace(FIGURES, **changes)
        self.worth.call(lambda: self.worth.actor.publish("risk_figures", figures))

    def causes(self) -> list[tuple[str, str, str]]:
        return self.rows("SELECT account, cause, trading_day FROM equity_snapshots ORDER BY snapshot")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    made = Home(tmp_path, monkeypatch)
    yield made
    made.close()


def test_figures_that_become_live_are_written_down_whole_to_the_last_digit(home: Home) -> None:
    home.begin()
    (row,) = home.rows("SELECT * FROM equity_snapshots")
    assert row[0:2] == (1, "DU1")
    assert row[3:] == (
        "session_up",
        "2026-11-20",
        NOON.isoformat(),
        "USD",
        "1000123.45",
        "998000.10",
        "900000",
        "800000.5",
        None,
        "-12.30",
        "7.87",
        None,
    )
    balances = home.rows("SELECT * FROM balance_snapshots ORDER BY currency")
    assert balances == [(1, "EUR", "-20.25", None, "1.0875"), (1, "USD", "998000.10", None, "1")]
    (held,) = home.rows("SELECT con_id, symbol, quantity, average_cost, market_value FROM holding_snapshots")
    assert held == (265598, "AAPL", "10.5", 150.25, "1585.5")


def test_a_holding_whose_cost_was_not_told_is_written_down_without_one(home: Home) -> None:
    home.begin()
    unknown = msgspec.structs.replace(HELD, average_cost=None)
    home.worth.actor.told = PortfolioView(Accounts((DU1,)), Positions((unknown,), NOON, "broker"))
    home.figures(live=False)
    home.stored()
    assert home.rows("SELECT quantity, average_cost FROM holding_snapshots") == [("10.5", 150.25), ("10.5", None)]


def test_the_same_figures_again_store_nothing_and_the_end_of_the_session_does(home: Home) -> None:
    home.begin()
    home.figures()
    home.figures(live=False)
    home.stored()
    home.figures(live=False)
    home.figures(live=True)
    home.stored()
    assert [cause for _, cause, _ in home.causes()] == ["session_up", "session_down", "session_up"]
    assert home.asks.empty()


def test_every_five_minutes_of_the_calendar_what_is_live_is_written_down(home: Home) -> None:
    home.begin(NOON + timedelta(minutes=4, seconds=59.9))
    home.stored()
    assert [cause for _, cause, _ in home.causes()] == ["session_up", "schedule"]
    home.figures(live=False)
    home.stored()
    home.state.call(home.state.actor._snapshots._due)
    home.settle()
    assert home.asks.empty(), "nothing is live"
    assert len(home.causes()) == 3


def test_the_end_of_a_trading_day_is_written_down_once_also_while_the_broker_is_away(home: Home) -> None:
    home.begin(END - timedelta(seconds=20))
    home.figures(live=False)
    home.stored()
    home.set_clock(END - timedelta(seconds=0.1))
    home.jumped()
    home.stored()
    assert home.causes()[2:] == [("DU1", "day_end", "2026-11-20")]
    home.figures(live=True)
    home.stored()
    assert home.causes()[3:] == [("DU1", "session_up", "2026-11-23")], "the next day is Monday"


def test_a_calendar_that_is_set_over_the_end_of_a_day_ends_it(home: Home) -> None:
    home.begin(END - timedelta(seconds=20))
    home.set_clock(END + timedelta(seconds=30))
    home.jumped()
    home.stored()
    assert home.causes()[1:] == [("DU1", "day_end", "2026-11-20")]


def test_a_state_that_was_away_for_a_moment_at_the_end_of_a_day_writes_it_down_all_the_same(home: Home) -> None:
    home.begin(END - timedelta(seconds=20))
    home.kill_state()
    home.set_clock(END + timedelta(minutes=1))
    home.start_state()
    home.stored()
    home.stored()
    assert home.causes()[1:] == [("DU1", "day_end", "2026-11-20"), ("DU1", "session_up", "2026-11-23")]


def test_the_end_of_a_day_that_nobody_saw_is_left_out_and_told(home: Home, caplog: pytest.LogCaptureFixture) -> None:
    home.begin(END - timedelta(seconds=20))
    home.kill_state()
    home.set_clock(END + timedelta(minutes=11))
    home.start_state()
    home.stored()
    assert home.causes()[1:] == [("DU1", "session_up", "2026-11-23")]
    assert "the end of 2026-11-20 is not stored" in caplog.text


def test_an_account_that_does_not_answer_at_the_end_of_a_day_is_asked_again(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(snapshots, "RETRY", 0.01)
    home.begin(END - timedelta(seconds=20))
    home.worth.actor.away = True
    home.set_clock(END - timedelta(seconds=0.1))
    home.jumped()
    home.stored()
    home.worth.actor.away = False
    home.stored()
    home.settle()
    assert home.causes()[1:] == [("DU1", "day_end", "2026-11-20")]
    assert "what accounts are worth (day_end) is not stored: not now" in caplog.text


def test_an_account_whose_download_is_not_complete_is_not_written_down_and_others_are(home: Home) -> None:
    home.begin(END - timedelta(seconds=20))
    home.worth.actor.told = PortfolioView(Accounts((msgspec.structs.replace(DU1, complete=False), DU2)), None)
    home.set_clock(END - timedelta(seconds=0.1))
    home.jumped()
    home.stored()
    assert home.causes()[1:] == [("DU2", "day_end", "2026-11-20")]


def test_the_history_is_the_last_row_of_each_day(home: Home) -> None:
    home.begin(END - timedelta(seconds=20))
    home.worth.actor.told = PortfolioView(Accounts((DU1, DU2)), None)
    home.set_clock(END - timedelta(seconds=0.1))
    home.jumped()
    home.stored()
    home.figures(live=False)
    home.stored()
    rows = home.ask(GetEquityHistory()).items
    days = [(row.account, row.trading_day.isoformat(), row.cause) for row in rows]
    assert days == [
        ("DU1", "2026-11-20", "day_end"),
        ("DU2", "2026-11-20", "day_end"),
        ("DU1", "2026-11-23", "session_down"),
    ]
    assert (rows[0].net_liquidation, rows[0].excess_liquidity) == (Decimal("1000123.45"), Decimal("800000.5"))
    assert [row.cause for row in home.ask(GetEquityHistory(days=1)).items] == ["session_down"]
    by_day = home.rows("SELECT account, trading_day, cause FROM equity_by_day ORDER BY trading_day, account")
    assert by_day == days
