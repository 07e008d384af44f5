"""Quotes that Order keeps fresh: told as they are, and no line is opened for them."""

from __future__ import annotations

from actors.messages.broker import OpenLine
from actors.messages.market import KeepQuotes, Quotes
from tests.market.conftest import Market
from tests.market.scripted import STOCKS


def test_kept_quotes_are_told_as_they_are_now_without_those_that_nobody_wants(market: Market) -> None:
    client = market.client()
    line = market.subscribe(client, "AAPL")
    con_id = STOCKS["AAPL"]
    market.tick((line, 1, 99.0, 3.0))
    answer = client.ask(KeepQuotes((con_id, 4711)))
    assert isinstance(answer, Quotes)
    assert [(one.con_id, one.bid, one.state) for one in answer.items] == [(con_id, 99.0, "live")]
    assert market.connection.asked[OpenLine].empty(), "a line was opened for a contract that nobody wants"
