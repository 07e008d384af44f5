"""Messages about the session itself: greeting, bootstrap, errors, time."""

from __future__ import annotations

from simulator.market.hours import stamp
from simulator.wire.fields import escaped, message


def greeting(version: int, now: float) -> bytes:
    """The handshake reply: server version and gateway time."""
    return message(version, stamp(now))


def error(version: int, request_id: int, code: int, text: str, now: float) -> bytes:
    """Message 4; request id -1 for news of the whole session."""
    if version >= 200:
        return message(4, request_id, code, escaped(text), "", int(now * 1000))
    return message(4, 2, request_id, code, escaped(text), "")


def managed_accounts(account: str) -> bytes:
    """Message 15."""
    return message(15, 1, account)


def next_valid_id(order_id: int) -> bytes:
    """Message 9."""
    return message(9, 1, order_id)


def current_time(now: float) -> bytes:
    """Message 49, whole seconds."""
    return message(49, 1, int(now))


def current_time_in_millis(now: float) -> bytes:
    """Message 109."""
    return message(109, int(now * 1000))
