"""Whoever was away gets what it has not heard, in order, or is told that not all of it is kept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from actors.domain.report_log import ReportLog
from actors.messages.broker import OrderNotice, Report

Number = tuple[int, int]


def notice(epoch: int, sequence: int) -> OrderNotice:
    return OrderNotice(epoch, sequence, 5, 399, "text")


def all_since(log: ReportLog, asked: Number) -> tuple[list[Report], bool]:
    """As Order asks: page by page until one is empty."""
    heard: list[Report] = []
    whole = True
    while True:
        page = log.since(*asked)
        whole &= page.complete
        if not page.items:
            return heard, whole
        heard += page.items
        asked = (page.items[-1].epoch, page.items[-1].sequence)


@given(
    sessions=st.lists(st.integers(0, 12), min_size=1, max_size=4),
    first_epoch=st.integers(1, 3),
    capacity=st.integers(1, 40),
    page=st.integers(1, 5),
    asked=st.tuples(st.integers(0, 6), st.integers(0, 14)),
)
def test_what_is_asked_for_comes_once_and_in_order_and_what_is_forgotten_is_said(
    sessions: list[int], first_epoch: int, capacity: int, page: int, asked: Number
) -> None:
    log = ReportLog(capacity, page)
    spoken: list[Number] = []
    newest = (0, 0)
    for epoch, count in enumerate(sessions, first_epoch):
        log.begin(epoch)
        newest = (epoch, 0)
        for sequence in range(1, count + 1):
            log.add(notice(epoch, sequence))
            newest = (epoch, sequence)
            spoken.append(newest)
    heard, whole = all_since(log, asked)
    numbers = [(one.epoch, one.sequence) for one in heard]
    kept = spoken[-capacity:]
    assert numbers == (kept if asked > newest else [one for one in kept if one > asked])
    from_the_start = asked >= (first_epoch, 0)
    missed = [one for one in spoken[:-capacity] if one > asked]
    assert whole == (from_the_start and asked <= newest and not missed)


def test_a_log_that_has_not_seen_a_session_yet_knows_nothing_of_those_before() -> None:
    log = ReportLog()
    assert log.since(0, 0).complete
    assert not log.since(5, 3).complete


def test_somebody_who_heard_epochs_that_were_set_back_since_gets_all_that_is_kept() -> None:
    log = ReportLog()
    log.begin(1)
    log.add(notice(1, 1))
    assert all_since(log, (57, 9)) == ([notice(1, 1)], False)
