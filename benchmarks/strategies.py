"""Strategies that count what reaches their callbacks and write down when the last tick came."""

from __future__ import annotations

import time
from pathlib import Path

import orjson
import psutil
from pydantic import BaseModel

from actors.messages.market import Quote, Ticks
from actors.strategy import Strategy
from benchmarks.gateway import SYMBOLS, sentinel


class Counter(Strategy):
    """Counts ticks or quotes of all symbols until the sentinel price."""

    class Params(BaseModel):
        """`result` is the file to write to; `ticks` chooses what to subscribe to."""

        result: Path
        ticks: bool

    def on_start(self) -> None:
        """Subscribe to everything."""
        self.count, self.burst = 0, 1
        for symbol in SYMBOLS:
            self.subscribe(symbol, ticks=self.params.ticks)

    def on_ticks(self, ticks: Ticks) -> None:
        """Every tick message of the burst."""
        self.count += len(ticks.fields)
        if ticks.prices[-1] == sentinel(self.burst):
            self._write()

    def on_quote(self, quote: Quote) -> None:
        """The newest quote of a symbol, conflated."""
        if not self.params.ticks:
            self.count += 1
            if quote.last == sentinel(self.burst):
                self._write()

    def _write(self) -> None:
        rss = psutil.Process().memory_info().rss
        result = {"end": time.monotonic(), "count": self.count, "rss": rss}
        draft = self.params.result.with_suffix(".new")
        draft.write_bytes(orjson.dumps(result))
        draft.replace(self.params.result)
        self.count, self.burst = 0, self.burst + 1
