"""The one way out: orders and cancels to Connection, and what its answers mean.

A Rejected means that no byte left (but for kind OUTCOME_UNKNOWN), and so does an actor that was not
there; any other failure leaves the outcome unknown, and only a reconciliation decides it. Orders that
belong together leave in one message and share its outcome. Nothing is ever sent twice. An answer that
stays out raises a question, it does not end an order.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec

from actors.domain import order_events as ev
from actors.domain.order_state import OrderState
from actors.messages.broker import OUTCOME_UNKNOWN, OrderTerms, Sending, Transmit, TransmitCancel, Transmitted
from actors.orders.gatekeeper import GateKeeper
from actors.orders.records import Records
from supervision.errors import ActorUnavailable, DeliveryError, Rejected
from supervision.failpoints import failpoint
from supervision.reactor import Reactor
from supervision.uplink import Uplink

TRANSMIT_SECONDS = 30.0  # a burst of orders waits its turn in Connection's pacing queue
CANCEL_SECONDS = 10.0

Group = tuple[OrderState, ...]
OnSent = Callable[[OrderState], None]
OnUnsent = Callable[[OrderState, Rejected], None]


class Exit:
    """Hands orders to Connection. `sending` is how many messages are on their way to it."""

    def __init__(
        self, *, records: Records, gate: GateKeeper, connection: Uplink, reactor: Reactor, unanswered_after: float
    ) -> None:
        self.sending = 0
        self._records = records
        self._gate = gate
        self._connection = connection
        self._reactor = reactor
        self._unanswered_after = unanswered_after

    def place(
        self,
        orders: Group,
        receipts: tuple[int, ...],
        on_sent: Callable[[Group], None],
        on_unsent: Callable[[Group, Rejected], None],
        *,
        reducing: bool = False,
    ) -> None:
        """Send new orders, all or none; `on_sent` also when the outcome is unknown, which the orders then say.

        `reducing`: all of them only reduce positions.
        """
        frames = tuple(map(_sending, orders, receipts))
        if orders[-1].parent:  # the gateway keeps a bracket back until its last order is there
            held_back = (_held_back(one) for one in frames[:-1])
            frames = (*held_back, frames[-1])
        self._send(orders, frames, reducing, ev.Transmitted(), ev.Unsent, on_sent, on_unsent)
        for order in orders:
            self._records.hand(order, ev.Handed())

    def modify(
        self,
        order: OrderState,
        terms: OrderTerms,
        receipt: int,
        on_sent: OnSent,
        on_unsent: OnUnsent,
        *,
        reducing: bool = False,
    ) -> None:
        """Send new terms of an order that works; `reducing`: with them it only reduces a position."""
        frames = (Sending(order.order_id, order.contract, terms, receipt),)
        self._send(
            (order,),
            frames,
            reducing,
            None,
            ev.ModifyUnsent,
            lambda orders: on_sent(orders[0]),
            lambda orders, error: on_unsent(orders[0], error),
        )

    def cancel(self, order: OrderState, on_sent: OnSent, on_unsent: OnUnsent) -> None:
        """Send a cancel. No gate, no journal stands before it."""
        epoch = self._gate.facts.epoch
        if epoch is None:
            reason = f"the cancel could not be sent: {self._gate.facts.session_reason}"
            on_unsent(order, Rejected(reason, kind="session_down"))
            return

        def sent(_: Transmitted) -> None:
            now = self._records.apply(self._now(order), ev.CancelSent())
            self._records.commit_soon()
            self._await_answer(now, "the broker has not answered the cancel")
            on_sent(now)

        def failed(error: DeliveryError | Rejected) -> None:
            if _nothing_left(error):
                on_unsent(self._now(order), _refusal(error))
                self._records.commit()
                return
            now = self._records.apply(self._now(order), ev.Lost(f"whether the cancel was sent is unknown: {error}"))
            self._records.commit()
            on_sent(now)

        self._connection.ask(
            TransmitCancel(epoch, order.order_id), timeout=CANCEL_SECONDS, on_reply=sent, on_error=failed
        )
        failpoint("order.cancel.handed", order.key)
        self._connection.flush()

    def _send(
        self,
        orders: Group,
        frames: tuple[Sending, ...],
        reducing: bool,
        sent_event: ev.Event | None,
        unsent_event: Callable[[str], ev.Event],
        on_sent: Callable[[Group], None],
        on_unsent: Callable[[Group, Rejected], None],
    ) -> None:
        epoch = self._gate.facts.epoch
        assert epoch is not None  # the gate is open
        self.sending += 1
        first = orders[0].key

        def sent(_: Transmitted) -> None:
            self.sending -= 1
            failpoint("order.transmitted.heard", first)
            now = self._after(orders, sent_event)
            on_sent(now)
            self._records.commit_soon()
            for order in now:
                self._await_answer(order, f"the broker has not answered for {self._unanswered_after:g} s")

        def failed(error: DeliveryError | Rejected) -> None:
            self.sending -= 1
            reason = "; ".join(_refusal(error).reasons)
            if _nothing_left(error):
                on_unsent(self._after(orders, unsent_event(reason)), _refusal(error))
            else:
                on_sent(self._after(orders, ev.Lost(f"whether it was sent is unknown: {reason}")))
            self._records.commit()

        message = Transmit(epoch, self._gate.view().version, frames, reducing)
        self._connection.ask(message, timeout=TRANSMIT_SECONDS, on_reply=sent, on_error=failed)
        failpoint("order.transmit.handed", first)
        self._connection.flush()

    def _after(self, orders: Group, event: ev.Event | None) -> Group:
        """The orders as they are now, and after the event."""
        now = tuple(map(self._now, orders))
        return now if event is None else tuple(self._records.apply(order, event) for order in now)

    def _await_answer(self, order: OrderState, reason: str) -> None:
        self._reactor.after(self._unanswered_after, partial(self._look, order.key, order.heard, reason))

    def _look(self, key: str, since: float, reason: str) -> None:
        order = self._records.book.get(key)
        if order is not None and order.heard == since and not order.terminal:
            self._records.apply(order, ev.Lost(reason))
            self._records.commit()

    def _now(self, order: OrderState) -> OrderState:
        return self._records.book.get(order.key) or order


def _sending(order: OrderState, receipt: int) -> Sending:
    return Sending(order.order_id, order.contract, order.terms, receipt)


def _held_back(one: Sending) -> Sending:
    return msgspec.structs.replace(one, terms=msgspec.structs.replace(one.terms, transmit=False))


def _nothing_left(error: DeliveryError | Rejected) -> bool:
    if isinstance(error, Rejected):
        return error.kind != OUTCOME_UNKNOWN
    return isinstance(error, ActorUnavailable)


def _refusal(error: DeliveryError | Rejected) -> Rejected:
    """The failure as a refusal, for those who are told that nothing was sent."""
    return error if isinstance(error, Rejected) else Rejected(str(error), kind="unavailable")
