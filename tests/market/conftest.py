"""MarketData over real sockets, with a scripted Connection on one side and clients on the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest

from actors.market_data import MarketDataActor
from actors.messages import MESSAGES
from actors.messages.broker import OpenLine
from actors.messages.market import Subscribe
from config.settings import MarketDataSettings
from supervision.message import Message
from tests.market.scripted import Client, ScriptedConnection
from tests.support.local import LocalActor, LocalService

M = TypeVar("M", bound=Message)


class Market:
    """The service under test; `connection` and `market` are the present incarnations."""

    def __init__(self, service: LocalService) -> None:
        self.service = service
        self._clients = 0
        service.bind("connection", "state", "market_data")

    def start_connection(self, epoch: int = 1) -> ScriptedConnection:
        self._connection = self.service.start("connection", ScriptedConnection, epoch=epoch)
        self.connection: ScriptedConnection = self._connection.actor
        return self.connection

    def start_market(self, **settings: Any) -> LocalActor:
        made = MarketDataSettings(**{"linger": 0.05, **settings})
        self.market = self.service.start("market_data", MarketDataActor, settings=made)
        return self.market

    def client(self, *topics: str) -> Client:
        self._clients += 1
        actor: Client = self.service.start(f"client{self._clients}", Client, to="market_data", topics=topics).actor
        return actor

    def do(self, function: Callable[[], Any]) -> Any:
        """Run in Connection's thread, after everything it did before."""
        return self._connection.call(function)

    def tick(self, *ticks: tuple[int, int, float, float], time_ns: int = 1) -> None:
        """Send one batch of ticks: request, field, price, size."""
        self.do(lambda: self.connection.tick(*ticks, time_ns=time_ns))

    def asked(self, kind: type[M]) -> M:
        """The next ask of this kind that reached Connection, waited for."""
        return self.connection.asked[kind].get(timeout=5.0)  # type: ignore[no-any-return]

    def opened(self, symbol: str) -> int:
        """The next line to be opened is this symbol's; its request id."""
        assert self.asked(OpenLine).contract.symbol == symbol
        request: int = self.do(lambda: self.connection.request_of(symbol))
        return request

    def subscribe(self, client: Client, symbol: str, *, ticks: bool = False) -> int:
        """Subscribe to a symbol that has no line yet; the request id of its line."""
        client.ask(Subscribe(symbol, ticks))
        return self.opened(symbol)


@pytest.fixture
def service() -> Iterator[LocalService]:
    with LocalService(MESSAGES) as running:
        yield running


@pytest.fixture
def market(service: LocalService) -> Market:
    """Connection with session 1 and MarketData, both started."""
    made = Market(service)
    made.start_connection()
    made.start_market()
    return made
