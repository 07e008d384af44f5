"""What a halt cancels: nothing, entries, our own orders, or every order there is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

from actors.domain.flattening import flattens, opening
from actors.messages.broker import TransmitCancel, Transmitted
from actors.messages.orders import CancelMode
from actors.orders.changing import Changing
from actors.orders.cuts import CutAsker
from actors.orders.gatekeeper import GateKeeper
from actors.orders.records import Records
from supervision.errors import DeliveryError, Rejected
from supervision.uplink import Uplink

CANCEL_SECONDS: Final = 10.0
_EVERY_ORDER: Final = 0


class HaltCancels:
    """Cancels without anybody who waits for it: what could not be sent is logged, and in the journal.

    What closes a position because of a halt is left to work, but for the cancel of every order there is.
    """

    def __init__(
        self,
        records: Records,
        gate: GateKeeper,
        changing: Changing,
        connection: Uplink,
        asker: CutAsker,
        log: logging.Logger,
    ) -> None:
        self._records = records
        self._gate = gate
        self._changing = changing
        self._connection = connection
        self._asker = asker
        self._log = log

    def cancel(self, mode: CancelMode) -> None:
        """Ask the broker to cancel what the mode says and is not being cancelled yet."""
        if mode == "all":
            self._cancel_everything(lambda _: self._asker.ask_soon("every order was cancelled"))
        self._cancel_ours(mode)

    def again(self, mode: CancelMode) -> None:
        """The same once it is known which orders work; every order is cancelled while others than ours do."""
        if mode == "all" and any(order.external and not order.terminal for order in self._records.book.open_orders()):
            self._cancel_everything(lambda _: None)
        self._cancel_ours(mode)

    def _cancel_ours(self, mode: CancelMode) -> None:
        if mode in ("own", "all"):
            self._changing.cancel_unasked(lambda order: not flattens(order))
        if mode == "entries":
            book = self._records.book
            working = (order for order in book.open_orders() if not order.terminal)
            entries = opening(working, book.get, book.holdings.of)
            self._changing.cancel_unasked(lambda order: order.key in entries)

    def _cancel_everything(self, on_sent: Callable[[Transmitted], None]) -> None:
        """One message for the orders of all clients; what it ended is known after a reconciliation."""
        epoch = self._gate.facts.epoch
        if epoch is None:
            return  # after the next reconciliation

        def failed(error: DeliveryError | Rejected) -> None:
            self._log.error("the cancel of every order was not sent, or nobody knows whether it was: %s", error)
            self._records.note("cancel_unsent", "", {"reasons": (str(error),)})
            self._records.commit()

        message = TransmitCancel(epoch, _EVERY_ORDER)
        self._connection.ask(message, timeout=CANCEL_SECONDS, on_reply=on_sent, on_error=failed)
        self._connection.flush()
