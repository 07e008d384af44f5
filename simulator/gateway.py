"""The whole simulated gateway without sockets: sessions in, bytes out, one call at a time.

`connect`, `receive`, `disconnect` are what clients do, `step` is what time does, everything else is what is done to
them. After each call the ledger is committed, so that what a session's `output` tells was written down before.
Deterministic: the same seed, clock and calls give the same bytes.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Protocol

from simulator.agenda import Agenda
from simulator.clients import Clients
from simulator.clock import Clock
from simulator.dispatch import Dispatcher
from simulator.exchange.accounts import Accounts, account_codes
from simulator.exchange.exchange import Exchange
from simulator.faults.rules import Rules
from simulator.ledger import Ledger
from simulator.market.hours import trading_day
from simulator.market.market import Market
from simulator.market.universe import Universe
from simulator.network import Network
from simulator.pacing import Pacing
from simulator.services.accounts import AccountService
from simulator.services.bulletins import BulletinService
from simulator.services.declined import declining_handlers
from simulator.services.market_data import MarketData
from simulator.services.paced import PacedHandlers
from simulator.services.reference import Handler, ReferenceService
from simulator.services.scanner import ScannerService
from simulator.services.startup import TEXTS, StartupService
from simulator.services.trading import TradingService
from simulator.session import Session, Surroundings
from simulator.settings import SimulatorSettings
from simulator.traffic import Traffic
from simulator.wire.fields import Fields
from simulator.wire_log import WireLog

_START_API = 71
_DATA_LOST = 1101
_COUNTED_EVERY = 1.0


class Streams(Protocol):
    """A service that sends clients something by itself."""

    def lose(self, session: Session) -> None:
        """All streams of a client end without a word: it is gone, or was told 1101."""
        ...


class Gateway:
    """One login with its accounts, one market, any number of clients."""

    def __init__(self, settings: SimulatorSettings, directory: Path | None, clock: Clock) -> None:
        now = clock.now()
        self.clock = clock
        self.agenda = Agenda(clock)
        self._day = trading_day(now)
        self.universe = Universe(self._day)
        self.market = Market(self.universe, settings.seed, now, settings.speed, settings.hours, settings.replay)
        self._log = None if settings.wire_log is None else WireLog(settings.wire_log, clock)
        self.ledger = Ledger(directory, account_codes(settings.account)[0])  # free as long as the files are wrong
        self.accounts = Accounts(settings.account, settings.cash, self.market, self.ledger)
        self.account = self.accounts.default
        self.exchange = Exchange(self.market, self.accounts, self.ledger, clock.now)
        self.clients = Clients(clock.monotonic, self._welcome)
        self.sessions = self.clients.sessions
        self.network = Network(self.sessions, self.agenda)
        self.rules = Rules(settings.seed)
        self.pacing = Pacing()
        self.deaf = False
        """Whether connections are accepted and never greeted."""
        self.read_only = False
        """Whether requests about orders are refused."""
        self._traffic = Traffic(clock, self._log)
        self._around = Surroundings(clock, self.agenda, self.rules, self._traffic, self.pacing)
        self._counts_due = clock.monotonic()
        self.quotes = MarketData(self.market, self.agenda.after)
        self.entitlements = self.quotes.entitlements
        self._startup = StartupService(settings.account, self.exchange.next_order_id)
        self._accounts = AccountService(self.accounts, self.universe, clock, lambda: self._startup.linked)
        self.trading = TradingService(
            self.universe, self.exchange, self.accounts, self.clients.by_id.get, self._accounts.filled, clock.now
        )
        self._bulletins = BulletinService()
        scanner = ScannerService(self.market, self.agenda)
        self._reference = ReferenceService(self.market, settings.account, clock.now)
        handlers = self._handlers() | scanner.handlers
        paced = PacedHandlers(self.pacing, clock.monotonic, handlers)
        self._dispatcher = Dispatcher(handlers | paced.handlers)
        self._streams: tuple[Streams, ...] = (self.quotes, self._accounts, self._bulletins, scanner, paced)
        self.exchange.expire(self.trading)
        self.ledger.commit()

    def connect(self) -> Session:
        """A client connected. Raises ConnectionRefusedError when the gateway does not listen."""
        if not self.network.listening:
            raise ConnectionRefusedError("the gateway does not listen")
        session = Session(self._around, self._serve)
        self.clients.add(session)
        return session

    def receive(self, session: Session, data: bytes) -> None:
        """A client sent bytes."""
        session.receive(data, deaf=self.deaf)
        self._settle()

    def disconnect(self, session: Session) -> None:
        """A client is gone; its orders stay. No effect when it is known already."""
        session.end("disconnected")
        self._settle()

    def step(self) -> None:
        """What is due happens, the market moves, orders trade, quotes and account news go out."""
        self.agenda.run_due()
        now = self.clock.now()
        if trading_day(now) != self._day:
            self._day = trading_day(now)
            self.universe.begin_day(self._day)
            self._bulletins.begin_day()
            self.exchange.expire(self.trading)
        watched = self.exchange.working_instruments() | self.quotes.instruments()
        for line in self.market.step(now, [watched[con_id] for con_id in sorted(watched)]):
            self.exchange.step(line, self.trading)
            self.quotes.publish(line)
        self._accounts.tick()
        if not self.deaf:
            self.clients.expire()
        if self.clock.monotonic() >= self._counts_due:
            self._counts_due = self.clock.monotonic() + _COUNTED_EVERY
            self.save_counts()
        self._settle()

    def run_due(self) -> None:
        """What is due happens, between two steps of the market."""
        self.agenda.run_due()
        self._settle()

    def move_price(self, symbol: str, price: Decimal) -> None:
        """Make a share, or a currency pair written EUR.USD, or a future by local symbol, trade at `price` now."""
        line = self.market.move(self.universe.named(symbol), float(price))
        self.exchange.step(line, self.trading)
        self.quotes.publish(line)
        self._accounts.tick()
        self.ledger.commit()

    def close(self) -> None:
        """Write what is left to be written. The sockets are somebody else's."""
        self.save_counts()
        self.ledger.close()
        if self._log is not None:
            self._log.close()

    def save_counts(self) -> None:
        """Give the ledger the messages that were counted since the last time."""
        self.ledger.save_traffic(self._traffic.take())
        if self._log is not None:
            self._log.flush()

    def notice(self, code: int, text: str | None = None, client_id: int | None = None) -> None:
        """Tell all clients, or one, any code; after 1101 their streams are gone. ValueError for one without a text."""
        if text is None and code not in TEXTS:
            raise ValueError(f"code {code} has no text of its own")
        if client_id is None:
            self._startup.note(code)
        for session in [one for one in self.clients.by_id.values() if client_id in (None, one.client_id)]:
            if code == _DATA_LOST:
                self._lose_streams(session)
            session.error(-1, code, TEXTS[code] if text is None else text)

    def link(self, code: int) -> None:
        """The gateway's own connection: 1100 lost, 1101 back with data lost, 1102 back with data kept."""
        self.notice(code)

    def bulletin(self, kind: int, text: str, exchange: str) -> None:
        """IB publishes a bulletin: kind 1 in general, 2 an exchange is closed, 3 it is open again. ValueError else."""
        self._bulletins.publish(kind, text, exchange)

    def hold_client_id(self, client_id: int, on: bool) -> None:
        """Let a client id be in use by nobody: who comes with it is refused with 326."""
        self.clients.hold(client_id, on)

    def set_next_id(self, client_id: int | None, value: int) -> None:
        """The next valid id that a client, or whoever is told one next, is told."""
        self._startup.choose_next_id(client_id, value)

    def restart(self, seconds: float) -> None:
        """The nightly restart: connections die without a word, nobody can connect for so many true seconds.

        Orders stay, but for those that were not transmitted; the gateway comes back connected to IB.
        """
        self.exchange.forget_held()
        self._startup.restore()
        self.network.down(seconds)

    def login_required(self, on: bool) -> None:
        """The weekly login: connections die, newcomers are greeted but not started until it is done."""
        if on == self.clients.login_required:
            return
        if on:
            self.clients.login_required = True
            self.exchange.forget_held()
            self.network.cut()
        else:
            self._startup.restore()
            self.clients.log_in()

    def _handlers(self) -> dict[int, Handler]:
        return {
            **declining_handlers(),
            **self._reference.handlers,
            **self._startup.handlers,
            **self.quotes.handlers,
            **self.trading.handlers,
            **self._accounts.handlers,
            **self._bulletins.handlers,
        }

    def _serve(self, session: Session, request: Fields) -> None:
        if request.message_id == _START_API:
            self.clients.start(session)
        elif session.started:  # else its start is held back: by a rule, or because a login is required
            self._dispatcher.serve(session, request, read_only=self.read_only)

    def _welcome(self, session: Session) -> None:
        self._startup.start(session)

    def _settle(self) -> None:
        """Forget the sessions that are over, and make permanent what clients are about to hear."""
        for session in [one for one in self.sessions if one.over]:
            self.clients.remove(session)
            self._lose_streams(session)
            self.quotes.forget(session)
        self.ledger.commit()

    def _lose_streams(self, session: Session) -> None:
        for service in self._streams:
            service.lose(session)
