"""Questions with an end: who asked, the request on its way, the answer put together.

Refusals keep the broker's code. What is not answered in time is given up with kind "timeout", an answer
of which a part cannot be read with kind "unreadable"; when the session ends all are rejected. Historical
requests also keep IB's own rules; one that its asker could not live to see answered is refused at once
with the time to wait, and so is a what-if too soon after the one before. A what-if is known by its order id.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from typing import Any

from actors.domain.history_pacing import HistoryPacing, HistoryRequest
from actors.domain.pacing import Priority, TokenBucket
from actors.ib.codes import goes_on
from actors.ib.collector import Collector, Finished, Query
from actors.ib.outbound import Outbound, session_down
from actors.ib.translate import COMPLETED_ORDERS, OPEN_ORDERS, POSITIONS, account_download
from actors.messages.broker import (
    BarList,
    CommissionReport,
    ContractList,
    ExecutionList,
    ExecutionReport,
    FetchBars,
    FetchPreview,
    OpenOrders,
)
from actors.messages.broker_account import PositionList
from actors.messages.market import Contract
from supervision.actor import Sender
from supervision.errors import Rejected
from supervision.message import Done, Message
from supervision.reactor import Reactor, Timer

HISTORY_TIMEOUT = 60.0  # the broker itself takes that long for a year of small bars

# Ids of the messages that answers are made of. A stream's first download is no answer: it goes on.
CONTRACT_PARTS, EXECUTION_PARTS, BAR_PARTS = frozenset({10, 18}), frozenset({11}), frozenset({17})
PREVIEW_PARTS = frozenset({5})
NAMED_PARTS = {OPEN_ORDERS: frozenset({5}), COMPLETED_ORDERS: frozenset({101}), POSITIONS: frozenset({61})}

Build = Callable[[list[Any]], Message]


@dataclass(frozen=True)
class Asker:
    """Who gets the answer, how it is put together, what it is about, and the ids of messages it is made of."""

    sender: Sender
    build: Build
    subject: str
    parts: frozenset[int]


@dataclass(frozen=True, eq=False)
class _HeldBars:
    request: HistoryRequest
    ask: FetchBars
    sender: Sender


class Queries:
    """Every question that is on its way to the gateway or waits for its turn."""

    def __init__(
        self,
        reactor: Reactor,
        outbound: Outbound,
        ids: Iterator[int],
        timeout: float,
        drop: Callable[[str], None],
        preview_interval: float,
    ) -> None:
        """`drop` ends the session. `preview_interval` is the least time between two what-ifs, in seconds."""
        self._reactor = reactor
        self._out = outbound
        self._ids = ids
        self._timeout = timeout
        self._drop = drop
        self._collector: Collector[Asker] = Collector()
        self._resend: dict[str, Callable[[], bytes]] = {}
        self._executions: set[int] = set()
        self._previews = TokenBucket(1.0 / preview_interval, 1)
        self._history = HistoryPacing()
        self._history_open: set[int] = set()
        self._held: list[_HeldBars] = []
        self._held_timer: Timer | None = None
        self._alarm: Timer | None = None

    # --- asking ---------------------------------------------------------------------------------

    def contracts(self, contract: Contract, sender: Sender) -> None:
        """Contract details."""
        request_id = next(self._ids)
        frames = self._out.requests.contracts(request_id, contract)
        subject = f"contract details of {contract.symbol}"
        asker = Asker(sender, lambda items: ContractList(tuple(items)), subject, CONTRACT_PARTS)
        self._begin(request_id, asker, self._timeout, frames, Priority.MARKET_DATA)

    def executions(self, sender: Sender) -> None:
        """Today's executions, with the commissions that come meanwhile."""
        request_id = next(self._ids)
        frames = self._out.requests.executions(request_id)
        self._executions.add(request_id)
        asker = Asker(sender, _execution_list, "executions", EXECUTION_PARTS)
        self._begin(request_id, asker, self._timeout, frames, Priority.ACCOUNT)

    def open_orders(self, sender: Sender) -> None:
        """The open orders of every client."""
        self._named(OPEN_ORDERS, sender, _order_list, self._out.requests.open_orders)

    def completed_orders(self, sender: Sender) -> None:
        """Today's completed orders."""
        self._named(COMPLETED_ORDERS, sender, _order_list, self._out.requests.completed_orders)

    def positions(self, sender: Sender) -> None:
        """All positions."""
        self._named(POSITIONS, sender, lambda items: PositionList(tuple(items)), self._out.requests.positions)

    def account(self, account: str, sender: Sender) -> None:
        """Values and portfolio of an account; answered when the first download is complete."""
        requests = self._out.requests
        self._named(
            account_download(account), sender, lambda _: Done(), lambda: requests.account_updates(account, True)
        )

    def preview(self, ask: FetchPreview, sender: Sender) -> None:
        """A what-if. Raises Rejected when the one before was too short a time ago."""
        if ask.order_id in self._collector:
            raise Rejected(f"order id {ask.order_id} is being asked about already", kind="invalid")
        frames = self._out.requests.preview(ask.order_id, ask.contract, ask.terms)
        now = time.monotonic()
        wait = self._previews.wait(now)
        if wait > 0:
            raise Rejected(f"the broker's limit on what-ifs: ask again in {wait:.0f} s", kind="paced")
        self._previews.take(now)
        asker = Asker(sender, lambda items: items[-1], f"what-if of {ask.contract.symbol}", PREVIEW_PARTS)
        self._begin(ask.order_id, asker, self._timeout, frames, Priority.ACCOUNT)

    def bars(self, ask: FetchBars, sender: Sender) -> None:
        """Historical bars, when IB's rules allow it. Raises Rejected when that is after the asker's deadline."""
        self._out.requests.bars(0, ask)  # refuses now what cannot be sent later
        contract = ask.contract
        series = (contract.con_id, contract.symbol, contract.exchange, ask.what)
        request = HistoryRequest(ask.bar, ask.what, series, (series, ask.end, ask.duration, ask.bar, ask.rth))
        now = time.monotonic()
        delay = self._history.delay(request, now)
        if sender.deadline and now + delay > sender.deadline:
            raise Rejected(f"the broker's limit on historical requests: ask again in {delay:.0f} s", kind="paced")
        self._held.append(_HeldBars(request, ask, sender))
        self._pump_history()

    # --- what the gateway says ------------------------------------------------------------------

    def item(self, query: Query, item: Message, identity: Hashable) -> bool:
        """One part of an answer; False when nobody asked."""
        return self._collector.item(query, item, identity)

    def commission(self, report: CommissionReport) -> None:
        """A commission also belongs to every answer with executions that is under way."""
        for request_id in self._executions:
            self._collector.item(request_id, report)

    def end(self, query: Query) -> None:
        """The end marker of an answer."""
        finished = self._collector.end(query, time.monotonic())
        if finished is None:
            return
        if finished.spoiled:
            self._refuse(finished, "a part of the answer cannot be read", "unreadable")
            return
        self._settle(finished)
        for asker in finished.owners:
            asker.sender.reply(asker.build(finished.items))

    def unreadable(self, message_id: int | None) -> None:
        """A message was dropped; None when not even its id can be read."""
        self._collector.spoil(lambda asker: message_id is None or message_id in asker.parts)

    def refused(self, query: Query, code: int, text: str) -> bool:
        """The broker refused a request; False when it is none of ours, or when it goes on all the same."""
        finished = None if goes_on(code) else self._collector.fail(query)
        if finished is None:
            return False
        self._refuse(finished, f"{text} (code {code})", f"code {code}")
        return True

    def session_ended(self, reason: str) -> None:
        """Reject everything."""
        askers = [asker.sender for asker in self._collector.clear()] + [held.sender for held in self._held]
        self._held.clear()
        self._resend.clear()
        self._executions.clear()
        self._history_open.clear()
        self._history.session_ended()
        for sender in askers:
            sender.reject(session_down(reason))

    # --- inside ---------------------------------------------------------------------------------

    def _named(self, name: str, sender: Sender, build: Build, encode: Callable[[], bytes]) -> None:
        """A question that IB answers without a request id: one of a name at a time."""
        self._resend[name] = encode
        asker = Asker(sender, build, name, NAMED_PARTS.get(name, frozenset()))
        self._begin(name, asker, self._timeout, encode(), Priority.ACCOUNT)

    def _begin(self, query: Query, asker: Asker, timeout: float, frames: bytes, priority: Priority) -> None:
        if self._collector.ask(query, asker, timeout):
            self._send(query, frames, priority)

    def _send(self, query: Query, frames: bytes, priority: Priority) -> None:
        def sent() -> None:
            self._collector.sent(query, time.monotonic())
            self._arm()

        def unsent(error: Rejected) -> None:
            finished = self._collector.fail(query)
            if finished is not None:
                self._refuse(finished, str(error), error.kind)

        self._out.ship_while(lambda: self._wanted(query), priority, frames, sent, unsent)

    def _wanted(self, query: Query) -> bool:
        return any(asker.sender.waiting for asker in self._collector.owners(query))

    def _refuse(self, finished: Finished[Asker], why: str, kind: str) -> None:
        self._settle(finished)
        for asker in finished.owners:
            asker.sender.reject(Rejected(f"{asker.subject}: {why}", kind=kind))

    def _settle(self, finished: Finished[Asker]) -> None:
        """Keep the books when a query is over, and send the next of its name."""
        query = finished.query
        if isinstance(query, str):
            if finished.again:
                self._send(query, self._resend[query](), Priority.ACCOUNT)
            return
        self._executions.discard(query)
        if query in self._history_open:
            self._history_open.discard(query)
            self._history.finished()
            self._pump_history()

    def _arm(self) -> None:
        deadline = self._collector.next_deadline()
        if deadline is None:
            return
        if self._alarm is not None and not self._alarm.cancelled:
            if self._alarm.when <= deadline:
                return
            self._alarm.cancel()
        self._alarm = self._reactor.after(max(0.0, deadline - time.monotonic()), self._expire)

    def _expire(self) -> None:
        overdue = self._collector.expire(time.monotonic())
        for finished in overdue:
            given_up = finished.query in self._history_open
            self._refuse(finished, "the gateway did not answer in time", "timeout")
            if given_up and isinstance(finished.query, int):
                self._out.ship(Priority.HISTORY, self._out.requests.cancel_bars(finished.query), None, self._arm)
        self._arm()
        for finished in overdue:
            if finished.mistaken:
                self._drop(f"an answer about {finished.query} is missing, and which one cannot be told")

    def _pump_history(self) -> None:
        now = time.monotonic()
        for waiting in tuple(self._held):
            # Sending can end the session, and that empties the list under our feet.
            if waiting in self._held and not self._history.full and self._history.delay(waiting.request, now) <= 0:
                self._held.remove(waiting)
                self._send_bars(waiting, now)
        if self._held and not self._history.full and (self._held_timer is None or self._held_timer.cancelled):
            soonest = min(self._history.delay(waiting.request, now) for waiting in self._held)
            self._held_timer = self._reactor.after(soonest, self._pump_history)

    def _send_bars(self, waiting: _HeldBars, now: float) -> None:
        request_id = next(self._ids)
        frames = self._out.requests.bars(request_id, waiting.ask)
        self._history.started(waiting.request, now)
        self._history_open.add(request_id)
        subject = f"bars of {waiting.ask.contract.symbol}"
        asker = Asker(waiting.sender, lambda items: BarList(tuple(items)), subject, BAR_PARTS)
        self._begin(request_id, asker, HISTORY_TIMEOUT, frames, Priority.HISTORY)


def _order_list(items: list[Any]) -> OpenOrders:
    return OpenOrders(tuple(items))


def _execution_list(items: list[Any]) -> ExecutionList:
    return ExecutionList(
        tuple(item for item in items if isinstance(item, ExecutionReport)),
        tuple(item for item in items if isinstance(item, CommissionReport)),
    )
