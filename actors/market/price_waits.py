"""For GetReference: a line for a short while, and a first price within PRICE_WAIT seconds if one comes.

The asker gets the quote as it is when the time is up or the broker refuses the line: its state and note say
how much it is worth. The line is kept REFERENCE_KEEP seconds, so that a series of orders needs one line.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from actors.domain.quote_book import has_price
from actors.market.quote_lines import QuoteLines
from actors.messages.market import ContractDetails, Quote
from supervision.reactor import Reactor

PRICE_WAIT = 3.0
REFERENCE_KEEP = 30.0


@dataclass(eq=False)
class _Wait:
    """One asker; itself the holder of the line."""

    details: ContractDetails
    answer: Callable[[Quote], None]


class PriceWaits:
    """Askers that wait for the first price of a contract."""

    def __init__(self, lines: QuoteLines, reactor: Reactor, quote: Callable[[int], Quote]) -> None:
        self._lines = lines
        self._reactor = reactor
        self._quote = quote
        self._waits: dict[int, list[_Wait]] = {}

    def ask(self, details: ContractDetails, answer: Callable[[Quote], None]) -> None:
        """Answer at once when there is a price, else later. Rejected when all lines are held."""
        wait = _Wait(details, answer)
        con_id = details.contract.con_id
        self._lines.hold(details.contract, wait)
        if has_price(self._quote(con_id)):
            self._answer(wait)
            return
        self._waits.setdefault(con_id, []).append(wait)
        self._reactor.after(PRICE_WAIT, lambda: self._time_is_up(wait))

    def keep(self, con_ids: Iterable[int]) -> tuple[Quote, ...]:
        """The quotes of those that have a line, or wait for one, which they keep as if they were asked for anew."""
        now = time.monotonic()
        return tuple(self._quote(each) for each in con_ids if self._lines.book.keep(each, now, REFERENCE_KEEP))

    def changed(self, con_ids: Iterable[int]) -> None:
        """These quotes changed."""
        for con_id in self._waits.keys() & set(con_ids):
            if has_price(self._quote(con_id)):
                self.give_up(con_id)

    def give_up(self, con_id: int) -> None:
        """Answer everyone who waits for this contract with the quote as it is."""
        for wait in self._waits.pop(con_id, ()):
            self._answer(wait)

    @property
    def waiting(self) -> bool:
        """Whether anyone waits."""
        return bool(self._waits)

    def _time_is_up(self, wait: _Wait) -> None:
        con_id = wait.details.contract.con_id
        waits = self._waits.get(con_id, [])
        if wait in waits:
            waits.remove(wait)
            if not waits:
                del self._waits[con_id]
            self._answer(wait)

    def _answer(self, wait: _Wait) -> None:
        con_id = wait.details.contract.con_id
        wait.answer(self._quote(con_id))
        self._lines.release(con_id, wait, REFERENCE_KEEP)
