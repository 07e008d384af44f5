"""Messages about the account.

Values (6), portfolio (7), time (8), positions (61, 71), summary (63), updates (73), profit and loss (94, 95).
"""

from __future__ import annotations

from decimal import Decimal

from simulator.exchange.account import Valued
from simulator.exchange.positions import Position
from simulator.market.hours import local
from simulator.wire.fields import UNSET_DOUBLE, message
from simulator.wire.order_messages import contract_fields

POSITION_END = message(62, 1)


def account_value(key: str, value: object, currency: str, account: str) -> bytes:
    """Message 6."""
    return message(6, 2, key, value, currency, account)


def portfolio_value(valued: Valued, account: str) -> bytes:
    """Message 7."""
    item = valued.position.instrument
    contract = contract_fields(item, item.primary or item.exchange, no_right="0")
    return message(
        *(7, 8, *contract, valued.position.quantity, valued.price, valued.value),
        *(valued.position.average_cost, valued.unrealized, valued.realized, account),
    )


def account_time(now: float) -> bytes:
    """Message 8: hours and minutes."""
    return message(8, 1, f"{local(now):%H:%M}")


def account_download_end(account: str) -> bytes:
    """Message 54."""
    return message(54, 1, account)


def position(held: Position, account: str) -> bytes:
    """Message 61."""
    return message(61, 3, account, *_held(held), held.quantity, held.average_cost)


def position_multi(request_id: int, held: Position, account: str, model: str) -> bytes:
    """Message 71."""
    return message(71, 1, request_id, account, *_held(held), held.quantity, held.average_cost, model)


def position_multi_end(request_id: int) -> bytes:
    """Message 72."""
    return message(72, 1, request_id)


def account_summary(request_id: int, account: str, tag: str, value: object, currency: str) -> bytes:
    """Message 63."""
    return message(63, 1, request_id, account, tag, value, currency)


def account_summary_end(request_id: int) -> bytes:
    """Message 64."""
    return message(64, 1, request_id)


def account_update_multi(request_id: int, account: str, model: str, key: str, value: object, currency: str) -> bytes:
    """Message 73."""
    return message(73, 1, request_id, account, model, key, value, currency)


def account_update_multi_end(request_id: int) -> bytes:
    """Message 74."""
    return message(74, 1, request_id)


def profit(request_id: int, daily: Decimal, unrealized: Decimal, realized: Decimal) -> bytes:
    """Message 94."""
    return message(94, request_id, daily, unrealized, realized)


def profit_single(request_id: int, valued: Valued) -> bytes:
    """Message 95. Of what is flat there is no unrealised profit, of what was not held today none at all."""
    held = valued.position.quantity
    daily, realized = (
        (valued.daily, valued.realized) if held or valued.daily or valued.realized else (UNSET_DOUBLE,) * 2
    )
    return message(95, request_id, held, daily, valued.unrealized if held else UNSET_DOUBLE, realized, valued.value)


def _held(held: Position) -> list[object]:
    """Of what is held only shares tell an exchange, the one that lists them."""
    item = held.instrument
    return contract_fields(item, item.primary if item.sec_type == "STK" else "")
