"""Events that belong to no broker conversation: custom topics, errors, notices for people."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from supervision.message import Ask, Done, Message

SERVICE_TOPICS = frozenset(
    {"session", "errors", "orders", "risk", "risk_figures", "market", "account", "system", "journal", "storage"}
)
"""Topics whose events the service itself publishes; every other name is free for users."""


class CustomEvent(Message, frozen=True):
    """What a strategy or a Desk published under its own topic; `data` is anything msgpack can carry."""

    topic: str
    data: Any
    sender: str
    at: datetime


class Publish(Ask[Done], frozen=True):
    """Hand an event to everyone attached to its topic."""

    topic: str
    data: Any
