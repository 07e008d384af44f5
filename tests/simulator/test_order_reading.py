"""Reading orders: into the terms the exchange acts on, refusing by name what is not offered, whatever is sent."""

from __future__ import annotations

import itertools
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulator.exchange import conditions as kinds
from simulator.exchange.orders import Terms
from simulator.refusal import Refused
from simulator.wire.fields import BadField, Fields
from simulator.wire.layout import Field, Kind, Repeated
from simulator.wire.order_layouts import PLACE_ORDER
from simulator.wire.order_request import read_order
from tests.simulator.catalogue_orders import ACCOUNT, conditional, encoded, parsed, shapes
from tests.simulator.rig import NOON, VERSIONS, order, stock

_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_the_exchange_acts_on_is_read_into_the_terms(version):
    group = {"parentId": 3, "ocaGroup": "g", "ocaType": 1, "transmit": False, "autoCancelParent": True}
    sizes = {"allOrNone": True, "minQty": 4, "outsideRth": True, "triggerMethod": 7}
    times = {"goodAfterTime": "20261119-17:30:00", "goodTillDate": "20261120 15:59:00 US/Eastern", "tif": "GTD"}
    trail = {"lmtPriceOffset": 0.05, "trailStopPrice": 99.5, "trailingPercent": 2.5, "auxPrice": 1.5, "lmtPrice": 99.0}
    sent = order("SELL", 5, "TRAILLIMIT", orderRef="ref", algoStrategy="Adaptive", **group, **sizes, **times, **trail)
    terms = parsed(version, stock(), sent).terms
    assert (terms.action, terms.quantity, terms.order_type, terms.tif) == ("SELL", 5, "TRAIL LIMIT", "GTD")
    assert (terms.parent_id, terms.oca_group, terms.oca_type, terms.transmit) == (3, "g", 1, False)
    assert (terms.auto_cancel_parent, terms.all_or_none, terms.min_quantity) == (True, True, 4)
    assert (terms.outside_rth, terms.trigger_method, terms.ref, terms.algo) == (True, 7, "ref", "Adaptive")
    assert (terms.good_after, terms.good_till) == (NOON + 1800, NOON + 86400 + 4 * 3600 - 60)
    assert (terms.limit, terms.stop, terms.trail_stop) == (Decimal("99.0"), Decimal("1.5"), Decimal("99.5"))
    assert (terms.limit_offset, terms.trailing_percent) == (Decimal("0.05"), Decimal("2.5"))


@pytest.mark.parametrize("version", VERSIONS)
def test_conditions_of_all_kinds_are_read_for_the_exchange(version):
    terms = parsed(version, stock(), conditional()).terms
    assert terms.conditions == (
        kinds.PriceCondition(True, Decimal("101.25"), 265598, "SMART", 4, both=False),
        kinds.TimeCondition(True, NOON + 86400 + 3 * 3600, "20261120 15:00:00 US/Eastern"),
        kinds.MarginCondition(False, 30),
        kinds.ExecutionCondition("STK", "SMART", "AAPL", both=False),
        kinds.VolumeCondition(True, 1_000_000, 265598, "SMART"),
        kinds.PercentChangeCondition(False, Decimal("2.5"), 265598, "SMART"),
    )
    assert (terms.conditions_ignore_rth, terms.conditions_cancel) == (True, False)


def test_a_condition_of_an_unknown_kind_joined_by_nothing_or_without_its_value_costs_the_order():
    values = encoded(178, lambda client: client.placeOrder(7, stock(), conditional()))
    at = values.index("101.25") - 3
    assert values[at : at + 2] == ["1", "o"]
    volume = values.index("1000000")
    for place, text in ((at, "2"), (at + 1, "x"), (at + 3, ""), (volume, "")):
        wrong = [*values[:place], text, *values[place + 1 :]]
        fields = Fields(wrong)
        with pytest.raises(BadField):
            read_order(fields.integer("orderId"), fields, 178, ACCOUNT)


@pytest.mark.parametrize("version", VERSIONS)
def test_what_changes_how_an_order_is_worked_and_is_not_offered_is_refused_by_its_name(version):
    refused = {}
    for name, what, sent in shapes(version):
        fields = Fields(encoded(version, lambda client, what=what, sent=sent: client.placeOrder(7, what, sent)))
        try:
            read_order(fields.integer("orderId"), fields, version, ACCOUNT)
        except Refused as refusal:
            refused[name] = (refusal.code, refusal.text.partition("cause - ")[2].split(" = ")[0])
    expected = {
        "delta-neutral": "volatility",
        "delta-neutral contract": "deltaNeutralContract",
        "scale": "scaleInitLevelSize",
        "hedge": "hedgeType",
        "pegged to a benchmark": "referenceContractId",
        "pegged to the best": "minCompeteSize",
        "pegged to the best up to the middle": "competeAgainstBestOffset",
        "pegged to the middle": "midOffsetAtWhole",
        "on IBKRATS": "minTradeQty",
        "adjusted": "adjustedOrderType",
        "combo with prices": "prices for single combo legs are not offered by this simulator",
    }
    if version >= 200:
        expected["of a customer"] = "includeOvernight"
    assert refused == {name: (321, cause) for name, cause in expected.items()}


def _terms(values: list[str], version: int) -> Terms:
    fields = Fields(values)
    return read_order(fields.integer("orderId"), fields, version, ACCOUNT).terms


def _kinds(version: int) -> list[Kind]:
    """What each field of a plain order may hold, from its 15th on: the id, the order id and the contract go before."""
    kinds = []
    for part in PLACE_ORDER:
        if isinstance(part, Repeated):
            kinds.append(Kind.INTEGER)
        elif isinstance(part, Field) and part.since <= version <= part.until:
            kinds.append(part.kind)
    return kinds


@pytest.mark.parametrize("version", VERSIONS)
def test_every_spelling_of_unset_leaves_an_order_as_it_is(version):
    """Numbers that one client leaves empty and another writes as the largest one there is."""
    plain = encoded(version, lambda client: client.placeOrder(7, stock(), order("BUY", 1)))
    kinds = dict(enumerate(_kinds(version), start=14))
    assert len(plain) == len(kinds) + 14
    for kind, spellings in {
        Kind.INTEGER: ("2147483647",),
        Kind.AMOUNT: ("2147483647", "1.7976931348623157e+308", "1.7976931348623157E308"),
    }.items():
        unset = {at for at, found in kinds.items() if found is kind and plain[at] == ""}
        assert len(unset) >= 4
        for spelling in spellings:
            spelt = [spelling if at in unset else text for at, text in enumerate(plain)]
            assert _terms(spelt, version) == _terms(plain, version)


def test_a_field_too_many_or_too_few_or_of_a_wrong_type_costs_the_order():
    plain = encoded(178, lambda client: client.placeOrder(7, stock(), order("BUY", 1)))
    for wrong in ([*plain, "0"], plain[:-1], [*plain[:17], "many", *plain[18:]], [*plain[:89], "-1", *plain[90:]]):
        fields = Fields(wrong)
        with pytest.raises(BadField):
            read_order(fields.integer("orderId"), fields, 178, ACCOUNT)


_JUNK = st.sampled_from(["", "0", "1", "-1", "9", "a", "nan", "Infinity", "1e308", "-2147483649", "99991231", "BAG"])


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(VERSIONS), st.data())
def test_no_list_of_fields_does_more_than_cost_the_order(version, data):
    _, what, sent = data.draw(st.sampled_from(list(shapes(version))), "shape")
    values = encoded(version, lambda client: client.placeOrder(7, what, sent))
    for at in data.draw(st.lists(st.integers(2, len(values) - 1), max_size=5), "where"):
        values[at] = data.draw(_JUNK | _TEXT, "junk")
    values = data.draw(st.sampled_from([values, values[:60], [*itertools.chain(values, values)]]), "cut")
    fields = Fields(values)
    try:
        read_order(fields.integer("orderId"), fields, version, ACCOUNT)
    except (BadField, Refused):
        return
