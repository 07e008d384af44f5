"""The verdict on each shipment, at the moment when its turn has come."""

from __future__ import annotations

from typing import Any, cast

import pytest

from actors.domain.pacing import Priority
from actors.ib.outbound import Outbound
from supervision.actor import Sender
from supervision.errors import Rejected
from tests.ib.scripted import Conversation, exactly, read_frame
from tests.support.frames import text_frame

HELLO_BYTES = 17


class Asker:
    """Whoever asked, and what it was told."""

    def __init__(self, *, waiting: bool = True, deadline: float = 0.0) -> None:
        self.waiting = waiting
        self.deadline = deadline
        self.told: list[str] = []

    def reject(self, error: Rejected) -> None:
        self.told.append(error.kind)


def handed_over(talk: Conversation, **asking: Any) -> tuple[Outbound, Asker, dict[str, Any]]:
    """An order that waits for a token, of a session that is up; nobody will call it off."""
    outbound = Outbound(talk.reactor, 50.0, 1)
    outbound.begin(talk.gateway, 7, 530)
    outbound.ship(Priority.ACCOUNT, text_frame("question"), None, lambda: None)
    asker, facts = Asker(**asking), dict[str, Any](obstacle=None)
    sender = cast("Sender", asker)
    outbound.ship_orders(
        (530,), text_frame("order"), sender, lambda: asker.told.append("sent"), lambda: facts["obstacle"]
    )
    assert outbound.waiting == 1
    return outbound, asker, facts


def read_after_the_start(talk: Conversation) -> list[str]:
    """What the gateway gets after the client's hello and start."""
    assert talk.server is not None
    talk.gateway.send(text_frame("the end"))
    exactly(talk.server, HELLO_BYTES)
    read_frame(talk.server)
    words: list[str] = []
    while not words or words[-1] != "the end":
        words += read_frame(talk.server)
    return words


def test_an_order_without_an_obstacle_leaves_when_its_turn_has_come() -> None:
    with Conversation() as talk:
        talk.start()
        _, asker, _ = handed_over(talk)
        talk.until(lambda: asker.told)
        assert asker.told == ["sent"]
        assert read_after_the_start(talk) == ["question", "order", "the end"]


def test_what_changed_while_it_waited_stops_an_order_at_the_last_byte_though_nobody_called_it_off() -> None:
    with Conversation() as talk:
        talk.start()
        _, asker, facts = handed_over(talk)
        facts["obstacle"] = Rejected("the gate has closed", kind="gate")
        talk.until(lambda: asker.told)
        assert asker.told == ["gate"]
        assert read_after_the_start(talk) == ["question", "the end"]


@pytest.mark.parametrize("change", [{"waiting": False}, {"deadline": 0.001}])
def test_an_order_whose_asker_gave_up_or_whose_time_is_over_does_not_leave(change: dict[str, Any]) -> None:
    with Conversation() as talk:
        talk.start()
        _, asker, _ = handed_over(talk, **change)
        talk.until(lambda: asker.told)
        assert asker.told == ["expired"]
        assert read_after_the_start(talk) == ["question", "the end"]


def test_a_shipment_of_a_session_that_is_over_never_leaves_in_the_next() -> None:
    with Conversation() as talk:
        talk.start()
        outbound, asker, _ = handed_over(talk)
        outbound.begin(talk.gateway, 8, 530)
        talk.until(lambda: asker.told)
        assert asker.told == ["session_down"]
        assert read_after_the_start(talk) == ["question", "the end"]
