"""Orders with any legal fields: from the official encoder through our reader and back through the official decoder."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ibapi.const import UNSET_DOUBLE, UNSET_INTEGER

from simulator.market.universe import Universe
from simulator.wire import order_messages as wire
from tests.simulator.catalogue import TODAY
from tests.simulator.catalogue_orders import ACCOUNT, combo, conditional, placed, shapes
from tests.simulator.rig import (
    VERSIONS,
    Recorder,
    World,
    cancellation,
    decode_officially,
    decode_with_ib_async,
    order,
    stock,
)

_UNIVERSE = Universe(TODAY)
_TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)
_COUNT = st.integers(0, 2**31 - 2)
_PRICE = st.decimals(-10_000, 10_000, places=4).map(float)
_FLAGS = st.booleans()
_ECHOED = {
    **dict.fromkeys(("tif", "openClose", "orderRef", "designatedLocation", "rule80A", "settlingFirm"), _TEXT),
    **dict.fromkeys(("clearingAccount", "faGroup", "faMethod", "faPercentage", "modelCode", "hedgeType"), _TEXT),
    **dict.fromkeys(("goodAfterTime", "goodTillDate"), st.sampled_from(["", "20261120 15:59:00 US/Eastern"])),
    **dict.fromkeys(("origin", "displaySize", "triggerMethod", "shortSaleSlot", "auctionStrategy"), _COUNT),
    **dict.fromkeys(("parentId", "minQty", "scaleInitLevelSize", "scaleSubsLevelSize", "duration"), _COUNT),
    **dict.fromkeys(("postToAts", "adjustableTrailingUnit", "exemptCode"), _COUNT),
    **dict.fromkeys(("outsideRth", "hidden", "blockOrder", "sweepToFill", "allOrNone", "notHeld"), _FLAGS),
    **dict.fromkeys(("optOutSmartRouting", "solicited", "randomizeSize", "randomizePrice", "whatIf"), _FLAGS),
    **dict.fromkeys(("isOmsContainer", "discretionaryUpToLimitPrice", "autoCancelParent"), _FLAGS),
    **dict.fromkeys(("continuousUpdate", "usePriceMgmtAlgo"), _FLAGS),
    **dict.fromkeys(("auxPrice", "lmtPrice", "percentOffset", "trailStopPrice", "trailingPercent", "delta"), _PRICE),
    **dict.fromkeys(("startingPrice", "stockRefPrice", "stockRangeLower", "stockRangeUpper"), _PRICE),
    **dict.fromkeys(("volatility", "triggerPrice", "lmtPriceOffset", "adjustedStopPrice", "cashQty"), _PRICE),
    **dict.fromkeys(("adjustedStopLimitPrice", "adjustedTrailingAmount", "discretionaryAmt"), _PRICE),
    "ocaGroup": _TEXT,
    "ocaType": st.integers(0, 3),
    "volatilityType": st.integers(0, 2),
    "referencePriceType": st.integers(0, 2),
    "adjustedOrderType": st.sampled_from(["", "STP", "TRAIL"]),
    "clearingIntent": st.sampled_from(["", "IB", "Away", "PTA"]),
}
_ECHOED_200 = {"customerAccount": _TEXT, "extOperator": _TEXT, "manualOrderIndicator": st.integers(0, 1)}
# What a gateway shows for what was not set, or set to what means the same.
_SHOWN = {
    "lmtPrice": {UNSET_DOUBLE: 0.0},
    "auxPrice": {UNSET_DOUBLE: 0.0},
    "displaySize": {0: UNSET_INTEGER},
    "ocaType": {0: 3},
    "tif": {"": "DAY"},
    "adjustedOrderType": {"": "None"},
    "clearingIntent": {"": "IB"},
    "cashQty": {UNSET_DOUBLE: 0.0},
    "volatilityType": {UNSET_INTEGER: 0},
    "referencePriceType": {UNSET_INTEGER: 0},
    "usePriceMgmtAlgo": {None: False},
}


def _shown(name: str, sent: Any) -> Any:
    if name == "tif":
        sent = sent.upper()
    return _SHOWN.get(name, {}).get(sent, sent)


def _tags(pairs: list[Any] | None) -> list[tuple[str, str]]:
    return [(pair.tag, pair.value) for pair in pairs or ()]


def _echo(version: int, what: Any, wanted: Any) -> tuple[Any, Any]:
    """The contract and the order that a client decodes from the open order of the one it sent."""
    payload = wire.open_order(placed(_UNIVERSE, version, what, wanted), version)
    recorder = Recorder()
    decode_officially(payload, version, recorder)
    if version <= 178:
        decode_with_ib_async(payload, version)
    ((_, (_, found, shown, _)),) = recorder.calls
    return found, shown


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(VERSIONS), st.data())
def test_an_order_is_shown_as_it_was_sent_field_by_field(version, data):
    fields = _ECHOED | (_ECHOED_200 if version >= 200 else {})
    names = data.draw(st.lists(st.sampled_from(sorted(fields)), unique=True, max_size=20))
    sent = order("BUY", 100, "LMT", **{name: data.draw(fields[name], name) for name in names})
    _, shown = _echo(version, stock(), sent)
    assert (shown.action, shown.totalQuantity, shown.orderType, shown.account) == ("BUY", 100, "LMT", ACCOUNT)
    for name in fields:
        assert getattr(shown, name) == _shown(name, getattr(sent, name)), name


@pytest.mark.parametrize("version", VERSIONS)
def test_every_block_is_shown_as_it_was_sent(version):
    blocks = {
        "delta-neutral": ("deltaNeutralOrderType", "deltaNeutralConId", "deltaNeutralOpenClose"),
        "scale": ("scaleInitLevelSize", "scaleSubsLevelSize", "scalePriceIncrement", "scaleAutoReset"),
        "hedge": ("hedgeType", "hedgeParam"),
        "pegged to a benchmark": ("referenceContractId", "peggedChangeAmount", "referenceExchangeId"),
        "pegged to the best": ("minCompeteSize", "competeAgainstBestOffset"),
        "pegged to the best up to the middle": ("competeAgainstBestOffset", "midOffsetAtWhole", "midOffsetAtHalf"),
        "pegged to the middle": ("midOffsetAtWhole", "midOffsetAtHalf"),
        "on IBKRATS": ("minTradeQty",),
        "adjusted": ("adjustedOrderType", "triggerPrice", "adjustedStopPrice", "adjustedTrailingAmount"),
    }
    for name, what, sent in shapes(version):
        _, shown = _echo(version, what, sent)
        for field in blocks.pop(name, ()):
            assert getattr(shown, field) == getattr(sent, field), (name, field)
        assert _tags(shown.algoParams) == _tags(sent.algoParams)
        assert shown.softDollarTier.name == sent.softDollarTier.name
    assert not blocks


@pytest.mark.parametrize("version", VERSIONS)
def test_conditions_of_all_kinds_are_shown_as_they_were_sent_times_as_gateways_write_them(version):
    sent = conditional()
    sent.conditions[1].And()
    _, shown = _echo(version, stock(), sent)
    ours = [vars(condition) for condition in shown.conditions]
    theirs = [vars(condition) for condition in sent.conditions]
    assert theirs[1]["time"] == "20261120-20:00:00"
    theirs[1]["time"] = "20261120 15:00:00 US/Eastern"
    assert ours == theirs
    assert (shown.conditionsIgnoreRth, shown.conditionsCancelOrder) == (True, False)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_completed_order_tells_what_was_left_of_it_and_what_was_filled(version):
    """As a recorded gateway does: 0 in all and 1 filled of an order for 1."""
    made = placed(_UNIVERSE, version, stock(), order("BUY", 3))
    recorder = Recorder()
    for filled in (0, 1, 3):
        made.filled, made.status = Decimal(filled), "Filled" if filled == 3 else "Cancelled"
        decode_officially(wire.completed_order(made, version), version, recorder)
        _, (_, shown, state) = recorder.calls.pop()
        assert (shown.totalQuantity, shown.filledQuantity, state.status) == (3 - filled, filled, made.status)


@pytest.mark.parametrize("version", VERSIONS)
def test_a_combo_is_shown_with_its_legs_their_prices_and_its_routing(version):
    what, sent = combo(10.0, 13.5, routing="1")
    found, shown = _echo(version, what, sent)
    assert [vars(leg) for leg in found.comboLegs] == [vars(leg) for leg in what.comboLegs]
    assert found.comboLegsDescrip == "265598|1,272093|-1"
    assert [leg.price for leg in shown.orderComboLegs] == [10.0, 13.5]
    assert _tags(shown.smartComboRoutingParams) == [("NonGuaranteed", "1")]


@pytest.mark.parametrize("version", VERSIONS)
def test_a_child_names_its_parent_by_the_order_id_and_completed_by_the_permanent_one(version):
    client = World().client(1, version)
    client.placeOrder(1, stock(), order("BUY", 1, "LMT", lmtPrice=1.0, transmit=False))
    client.placeOrder(2, stock(), order("SELL", 1, "LMT", lmtPrice=900.0, parentId=1))
    told = [arguments for name, arguments in client.callbacks() if name == "orderStatus"]
    assert {(status[0], status[6]) for status in told} == {(1, 0), (2, 1)}
    client.reqGlobalCancel(cancellation())
    client.callbacks()
    client.reqCompletedOrders(True)
    parent, child = (arguments[1] for name, arguments in client.callbacks() if name == "completedOrder")
    assert (parent.parentPermId, child.parentPermId) == (2**63 - 1, parent.permId)


@pytest.mark.parametrize("version", VERSIONS)
def test_an_order_that_filled_is_shown_with_the_commission_that_follows(version):
    client = World().client(1, version)
    for number, (what, sent) in enumerate([(stock(), order("BUY", 10)), (combo()[0], order("BUY", 1))], start=1):
        client.placeOrder(number, what, sent)
        calls = client.callbacks()
        reports = [arguments[0].commissionAndFees for name, arguments in calls if name == "commissionAndFeesReport"]
        states = [arguments[3] for name, arguments in calls if name == "openOrder"]
        assert len(reports) == number
        assert states[-1].commissionAndFees == pytest.approx(sum(reports))
        assert (states[-1].commissionAndFeesCurrency, states[-2].commissionAndFees) == ("USD", UNSET_DOUBLE)
