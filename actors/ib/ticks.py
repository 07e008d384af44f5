"""The fast path for ticks: frames with ids 1 (price), 2 (size) and 45 (generic) into columns.

A malformed tick frame never yields a tick: it stops the run, and the caller counts it. Values that are
empty or unset yield none either. In the columns a size tick has price -1, a price tick whose size is not
told has size -1, and a price tick of -1 is passed on: so the broker says that there is no quote any more.

The same numbers come again and again, so each text is checked and converted once and then looked
up: that is both the strictness and the speed.
"""

from __future__ import annotations

import math
import re
from abc import abstractmethod
from typing import TypeVar

from actors.messages.broker import TickBatch

NO_PRICE = -1.0
NO_SIZE = -1.0
_UNTOLD = -math.inf

TICK_PRICE, TICK_SIZE, TICK_GENERIC = b"1\0", b"2\0", b"45\0"
# Text values that no consumer of ours wants arrive with every trade; they are passed over here.
_UNUSED = (b"46\0", b"81\0", b"57\0")

_NUMBER = re.compile(rb"[+-]?\d+(\.\d*)?([eE][+-]?\d+)?")
_INTEGER = re.compile(rb"\d{1,10}")
_LARGEST = 1e300
_UNSET_SIZES = frozenset((2147483647.0, 9223372036854775807.0))
_CACHE_LIMIT = 65_536

N = TypeVar("N", int, float)


class _Converted(dict[bytes, N]):
    """Texts already converted; bounded, and started afresh when full."""

    def __missing__(self, text: bytes) -> N:
        value = self.convert(text)
        if len(self) >= _CACHE_LIMIT:
            self.clear()
        self[text] = value
        return value

    @abstractmethod
    def convert(self, text: bytes) -> N:
        """The value of a text seen for the first time. Raises ValueError."""


class _Integers(_Converted[int]):
    def convert(self, text: bytes) -> int:
        if _INTEGER.fullmatch(text) is None:
            raise ValueError(text)
        return int(text)


class _Prices(_Converted[float]):
    def convert(self, text: bytes) -> float:
        if not text:
            return _UNTOLD
        if _NUMBER.fullmatch(text) is None:
            raise ValueError(text)
        value = float(text)
        return value if -_LARGEST < value < _LARGEST else _UNTOLD


class _Sizes(_Converted[float]):
    def convert(self, text: bytes) -> float:
        if not text:
            return NO_SIZE
        if _NUMBER.fullmatch(text) is None:
            raise ValueError(text)
        value = float(text)
        return value if 0 <= value < _LARGEST and value not in _UNSET_SIZES else NO_SIZE


class TickColumns:
    """Collects ticks in order until they are taken as one batch."""

    def __init__(self, epoch: int) -> None:
        self._epoch = epoch
        self._integers, self._price_of, self._size_of = _Integers(), _Prices(), _Sizes()
        self._clear()

    def _clear(self) -> None:
        self._requests: list[int] = []
        self._fields: list[int] = []
        self._prices: list[float] = []
        self._sizes: list[float] = []

    def take(self, time_ns: int, elapsed_ns: int) -> TickBatch | None:
        """The ticks since the last take, or None."""
        if not self._requests:
            return None
        batch = TickBatch(self._epoch, time_ns, elapsed_ns, self._requests, self._fields, self._prices, self._sizes)
        self._clear()
        return batch

    def consume(self, payloads: list[bytes], index: int) -> int:
        """Read ticks from `index` on; returns the index of the first payload that is not a good tick."""
        integers, price_of, size_of = self._integers, self._price_of, self._size_of
        add_request, add_field = self._requests.append, self._fields.append
        add_price, add_size = self._prices.append, self._sizes.append
        for position in range(index, len(payloads)):
            payload = payloads[position]
            head = payload[:2]
            try:
                if head == TICK_PRICE:
                    _, version, request, field, price_text, size_text, mask, tail = payload.split(b"\0")
                    price = price_of[price_text]
                    integers[mask]
                elif head == TICK_SIZE:
                    _, version, request, field, size_text, tail = payload.split(b"\0")
                    price = NO_PRICE
                elif payload.startswith(TICK_GENERIC):
                    _, version, request, field, price_text, tail = payload.split(b"\0")
                    price, size_text = price_of[price_text], b""
                elif payload.startswith(_UNUSED):
                    continue
                else:
                    return position
                integers[version]
                request_id, field_id, size = integers[request], integers[field], size_of[size_text]
            except ValueError:
                return position
            if tail:
                return position
            if price != _UNTOLD and (head != TICK_SIZE or size != NO_SIZE):
                add_request(request_id)
                add_field(field_id)
                add_price(price)
                add_size(size)
        return len(payloads)


def claims_to_be_a_tick(payload: bytes) -> bool:
    """Whether the frame's id is one of those that are read here and nowhere else."""
    return payload.startswith((TICK_PRICE, TICK_SIZE, TICK_GENERIC))
