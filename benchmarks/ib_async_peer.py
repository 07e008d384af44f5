"""ib_async on the same burst: `... ib_async_peer PORT` prints when the last tick of each burst came."""

from __future__ import annotations

import asyncio
import sys
import time

import ib_async

from benchmarks.gateway import SYMBOLS, sentinel


async def main(port: int) -> None:
    """Subscribe to all symbols and count ticks in pendingTickersEvent, its batched callback."""
    client = ib_async.IB()
    await client.connectAsync("127.0.0.1", port, clientId=1)
    count, burst = 0, 1

    def arrived(tickers: set[ib_async.Ticker]) -> None:
        nonlocal count, burst
        for ticker in tickers:
            count += len(ticker.ticks)
            if ticker.last == sentinel(burst):
                print(time.monotonic(), count, flush=True)
                count, burst = 0, burst + 1

    client.pendingTickersEvent += arrived
    for contract in await client.qualifyContractsAsync(*(ib_async.Stock(symbol, "SMART", "USD") for symbol in SYMBOLS)):
        client.reqMktData(contract)
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
