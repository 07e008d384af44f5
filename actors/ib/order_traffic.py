"""Orders between Order and the gateway: the last check on the way out, the numbered log on the way in.

Orders leave when the last check lets them, at the moment they are handed over and again when their turn has come.
What waits and may not leave any more (the gate closes, a halt, the gateway loses the broker, Order is gone) is
answered at once, with no byte sent; a cancel waits for none of that. What the broker says is logged before it is
published, so that an Order that was away can have it.
"""

from __future__ import annotations

from collections.abc import Callable

from actors.domain.last_check import Standing, why_not
from actors.domain.report_log import ReportLog
from actors.domain.session import Session
from actors.ib.outbound import Outbound
from actors.messages.broker import (
    FetchReports,
    GateStands,
    Report,
    Reports,
    Transmit,
    TransmitCancel,
    Transmitted,
)
from supervision.actor import Sender
from supervision.errors import Rejected
from supervision.failpoints import failpoint
from supervision.message import Message
from supervision.peer import Peer


class OrderTraffic:
    """Sends through `outbound`; `burst` is how many messages the pacing lets leave at once. `halt_file` says whether
    the kill switch's file is there, in words.
    """

    def __init__(
        self,
        session: Session,
        outbound: Outbound,
        burst: int,
        publish: Callable[[str, Message], None],
        halt_file: Callable[[], str],
    ) -> None:
        self._session = session
        self._outbound = outbound
        self._burst = burst
        self._publish = publish
        self._halt_file = halt_file
        self._log = ReportLog()
        self._gate: GateStands | None = None
        self._order: Peer | None = None  # the connection over which Order told of its gate
        self._receipt = 0  # the newest that was taken to be sent

    # --- where things stand -------------------------------------------------------------------------

    def gate_stands(self, message: GateStands, sender: Sender) -> None:
        """Order tells of its gate."""
        self._gate, self._order = message, sender.peer
        self._outbound.recheck()

    def peer_down(self, peer: Peer) -> None:
        """Some peer is gone; if it was Order, the next incarnation has its own gate."""
        if peer is self._order:
            self._gate = self._order = None
        self._outbound.recheck()

    def session_up(self) -> None:
        """A session is up."""
        self._log.begin(self._session.epoch)

    # --- out ----------------------------------------------------------------------------------------

    def transmit(self, message: Transmit, sender: Sender) -> None:
        """Queue orders that leave together; answers when the last byte is with the kernel. Raises Rejected."""
        before = self._receipt
        problem = why_not(self._standing(sender, before), message)
        if problem is not None:
            raise problem
        requests, first = self._outbound.requests, message.orders[0].order_id
        frames = b"".join(requests.place(one.order_id, one.contract, one.terms) for one in message.orders)
        failpoint("connection.order.encoded", first)
        self._receipt = message.orders[-1].receipt

        def sent() -> None:
            failpoint("connection.order.written", first)
            sender.reply(Transmitted(message.epoch))

        def at_the_last_byte() -> Rejected | None:
            return why_not(self._standing(sender, before), message)

        self._outbound.ship_orders(
            tuple(one.order_id for one in message.orders), frames, sender, sent, at_the_last_byte
        )

    def cancel(self, message: TransmitCancel, sender: Sender) -> None:
        """Queue a cancel; only the session may refuse it. Raises Rejected."""
        self._outbound.check(message.epoch)
        if not message.order_id:
            frames = self._outbound.requests.cancel_everything()
            self._outbound.ship_cancel_of_all(frames, sender, lambda: sender.reply(Transmitted(message.epoch)))
            return
        frames = self._outbound.requests.cancel(message.order_id)
        self._outbound.cancel(message.order_id, frames, sender, lambda: sender.reply(Transmitted(message.epoch)))

    def _standing(self, sender: Sender, receipt: int) -> Standing:
        session = self._session
        return Standing(
            epoch=session.epoch if session.answers else None,
            session_reason=session.reason or session.phase,
            link_lost=session.reason if session.phase == "degraded" else "",
            gate=self._gate if _same_actor(self._order, sender.peer) else None,
            receipt=receipt,
            burst=self._burst,
            halt_file=self._halt_file(),
        )

    # --- in -----------------------------------------------------------------------------------------

    def heard(self, report: Report) -> None:
        """The broker spoke of an order."""
        self._log.add(report)
        self._publish("order_reports", report)

    def reports(self, asked: FetchReports) -> Reports:
        """What an Order that was away has not heard."""
        return self._log.since(asked.epoch, asked.after)


def _same_actor(one: Peer | None, other: Peer | None) -> bool:
    """Whether both are connections of one incarnation; a caller may have several."""
    if one is None or other is None:
        return False
    return (one.name, one.incarnation) == (other.name, other.incarnation)
