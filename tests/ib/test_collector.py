from __future__ import annotations

from actors.ib.collector import LATE_END, Collector


def sent(collector: Collector[str], query: int | str, owner: str, now: float = 0.0) -> None:
    assert collector.ask(query, owner, timeout=10.0)
    collector.sent(query, now)


def test_an_answer_is_complete_at_its_end_marker_and_only_then() -> None:
    collector: Collector[str] = Collector()
    sent(collector, 7, "asker")
    assert collector.item(7, "first")
    assert collector.item(7, "second")
    done = collector.end(7, 1.0)
    assert done is not None
    assert (done.owners, done.items) == (["asker"], ["first", "second"])
    assert collector.end(7, 1.0) is None
    assert not collector.item(7, "late")


def test_parts_and_ends_of_a_query_that_has_not_left_yet_belong_to_nobody() -> None:
    collector: Collector[str] = Collector()
    assert collector.ask("open orders", "asker", timeout=10.0)
    assert not collector.item("open orders", "unsolicited")
    assert collector.end("open orders", 0.0) is None
    collector.sent("open orders", 0.0)
    done = collector.end("open orders", 1.0)
    assert done is not None
    assert done.items == []


def test_a_later_part_replaces_an_earlier_one_of_the_same_identity() -> None:
    collector: Collector[str] = Collector()
    sent(collector, "open orders", "asker")
    collector.item("open orders", "order 1 submitted", identity=1)
    collector.item("open orders", "order 2", identity=2)
    collector.item("open orders", "order 1 filled", identity=1)
    done = collector.end("open orders", 1.0)
    assert done is not None
    assert done.items == ["order 1 filled", "order 2"]


def test_askers_of_a_name_that_is_on_its_way_share_the_next_request() -> None:
    collector: Collector[str] = Collector()
    sent(collector, "positions", "first")
    assert not collector.ask("positions", "second", timeout=10.0)
    assert not collector.ask("positions", "third", timeout=10.0)
    done = collector.end("positions", 1.0)
    assert done is not None
    assert (done.owners, done.again) == (["first"], True)
    collector.sent("positions", 1.0)
    done = collector.end("positions", 2.0)
    assert done is not None
    assert (done.owners, done.again) == (["second", "third"], False)


def test_the_late_end_of_a_query_given_up_does_not_end_its_successor() -> None:
    collector: Collector[str] = Collector()
    sent(collector, "open orders", "first")
    assert collector.next_deadline() == 10.0
    assert collector.expire(9.9) == []
    assert [finished.owners for finished in collector.expire(10.0)] == [["first"]]
    sent(collector, "open orders", "second", now=11.0)
    collector.item("open orders", "of the first answer")
    assert collector.end("open orders", 12.0) is None
    collector.item("open orders", "of the second answer")
    done = collector.end("open orders", 13.0)
    assert done is not None
    assert done.items == ["of the second answer"]


def test_an_end_that_never_came_is_not_waited_for_for_ever() -> None:
    collector: Collector[str] = Collector()
    sent(collector, "open orders", "first")
    collector.expire(10.0)
    sent(collector, "open orders", "second", now=10.0 + LATE_END)
    assert collector.end("open orders", 11.0 + LATE_END) is not None


def test_a_refusal_and_a_lost_session_give_back_everyone_who_waits() -> None:
    collector: Collector[str] = Collector()
    sent(collector, 7, "refused")
    failed = collector.fail(7)
    assert failed is not None
    assert failed.owners == ["refused"]
    assert collector.fail(7) is None
    sent(collector, 8, "lost")
    sent(collector, "positions", "also lost")
    collector.ask("positions", "lost while waiting", timeout=10.0)
    assert collector.clear() == ["lost", "also lost", "lost while waiting"]
    assert collector.next_deadline() is None
