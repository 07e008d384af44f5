"""Every immutable message, one module a conversation; `MESSAGES` is what the codec can carry."""

from __future__ import annotations

import inspect
from types import ModuleType

from actors.messages import account, broker, broker_account, market, orders, risk, session, state, system
from supervision.message import Ask, Message


def _defined_in(module: ModuleType) -> list[type[Message]]:
    return [
        value
        for value in vars(module).values()
        if inspect.isclass(value) and issubclass(value, Message) and value.__module__ == module.__name__
    ]


MESSAGES: tuple[type[Message], ...] = tuple(
    message
    for module in (session, market, orders, risk, account, broker, broker_account, state, system)
    for message in _defined_in(module)
    if message not in (Message, Ask)
)
