"""A whole simulated gateway in memory, and real clients' encoders and decoders talking to it.

Every message that is taken from a session is decoded by the official client and, where it speaks the version,
by ib_async; a field left over, missing or mistyped fails the test that caused it.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from decimal import Decimal
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import ib_async
import ib_async.decoder
import ibapi.client
import ibapi.decoder
from ibapi.contract import Contract
from ibapi.order import Order
from ibapi.order_cancel import OrderCancel
from ibapi.wrapper import EWrapper

from simulator.clock import Clock
from simulator.gateway import Gateway
from simulator.settings import Settings

NOON = 1_795_107_600.0  # Thursday 19 November 2026, 12:00 in New York
VERSIONS = (176, 178, 200)


_DECODERS = {version: ibapi.decoder.Decoder(None, version) for version in VERSIONS}


class Recorder(EWrapper):
    """Remembers every callback as (name, arguments)."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[str, tuple[Any, ...]]] = []

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, name)
        if name.startswith("_") or name not in EWrapper.__dict__ or not callable(found):
            return found
        return lambda *arguments: self.calls.append((name, arguments))


class World:
    """A gateway with a clock that only the test moves."""

    def __init__(self, directory: Path | None = None, *, now: float = NOON, **settings: Any) -> None:
        self.now = now
        self.gateway = Gateway(Settings(**settings), directory, Clock(lambda: self.now, lambda: self.now))

    def client(self, client_id: int = 1, version: int = 178) -> Client:
        """A started client; what start-up sent is taken already."""
        client = Client(self, client_id, version)
        client.callbacks()
        return client

    def step(self, seconds: float = 0.25) -> None:
        """Let time pass, and the market move once."""
        self.now += seconds
        self.gateway.step()

    def close(self) -> None:
        """End the run; a ledger in a directory stays."""
        self.gateway.close()


class Connection:
    """What the official client takes for its connection."""

    def __init__(self, deliver: Callable[[bytes], None]) -> None:
        self.deliver = deliver

    def isConnected(self) -> bool:  # noqa: N802 the official client's name
        return True

    def sendMsg(self, data: bytes) -> int:  # noqa: N802 the official client's name
        self.deliver(data)
        return len(data)


class Client(ibapi.client.EClient):
    """The official client's encoders and decoder, joined to a session in memory."""

    def __init__(self, world: World, client_id: int, version: int) -> None:
        self.recorder = Recorder()
        super().__init__(self.recorder)
        self.world = world
        self.session = world.gateway.connect()
        self.raised: Exception | None = None
        hello = f"v100..{version}".encode()
        world.gateway.receive(self.session, b"API\0" + struct.pack(">I", len(hello)) + hello)
        greeting = self._payloads()
        assert [payload.split(b"\0")[0] for payload in greeting] == [str(version).encode()]
        self.conn, self.serverVersion_, self.clientId = Connection(self.deliver), version, client_id
        self.setConnState(self.CONNECTED)
        self.startApi()

    def deliver(self, data: bytes) -> None:
        """Hand bytes to the gateway as if they came from the socket. What it raises comes from `take`, too."""
        try:
            self.world.gateway.receive(self.session, data)
        except Exception as error:
            self.raised = error  # the official client takes it for a failure to send, and goes on
            raise

    def raw(self, *fields: object) -> list[list[str]]:
        """Send a message field by field and take the answers."""
        payload = "".join(f"{field}\0" for field in fields).encode()
        self.deliver(struct.pack(">I", len(payload)) + payload)
        return self.take()

    def take(self) -> list[list[str]]:
        """Everything received since the last call, decoded strictly by real decoders, as fields."""
        if self.raised is not None:
            raise self.raised
        messages = []
        for payload in self._payloads():
            decode_officially(payload, self.serverVersion_, self.recorder)
            if self.serverVersion_ <= 178:
                decode_with_ib_async(payload, self.serverVersion_)
            messages.append(payload[:-1].decode().split("\0"))
        return messages

    def callbacks(self) -> list[tuple[str, tuple[Any, ...]]]:
        """The official client's callbacks since the last call."""
        self.take()
        calls, self.recorder.calls = self.recorder.calls, []
        return calls

    def _payloads(self) -> list[bytes]:
        data, payloads = bytes(self.session.output), []
        self.session.output.clear()
        while data:
            (size,) = struct.unpack_from(">I", data)
            payloads.append(data[4 : 4 + size])
            data = data[4 + size :]
        return payloads


def decode_officially(payload: bytes, version: int, wrapper: EWrapper) -> None:
    """Decode with `ibapi`; fails on a wrong number of fields as well as on a wrong type."""
    assert payload.endswith(b"\0")
    message_id, *fields = payload[:-1].split(b"\0")
    handle = ibapi.decoder.Decoder.msgId2handleInfo[int(message_id)]
    decoder = _DECODERS[version]
    decoder.wrapper = wrapper
    if handle.wrapperMeth is not None:
        assert len(fields) == len(handle.wrapperParams), payload
        decoder.interpretWithSignature(fields, handle)
        return
    left = iter(fields)
    handle.processMeth(decoder, left)
    rest = list(left)
    assert not rest, f"message {message_id!r} at {version}: {len(rest)} fields left over: {rest}"


class _Sink:
    """Stands for ib_async's wrapper."""

    defaultTimezone = None  # noqa: N815 ib_async's name

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


def decode_with_ib_async(payload: bytes, version: int, library: ModuleType = ib_async) -> None:
    """Decode with ib_async (or ib_insync), which logs where others raise."""
    _strict_decoder(library, version).interpret(payload[:-1].decode().split("\0"))


@cache
def _strict_decoder(library: ModuleType, version: int) -> Any:
    """One for all messages: it keeps nothing of them, and takes longer to make than they to decode."""
    decoder = library.decoder.Decoder(_Sink(), version)

    def fail(text: str) -> None:
        raise AssertionError(f"{library.__name__} at {version}: {text}")

    decoder.logger = type("Logger", (), {"exception": staticmethod(fail)})()
    return decoder


def stock(symbol: str = "AAPL", **parts: Any) -> Contract:
    """A US share as users ask for it."""
    return contract(symbol=symbol, secType="STK", exchange="SMART", currency="USD", **parts)


def contract(**parts: Any) -> Contract:
    """An official contract."""
    made = Contract()
    for name, value in parts.items():
        setattr(made, name, value)
    return made


EUR_USD = contract(symbol="EUR", secType="CASH", exchange="IDEALPRO", currency="USD")
ES = contract(symbol="ES", secType="FUT", exchange="CME", currency="USD", lastTradeDateOrContractMonth="202612")
SPY_CALL = contract(
    symbol="SPY",
    secType="OPT",
    exchange="SMART",
    currency="USD",
    right="C",
    strike=560.0,
    lastTradeDateOrContractMonth="20261218",
)


def order(action: str, quantity: int | str, kind: str = "MKT", **parts: Any) -> Order:
    """An official order."""
    made = Order()
    made.action, made.totalQuantity, made.orderType = action, Decimal(quantity), kind
    for name, value in parts.items():
        setattr(made, name, value)
    return made


def cancellation() -> OrderCancel:
    """What the official client wants with a cancel."""
    return OrderCancel()


def story(messages: list[list[str]]) -> list[str]:
    """Messages about orders in short: what a reader of the protocol notes would write down."""
    told = []
    for fields in messages:
        match fields[0]:
            case "3":
                told.append(f"status {fields[2]}")
            case "5":
                told.append("open")
            case "11":
                told.append(f"fill {fields[19]}")
            case "59":
                told.append("commission")
            case "4":
                told.append(f"error {fields[3] if fields[1] == '2' else fields[2]}")
    return told
