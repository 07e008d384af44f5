"""What is cut from a form is, byte for byte, what the official encoder writes."""

from __future__ import annotations

import sys
from decimal import Decimal

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from actors.ib.requests import EncodingError, Requests
from actors.messages.broker import OrderTerms
from actors.messages.market import Contract
from tests.domain.order_builders import AAPL, terms

FUTURE = msgspec.structs.replace(AAPL, con_id=495512552, symbol="ES", sec_type="FUT", exchange="CME")

orders = st.builds(
    terms,
    side=st.sampled_from(["BUY", "SELL"]),
    quantity=st.decimals(0, 10**9, places=8) | st.integers(1, 10**6).map(Decimal) | st.just(Decimal("1E+2")),
    limit=st.none() | st.floats(-1e16, 1e16) | st.sampled_from([150.0, 0.05, 1e-7, -2.35]),
    stop=st.none() | st.just(99.5),
    order_type=st.sampled_from(["LMT", "MKT", "STP LMT"]),
    tif=st.sampled_from(["DAY", "GTC"]),
    outside_rth=st.booleans(),
    transmit=st.booleans(),
    parent_id=st.just(0) | st.just(7),
    key=st.text(st.characters(min_codepoint=32, max_codepoint=126)) | st.sampled_from(["key-1", "s:1/stop"]),
)


def encoder(version: int) -> Requests:
    """A Requests that has no forms."""
    requests = Requests(server_version=version, client_id=17)
    requests._forms.place = requests._place  # type: ignore[method-assign]
    return requests


PLAIN = {version: encoder(version) for version in (176, 178, 200)}
FORMS = {version: Requests(server_version=version, client_id=17) for version in PLAIN}


@given(st.sampled_from([176, 178, 200]), st.integers(1, 10**9), st.sampled_from([AAPL, FUTURE]), orders)
@example(176, 5, AAPL, terms(quantity=Decimal("1E+2")))
@example(178, 5, AAPL, terms(limit=sys.float_info.max))
@example(200, 5, AAPL, terms(limit=float("inf")))
@example(200, 987_654_321, AAPL, terms(quantity=Decimal("98765432.125"), limit=98765.4375, key="the key stands here"))
def test_a_form_is_what_the_encoder_writes(version: int, order_id: int, contract: Contract, order: OrderTerms) -> None:
    expected = PLAIN[version].place(order_id, contract, order)
    for _ in range(3):  # the first time it is seen, the second it is learnt, the third it is used
        assert FORMS[version].place(order_id, contract, order) == expected


def test_what_the_encoder_refuses_is_refused_though_orders_alike_were_not() -> None:
    requests = Requests(server_version=200, client_id=17)
    for number in range(3):
        requests.place(number, AAPL, terms(key="good"))
    with pytest.raises(EncodingError, match="cannot be sent"):
        requests.place(4, AAPL, terms(key="schl\u00fcssel"))
    with pytest.raises(EncodingError):
        requests.place(4, msgspec.structs.replace(AAPL, symbol="\u00c4"), terms())


def test_an_account_that_looks_like_a_mark_is_left_to_the_encoder() -> None:
    requests = Requests(server_version=200, client_id=17)
    order = terms(account="the key stands here")
    assert {requests.place(5, AAPL, order) for _ in range(3)} == {PLAIN[200].place(5, AAPL, order)}
