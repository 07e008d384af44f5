"""A client on asyncio, ib_async or ib_insync, makes its calls one after the other on one connection.

An answer that does not end within `PATIENCE`, an error that the row does not name, and whatever the client logs as
a warning or an error beside that (frames it cannot decode, requests timed out, unknown ids) fail the test.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from simulator.control import ControlClient

ACCOUNT = "DU1000001"
PATIENCE = 8.0
_NOTICES = range(2100, 2170)
_OF_AN_ERROR = re.compile(r"(Error|Warning) \d+,|Canceled order:|Peer closed|Disconnect")


@dataclass(frozen=True)
class Call:
    """A row of the table: the call, which may be awaited, what must be true of its result, errors that may come."""

    name: str
    make: Callable[[Day], Any]
    check: Callable[[Any], Any] = lambda _: True
    errors: tuple[int, ...] = ()


class Day:
    """The client at work: `ib` is its connection, `kept` what one call leaves for a later one."""

    def __init__(self, api: ModuleType, version: int, port: int, steering: ControlClient) -> None:
        self.ib: Any = api.IB()
        self.ib.client.MaxClientVersion = version
        self._port = port
        self.steering = steering
        self.kept: dict[str, Any] = {}
        self.codes: list[int] = []
        self.ib.errorEvent += lambda _id, code, _text, _contract: self.codes.append(code)

    async def connect(self) -> Any:
        """Log in and fetch what the client fetches at its start."""
        return await self.ib.connectAsync("127.0.0.1", self._port, clientId=3, timeout=5)

    async def carry_out(self, call: Call, log: list[logging.LogRecord]) -> None:
        """Make a call and wait for its end. AssertionError says which row."""
        self.codes.clear()
        log.clear()
        try:
            async with asyncio.timeout(PATIENCE):
                result = call.make(self)
                result = await result if inspect.isawaitable(result) else await self._nothing(result)
        except TimeoutError:
            raise AssertionError(f"{call.name}: no end") from None
        unexpected = [code for code in self.codes if code not in _NOTICES and code not in call.errors]
        assert not unexpected, f"{call.name}: errors {unexpected}"
        loud = [record.getMessage() for record in log if record.levelno >= logging.WARNING]
        assert [text for text in loud if not _OF_AN_ERROR.match(text)] == [], call.name
        assert call.check(result), f"{call.name}: {result}"

    async def _nothing(self, result: Any) -> Any:
        """A call that is not answered ends when the answer to another question came."""
        await self.ib.reqCurrentTimeAsync()
        return result

    async def until(self, event: Any, true: Callable[[], Any]) -> Any:
        """Wait for an event of the client until something is true; returns that."""
        while not (found := true()):
            await event
        return found

    async def order(self, name: str, contract: Any, order: Any, status: str) -> Any:
        """Place an order, remember its trade under a name, wait for a status; a fill has its commission, too."""
        trade = self.kept[name] = self.ib.placeOrder(contract, order)
        await self.until(trade.statusEvent, lambda: trade.orderStatus.status == status)
        if status == "Filled":
            await self.until(trade.commissionReportEvent, lambda: trade.fills and _charged(trade.fills[-1]))
        return trade

    async def cancel(self, name: str) -> Any:
        """Cancel the order of that name and wait for it."""
        trade = self.kept[name]
        self.ib.cancelOrder(trade.order)
        await self.until(trade.statusEvent, lambda: trade.orderStatus.status == "Cancelled")
        return trade


def _charged(fill: Any) -> bool:
    return bool(fill.commissionReport.execId)
