"""Long ranges of bars: what is asked of the broker, and that the joined answer has no hole and no double."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.domain.history import Download, Plan, plan
from actors.messages.market import Bar
from supervision.errors import Rejected

END = datetime(2026, 11, 20, 21, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def bar(time: datetime) -> Bar:
    return Bar(time, 1.0, 2.0, 0.5, 1.5, 10.0, 1.2, 3)


@pytest.mark.parametrize(
    ("duration", "size", "expected"),
    [
        ("1 D", "5 mins", Plan(("1 D",), None)),
        ("3600 S", "1 min", Plan(("3600 S",), None)),
        ("5 D", "2 mins", Plan(("2 D", "2 D", "1 D"), None)),
        ("5000 S", "1 secs", Plan(("1800 S", "1800 S", "1400 S"), None)),
        ("3 W", "1 min", Plan(("1 D",) * 21, END - timedelta(weeks=3))),
        ("1 D", "30 secs", Plan(("28800 S",) * 3, END - timedelta(days=1))),
        ("2 Y", "1 day", Plan(("1 Y", "1 Y"), None)),
    ],
)
def test_a_range_is_cut_as_the_broker_allows_for_its_bar_size(duration: str, size: str, expected: Plan) -> None:
    assert plan(duration, size, END) == expected


@pytest.mark.parametrize(
    ("duration", "size", "end", "words"),
    [
        ("1 day", "5 mins", END, r'duration = "1 day": .*"1 D"'),
        ("0 D", "5 mins", END, "duration"),
        ("1 D", "7 mins", END, r'bar = "7 mins": one of 1 secs, .*, 1 month is needed'),
        ("1 D", "5 mins", END.replace(tzinfo=None), "a time with its zone is needed"),
        ("10 Y", "1 secs", END, "takes 175200 requests .* at most 100"),
    ],
)
def test_what_cannot_be_asked_is_refused_in_words(duration: str, size: str, end: datetime, words: str) -> None:
    with pytest.raises(Rejected, match=words):
        plan(duration, size, end)


class Exchange:
    """Minute bars of a market that closes; answers a request as the broker does, at most `most` bars a time."""

    def __init__(self, times: list[datetime], most: int) -> None:
        self.times = times
        self.most = most
        self.asked: list[datetime | None] = []

    def answer(self, end: datetime | None) -> list[Bar]:
        self.asked.append(end)
        return [bar(time) for time in self.times if end is None or time < end][-self.most :]


@given(
    minutes=st.sets(st.integers(1, 3000), min_size=1, max_size=60),
    most=st.integers(1, 20),
    count=st.integers(1, 12),
    days=st.none() | st.integers(0, 3),
)
def test_the_joined_bars_are_the_newest_ones_asked_for_once_each_and_in_order(
    minutes: set[int], most: int, count: int, days: int | None
) -> None:
    times = sorted(END - n * MINUTE for n in minutes)
    exchange = Exchange(times, most)
    start = None if days is None else END - timedelta(days=days)
    download = Download(Plan(("1 D",) * count, start), None)
    while (request := download.next_request()) is not None:
        download.add(exchange.answer(request[1]))
    newest = times[-most * count :]
    assert [bar.time for bar in download.bars()] == [time for time in newest if start is None or time >= start]
    assert len(exchange.asked) == len(set(exchange.asked)), "the same piece was asked for twice"


def test_the_beginning_of_the_brokers_history_ends_the_download() -> None:
    download = Download(plan("3 D", "1 min", END), END)
    assert download.next_request() == ("1 D", END)
    download.add([bar(END - MINUTE)])
    assert download.next_request() == ("1 D", END - MINUTE)
    download.add([])
    assert download.next_request() is None
    assert len(download.bars()) == 1
