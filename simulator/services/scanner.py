"""Market scans: the listed shares and funds by the day's figures, told at once and every half minute again.

What `SCANS`, `LOCATIONS` and `FILTERS` name can be scanned for; anything else is refused by name, with 162 as TWS
refuses what its scanner does not know. Cancelling is acknowledged with 162, as TWS does.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import partial

from simulator.agenda import Agenda, Entry
from simulator.market.line import Line
from simulator.market.market import Market
from simulator.refusal import Refused
from simulator.services.reference import Handler
from simulator.session import Session
from simulator.wire import scanner_messages as wire
from simulator.wire.fields import Fields, parse_amount
from simulator.wire.scanner_request import Scan, read_scan

EVERY = 30.0
_AT_ONCE = 10
_MOST_ROWS = 50
_ERROR = "Historical Market Data Service error message:"


def _gain(line: Line) -> float:
    return line.quote.last / line.quote.close - 1


def _gap(line: Line) -> float:
    return line.quote.open / line.quote.close - 1


SCANS: dict[str, tuple[str, Callable[[Line], float]]] = {
    "TOP_PERC_GAIN": ("Top % Gainers", _gain),
    "TOP_PERC_LOSE": ("Top % Losers", lambda line: -_gain(line)),
    "MOST_ACTIVE": ("Most Active", lambda line: line.quote.volume),
    "HIGH_OPEN_GAP": ("Top Open Gap Up", _gap),
    "LOW_OPEN_GAP": ("Top Open Gap Down", lambda line: -_gap(line)),
}
"""Name and figure of each scan code: the largest first."""
LOCATIONS = {
    "STK.US": ("US Stocks", None),
    "STK.US.MAJOR": ("Listed/NASDAQ", None),
    "STK.NASDAQ": ("NASDAQ", "NASDAQ"),
    "STK.NYSE": ("NYSE", "NYSE"),
    "STK.ARCA": ("ARCA", "ARCA"),
}
"""Name and primary exchange of each location; None: all of them."""
FILTERS: dict[str, Callable[[Line, Decimal], bool]] = {
    "priceAbove": lambda line, limit: line.price(line.quote.last) >= limit,
    "priceBelow": lambda line, limit: line.price(line.quote.last) <= limit,
    "volumeAbove": lambda line, limit: line.quote.volume >= limit,
    "changePercAbove": lambda line, limit: 100 * _gain(line) >= limit,
    "changePercBelow": lambda line, limit: 100 * _gain(line) <= limit,
}
_KINDS = {"": None, "ALL": None, "CORP": "COMMON", "ETF": "ETF"}


@dataclass
class _Subscription:
    session: Session
    request_id: int
    scan: Scan
    limits: dict[str, Decimal]
    next: Entry | None = None


class ScannerService:
    """Who scans for what."""

    def __init__(self, market: Market, agenda: Agenda) -> None:
        self._market = market
        self._agenda = agenda
        self._open: dict[tuple[Session, int], _Subscription] = {}
        self.handlers: dict[int, Handler] = {22: self._subscribe, 23: self._cancel, 24: _tell_parameters}

    def lose(self, session: Session) -> None:
        """A client scans no more: it is gone, or was told 1101."""
        for key in [key for key in self._open if key[0] is session]:
            self._end(key)

    def _subscribe(self, session: Session, fields: Fields) -> None:
        request_id, scan = read_scan(fields)
        if (session, request_id) in self._open:
            raise _cannot("Duplicate ticker ID for API scanner subscription")
        if len(self._open) >= _AT_ONCE:
            raise _cannot(f"Only {_AT_ONCE} simultaneous API scanner subscriptions are allowed.")
        subscription = _Subscription(session, request_id, scan, _limits(scan))
        self._open[session, request_id] = subscription
        self._tell(subscription)

    def _cancel(self, session: Session, fields: Fields) -> None:
        fields.skip()
        request_id = fields.integer("reqId")
        if (session, request_id) not in self._open:
            raise Refused(365, f"No scanner subscription found for ticker id:{request_id}")
        self._end((session, request_id))
        raise Refused(162, f"{_ERROR}API scanner subscription cancelled: {request_id}")

    def _end(self, key: tuple[Session, int]) -> None:
        following = self._open.pop(key).next
        if following is not None:
            following.cancel()

    def _tell(self, one: _Subscription) -> None:
        found = self._found(one)
        if not found:
            one.session.error(one.request_id, 165, "Historical Market Data Service query message:No items retrieved")
        one.session.send(wire.scanner_data(one.request_id, [line.instrument for line in found]))
        one.next = self._agenda.after(EVERY, partial(self._tell, one))

    def _found(self, one: _Subscription) -> list[Line]:
        scan = one.scan
        (_, figure), (_, primary) = SCANS[scan.code], LOCATIONS[scan.location]
        kind = _KINDS[scan.kind.upper()]
        lines = [
            self._market.line(item)
            for item in self._market.universe.shares.values()
            if primary in {None, item.primary} and kind in {None, item.stock_type}
        ]
        passing = [line for line in lines if all(FILTERS[name](line, limit) for name, limit in one.limits.items())]
        return sorted(passing, key=figure, reverse=True)[: _MOST_ROWS if scan.rows < 0 else min(scan.rows, _MOST_ROWS)]


def _tell_parameters(session: Session, _: Fields) -> None:
    locations = [(code, name) for code, (name, _) in LOCATIONS.items()]
    session.send(wire.parameters(locations, [(code, name) for code, (name, _) in SCANS.items()], FILTERS))


def _limits(scan: Scan) -> dict[str, Decimal]:
    """The filters' values. Raises `Refused` (162) for a scan, or a filter, that does not exist here."""
    for what, known in (
        (f"instrument {scan.instrument}", scan.instrument == "STK"),
        (f"location {scan.location}", scan.location in LOCATIONS),
        (f"type {scan.code}", scan.code in SCANS),
        (f"stock type {scan.kind}", scan.kind.upper() in _KINDS),
        *((f"filter {name}", name in FILTERS) for name in scan.filters),
    ):
        if not known:
            raise Refused(162, f"{_ERROR}Scanner {what[:60]} is not offered by this simulator")
    limits = {name: parse_amount(name, value) for name, value in scan.filters.items()}
    return {name: limit for name, limit in limits.items() if limit is not None}


def _cannot(cause: str) -> Refused:
    return Refused(322, f"Error processing request.-'co' : cause - {cause}")
