"""Quote lines in a drill: some that the operator holds, and what service and gateway say of them."""

from __future__ import annotations

from typing import Final

from actors.messages.broker import GetLiveLines
from actors.messages.market import GetQuotes, Hold
from drills.stage import Stage

LINES: Final = ("AAPL", "AMZN", "GOOGL", "META", "MSFT", "NVDA", "SPY", "TSLA")


def hold_all(stage: Stage) -> None:
    """Have every line held, and wait until each quotes."""
    for symbol in LINES:
        stage.ask("market_data", Hold(symbol))
    until_quoting(stage, 0)


def until_quoting(stage: Stage, time_ns: int) -> None:
    """Wait until every line has quoted after this time, in nanoseconds since the epoch. Raises Broken."""
    stage.until("every line quotes", lambda: _quoting(stage, time_ns))


def request_ids(stage: Stage) -> set[int]:
    """The request ids of the lines on Connection's socket."""
    return {line.request_id for line in stage.desk.connection.ask(GetLiveLines()).items}


def opened(stage: Stage) -> int:
    """How many lines we have opened in this session, as the gateway counts."""
    return int(stage.market("status")["clients"][0]["opened"])


def _quoting(stage: Stage, time_ns: int) -> bool:
    quotes = stage.desk.market_data.ask(GetQuotes()).items
    return {quote.symbol for quote in quotes if quote.state == "live" and quote.time_ns > time_ns} == {*LINES}
