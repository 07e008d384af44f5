"""Every kind of order to the gateway and back: the simulated exchange reads what was meant, and tells it again."""

from __future__ import annotations

import logging
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from ibapi.decoder import Decoder

from actors.domain.order_kinds import KINDS
from actors.ib.framing import FrameSplitter
from actors.ib.requests import Requests
from actors.ib.translate import Translator
from actors.messages.broker import OrderReport, OrderTerms
from actors.messages.market import Contract
from actors.messages.orders import OrderPreview
from simulator.exchange.orders import Order, Terms
from simulator.market.instrument import Instrument
from simulator.wire.fields import Fields
from simulator.wire.order_messages import open_order
from simulator.wire.order_request import OrderRequest, read_order
from tests.ib.scripted import Owner

AAPL = Contract("AAPL", con_id=265598)
STOCK = Instrument(265598, "AAPL", "STK", "USD", "SMART", "APPLE INC", 150.0, 0.2)
PRICES = st.integers(1, 10**7).map(lambda cents: cents / 100)
VERSIONS = st.sampled_from((176, 178, 200))


@st.composite
def orders(draw: st.DrawFn) -> OrderTerms:
    """Terms as they leave after all checks."""
    order_type = draw(st.sampled_from(sorted(KINDS)))
    kind = KINDS[order_type]
    prices: dict[str, float | None] = {"limit": None, "stop": None} | {name: draw(PRICES) for name in kind.needs}
    prices |= {name: draw(st.none() | PRICES) for name in kind.may}
    if kind.trailing:
        prices[draw(st.sampled_from(("trail", "trail_percent")))] = draw(PRICES)
    tif = draw(st.sampled_from(kind.tifs))
    group = draw(st.sampled_from(("", "group")))
    return OrderTerms(
        account="DU1",
        side=draw(st.sampled_from(("BUY", "SELL"))),
        quantity=Decimal(draw(st.integers(1, 10**9))),
        order_type=order_type,
        tif=tif,
        key="k1",
        outside_rth=draw(st.booleans()),
        good_till=draw(_instants()) if tif == "GTD" else None,
        parent_id=draw(st.integers(0, 10**9)),
        oca_group=group,
        oca_type=draw(st.integers(1, 3)) if group else 0,
        **prices,  # type: ignore[arg-type]
    )


def _instants() -> st.SearchStrategy[datetime]:
    first, last = datetime(2026, 11, 21, tzinfo=UTC).timestamp(), datetime(2099, 12, 31, tzinfo=UTC).timestamp()
    return st.integers(int(first), int(last)).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))


def read(frames: bytes, version: int) -> OrderRequest:
    """The frame as the simulated gateway reads it."""
    (payload,) = FrameSplitter().feed(frames)
    fields = Fields([field.decode() for field in payload.split(b"\0")[:-1]])
    assert fields.message_id == 3
    return read_order(fields.integer("orderId"), fields, version, "")


def heard(payload: bytes, version: int) -> Owner:
    """What we make of a message of the simulated gateway."""
    owner = Owner()
    number, *fields = payload.split(b"\0")[:-1]
    translator = Translator(owner, owner, epoch=1, local=UTC, log=logging.getLogger("test"))
    Decoder(translator, version).interpret(tuple(fields), int(number))
    return owner


def exact(price: float | None) -> Decimal | None:
    return None if price is None else Decimal(repr(price))


def prices_at_the_exchange(terms: Terms) -> tuple[Any, ...]:
    return terms.limit, terms.stop, terms.trail_stop, terms.trailing_percent, terms.limit_offset


@given(orders(), VERSIONS)
def test_an_order_means_at_the_exchange_what_it_says_and_comes_back_as_it_was(terms: OrderTerms, version: int) -> None:
    requests = Requests(server_version=version, client_id=17)
    request = read(requests.place(5, AAPL, terms), version)
    trailing = KINDS[terms.order_type].trailing  # type: ignore[index]
    stops = (exact(terms.trail), exact(terms.stop)) if trailing else (exact(terms.stop), None)
    meant = (exact(terms.limit), *stops, exact(terms.trail_percent), exact(terms.limit_offset))
    assert prices_at_the_exchange(request.terms) == meant
    assert (request.terms.tif, request.terms.parent_id, request.what_if) == (terms.tif, terms.parent_id, False)
    assert request.terms.good_till == (terms.good_till.timestamp() if terms.good_till else None)
    order = Order(17, 5, 900, STOCK, request.terms, 0.0)
    (report,) = heard(open_order(order, version), version).of("order_report")
    assert isinstance(report, OrderReport)
    assert report.terms == terms


@given(orders(), VERSIONS)
def test_a_what_if_is_marked_as_one_whatever_the_order(terms: OrderTerms, version: int) -> None:
    requests = Requests(server_version=version, client_id=17)
    asked = read(requests.preview(5, AAPL, terms), version)
    placed = read(requests.place(5, AAPL, terms), version)
    assert (asked.what_if, asked.terms.transmit) == (True, True)
    assert prices_at_the_exchange(asked.terms) == prices_at_the_exchange(placed.terms)


@pytest.mark.parametrize("version", [176, 178, 200])
def test_a_what_if_without_figures_is_no_answer_yet_and_one_with_figures_is_no_order(version: int) -> None:
    terms = OrderTerms("DU1", "BUY", Decimal(1), "MKT", None, None, "DAY", "k1")
    request = read(Requests(server_version=version, client_id=17).preview(5, AAPL, terms), version)
    order = Order(17, 5, 0, STOCK, request.terms, 0.0)
    assert not heard(open_order(order, version), version).heard
    owner = heard(open_order(order, version, {"initMarginChange": "250.50", "commissionCurrency": "USD"}), version)
    assert [what for what, _ in owner.heard] == ["item", "end"]
    ((_, preview),) = owner.of("item")
    assert isinstance(preview, OrderPreview)
    told = {name: value for name, value in msgspec.structs.asdict(preview).items() if value is not None}
    assert told == {"initial_change": Decimal("250.50"), "currency": "USD", "warning": ""}


def test_a_good_till_date_that_cannot_be_read_does_not_cost_us_the_order(caplog: pytest.LogCaptureFixture) -> None:
    terms = OrderTerms(
        "DU1", "BUY", Decimal(1), "LMT", 1.0, None, "GTD", "k1", good_till=datetime(2026, 12, 1, tzinfo=UTC)
    )
    request = read(Requests(server_version=176, client_id=17).place(5, AAPL, terms), 176)
    order = Order(17, 5, 900, STOCK, request.terms, 0.0)
    order.terms.wire["goodTillDate"] = "20261201 12:00:00 Middle/Earth"
    (report,) = heard(open_order(order, 176), 176).of("order_report")
    assert (report.terms.good_till, report.terms.limit) == (None, 1.0)
    assert "Middle/Earth" in caplog.text
