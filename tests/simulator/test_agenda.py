"""What is due when: on the calendar, in true seconds, every day; also with a calendar that is set, stopped or fast."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from simulator.agenda import EVERY_DAY, Agenda
from simulator.clock import Clock

NEW_YORK = ZoneInfo("US/Eastern")


class Bench:
    """An agenda whose true time only the test moves, and what was done in which order."""

    def __init__(self, start: float = 1000.0) -> None:
        self.true = 0.0
        self.clock = Clock(lambda: start + self.true, lambda: self.true)
        self.agenda = Agenda(self.clock)
        self.done: list[str] = []

    def doing(self, name: str):
        return lambda: self.done.append(name)

    def passes(self, seconds: float) -> list[str]:
        """What is done after so many true seconds."""
        self.true += seconds
        self.done.clear()
        self.agenda.run_due()
        return list(self.done)


def moment(*parts: int, zone: ZoneInfo = NEW_YORK) -> float:
    return datetime(*parts, tzinfo=zone).timestamp()


def test_what_is_due_is_done_in_the_order_of_its_instants_of_both_clocks():
    bench = Bench()
    bench.agenda.after(3, bench.doing("after 3"))
    bench.agenda.at(1002, bench.doing("at 2"))
    bench.agenda.at(1004, bench.doing("at 4"))
    bench.agenda.after(1, bench.doing("after 1"))
    bench.agenda.after(1, bench.doing("after 1, asked later"))
    assert bench.agenda.next_in() == 1
    assert bench.passes(0.5) == []
    assert bench.passes(3) == ["after 1", "after 1, asked later", "at 2", "after 3"]
    assert bench.agenda.next_in() == 0.5
    assert bench.passes(0.5) == ["at 4"]
    assert bench.agenda.next_in() is None


def test_the_calendar_may_run_faster_or_stand_and_true_seconds_do_not_care():
    bench = Bench()
    bench.agenda.at(1400, bench.doing("calendar"))
    bench.agenda.after(2, bench.doing("true"))
    bench.clock.run(400)
    assert bench.agenda.next_in() == 1
    bench.clock.run(0)
    assert bench.passes(2) == ["true"]
    assert bench.agenda.next_in() is None
    bench.clock.run(400)
    assert bench.passes(1) == ["calendar"]


def test_what_was_cancelled_is_not_done_and_what_an_act_adds_is():
    bench = Bench()
    bench.agenda.after(1, bench.doing("never")).cancel()
    bench.agenda.after(2, lambda: bench.agenda.after(0, bench.doing("at once")))
    assert bench.agenda.next_in() == 2
    assert bench.passes(2) == ["at once"]


def test_a_calendar_set_forward_makes_what_it_jumped_over_due_and_what_repeats_only_once():
    bench = Bench(moment(2026, 11, 19, 12))
    daily = bench.agenda.daily(time(23, 45), NEW_YORK, EVERY_DAY, bench.doing("daily"))
    bench.agenda.at(moment(2026, 11, 20, 1), bench.doing("once"))
    bench.clock.set(moment(2026, 11, 22, 12))
    assert bench.passes(0) == ["daily", "once"]
    bench.clock.set(moment(2026, 11, 19, 23, 44))  # back: what repeats is due again
    assert bench.passes(0) == []
    assert bench.passes(60) == ["daily"]
    daily.cancel()
    bench.clock.set(moment(2026, 11, 20, 23, 46))
    assert bench.passes(0) == []


@pytest.mark.parametrize(
    ("at", "days", "expected"),
    [
        # Clocks go forward on 14 March 2027 at 02:00 in New York and back on 7 November.
        (time(9, 30), [(2027, 3, 13), (2027, 3, 14), (2027, 3, 15)], ["14:30", "13:30", "13:30"]),
        (time(2, 30), [(2027, 3, 13), (2027, 3, 14), (2027, 3, 15)], ["07:30", "07:30", "06:30"]),
        (time(1, 30), [(2027, 11, 6), (2027, 11, 7), (2027, 11, 8)], ["05:30", "05:30", "06:30"]),
    ],
)
def test_a_time_of_day_is_right_on_the_days_when_the_clocks_change(at, days, expected):
    bench = Bench(moment(*days[0]))
    seen: list[str] = []
    bench.agenda.daily(
        at, NEW_YORK, EVERY_DAY, lambda: seen.append(f"{datetime.fromtimestamp(bench.clock.now(), UTC):%H:%M}")
    )
    for _ in range(3):
        bench.passes(bench.agenda.next_in() or 0)
    assert seen == expected
    assert f"{datetime.fromtimestamp(bench.clock.now(), UTC).date()}" == f"{days[2][0]}-{days[2][1]:02}-{days[2][2]:02}"


def test_weekdays_are_those_of_the_zone():
    bench = Bench(moment(2026, 11, 18, 12))
    bench.agenda.daily(time(23, 30), NEW_YORK, {6}, bench.doing("sunday"))  # Monday already in UTC
    bench.passes(bench.agenda.next_in() or 0)
    assert bench.clock.now() == moment(2026, 11, 22, 23, 30)
    assert bench.done == ["sunday"]
