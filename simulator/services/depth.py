"""Market depth: books of one exchange (12, or 13 with market makers) and SMART depth over all of them.

A book is followed row by row. When it cannot be followed (a halt ended, the client had fallen behind) it is reset by
317 and told again from its first row. At most three books at once, 309.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from simulator.market.depth import Level
from simulator.market.line import Line
from simulator.market.market import Market
from simulator.market.universe import Instrument
from simulator.refusal import Refused, invalid
from simulator.services.depth_changes import Change, changes
from simulator.services.entitlements import Entitlements
from simulator.services.reference import Handler, resolve
from simulator.services.subscriptions import MarketLines, Subscriptions
from simulator.services.venues import DEPTH_EXCHANGES, SMART_DEPTH, TOP_ONLY
from simulator.session import Session
from simulator.wire import depth_messages as wire
from simulator.wire.fields import Fields
from simulator.wire.requests import read_contract

_MOST_ROWS = 60
_SMART_NOTICE = 2152
_RESET = 317
_RESET_TEXT = "Market depth data has been RESET. Please empty deep book contents before applying any new entries."


@dataclass(eq=False)
class _Book:
    session: Session
    request_id: int
    line: Line
    exchange: str
    rows: int
    smart: bool
    makers: bool
    bids: tuple[Level, ...] = ()
    asks: tuple[Level, ...] = ()
    state: str = field(default="open")
    behind: bool = False


class DepthService:
    """Who follows which book."""

    def __init__(self, market: Market, entitlements: Entitlements, lines: MarketLines) -> None:
        self._market = market
        self._entitlements = entitlements
        self._lines = lines
        self._books: Subscriptions[_Book] = Subscriptions()
        self.handlers: dict[int, Handler] = {10: self._subscribe, 11: self._cancel, 82: self._exchanges}

    def instruments(self) -> dict[int, Instrument]:
        """Whose books are followed, by contract id."""
        return {book.line.instrument.con_id: book.line.instrument for book in self._books}

    def publish(self, line: Line) -> None:
        """Send the rows that changed."""
        for book in self._books:
            if book.line.instrument.con_id == line.instrument.con_id:
                book.line = line
                self._follow(book)

    def recheck(self) -> None:
        """Entitlements changed: books without one end with the reason."""
        for book in list(self._books):
            try:
                self._entitlements.require_depth(book.line.instrument)
            except Refused as refusal:
                self._books.take(book.session, book.request_id)
                book.session.error(book.request_id, refusal.code, refusal.text)

    def lose(self, session: Session) -> None:
        """Every book of a client ends without a word."""
        self._books.drop(session)

    def _subscribe(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id = fields.integer("reqId")
        query = read_contract(fields)
        rows, smart = fields.integer("numRows"), fields.optional("isSmartDepth") == "1"
        if not 0 < rows <= _MOST_ROWS:
            raise invalid(f"Number of rows {rows} is not in the range 1 to {_MOST_ROWS}", "bV")
        self._books.require_new(session, request_id)
        item = resolve(self._market.universe, query)
        exchange = query.exchange or item.exchange
        _require_book(item, exchange, smart=smart)
        self._entitlements.require_depth(item)
        if len(self._books) >= self._lines.depth:
            raise Refused(309, f"Max number ({self._lines.depth}) of market depth requests has been reached")
        if smart:
            told = f"Exchanges - Depth: {_listed(SMART_DEPTH)} Top: {_listed(TOP_ONLY)} "
            session.error(request_id, _SMART_NOTICE, told)
        line = self._market.line(item)
        makers = smart or item.sec_type == "STK"
        book = _Book(session, request_id, line, exchange, rows, smart, makers, state=line.state)
        self._books.add(session, request_id, book)
        self._follow(book)

    def _follow(self, book: _Book) -> None:
        if book.session.congested:
            book.behind = True
            return
        resumed, book.state = book.state == "halted" != book.line.state, book.line.state
        if book.behind or resumed:
            book.behind, book.bids, book.asks = False, (), ()
            book.session.error(book.request_id, _RESET, _RESET_TEXT)
        bids, asks = self._rows(book)
        messages = [
            self._row(book, side, change)
            for side, before, after in ((wire.BID_SIDE, book.bids, bids), (wire.ASK_SIDE, book.asks, asks))
            for change in changes(before, after)
        ]
        book.bids, book.asks = bids, asks
        book.session.send(*messages)

    def _rows(self, book: _Book) -> tuple[tuple[Level, ...], tuple[Level, ...]]:
        """The market's book; a closed market has none, that of a halted one stays as it was."""
        if book.state == "closed":
            return (), ()
        if book.state == "halted":
            return book.bids, book.asks
        found = self._market.depth(book.line.instrument, book.rows)
        return tuple(found.bids), tuple(found.asks)

    def _row(self, book: _Book, side: int, change: Change) -> bytes:
        level = change.level
        price, place = book.line.price(level.price), (change.position, change.operation, side)
        if not book.makers:
            return wire.depth_row(book.request_id, *place, price, level.size)
        return wire.depth_row_of_maker(
            book.request_id, change.position, level.maker, change.operation, side, price, level.size, smart=book.smart
        )

    def _cancel(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id = fields.integer("reqId")
        if self._books.take(session, request_id) is None:
            raise Refused(310, f"Can't find the subscribed market depth with tickerId:{request_id}")

    def _exchanges(self, session: Session, _: Fields) -> None:
        session.send(wire.depth_exchanges(DEPTH_EXCHANGES))


def _listed(exchanges: tuple[str, ...]) -> str:
    return "".join(f"{name}; " for name in exchanges).rstrip()


def _require_book(item: Instrument, exchange: str, *, smart: bool) -> None:
    """SMART itself has no book unless SMART depth is asked for, combos and indices have none at all."""
    direct = exchange != "SMART" and exchange in {found.exchange for found in DEPTH_EXCHANGES} | {"ISLAND"}
    if item.sec_type in {"BAG", "IND"} or not (direct or (smart and exchange == "SMART" and item.sec_type == "STK")):
        raise Refused(10092, "Deep market data is not supported for this combination of security type/exchange")
