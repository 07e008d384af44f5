"""Every failpoint of the service, with the instant it names; see supervision.failpoints for what they are for.

A name is ACTOR.THING.INSTANT. Each stands at exactly one place in the code, which a test holds.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from supervision.failpoints import SUPERVISION

_ORDER: Final = {
    "order.intent.checked": "a new order has passed every check and is not in the journal; detail: its key",
    "order.intent.journalled": "the intent is on disk, nothing was sent; detail: the key",
    "order.transmit.handed": "the order was handed to the link to Connection; detail: the key",
    "order.transmitted.heard": "Connection says that it is sent, nothing is journalled of that; detail: the key",
    "order.modify.journalled": "a modify is on disk, nothing was sent; detail: the key",
    "order.cancel.handed": "a cancel was handed to the link to Connection; detail: the key",
    "order.execution.heard": "an execution has arrived and is not in the journal; detail: its execId",
    "order.execution.journalled": "executions are on disk; detail: the last one's execId",
    "order.cut.heard": "a cut is about to be applied; detail: its number",
    "order.cut.applied": "a cut was applied and journalled, State has no answer yet; detail: its number",
    "order.halt.heard": "the kill switch was asked for and is not on disk; detail: by whom",
    "order.halt.journalled": "the kill switch is on disk, the gate still as it was; detail: by whom",
    "order.journal.lingered": "what was sent, or what the broker said, is known to all and about to be journalled",
    "order.journal.commit": "rows are written to the journal and not committed",
    "order.journal.rows": "State asked for journal rows, which acknowledges those before; detail: after which",
}

_CONNECTION: Final = {
    "connection.session.up": "a session is up, its epoch on disk, nobody told; detail: the epoch",
    "connection.order.encoded": "no byte of an order or modify has left; detail: its order id",
    "connection.order.written": "the kernel has the whole frame of an order; Order has no answer; detail: order id",
    "connection.order.report": "the broker spoke of an order, nobody was told; detail: the report's type",
    "connection.line.requested": "market data for one more line was asked for; detail: the symbol",
}

_MARKET_DATA: Final = {
    "market_data.ticks": "a batch of ticks has arrived and is not in the book",
    "market_data.subscribe": "one more line is about to be asked for; detail: the symbol",
}

_ACCOUNT: Final = {
    "account.value": "an account value has arrived and is not booked, mid-download at first; detail: its key",
    "account.downloaded": "a download has ended and is not confirmed here; detail: the account",
}

_STATE: Final = {
    "state.journal.heard": "journal rows have arrived and are not stored; detail: the last one's sequence",
    "state.journal.stored": "journal rows are stored; detail: the last one's sequence",
    "state.journal.ask": "rows are about to be asked for, which acknowledges those stored; detail: after which",
    "state.commit": "rows are written to the database and not committed",
    "state.cut.part": "one part of a cut has come; detail: the step, as OPEN_ORDERS",
    "state.cut.collected": "the broker's parts of a cut are here, Order was not told; detail: the cut's number",
    "state.cut.finished": "a cut has ended, Order has applied it, it is not stored; detail: the cut's number",
    "state.positions.heard": "Account's positions have arrived and are not in the cache",
}

FAILPOINTS: Final[Mapping[str, str]] = {
    **SUPERVISION,
    **_ORDER,
    **_CONNECTION,
    **_MARKET_DATA,
    **_ACCOUNT,
    **_STATE,
}
