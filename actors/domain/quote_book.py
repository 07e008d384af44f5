"""Last known values of every line, fed with tick batches, read as immutable quotes.

The loop over a batch is the service's hottest code: a row is a plain list, the tick type number picks the
slot, and what a tick does not carry lands in a spare one, so that there is no branch. A Quote is made once
for each changed contract of a batch. A price of -1, or of 0 with size 0, is the broker's word for "no quote".
"""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from dataclasses import dataclass
from itertools import compress
from math import nan
from typing import Final

from actors.messages.broker import TickBatch
from actors.messages.market import Contract, Quote, QuoteState, Ticks

BID, ASK, LAST, BID_SIZE, ASK_SIZE, LAST_SIZE, VOLUME, HIGH, LOW, OPEN, CLOSE, FIELD, SPARE = range(13)
_DELAYED = range(66, 77)
_NO_QUOTE = -1.0

_PRICE_FIELDS = {1: BID, 2: ASK, 4: LAST, 6: HIGH, 7: LOW, 9: CLOSE, 14: OPEN}
_PRICE_FIELDS |= {66: BID, 67: ASK, 68: LAST, 72: HIGH, 73: LOW, 75: CLOSE, 76: OPEN}
_SIZE_FIELDS = {
    0: BID_SIZE,
    3: ASK_SIZE,
    5: LAST_SIZE,
    8: VOLUME,
    69: BID_SIZE,
    70: ASK_SIZE,
    71: LAST_SIZE,
    74: VOLUME,
}
_SIZE_FIELDS |= {1: BID_SIZE, 2: ASK_SIZE, 4: LAST_SIZE, 66: BID_SIZE, 67: ASK_SIZE, 68: LAST_SIZE}
_FIELDS: Final = 256
_PRICE_SLOT: Final = tuple(_PRICE_FIELDS.get(field, SPARE) for field in range(_FIELDS))
_SIZE_SLOT: Final = tuple(_SIZE_FIELDS.get(field, SPARE) for field in range(_FIELDS))
_FIELD_SLOT: Final = tuple(FIELD if field in {**_PRICE_FIELDS, **_SIZE_FIELDS} else SPARE for field in range(_FIELDS))


def _empty() -> list[float]:
    return [nan] * (SPARE + 1)


@dataclass(slots=True)
class _Row:
    """`values` are by slot, `elapsed_ns` is when the last tick came.

    `gap` from a loss of data to the next tick; `note` says in words why there is no data.
    """

    symbol: str
    con_id: int
    values: list[float]
    time_ns: int = 0
    elapsed_ns: int = 0
    delayed: bool = False
    gap: bool = False
    stale_told: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a batch did: contracts that changed, those of them that were in a gap, requests that nobody knows.

    `whole` when every tick belonged to a contract that changed.
    """

    con_ids: list[int]
    resumed: list[int]
    strangers: list[int]
    whole: bool


class QuoteBook:
    """Quotes by contract id, fed by request id.

    Ages and `now_ns` are of the clock that no calendar sets; `time_ns` is only shown. `stale_after` is seconds
    without a tick.
    """

    def __init__(self, *, stale_after: float) -> None:
        self.ticks = 0
        self._stale_ns = int(stale_after * 1e9)
        self._rows: dict[int, _Row] = {}
        self._lines: dict[int, list[float]] = {}
        self._con_ids: dict[int, int] = {}
        self._retired: list[float] = _empty()

    # --- lines ----------------------------------------------------------------------------------

    def add(self, contract: Contract) -> None:
        """Keep a quote for this contract; harmless when there is one."""
        if contract.con_id not in self._rows:
            self._rows[contract.con_id] = _Row(contract.symbol, contract.con_id, _empty())

    def keep_only(self, con_ids: Container[int]) -> None:
        """Forget the quotes of all other contracts."""
        for con_id in [con_id for con_id in self._rows if con_id not in con_ids]:
            del self._rows[con_id]

    def connect(self, request_id: int, con_id: int) -> None:
        """Ticks of this request are for this contract."""
        row = self._rows.get(con_id)
        self._lines[request_id] = self._retired if row is None else row.values
        if row is not None:
            self._con_ids[request_id] = con_id

    def retire(self, request_id: int) -> None:
        """The line is being closed: what still comes of it is dropped without a word."""
        self._lines[request_id] = self._retired
        self._con_ids.pop(request_id, None)

    def disconnect_all(self) -> None:
        """The socket is gone, and its request ids mean nothing any more."""
        self._lines.clear()
        self._con_ids.clear()

    # --- what happens to quotes -----------------------------------------------------------------

    def apply(self, batch: TickBatch) -> Changes:
        """Take in a batch."""
        lines, price_slot, size_slot, field_slot = self._lines, _PRICE_SLOT, _SIZE_SLOT, _FIELD_SLOT
        strangers: list[int] = []
        for request, field, price, size in zip(batch.requests, batch.fields, batch.prices, batch.sizes, strict=True):
            try:
                row = lines[request]
                row[price_slot[field]] = price
                row[size_slot[field]] = size
                row[field_slot[field]] = field
            except (KeyError, IndexError):
                strangers.append(request)
        self.ticks += len(batch.requests)
        return self._touched(set(batch.requests), batch, [r for r in strangers if r not in lines])

    def _touched(self, requests: set[int], batch: TickBatch, strangers: list[int]) -> Changes:
        changed: list[int] = []
        resumed: list[int] = []
        for con_id in map(self._con_ids.get, requests):
            row = None if con_id is None else self._rows.get(con_id)
            if row is None:
                continue
            row.time_ns, row.elapsed_ns = batch.time_ns, batch.elapsed_ns
            row.delayed = row.values[FIELD] in _DELAYED
            row.stale_told = False
            row.note = ""
            changed.append(row.con_id)
            if row.gap:
                row.gap = False
                resumed.append(row.con_id)
        return Changes(changed, resumed, strangers, whole=len(changed) == len(requests))

    def lose(self, con_ids: Iterable[int], reason: str) -> None:
        """From now on quotes of these contracts may be missed."""
        for con_id in con_ids:
            row = self._rows.get(con_id)
            if row is not None:
                row.gap, row.note = True, reason

    def con_ids_of(self, batch: TickBatch) -> list[int]:
        """The contract of each tick; 0 where it belongs to no line of ours."""
        return [self._con_ids.get(request, 0) for request in batch.requests]

    # --- reading --------------------------------------------------------------------------------

    def quote(self, con_id: int, now_ns: int) -> Quote:
        """The quote as it stands now. KeyError for a contract that was not added."""
        row = self._rows[con_id]
        bid, ask, last, bid_size, ask_size, last_size, volume, high, low, open_, close, _, _ = row.values
        return Quote(
            symbol=row.symbol,
            con_id=con_id,
            bid=_price(bid, bid_size),
            ask=_price(ask, ask_size),
            last=_price(last, last_size),
            bid_size=_size(bid_size),
            ask_size=_size(ask_size),
            last_size=_size(last_size),
            volume=_size(volume),
            high=_price(high, 0.0),
            low=_price(low, 0.0),
            open=_price(open_, 0.0),
            close=_price(close, 0.0),
            time_ns=row.time_ns,
            age=max(0, now_ns - row.elapsed_ns) / 1e9 if row.time_ns else None,
            state=self._state(row, now_ns),
            note=row.note,
        )

    def turned_stale(self, now_ns: int) -> list[int]:
        """Contracts that became stale since the last call or tick."""
        found = [row for row in self._rows.values() if not row.stale_told and self._state(row, now_ns) == "stale"]
        for row in found:
            row.stale_told = True
        return [row.con_id for row in found]

    def stale(self, now_ns: int) -> int:
        """How many quotes are stale now."""
        return sum(self._state(row, now_ns) == "stale" for row in self._rows.values())

    def _state(self, row: _Row, now_ns: int) -> QuoteState:
        if not row.time_ns:
            return "waiting"
        if row.gap:
            return "gap"
        if now_ns - row.elapsed_ns > self._stale_ns:
            return "stale"
        return "delayed" if row.delayed else "live"


def _price(price: float, size: float) -> float | None:
    nothing = price == _NO_QUOTE or price != price or (price == 0.0 and size == 0.0)  # noqa: PLR0124 - NaN test
    return None if nothing else price


def _size(size: float) -> float | None:
    return size if size >= 0.0 else None


def has_price(quote: Quote) -> bool:
    """Whether anything is known about what the contract costs."""
    return not (quote.bid is None and quote.ask is None and quote.last is None and quote.close is None)


def ticks_of(batch: TickBatch, con_ids: list[int], wanted: Collection[int]) -> Ticks:
    """The ticks of the wanted contracts, in their order; `con_ids` is the contract of each tick."""
    chosen = [con_id in wanted for con_id in con_ids]
    return Ticks(
        batch.time_ns,
        list(compress(con_ids, chosen)),
        list(compress(batch.fields, chosen)),
        list(compress(batch.prices, chosen)),
        list(compress(batch.sizes, chosen)),
    )
