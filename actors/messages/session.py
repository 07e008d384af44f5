"""The link to the gateway: the conversation with Connection about the session itself.

A session epoch rises with every new socket; whoever sees a new epoch rebuilds from what it wants,
never from what it had. The data generation rises when the broker lost its subscriptions (1101).
"""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from supervision.message import Ask, Delivery, Message

SessionPhase = Literal["down", "waiting", "connecting", "up", "degraded"]


class SessionUp(Message, frozen=True):
    """A session answers: accounts and next order id have arrived."""

    epoch: int
    generation: int
    server_version: int
    accounts: tuple[str, ...]
    next_order_id: int
    at: datetime


class SessionDown(Message, frozen=True):
    """The session with this epoch is over; nothing asked of it will be answered."""

    epoch: int
    reason: str
    at: datetime


class LinkChanged(Message, frozen=True):
    """The gateway's own link to the broker changed: 1100 and 2110 down, 1101 and 1102 up."""

    epoch: int
    generation: int
    up: bool
    data_lost: bool
    code: int
    text: str


class ClockJudged(Message, frozen=True):
    """Topic `clock`: this machine's clock is too far from the gateway's to trade by, in words; or, empty, is not."""

    problem: str


class BrokerNotice(Message, frozen=True):
    """A code and text from the gateway that belongs to no request of ours."""

    delivery = Delivery.SHED

    epoch: int
    code: int
    text: str
    at: datetime


class SessionView(Message, frozen=True):
    """The session as `status` shows it. `retry_at` is set while waiting to redial. `clock_problem`: see ClockJudged."""

    state: SessionPhase
    since: datetime
    epoch: int
    generation: int
    host: str
    port: int
    client_id: int
    server_version: int | None
    accounts: tuple[str, ...]
    next_order_id: int | None
    reconnects: int
    last_heartbeat: datetime | None
    retry_at: datetime | None
    reason: str
    requests_waiting: int
    callback_errors: int
    clock_problem: str = ""


class GetSession(Ask[SessionView], frozen=True):
    """The state of the session."""
