"""Frames of orders that are alike, without going over their hundred fields again.

Of two market or limit orders alike only the id, the quantity, the limit and the key differ. When a kind of order comes
for the second time the official encoder writes one with marks in these four places, and the frames of that kind are
cut from it: byte for byte what the encoder would have written. A kind whose marks are not found, each exactly once,
orders with more to them, and values that the encoder writes in another way (or refuses) are left to it.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Final

import msgspec

from actors.ib.framing import frame
from actors.ib.order_values import quantity_to
from actors.messages.broker import OrderTerms
from actors.messages.market import Contract

_MOST_KINDS: Final = 256  # are kept; then they are found out anew
_ID: Final = 987_654_321
_QUANTITY: Final = Decimal("98765432.125")
_LIMIT: Final = 98765.4375
_KEY: Final = "the key stands here"

_LARGEST: Final = 1e15
_LENGTH: Final = 4  # bytes in front of a payload

Encode = Callable[[int, Contract, OrderTerms], bytes]
Kind = tuple[Contract, OrderTerms]
Form = tuple[bytes, ...]
"""What stands between the places; empty when this kind has no form."""


class OrderForms:
    """Encodes orders for one session; `encode` is the official encoder, slower."""

    def __init__(self, encode: Encode) -> None:
        self._encode = encode
        self._forms: dict[Kind, Form | None] = {}

    def place(self, order_id: int, contract: Contract, terms: OrderTerms) -> bytes:
        """The frame that places an order, or changes the one with the same id. Raises what the encoder raises."""
        form = self._form(contract, terms) if _is_plain(terms) else ()
        if not form:
            return self._encode(order_id, contract, terms)
        quantity, limit = str(quantity_to(terms.quantity)), [] if terms.limit is None else [str(terms.limit)]
        values = (str(order_id), quantity, *limit, terms.key)
        ends = (value.encode() + after for value, after in zip(values, form[1:], strict=True))
        return frame(form[0] + b"".join(ends))

    def _form(self, contract: Contract, terms: OrderTerms) -> Form:
        """The form of this kind of order, found out when it comes for the second time."""
        limit = None if terms.limit is None else _LIMIT
        kind = contract, msgspec.structs.replace(terms, quantity=_QUANTITY, limit=limit, key=_KEY)
        form = self._forms.get(kind)
        if form is not None:
            return form
        seen = kind in self._forms
        if not seen and len(self._forms) >= _MOST_KINDS:
            self._forms.clear()
        self._forms[kind] = self._learn(*kind) if seen else None
        return self._forms[kind] or ()

    def _learn(self, contract: Contract, marked: OrderTerms) -> Form:
        marks = [str(_ID), str(_QUANTITY), *([] if marked.limit is None else [str(_LIMIT)]), _KEY]
        payload = self._encode(_ID, contract, marked)[_LENGTH:]
        places = [f"\0{mark}\0".encode() for mark in marks]
        return _around(payload, places) if all(payload.count(place) == 1 for place in places) else ()


def _around(payload: bytes, places: list[bytes]) -> Form:
    """What stands around the places; empty when they come in another order."""
    parts = []
    for place in places:
        before, found, after = payload.partition(place)
        if not found:
            return ()
        parts.append(before + b"\0")
        payload = b"\0" + after
    return (*parts, payload)


def _is_plain(terms: OrderTerms) -> bool:
    """Whether it is a market or limit order with nothing more to it, and the encoder writes its values as they are."""
    if terms.parent_id or terms.oca_group or terms.good_till is not None:
        return False
    prices = (terms.stop, terms.trail, terms.trail_percent, terms.limit_offset)
    if any(each is not None for each in prices) or not (terms.limit is None or abs(terms.limit) < _LARGEST):
        return False
    return terms.quantity.is_finite() and bool(terms.key) and terms.key.isascii() and terms.key.isprintable()
