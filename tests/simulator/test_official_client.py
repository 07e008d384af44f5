"""The stock official client on a real socket, at each version the simulator speaks."""

from __future__ import annotations

import queue
import threading
from decimal import Decimal
from typing import Any

import ibapi.client
import pytest
from ibapi.client import EClient
from ibapi.execution import ExecutionFilter

from simulator.control import ControlClient
from tests.simulator.local import process
from tests.simulator.rig import VERSIONS, Recorder, cancellation, contract, order, stock


class _Events(list):
    """The recorder's list of calls, which the test waits on."""

    def __init__(self) -> None:
        super().__init__()
        self.queue: queue.Queue[tuple[str, tuple[Any, ...]]] = queue.Queue()

    def append(self, call: tuple[str, tuple[Any, ...]]) -> None:
        self.queue.put(call)


class _App(EClient):
    """EClient as users run it: `run` in a thread."""

    def __init__(self, port: int) -> None:
        recorder = Recorder()
        self.events = recorder.calls = _Events()
        super().__init__(recorder)
        self.errors: list[tuple[int, int]] = []
        self.connect("127.0.0.1", port, 9)
        self.thread = threading.Thread(target=self.run, name="official client")
        self.thread.start()

    def until(self, name: str, matches: Any = lambda _: True) -> list[tuple[str, tuple[Any, ...]]]:
        """Callbacks up to the first of that name that matches; errors are remembered."""
        seen = []
        while True:
            call = self.events.queue.get(timeout=10)
            seen.append(call)
            if call[0] == "error":
                self.errors.append((call[1][0], call[1][2]))
            if call[0] == name and matches(call[1]):
                return seen

    def stop(self) -> None:
        reader = self.reader
        self.disconnect()
        self.thread.join(10)
        reader.join(10)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_official_client_trades_a_day(version, monkeypatch):
    monkeypatch.setattr(ibapi.client, "MAX_CLIENT_VER", version)
    with process() as (port, control_port, _), ControlClient("127.0.0.1", control_port) as steering:
        steering.do("price", symbol="AAPL", price=200)
        steering.do("freeze")
        app = _App(port)
        try:
            assert app.serverVersion() == version
            _session(app)
            _data(app)
            _orders(app)
            _account(app)
            assert app.isConnected()
        finally:
            app.stop()
    assert [error for error in app.errors if error[1] < 2000] == [(3, 200), (11, 202)]


def _session(app: _App) -> None:
    started = app.until("error", lambda a: a[2] == 2158)
    assert ("managedAccounts", ("DU1000001",)) in started
    assert ("nextValidId", (1,)) in started
    app.reqCurrentTime()
    app.until("currentTime")


def _data(app: _App) -> None:
    app.reqContractDetails(2, stock())
    found = app.until("contractDetailsEnd")[0][1][1]
    assert (found.contract.conId, found.longName, found.minTick) == (265598, "APPLE INC", 0.01)
    app.reqContractDetails(3, stock("NOPE"))
    app.until("error", lambda a: a[0] == 3)
    app.reqMktData(4, stock(), "", False, False, [])
    app.until("tickPrice", lambda a: a[1:3] == (4, 200.0))
    app.cancelMktData(4)
    app.reqHistoricalData(5, contract(conId=756733), "", "5 D", "1 day", "TRADES", 1, 1, False, [])
    bars = [call for call in app.until("historicalDataEnd") if call[0] == "historicalData"]
    assert len(bars) == 5


def _orders(app: _App) -> None:
    app.placeOrder(10, stock(), order("BUY", 100, orderRef="key"))
    told = [call for call in app.until("commissionAndFeesReport") if call[0] != "tickPrice"]
    names = [name for name, _ in told]
    assert names == ["openOrder", "orderStatus", "execDetails", "openOrder", "orderStatus", "commissionAndFeesReport"]
    assert told[2][1][2].orderRef == "key"
    assert told[4][1][1:4] == ("Filled", Decimal(100), Decimal(0))
    app.placeOrder(11, stock(), order("BUY", 10, "LMT", lmtPrice=100.0))
    app.until("orderStatus", lambda a: a[1] == "Submitted")
    app.cancelOrder(11, cancellation())
    app.until("error", lambda a: a[2] == 202)
    app.reqOpenOrders()
    assert [name for name, _ in app.until("openOrderEnd")] == ["openOrderEnd"]


def _account(app: _App) -> None:
    app.reqPositions()
    held = app.until("positionEnd")[0][1]
    assert (held[1].conId, held[2]) == (265598, Decimal(100))
    app.reqExecutions(20, ExecutionFilter())
    fills = [call for call in app.until("execDetailsEnd") if call[0] == "execDetails"]
    assert [fill[1][2].shares for fill in fills] == [Decimal(100)]
    app.reqCompletedOrders(False)
    done = [call[1] for call in app.until("completedOrdersEnd") if call[0] == "completedOrder"]
    assert [(completed[1].orderRef, completed[2].status) for completed in done] == [
        ("key", "Filled"),
        ("", "Cancelled"),
    ]
    app.reqAccountSummary(21, "All", "NetLiquidation,TotalCashValue")
    summary = [call[1] for call in app.until("accountSummaryEnd") if call[0] == "accountSummary"]
    assert {row[2] for row in summary} == {"NetLiquidation", "TotalCashValue"}
    app.reqAccountUpdates(True, "DU1000001")
    names = {name for name, _ in app.until("accountDownloadEnd")}
    assert names >= {"updateAccountValue", "updatePortfolio", "updateAccountTime"}
    app.reqPnLSingle(22, "DU1000001", "", 265598)
    assert app.until("pnlSingle")[-1][1][1] == Decimal(100)
