"""Values on their way in and out: unset becomes None, times UTC, our terms the broker's fields."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from ibapi.contract import Contract as TheirContract
from ibapi.decoder import Decoder
from ibapi.order import Order
from ibapi.order_state import OrderState

from actors.ib.framing import FrameSplitter
from actors.ib.redaction import readable
from actors.ib.requests import EncodingError, Requests
from actors.ib.times import UnreadableTime, read_time
from actors.ib.translate import Translator
from actors.messages.broker import CommissionReport, ExecutionReport, FetchBars, OrderReport, OrderTerms, StatusReport
from actors.messages.broker_account import PortfolioReport
from actors.messages.market import Contract
from tests.ib.scripted import Owner

NEW_YORK = ZoneInfo("America/New_York")
UNSET = "1.7976931348623157E308"
AAPL = Contract("AAPL", con_id=265598)
C11 = ("265598", "AAPL", "STK", "", "0", "?", "", "SMART", "USD", "AAPL", "NMS")


def told(*fields: object, version: int = 176) -> Owner:
    owner = Owner()
    translator = Translator(owner, owner, epoch=7, local=NEW_YORK, log=logging.getLogger("test"))
    Decoder(translator, version).interpret(tuple(str(field).encode() for field in fields[1:]), fields[0])
    return owner


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("20260413 15:27:04 US/Eastern", "2026-04-13T19:27:04+00:00"),
        ("20260413  15:27:04 America/New_York", "2026-04-13T19:27:04+00:00"),
        ("20260113 15:27:04 US/Eastern", "2026-01-13T20:27:04+00:00"),
        ("20260413 15:27:04 EST", "2026-04-13T19:27:04+00:00"),
        ("20260413 15:27:04 Central European Standard Time", "2026-04-13T13:27:04+00:00"),
        ("20231115 09:20:44 GB-Eire", "2023-11-15T09:20:44+00:00"),
        ("20260413  15:27:04", "2026-04-13T19:27:04+00:00"),
        ("20260413-15:27:04", "2026-04-13T15:27:04+00:00"),
        ("20260413-15:27", "2026-04-13T15:27:00+00:00"),
        ("20240318", "2024-03-18T00:00:00+00:00"),
        ("1700069390", "2023-11-15T17:29:50+00:00"),
    ],
)
def test_every_way_the_gateway_writes_a_time_is_read_as_utc(text: str, instant: str) -> None:
    assert read_time(text, NEW_YORK).isoformat() == instant


@pytest.mark.parametrize("text", ["", "yesterday", "20261399", "20260413 25:00:00", "20260413 15:27:04 Middle/Earth"])
def test_a_time_that_cannot_be_read_is_an_error_and_not_a_guess(text: str) -> None:
    with pytest.raises(UnreadableTime):
        read_time(text, UTC)


def test_an_execution_with_an_unreadable_time_is_kept(caplog: pytest.LogCaptureFixture) -> None:
    fields = ("-1", "5", *C11, "e.01", "20260413 15:27:04 Middle/Earth", "DU1", "ISLAND", "SLD", "2.5", "189.25",
              "999", "17", "0", "7.5", "189", "key", "", "", "", "1")  # fmt: skip
    (report,) = told(11, *fields).of("order_report")
    assert isinstance(report, ExecutionReport)
    assert (report.side, report.quantity, report.cumulative) == ("SELL", Decimal("2.5"), Decimal("7.5"))
    assert report.time.tzinfo is UTC
    assert "Middle/Earth" in caplog.text


@pytest.mark.parametrize(
    ("exec_id", "shares", "price"),
    [("e.01", "2.5", "nan"), ("e.01", "2.5", UNSET), ("e.01", "nan", "189.25"), ("e.01", "", "1.0"), ("", "1", "1.0")],
)
def test_an_execution_without_id_quantity_or_price_is_unreadable_and_not_a_fill(
    exec_id: str, shares: str, price: str
) -> None:
    fields = ("-1", "5", *C11, exec_id, "20260413 15:27:04 UTC", "DU1", "ISLAND", "SLD", shares, price,
              "999", "17", "0", "7.5", "189", "key", "", "", "", "1")  # fmt: skip
    with pytest.raises(ValueError, match="an execution"):
        told(11, *fields)


def test_unset_values_of_an_order_status_are_none() -> None:
    (report,) = told(3, 5, "Submitted", "0", "10", "0.0", "99", "0", "0", "17", "locate", UNSET).of("order_report")
    assert report == StatusReport(7, 1, 5, 17, 99, "Submitted", Decimal(0), Decimal(10), None, "locate")


def test_a_commission_that_realises_nothing_has_none() -> None:
    (report,) = told(59, 1, "e.01", "1.05", "USD", UNSET, UNSET, "").of("order_report")
    assert report == CommissionReport(7, 1, "e.01", Decimal("1.05"), "USD", None)


def test_a_portfolio_row_without_market_has_none() -> None:
    row = ("8", *C11[:6], "", "NASDAQ", "USD", "AAPL", "NMS", "-10", UNSET, UNSET, "189.5", UNSET, "3.25", "DU1")
    (report,) = told(7, *row).of("account_report")
    assert isinstance(report, PortfolioReport)
    assert (report.quantity, report.market_price, report.market_value) == (Decimal(-10), None, None)
    assert (report.unrealized, report.realized) == (None, Decimal("3.25"))
    assert (report.contract.right, report.contract.strike) == ("", 0.0)


def test_profit_that_is_not_computed_yet_is_none() -> None:
    assert told(94, 8, "12.5", UNSET, UNSET).of("profit_and_loss") == [(8, Decimal("12.5"), None, None)]


@pytest.mark.parametrize("version", [176, 178, 200])
def test_a_heartbeat_an_order_and_its_cancel_are_written_for_every_version(version: int) -> None:
    requests = Requests(server_version=version, client_id=17)
    assert fields(requests.current_time()) == ["49", "1"]
    terms = OrderTerms("DU1", "BUY", Decimal("1E+2"), "STP LMT", 10.5, 11.25, "GTC", "key-1", outside_rth=True)
    order = fields(requests.place(42, AAPL, terms))
    assert order[:3] == ["3", "42", "265598"]
    assert order[16:22] == ["BUY", "100", "STP LMT", "10.5", "11.25", "GTC"]
    assert (order[23], order[26], order[27], order[33]) == ("DU1", "key-1", "1", "1")
    cancel = fields(requests.cancel(42))
    assert cancel[:3] == (["4", "42", ""] if version == 200 else ["4", "1", "42"])


def test_a_market_order_has_no_prices_on_the_wire() -> None:
    terms = OrderTerms("DU1", "SELL", Decimal("0.5"), "MKT", None, None, "DAY", "key-1")
    order = fields(Requests(server_version=176, client_id=17).place(42, AAPL, terms))
    assert order[16:21] == ["SELL", "0.5", "MKT", "", ""]


def test_history_is_asked_for_in_utc_and_answered_in_seconds() -> None:
    end = datetime(2026, 4, 13, 15, 30, tzinfo=NEW_YORK)
    request = fields(
        Requests(server_version=176, client_id=17).bars(9, FetchBars(AAPL, end, "1 D", "5 mins", "TRADES", False))
    )
    assert request[15:21] == ["20260413-19:30:00", "5 mins", "1 D", "0", "TRADES", "2"]


@pytest.mark.parametrize("key", ["schlüssel", "a\0b", "\x07"])
def test_what_the_encoder_refuses_is_an_error_with_its_reason(key: str) -> None:
    requests = Requests(server_version=176, client_id=17)
    terms = OrderTerms("DU1", "BUY", Decimal(1), "MKT", None, None, "DAY", key)
    with pytest.raises(EncodingError, match="symbol"):
        requests.place(42, AAPL, terms)
    assert fields(requests.current_time()) == ["49", "1"]


def test_prices_an_order_type_does_not_have_are_none_and_a_preview_is_no_order() -> None:
    owner = Owner()
    translator = Translator(owner, owner, epoch=7, local=UTC, log=logging.getLogger("test"))
    order, state = Order(), OrderState()
    order.orderType, order.lmtPrice, order.auxPrice = "MKT", 0.0, 0.0
    translator.openOrder(5, TheirContract(), order, state)
    order.whatIf = True
    translator.openOrder(6, TheirContract(), order, state)
    (report,) = owner.of("order_report")
    assert isinstance(report, OrderReport)
    assert (report.order_id, report.terms.limit, report.terms.stop) == (5, None, None)


@pytest.mark.parametrize("account", ["DU1234567", "U7654321", "DF123456", "F1234567", "I1234567"])
def test_account_numbers_never_stand_in_a_log(account: str) -> None:
    shown = readable(f"6\x002\x00NetLiquidation\x001000.5\x00USD\x00{account}\x00".encode())
    assert account not in shown
    assert shown.startswith("6|2|NetLiquidation|1000.5|USD|")


def fields(frames: bytes) -> list[str]:
    (payload,) = FrameSplitter().feed(frames)
    return payload.decode().split("\0")[:-1]


@pytest.mark.parametrize("told_quantity", ["nan", "", "1.7976931348623157E308"])
def test_a_position_without_a_quantity_is_unreadable_and_not_flat(told_quantity: str) -> None:
    with pytest.raises(ValueError, match="a position without a quantity: AAPL of account DU1"):
        told(61, 3, "DU1", *C11, told_quantity, "189.5")


@pytest.mark.parametrize("cost", ["nan", UNSET])
def test_a_position_without_a_cost_is_kept_and_has_none(cost: str) -> None:
    (report,) = told(61, 3, "DU1", *C11, "-10", cost).of("account_report")
    assert (report.quantity, report.average_cost) == (Decimal(-10), None)
