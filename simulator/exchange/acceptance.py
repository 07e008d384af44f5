"""What makes an order acceptable by its own terms: types, prices, sizes, times, before any money is looked at.

Refusals carry the codes of real gateways: 321 for a request that makes no sense, 387 for a real order type that
is not offered here, 110 for a price off the grid, 434 and 10318 for sizes, 435 for a missing account.
"""

from __future__ import annotations

from decimal import Decimal

from simulator.exchange.conditions import Condition, PercentChangeCondition, PriceCondition, VolumeCondition
from simulator.exchange.orders import LIMITED, ON_CLOSE, TRAILING, TRIGGERED, Terms
from simulator.market.universe import Instrument, Universe
from simulator.refusal import Refused, invalid

ORDER_TYPES = frozenset({"MKT", "MOC"}) | LIMITED | TRIGGERED
TIMES_IN_FORCE = frozenset({"DAY", "GTC", "IOC", "FOK", "GTD", "OPG"})
_ELSEWHERE = frozenset(
    {"REL", "VOL", "MIDPRICE", "PEG MKT", "PEG MID", "PEG STK", "PEG BENCH", "PEG PRIM", "PEG BEST", "BOX TOP"}
    | {"MTL", "MKT PRT", "STP PRT", "RFQ", "PASSV REL", "SNAP MKT", "SNAP MID", "SNAP PRIM", "REL + MKT", "REL + LMT"}
    | {"LMT + MKT", "QUOTE", "FUNARI", "IBALGO"}
)
_TRIGGER_METHODS = frozenset({0, 2, 4, 7, 8})
_WITHOUT_AUCTIONS = frozenset({"CASH", "CMDTY", "CRYPTO"})
_ALGORITHMS = frozenset({"", "Adaptive"})


def check(terms: Terms, instrument: Instrument, universe: Universe, now: float) -> None:
    """Raise `Refused` when these terms cannot become an order at `now`."""
    if terms.action not in {"BUY", "SELL", "SSHORT"}:
        raise invalid(f"Invalid order action {terms.action!r}")
    if not instrument.orderable:
        raise Refused(412, "The contract is not available for trading.")
    _check_kind(terms, instrument)
    _check_size(terms)
    _check_times(terms, now)
    _check_prices(terms, instrument)
    if terms.trigger_method not in _TRIGGER_METHODS:
        raise invalid(f"triggerMethod = {terms.trigger_method} is not offered by this simulator")
    if terms.oca_group and terms.oca_type not in {1, 2, 3}:
        raise invalid(f"Invalid OCA type {terms.oca_type}: 1, 2 and 3 are known")
    for condition in terms.conditions:
        _check_condition(condition, universe)


def _check_kind(terms: Terms, instrument: Instrument) -> None:
    if terms.order_type in _ELSEWHERE:
        raise Refused(
            387, f"Unsupported order type for this exchange and security type.: {terms.order_type} (this simulator)"
        )
    if terms.order_type not in ORDER_TYPES:
        raise invalid(f"Order type {terms.order_type!r} is invalid or not offered by this simulator")
    if terms.tif not in TIMES_IN_FORCE:
        raise invalid(f"Time in force {terms.tif!r} is invalid or not offered by this simulator")
    if terms.order_type in ON_CLOSE and terms.tif != "DAY":
        raise invalid(f"Time in force {terms.tif} cannot be combined with order type {terms.order_type}")
    if terms.tif == "FOK" and terms.order_type not in {"MKT", "LMT"}:
        raise invalid(f"Time in force FOK cannot be combined with order type {terms.order_type}")
    if terms.tif == "OPG" and terms.order_type not in {"MKT", "LMT"}:
        raise invalid(f"Time in force OPG cannot be combined with order type {terms.order_type}")
    if instrument.sec_type == "BAG" and (terms.order_type not in {"MKT", "LMT"} or terms.tif == "OPG"):
        raise Refused(387, "Unsupported order type for this exchange and security type.: combinations take MKT and LMT")
    if instrument.sec_type in _WITHOUT_AUCTIONS and (terms.order_type in ON_CLOSE or terms.tif == "OPG"):
        kind = "OPG" if terms.tif == "OPG" else terms.order_type
        raise Refused(
            387, f"Unsupported order type for this exchange and security type.: {kind}, it has no opening or closing"
        )
    if terms.algo not in _ALGORITHMS:
        raise Refused(439, f"The order processing failed. Algorithm definition not found.: {terms.algo[:40]}")
    if terms.algo and terms.order_type not in {"MKT", "LMT"}:
        raise Refused(442, "Specified algorithm is not allowed for this order.")


def _check_size(terms: Terms) -> None:
    if terms.quantity == 0:
        raise Refused(434, "The order size cannot be zero.")
    if terms.quantity < 0:
        raise invalid("The order size must be positive")
    if terms.quantity != terms.quantity.to_integral_value():
        raise Refused(10318, "This order doesn't support fractional quantity trading")
    if not 0 <= terms.min_quantity <= terms.quantity:
        raise invalid(f"Minimum quantity {terms.min_quantity:f} is not between 0 and the order's size")


def _check_times(terms: Terms, now: float) -> None:
    if terms.tif == "GTD" and terms.good_till is None:
        raise invalid("Time in force GTD needs a goodTillDate")
    if terms.tif != "GTD" and terms.good_till is not None:
        raise invalid("goodTillDate needs the time in force GTD")
    if terms.good_till is not None and terms.good_till <= now:
        raise invalid("goodTillDate is in the past")


def _check_prices(terms: Terms, instrument: Instrument) -> None:
    if terms.order_type in TRAILING:
        _check_trail(terms, instrument)
        return
    if terms.order_type in LIMITED:
        check_price(terms.limit, instrument)
    if terms.order_type in TRIGGERED:
        check_price(terms.stop, instrument)


def _check_trail(terms: Terms, instrument: Instrument) -> None:
    if not (terms.stop or terms.trailing_percent):
        raise invalid("A trailing order needs a trailing amount or a trailing percent")
    if terms.stop and terms.trailing_percent:
        raise invalid("A trailing order takes a trailing amount or a trailing percent, not both")
    if (terms.stop or 0) < 0 or not 0 <= (terms.trailing_percent or 0) < 100:
        raise invalid("The trailing amount must be positive, the trailing percent between 0 and 100")
    if terms.trail_stop is not None:
        check_price(terms.trail_stop, instrument)
    if terms.order_type == "TRAIL LIMIT" and terms.limit_offset is None:
        if not terms.limit or terms.trail_stop is None:
            raise invalid("A TRAIL LIMIT order needs a limit price offset, or a stop price and a limit price")
        check_price(terms.limit, instrument)


def check_price(price: Decimal | None, instrument: Instrument) -> None:
    """Raise `Refused` for a price that is missing or not on the instrument's grid; a combo's may be 0 or less."""
    if price is None or (price <= 0 and instrument.sec_type != "BAG"):
        raise invalid("Please enter a valid price")
    if price % instrument.increment(price):
        raise Refused(110, "The price does not conform to the minimum price variation for this contract.")


def _check_condition(condition: Condition, universe: Universe) -> None:
    if isinstance(condition, PriceCondition | VolumeCondition | PercentChangeCondition):
        if universe.get(condition.con_id) is None:
            raise invalid(f"Order condition: no contract with id {condition.con_id}")
        if isinstance(condition, PriceCondition) and condition.trigger_method not in _TRIGGER_METHODS:
            raise invalid(f"Order condition: trigger method {condition.trigger_method} is not offered")
