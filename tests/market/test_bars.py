"""Historical bars: a long range is fetched in pieces, and a failed piece is never a short answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from actors.messages.broker import BarList, FetchBars
from actors.messages.market import Bar, GetBars
from supervision.errors import Rejected
from tests.market.conftest import Market
from tests.market.scripted import stock

END = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def bar(time: datetime) -> Bar:
    return Bar(time, 1.0, 2.0, 0.5, 1.5, 10.0, 1.2, 3)


def test_a_long_range_is_joined_from_pieces_that_end_where_the_last_began(market: Market) -> None:
    def one_day(message: FetchBars, _: object) -> BarList:
        end = message.end or END
        return BarList((bar(end - DAY), bar(end - timedelta(minutes=1))))

    market.connection.script[FetchBars] = one_day
    bars = market.client().ask(GetBars("AAPL", duration="3 D", bar="1 min", what="MIDPOINT", rth=False))
    assert (bars.symbol, bars.bar, bars.what) == ("AAPL", "1 min", "MIDPOINT")
    minute = timedelta(minutes=1)
    expected = [END - 3 * DAY, END - 2 * DAY - minute, END - 2 * DAY, END - DAY - minute, END - DAY, END - minute]
    assert [one.time for one in bars.items] == expected
    asked = [market.asked(FetchBars) for _ in range(3)]
    assert [(one.end, one.duration) for one in asked] == [(None, "1 D"), (END - DAY, "1 D"), (END - 2 * DAY, "1 D")]
    assert asked[0] == FetchBars(stock("AAPL").contract, None, "1 D", "1 min", "MIDPOINT", rth=False)


@pytest.mark.parametrize(("first_works", "kind"), [(True, "session_down"), (True, "code 366"), (False, "code 162")])
def test_a_failed_piece_fails_the_answer(market: Market, first_works: bool, kind: str) -> None:
    def answer(message: FetchBars, _: object) -> BarList:
        if first_works and message.end is None:
            return BarList((bar(END),))
        raise Rejected("HMDS query returned no data", kind=kind)

    market.connection.script[FetchBars] = answer
    with pytest.raises(Rejected, match="HMDS query returned no data") as refusal:
        market.client().ask(GetBars("AAPL", duration="2 D", bar="1 min"))
    assert refusal.value.kind == kind


def test_no_data_further_back_is_the_beginning_of_the_history(market: Market) -> None:
    def answer(message: FetchBars, _: object) -> BarList:
        if message.end is None:
            return BarList((bar(END),))
        raise Rejected("HMDS query returned no data: AAPL@SMART Trades", kind="code 162")

    market.connection.script[FetchBars] = answer
    assert market.client().ask(GetBars("AAPL", duration="2 D", bar="1 min")).items == (bar(END),)


def test_a_range_that_cannot_be_asked_for_is_refused_before_the_broker_hears_of_it(market: Market) -> None:
    with pytest.raises(Rejected, match='bar = "7 mins"'):
        market.client().ask(GetBars("AAPL", bar="7 mins"))
    assert market.connection.asked[FetchBars].empty()
