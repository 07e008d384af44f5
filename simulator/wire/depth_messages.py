"""Messages about market depth: rows of a book (12), rows with a market maker or exchange (13), where there are
books (80).
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from simulator.wire.fields import UNSET_INTEGER, message

INSERT, UPDATE, DELETE = 0, 1, 2
ASK_SIDE, BID_SIDE = 0, 1


class DepthExchange(NamedTuple):
    """An exchange with a book: whose rows are told by message 13 (`Deep2`) or 12 (`Deep`)."""

    exchange: str
    sec_type: str
    listing_exchange: str
    service: str


def depth_row(request_id: int, position: int, operation: int, side: int, price: Decimal, size: int) -> bytes:
    """Message 12."""
    return message(12, 1, request_id, position, operation, side, price, size)


def depth_row_of_maker(
    request_id: int, position: int, maker: str, operation: int, side: int, price: Decimal, size: int, *, smart: bool
) -> bytes:
    """Message 13; in SMART depth the market maker is an exchange."""
    return message(13, 1, request_id, position, maker, operation, side, price, size, smart)


def depth_exchanges(found: Iterable[DepthExchange]) -> bytes:
    """Message 80; aggregated groups are not set."""
    rows = [(*row, UNSET_INTEGER) for row in found]
    return message(80, len(rows), *(part for row in rows for part in row))
