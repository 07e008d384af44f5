"""A strategy for tests: it passes on what its callbacks get."""

from __future__ import annotations

from actors.messages.market import Bar
from actors.messages.state import CutView
from actors.messages.system import CustomEvent
from actors.strategy import Strategy


class Watcher(Strategy):
    """Publishes its bars under `bars`, differences under `differences`, under `echo` whatever comes under `shout`."""

    topics = ("shout",)

    def on_start(self) -> None:
        self.subscribe("AAPL", bars=1.0)

    def on_bar(self, symbol: str, bar: Bar) -> None:
        self.desk.publish("bars", {"symbol": symbol, "low": bar.low, "high": bar.high, "second": bar.time.timestamp()})

    def on_reconciliation(self, cut: CutView) -> None:
        self.desk.publish("differences", [one.subject for one in cut.differences])

    def on_event(self, event: CustomEvent) -> None:
        self.desk.publish("echo", event.data)
