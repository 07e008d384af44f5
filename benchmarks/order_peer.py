"""ib_async as the peer: `... order_peer PORT` places and cancels as told on standard input, one errand a line.

`pairs N` prints a JSON list of pairs, `burst N` one of one time; a time is when ib_async's statusEvent told it.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import time

import ib_async
import orjson

from benchmarks.order_terms import APART, LIMIT, SYMBOL

ACKNOWLEDGED = ("PreSubmitted", "Submitted")
SECONDS = 30.0


class Peer:
    """One connected client."""

    def __init__(self, client: ib_async.IB, contract: ib_async.Contract) -> None:
        self._client = client
        self._contract = contract

    async def pairs(self, count: int) -> list[dict[str, float]]:
        """Place and cancel one order after the other."""
        return [await self._pair() for _ in range(count)]

    async def _pair(self) -> dict[str, float]:
        pair: dict[str, float] = {}
        acknowledged, cancelled = asyncio.Event(), asyncio.Event()

        def status(trade: ib_async.Trade) -> None:
            if trade.orderStatus.status in ACKNOWLEDGED:
                pair.setdefault("acknowledged", time.monotonic())
                acknowledged.set()
            elif trade.orderStatus.status == "Cancelled":
                pair.setdefault("cancelled", time.monotonic())
                cancelled.set()

        order = ib_async.LimitOrder("BUY", 1, LIMIT, tif="DAY")
        pair["place"] = time.monotonic()
        trade = self._client.placeOrder(self._contract, order)
        pair["place_sent"] = time.monotonic()
        trade.statusEvent += status
        await asyncio.wait_for(acknowledged.wait(), SECONDS)
        await asyncio.sleep(APART)
        pair["cancel"] = time.monotonic()
        self._client.cancelOrder(order)
        pair["cancel_sent"] = time.monotonic()
        await asyncio.wait_for(cancelled.wait(), SECONDS)
        await asyncio.sleep(APART)
        return pair

    async def burst(self, count: int) -> list[dict[str, float]]:
        """Place many at once; the time until all were acknowledged."""
        unheard = set(range(count))
        heard = asyncio.Event()

        def listen(number: int, trade: ib_async.Trade) -> None:
            def status(trade: ib_async.Trade) -> None:
                if trade.orderStatus.status in ACKNOWLEDGED:
                    unheard.discard(number)
                    if not unheard:
                        heard.set()

            trade.statusEvent += status

        began = time.monotonic()
        for number in range(count):
            order = ib_async.LimitOrder("BUY", 1, LIMIT, tif="DAY")
            listen(number, self._client.placeOrder(self._contract, order))
        await asyncio.wait_for(heard.wait(), SECONDS)
        return [{"seconds": time.monotonic() - began}]


async def main(port: int) -> None:
    """Connect and obey until standard input ends."""
    logging.getLogger("ib_async").setLevel(logging.CRITICAL)  # a cancelled order is an error line to it
    client = ib_async.IB()
    await client.connectAsync("127.0.0.1", port, clientId=7)
    (contract,) = await client.qualifyContractsAsync(ib_async.Stock(SYMBOL, "SMART", "USD"))
    assert isinstance(contract, ib_async.Contract)
    peer = Peer(client, contract)
    print("ready", flush=True)
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        what, count = line.split()
        result = await (peer.pairs(int(count)) if what == "pairs" else peer.burst(int(count)))
        print(orjson.dumps(result).decode(), flush=True)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
