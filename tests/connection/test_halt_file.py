"""The kill switch's file at the last byte: it needs no Order that lives."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from actors.messages import broker
from supervision.errors import Rejected
from tests.connection.script import stage
from tests.connection.test_last_byte import busy, group, kind_of, placed, sent_ids, silent

SOON = {"messages_per_second": 4.0, "burst": 1}


def test_what_waits_for_its_turn_when_the_file_comes_does_not_leave_and_cancels_do(tmp_path: Path) -> None:
    with stage(tmp_path, pacing=SOON) as (it, script):
        epoch = busy(it, script)
        waiting = placed(it, epoch, 530)
        (tmp_path / "HALT").touch()
        assert kind_of(waiting) == "gate"
        assert "HALT is there; nothing was sent" in str(waiting.exception())
        with pytest.raises(Rejected, match="HALT is there"):
            it.connection.ask(group(epoch, 531))
        it.connection.ask(broker.TransmitCancel(epoch, 17))
        assert script.read()[:3] == ("4", "1", "17")
        assert silent(script)
        (tmp_path / "HALT").unlink()
        script.client.settimeout(5.0)  # type: ignore[union-attr]
        it.connection.ask(group(epoch, 532))
        assert sent_ids(script, 1) == [532]


def test_with_the_file_only_what_order_sends_because_of_it_leaves(tmp_path: Path) -> None:
    with stage(tmp_path) as (it, script):
        script.start()
        epoch = it.up().epoch
        (tmp_path / "HALT").touch()
        reducing = msgspec.structs.replace(group(epoch, 530), reducing=True)
        with pytest.raises(Rejected, match="HALT is there"):
            it.connection.ask(reducing)
        it.gate(2, is_open=False, flattens=True)
        with pytest.raises(Rejected, match="the gate is not open"):
            it.connection.ask(group(epoch, 531, gate=2))
        it.connection.ask(msgspec.structs.replace(group(epoch, 532, gate=2), reducing=True))
        assert sent_ids(script, 1) == [532]


def test_a_cancel_of_every_order_is_one_message(tmp_path: Path) -> None:
    with stage(tmp_path) as (it, script):
        script.start()
        epoch = it.up().epoch
        it.gate(2, is_open=False, reason="halted")
        it.connection.ask(broker.TransmitCancel(epoch, 0))
        assert script.read()[0] == "58"
        with pytest.raises(Rejected, match="no session"):
            it.connection.ask(broker.TransmitCancel(epoch + 1, 0))
