"""Steering a simulator from outside: one JSON object a line on a loopback TCP port, one line in answer.

    {"do": "down", "seconds": 20}      refuse and cut clients; the market and orders go on; "seconds" may be left out
    {"do": "up"}                       listen again
    {"do": "mute", "on": true}         accept clients but never answer their greeting
    {"do": "garbage"}                  send every client bytes that are no message
    {"do": "drip", "on": true}         send one byte at a time, twenty in a second
    {"do": "reset", "after_bytes": 9}  cut every client with a reset once it was sent so many bytes more
    {"do": "link", "code": 1100}       tell every client 1100, 1101 (their quote lines end) or 1102
    {"do": "price", "symbol": "AAPL", "price": 150}   the market of a contract jumps there
    {"do": "freeze", "on": true}       the market stands still: no steps, no new sizes
    {"do": "status"}                   clients (quote lines, how many they opened, busiest second), market, orders
    {"do": "ledger"}                   counts, positions and cash of the ledger

The answer is {"ok": true, ...} or {"ok": false, "error": "..."}.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from types import TracebackType
from typing import Any, Self

from simulator.gateway import Gateway
from simulator.transport import Transport
from supervision.acceptor import Acceptor
from supervision.reactor import Reactor, Timer

Answer = dict[str, Any]
_LONGEST_LINE = 64 * 1024
_LINKS = {1100, 1101, 1102}


class ControlError(Exception):
    """A command that cannot be done; the text says why."""


class Control:
    """Listens for commands and carries them out."""

    def __init__(self, reactor: Reactor, gateway: Gateway, transport: Transport, host: str) -> None:
        self._reactor = reactor
        self._gateway = gateway
        self._transport = transport
        self._return: Timer | None = None
        self._peers: dict[socket.socket, bytearray] = {}
        self._listener = socket.create_server((host, 0))
        self._acceptor = Acceptor(self._listener, reactor, self._welcome)
        self.port: int = self._listener.getsockname()[1]
        self._commands: dict[str, Callable[[Answer], Answer]] = {
            "down": self._down,
            "up": self._up,
            "mute": self._mute,
            "garbage": self._garbage,
            "drip": self._drip,
            "reset": self._reset,
            "link": self._link,
            "price": self._price,
            "freeze": self._freeze,
            "status": self._status,
            "ledger": lambda _command: gateway.ledger.summary(),
        }

    def close(self) -> None:
        """Stop listening and drop whoever is connected."""
        for peer in list(self._peers):
            self._drop(peer)
        self._acceptor.close()
        self._listener.close()

    def answer(self, line: bytes) -> Answer:
        """Carry out one command."""
        try:
            command = json.loads(line)
        except ValueError as error:
            return {"ok": False, "error": f"not a JSON line: {error}"}
        act = self._commands.get(str(command.get("do"))) if isinstance(command, dict) else None
        if act is None:
            return {"ok": False, "error": f"do: expected one of {', '.join(self._commands)}"}
        try:
            return {"ok": True, **act(command)}
        except (ControlError, OSError) as error:
            return {"ok": False, "error": str(error)}

    # --- commands ---

    def _down(self, command: Answer) -> Answer:
        seconds = command.get("seconds")
        if seconds is not None and not (isinstance(seconds, int | float) and 0 < seconds < 86400):
            raise ControlError(f"seconds: expected a number up to a day, got {seconds!r}")
        self._forget_return()
        self._gateway.network.down()
        self._transport.flush()
        if seconds is not None:
            self._return = self._reactor.after(seconds, self._gateway.network.up)
        return {}

    def _up(self, _: Answer) -> Answer:
        self._forget_return()
        self._gateway.network.up()
        return {"port": self._transport.port}

    def _mute(self, command: Answer) -> Answer:
        self._gateway.deaf = _switch(command)
        return {"mute": self._gateway.deaf}

    def _garbage(self, _: Answer) -> Answer:
        self._gateway.network.garbage()
        self._transport.flush()
        return {}

    def _drip(self, command: Answer) -> Answer:
        self._gateway.network.drip(_switch(command))
        return {"drip": self._gateway.network.dripping}

    def _reset(self, command: Answer) -> Answer:
        count = command.get("after_bytes")
        if not (isinstance(count, int) and not isinstance(count, bool) and 0 < count < 1_000_000):
            raise ControlError(f"after_bytes: expected a number from 1 to a million, got {count!r}")
        self._gateway.network.cut(after_bytes=count)
        self._transport.flush()
        return {}

    def _link(self, command: Answer) -> Answer:
        if command.get("code") not in _LINKS:
            raise ControlError(f"code: expected 1100, 1101 or 1102, got {command.get('code')!r}")
        self._gateway.link(command["code"])
        self._transport.flush()
        return {}

    def _price(self, command: Answer) -> Answer:
        try:
            price = Decimal(str(command.get("price")))
        except InvalidOperation:
            price = Decimal(0)
        if not (price.is_finite() and 0 < price < 10_000_000):
            raise ControlError(f"price: expected a positive number, got {command.get('price')!r}")
        try:
            self._gateway.move_price(str(command.get("symbol")), price)
        except KeyError as error:
            raise ControlError(f"symbol: there is no {error}") from error
        self._transport.flush()
        return {}

    def _freeze(self, command: Answer) -> Answer:
        self._gateway.market.frozen = _switch(command)
        return {"frozen": self._gateway.market.frozen}

    def _status(self, _: Answer) -> Answer:
        gateway = self._gateway
        ready = [session for session in gateway.sessions if session.client_id is not None]
        return {
            "listening": gateway.network.listening,
            "port": self._transport.port,
            "clients": [
                {
                    "client_id": session.client_id,
                    "version": session.version,
                    "lines": gateway.quotes.lines(session),
                    "opened": gateway.quotes.opened(session),
                    "busiest": session.pace.busiest,
                }
                for session in ready
            ],
            "market_time": gateway.market.now,
            "frozen": gateway.market.frozen,
            "mute": gateway.deaf,
            "working": len(gateway.exchange.open_orders()),
        }

    def _forget_return(self) -> None:
        if self._return is not None:
            self._return.cancel()
            self._return = None

    # --- sockets ---

    def _welcome(self, peer: socket.socket) -> None:
        peer.settimeout(1.0)
        self._peers[peer] = bytearray()
        self._reactor.watch(peer, lambda: self._read(peer))

    def _read(self, peer: socket.socket) -> None:
        buffer = self._peers[peer]
        try:
            data = peer.recv(4096)
            buffer += data
            while b"\n" in buffer:
                line, _, rest = bytes(buffer).partition(b"\n")
                buffer[:] = rest
                peer.sendall(json.dumps(self.answer(line)).encode() + b"\n")
        except OSError:
            data = b""
        if not data or len(buffer) > _LONGEST_LINE:
            self._drop(peer)

    def _drop(self, peer: socket.socket) -> None:
        del self._peers[peer]
        self._reactor.unwatch(peer)
        peer.close()


def _switch(command: Answer) -> bool:
    on = command.get("on", True)
    if not isinstance(on, bool):
        raise ControlError(f"on: expected true or false, got {on!r}")
    return on


class ControlClient:
    """A blocking connection to a simulator's control port."""

    def __init__(self, host: str, port: int, timeout: float = 10.0) -> None:
        self._socket = socket.create_connection((host, port), timeout)
        self._file = self._socket.makefile("rb")

    def do(self, command: str, **arguments: object) -> Answer:
        """Send a command and return its answer. Raises ControlError when it is refused, OSError when the simulator is
        gone and it may or may not have been carried out.
        """
        self._socket.sendall(json.dumps({"do": command, **arguments}).encode() + b"\n")
        line = self._file.readline()
        if not line:
            raise ConnectionResetError("the simulator closed the control connection")
        answer: Answer = json.loads(line)
        if not answer.pop("ok"):
            raise ControlError(answer["error"])
        return answer

    def close(self) -> None:
        """Hang up."""
        self._file.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
