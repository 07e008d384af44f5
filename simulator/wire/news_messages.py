"""Messages about news: bulletins (14)."""

from __future__ import annotations

from simulator.wire.fields import escaped, message


def bulletin(number: int, kind: int, text: str, exchange: str) -> bytes:
    """Message 14; `number` counts the day's bulletins, `exchange` is the one it is about or from."""
    return message(14, 1, number, kind, escaped(text), escaped(exchange))
