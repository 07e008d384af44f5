"""The whole simulated gateway without sockets: sessions in, bytes out, one call at a time.

`connect`, `receive`, `disconnect` are what clients do, `step` is what time does. After each call the ledger is
committed, so that what a session's `output` tells was written down before. Deterministic: the same seed, clock
and calls give the same bytes.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

from simulator.agenda import Agenda
from simulator.clock import Clock
from simulator.exchange.accounts import Accounts, account_codes
from simulator.exchange.exchange import Exchange
from simulator.ledger import Ledger
from simulator.market.hours import trading_day
from simulator.market.market import Market
from simulator.market.universe import Universe
from simulator.refusal import Refused
from simulator.services.accounts import AccountService
from simulator.services.bars import BarService
from simulator.services.declined import declining_handlers
from simulator.services.quotes import QuoteService
from simulator.services.reference import Handler, ReferenceService, unknown
from simulator.services.trading import TradingService
from simulator.session import Session
from simulator.settings import SimulatorSettings
from simulator.wire.fields import BadField, Fields

_START_API = 71
_DATA_LOST = 1101
_CANCEL_ORDER = 4
_ID_FIRST = {3, 20, 22, 78, 79, 81, 83, 84, 86, 87, 88, 90, 91, 92, 93, 94, 95, 96, 97, 98, 100, 101, 102, 103, 104}
_NO_ID = {5, 6, 8, 12, 13, 14, 15, 16, 17, 18, 24, 49, 58, 59, 61, 64, 71, 80, 82, 85, 99, 105}


class Gateway:
    """One account, one market, any number of clients."""

    def __init__(self, settings: SimulatorSettings, directory: Path | None, clock: Clock) -> None:
        now = clock.now()
        self.clock = clock
        self.agenda = Agenda(clock)
        self._day = trading_day(now)
        self.universe = Universe(self._day)
        self.ledger = Ledger(directory, account_codes(settings.account)[0])
        self.market = Market(self.universe, settings.seed, now, settings.speed)
        self.accounts = Accounts(settings.account, settings.cash, self.market, self.ledger)
        self.account = self.accounts.default
        self.exchange = Exchange(self.market, self.account, self.ledger, clock.now)
        self.sessions: list[Session] = []
        self._clients: dict[int, Session] = {}
        self.mute = False
        self.quotes = QuoteService(self.market)
        self._accounts = AccountService(self.account, self.market, clock.now)
        self._trading = TradingService(
            self.universe, self.exchange, self.account, self._clients.get, self._accounts.filled
        )
        self._reference = ReferenceService(self.universe, self.exchange, settings.account, clock.now)
        self._handlers: dict[int, Handler] = {
            **declining_handlers(),
            **self._reference.handlers,
            **self.quotes.handlers,
            **BarService(self.market).handlers,
            **self._trading.handlers,
            **self._accounts.handlers,
        }
        self.exchange.expire(self._trading)
        self.ledger.commit()

    def connect(self) -> Session:
        """A client connected."""
        session = Session(self.clock.now)
        self.sessions.append(session)
        return session

    def receive(self, session: Session, data: bytes) -> None:
        """A client sent bytes."""
        for request in session.receive(data, mute=self.mute):
            if request.message_id == _START_API:
                self._start(session)
            else:
                self._serve(session, request)
        self.ledger.commit()

    def disconnect(self, session: Session) -> None:
        """A client is gone; its orders stay."""
        session.end("disconnected")
        self.sessions.remove(session)
        self.quotes.forget(session)
        self._accounts.forget(session)
        if session.client_id is not None and self._clients.get(session.client_id) is session:
            del self._clients[session.client_id]

    def step(self) -> None:
        """What is due happens, the market moves, orders trade, quotes and account news go out."""
        self.agenda.run_due()
        now = self.clock.now()
        if trading_day(now) != self._day:
            self._day = trading_day(now)
            self.universe.begin_day(self._day)
            self.exchange.expire(self._trading)
        watched = self.exchange.working_instruments() | self.quotes.instruments()
        for line in self.market.step(now, [watched[con_id] for con_id in sorted(watched)]):
            self.exchange.step(line, self._trading)
            self.quotes.publish(line)
        self._accounts.tick()
        self.ledger.commit()

    def run_due(self) -> None:
        """What is due happens, between two steps of the market."""
        self.agenda.run_due()
        self.ledger.commit()

    def move_price(self, symbol: str, price: Decimal) -> None:
        """Make a share, or a currency pair written EUR.USD, or a future by local symbol, trade at `price` now."""
        line = self.market.move(self.universe.named(symbol), float(price))
        self.exchange.step(line, self._trading)
        self.quotes.publish(line)
        self._accounts.tick()
        self.ledger.commit()

    def link(self, code: int) -> None:
        """Tell every client about the gateway's own connection: 1100 lost, 1101 back with data lost, 1102 back."""
        for session in self._clients.values():
            if code == _DATA_LOST:
                self.quotes.lose(session)
            session.error(-1, code, _LINK_TEXTS[code])

    def _start(self, session: Session) -> None:
        client_id = session.client_id or 0
        if self._clients.get(client_id) is session:
            session.error(-1, 321, "Error validating request.-'ca' : cause - startApi was received before")
            return
        if client_id in self._clients:
            session.error(
                -1, 326, "Unable to connect as the client id is already in use. Retry with a unique client id."
            )
            session.end("client id in use")
            return
        self._clients[client_id] = session
        self._reference.start(session)

    def _serve(self, session: Session, request: Fields) -> None:
        request_id = _request_id(request, session.version)
        try:
            self._handlers.get(request.message_id, unknown)(session, request)
        except Refused as refusal:
            session.error(request_id, refusal.code, refusal.text)
        except BadField as error:
            session.error(request_id, 320, f"Error reading request:{error}")


_LINK_TEXTS = {
    1100: "Connectivity between IB and Trader Workstation has been lost.",
    1101: "Connectivity between IB and Trader Workstation has been restored - data lost.",
    1102: "Connectivity between IB and Trader Workstation has been restored - data maintained. "
    "All data farms are connected: usfarm; ushmds; secdefil.",
}


def _request_id(request: Fields, version: int) -> int:
    """The id an error about this request carries, -1 where there is none to be read."""
    if request.message_id in _NO_ID:
        return -1
    try:
        id_first = request.message_id in _ID_FIRST or (request.message_id == _CANCEL_ORDER and version >= 200)
        return request.peek_integer(0 if id_first else 1)
    except BadField:
        return -1
