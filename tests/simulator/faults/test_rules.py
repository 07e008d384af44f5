"""What rules do to a stream of messages, for any rules and any stream."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.agenda import Agenda
from simulator.clock import Clock
from simulator.faults.rules import PATIENCE, Effect, Rule, Rules, corrupted
from simulator.faults.tampering import Tampering

CLIENT = 1
TICK = 0.25


class Stream:
    """One direction of a client: numbered messages go in, what came out is in `out`, with its time."""

    def __init__(self, *rules: Rule, seed: int = 1) -> None:
        self.now = 0.0
        self.out: list[tuple[float, str]] = []
        self.agenda = Agenda(Clock(lambda: self.now, lambda: self.now))
        self.rules = Rules(seed)
        for rule in rules:
            self.rules.add(rule, 0.0)
        self.tampering = Tampering[str](
            self.rules, self.agenda, "out", lambda text: self.out.append((self.now, text)), lambda text, _: f"{text}!"
        )

    def run(self, messages: list[int]) -> list[str]:
        """Send a message of each id, a moment apart, then wait until nothing is left to come."""
        for number, message_id in enumerate(messages):
            self.tampering.put(f"{message_id}/{number}", message_id, CLIENT, self.now)
            self.wait(TICK)
        self.wait(60)
        return self.texts

    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while (due := self.agenda.next_in()) is not None and self.now + due <= until:
            self.now += due
            self.agenda.run_due()
        self.now = until

    @property
    def texts(self) -> list[str]:
        return [text for _, text in self.out]


def rules(*effects: Effect) -> st.SearchStrategy[Rule]:
    return st.builds(
        lambda effect, message, client, times, skip, chance, seconds, by: Rule(
            effect, message, client, times, skip, chance, seconds, by if effect == "delay" else 0.0
        ),
        st.sampled_from(effects),
        st.sampled_from(["tickPrice", "tickSize", "orderStatus", "all", "requests", "reqMktData"]),
        st.sampled_from([None, CLIENT, CLIENT + 1]),
        st.none() | st.integers(1, 4),
        st.integers(0, 3),
        st.sampled_from([0.3, 0.7, 1.0]),
        st.none() | st.floats(0.1, 4.0),
        st.sampled_from([0.1, 0.9, 3.0]),
    )


messages = st.lists(st.integers(1, 3), max_size=30)


@given(st.lists(rules("delay", "reorder"), max_size=4), messages)
def test_nothing_is_lost_or_made_by_what_only_delays(given_rules: list[Rule], ids: list[int]) -> None:
    sent = [f"{message_id}/{number}" for number, message_id in enumerate(ids)]
    assert Counter(Stream(*given_rules).run(ids)) == Counter(sent)


@given(st.lists(rules("drop", "duplicate", "corrupt", "delay", "reorder"), max_size=4), messages)
def test_every_loss_copy_and_change_is_a_rule_s_that_fired(given_rules: list[Rule], ids: list[int]) -> None:
    stream = Stream()
    log: Counter[str] = Counter()
    judge = stream.rules.judge

    def noting(*arguments: object) -> object:
        verdict = judge(*arguments)  # type: ignore[arg-type]
        log[verdict.rule.effect if verdict else "none"] += 1
        return verdict

    stream.rules.judge = noting  # type: ignore[method-assign,assignment]
    for rule in given_rules:
        stream.rules.add(rule, 0.0)
    came = stream.run(ids)
    assert len(came) == len(ids) - log["drop"] + log["duplicate"]
    assert sum(text.endswith("!") for text in came) == log["corrupt"]


@given(rules("delay"), messages)
def test_what_one_rule_delays_stays_in_its_order_and_comes_exactly_that_much_later(rule: Rule, ids: list[int]) -> None:
    stream = Stream(rule)
    stream.run(ids)
    delays = {text: at - int(text.partition("/")[2]) * TICK for at, text in stream.out}
    assert all(delay == pytest.approx(0.0) or delay == pytest.approx(rule.by) for delay in delays.values())
    late = [int(text.partition("/")[2]) for text in stream.texts if delays[text] > 0.01]
    assert late == sorted(late)


@given(rules("drop", "duplicate"), messages)
def test_a_rule_keeps_to_its_client_its_message_its_count_and_its_time(rule: Rule, ids: list[int]) -> None:
    stream = Stream(rule)
    stream.run(ids)
    direction, message_id = rule.target
    matching = [
        number
        for number, one in enumerate(ids)
        if direction == "out" and message_id in (None, one) and rule.client in (None, CLIENT)
        if rule.seconds is None or number * TICK < rule.seconds
    ][rule.skip :]
    counts = Counter(int(text.partition("/")[2]) for text in stream.texts)
    touched = [number for number in range(len(ids)) if counts[number] != 1]
    assert set(touched) <= set(matching)
    assert len(touched) <= (rule.times or len(ids))
    if rule.chance == 1.0:
        assert touched == matching[: rule.times]


def test_a_reordered_message_comes_after_the_next_one_or_alone_when_nothing_follows() -> None:
    assert Stream(Rule("reorder", "tickPrice", times=1)).run([1, 2, 3]) == ["2/1", "1/0", "3/2"]
    assert Stream(Rule("reorder", "tickPrice", times=1), Rule("drop", "tickSize")).run([1, 2, 3]) == ["3/2", "1/0"]
    alone = Stream(Rule("reorder", "tickPrice", times=2))
    alone.run([1, 2, 1])
    assert alone.out == [(TICK, "2/1"), (TICK, "1/0"), (2 * TICK + PATIENCE, "1/2")]


def test_a_rule_that_is_over_is_gone_and_costs_nothing() -> None:
    counted = Stream(Rule("drop", "all", times=2))
    assert not counted.tampering.idle
    assert counted.run([1, 1, 1]) == ["1/2"]
    assert counted.tampering.idle
    timed = Stream(Rule("drop", "all", seconds=1.0))
    assert timed.run([1, 1, 1, 1, 1, 1]) == ["1/4", "1/5"]
    assert timed.tampering.idle
    held = Stream(Rule("reorder", "all", times=1))
    held.tampering.put("held", 1, CLIENT, 0.0)
    held.rules.clear()
    assert not held.tampering.idle
    held.wait(PATIENCE)
    assert held.tampering.idle
    assert held.texts == ["held"]


def test_the_same_seed_has_the_same_messages_and_another_one_others() -> None:
    def fate(seed: int) -> list[str]:
        return Stream(Rule("drop", "all", chance=0.5), seed=seed).run([1] * 40)

    assert fate(1) == fate(1)
    assert fate(1) != fate(2)
    assert 5 < len(fate(1)) < 35


def test_corruption_spoils_one_field_the_one_that_was_asked_for() -> None:
    rules_in_force = Rules(1)
    rules_in_force.add(Rule("corrupt", "orderStatus", field=2, times=1), 0.0)
    rules_in_force.add(Rule("corrupt", "orderStatus"), 0.0)
    fields = ["3", "17", "Submitted", "0", "100"]
    chosen = rules_in_force.judge("out", 3, CLIENT, 0.0)
    drawn = rules_in_force.judge("out", 3, CLIENT, 0.0)
    assert chosen is not None
    assert drawn is not None
    assert [at for at, text in enumerate(corrupted(fields, chosen)) if text != fields[at]] == [2]
    changed = [at for at, text in enumerate(corrupted(fields, drawn)) if text != fields[at]]
    assert len(changed) == 1
    assert changed[0] > 0
    assert corrupted(["102"], drawn) != ["102"]


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"message": "tickprice"}, "none called 'tickprice'"),
        ({"times": 0}, "times: expected 1 or more"),
        ({"skip": -1}, "skip: expected 0 or more"),
        ({"chance": 0.0}, "chance: expected more than 0"),
        ({"seconds": 0.0}, "seconds: expected more than 0"),
        ({"by": 1.0}, "by: expected with delay"),
        ({"effect": "delay"}, "by: expected with delay"),
        ({"field": 1}, "field: expected with corrupt"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(parts: dict[str, object], reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        Rule(**{"effect": "drop", "message": "tickPrice", **parts})  # type: ignore[arg-type]


def test_a_rule_can_be_taken_back_by_its_number_once() -> None:
    rules_in_force = Rules(1)
    first = rules_in_force.add(Rule("drop", "all"), 0.0)
    second = rules_in_force.add(Rule("drop", "requests", seconds=5.0), 0.0)
    assert [number for number, _, _ in rules_in_force.list(4.9)] == [first, second]
    assert [number for number, _, _ in rules_in_force.list(5.0)] == [first]
    rules_in_force.remove(first)
    with pytest.raises(KeyError):
        rules_in_force.remove(first)
    assert rules_in_force.judge("out", 1, CLIENT, 6.0) is None
