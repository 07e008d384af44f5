"""The kinds of orders: which prices each takes, and how long it may last. One table, pure.

MOO and LOO are words of users for a market and a limit order in the opening auction; the broker knows them by the
time in force OPG. Sources: IB's order types and times in force; a combination that is not here is refused before
it is durable.
"""

from __future__ import annotations

from typing import Final, NamedTuple, get_args

from actors.messages.orders import OrderType, PlaceOrder, TimeInForce

TRAILS: Final = ("trail", "trail_percent")
"""The two ways to say a trailing distance: exactly one of them is given."""

_ALL: Final[tuple[TimeInForce, ...]] = get_args(TimeInForce)
_RESTING: Final[tuple[TimeInForce, ...]] = ("DAY", "GTC", "GTD")


class Kind(NamedTuple):
    """Prices that must be given, those that may be, and times in force, the usual one first."""

    needs: tuple[str, ...]
    tifs: tuple[TimeInForce, ...]
    may: tuple[str, ...] = ()
    trailing: bool = False

    @property
    def takes(self) -> tuple[str, ...]:
        """Every price that may be given."""
        return (*self.needs, *self.may, *(TRAILS if self.trailing else ()))


KINDS: Final[dict[OrderType, Kind]] = {
    "MKT": Kind((), _ALL),
    "LMT": Kind(("limit",), _ALL),
    "STP": Kind(("stop",), _RESTING),
    "STP LMT": Kind(("limit", "stop"), _RESTING),
    "TRAIL": Kind((), _RESTING, may=("stop",), trailing=True),
    "TRAIL LIMIT": Kind(("limit_offset",), _RESTING, may=("stop",), trailing=True),
    "MOC": Kind((), ("DAY",)),
    "LOC": Kind(("limit",), ("DAY",)),
}
OPENING: Final[dict[str, OrderType]] = {"MOO": "MKT", "LOO": "LMT"}
"""What users call an order for the opening auction, and its type; its time in force is OPG."""

ACCEPTED: Final = (*KINDS, *OPENING)


def kind_of(asked: PlaceOrder) -> str:
    """The type that an order names, else the one that follows from its prices; what it names may not exist."""
    if asked.type:
        return OPENING.get(asked.type, asked.type)
    if asked.limit_offset is not None:
        return "TRAIL LIMIT"
    if asked.trail is not None or asked.trail_percent is not None:
        return "TRAIL"
    if asked.stop is not None:
        return "STP" if asked.limit is None else "STP LMT"
    return "MKT" if asked.limit is None else "LMT"


def tif_of(asked: PlaceOrder, kind: Kind, default: str) -> str:
    """The time in force that an order names, else the one that follows, else `default` where its kind allows that."""
    if asked.tif:
        return asked.tif
    if asked.type in OPENING:
        return "OPG"
    if asked.good_till is not None:
        return "GTD"
    return default if default in kind.tifs else kind.tifs[0]
