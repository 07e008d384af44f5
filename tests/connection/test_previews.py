"""What-ifs through Connection: one answer or the broker's refusal, at IB's spacing, and never an order."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from actors.messages.broker import FetchPreview, OrderNotice
from supervision.errors import Rejected
from tests.connection.bench import Bench, simulated
from tests.connection.script import AAPL, stage, terms


def preview(it: Bench, order_id: int) -> FetchPreview:
    view = it.view()
    return FetchPreview(view.epoch, order_id, AAPL, msgspec.structs.replace(terms(), account=view.accounts[0]))


def test_a_what_if_is_refused_in_the_brokers_words_and_a_remark_is_no_refusal(tmp_path: Path) -> None:
    with stage(tmp_path, pacing={"what_if_interval": 0.01}) as (it, script):
        script.start()
        it.up()
        asked = it.connection.ask_future(preview(it, 600))
        assert script.read()[:2] == ("3", "600")
        script.say(4, 2, 600, 399, "Warning: held until the exchange opens", "")
        script.say(4, 2, 600, 201, "Order rejected - reason:no margin", "")
        error = asked.exception(5.0)
        assert isinstance(error, Rejected)
        assert (error.kind, str(error)) == ("code 201", "what-if of AAPL: Order rejected - reason:no margin (code 201)")
        assert it.next(OrderNotice).code == 399  # a remark is no refusal, and is told


def test_a_what_if_that_is_not_answered_is_given_up_and_one_cut_short_by_the_session_is_refused(tmp_path: Path) -> None:
    with stage(tmp_path, pacing={"what_if_interval": 0.01}, request_timeout=0.2) as (it, script):
        script.start()
        it.up()
        asked = it.connection.ask_future(preview(it, 600))
        assert asked.exception(5.0).kind == "timeout"
        asked = it.connection.ask_future(preview(it, 601))
        script.hang_up()
        assert asked.exception(5.0).kind == "session_down"


def test_the_second_what_if_within_the_brokers_minute_is_refused_with_the_time_to_wait(tmp_path: Path) -> None:
    with simulated(tmp_path) as it:
        it.up()
        first = it.connection.ask(preview(it, 600))
        assert first.commission is not None
        assert first.initial_change is not None
        assert first.initial_change > 0
        with pytest.raises(Rejected, match=r"ask again in (60|59) s") as refused:
            it.connection.ask(preview(it, 601))
        assert refused.value.kind == "paced"
