"""Between the askers and the socket: pacing, the last check, and the verdict on each message.

One frame at a time is handed to the kernel, so what is queued here can still be called off. A shipment
ends in exactly one verdict: sent (its last byte is in the kernel's hands), or not, with a Rejected that
says whether any byte had left. At the last moment it is checked that the session is still the one the
message was meant for, and each shipment's own obstacle: that nobody waits for it any more, or for orders
the last check. What may not leave any more is thrown away without using the pace as soon as that is known;
cancels alone go out whoever asked for them. Orders that belong together are one shipment.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from actors.domain.pacing import PacingQueue, Priority
from actors.ib.gateway import Gateway
from actors.ib.requests import Requests
from actors.ib.transport import Parcel
from actors.messages.broker import OUTCOME_UNKNOWN
from supervision.actor import Sender
from supervision.errors import Rejected
from supervision.reactor import Reactor, Timer

SESSION_DOWN = "session_down"


def session_down(reason: str) -> Rejected:
    """The refusal for everything that cannot be sent: no byte of it has left."""
    return Rejected(f"no session with the gateway: {reason}; nothing was sent", kind=SESSION_DOWN)


def expired(reason: str) -> Rejected:
    """The refusal for what nobody waits for any more: no byte of it has left."""
    return Rejected(f"{reason}; nothing was sent", kind="expired")


Obstacle = Callable[[], Rejected | None]


def _nobody(_: Rejected) -> None:
    """Nobody waits for the verdict."""


def _nothing() -> None:
    """Nothing speaks against it."""


@dataclass(frozen=True)
class Shipment:
    """Frames for the session with this epoch. `deadline` is monotonic; 0 means that it never expires.
    `obstacle` tells at any time why it may not leave, None while it may.
    """

    frames: bytes
    epoch: int
    on_sent: Callable[[], None]
    on_unsent: Callable[[Rejected], None] = _nobody
    deadline: float = 0.0
    obstacle: Obstacle = _nothing


class Outbound:
    """Sends shipments at the gateway's pace, best first."""

    def __init__(self, reactor: Reactor, rate: float, burst: int) -> None:
        self._reactor = reactor
        self._queue: PacingQueue[Shipment] = PacingQueue(rate, burst)
        self._gateway: Gateway | None = None
        self._requests: Requests | None = None
        self._epoch = 0
        self._reason = "not started"
        self._timer: Timer | None = None

    @property
    def waiting(self) -> int:
        """How many shipments wait for a token or for the kernel."""
        return len(self._queue)

    @property
    def requests(self) -> Requests:
        """The encoders of the current session. Raises Rejected when there is none."""
        if self._requests is None:
            raise session_down(self._reason)
        return self._requests

    def check(self, epoch: int) -> None:
        """Raise Rejected unless the session with this epoch is up."""
        if self._requests is None or epoch != self._epoch:
            raise session_down(self._reason or f"epoch {epoch} is over, {self._epoch} is up")

    def begin(self, gateway: Gateway, epoch: int, next_order_id: int) -> None:
        """A session is up."""
        self._gateway, self._requests, self._epoch, self._reason = gateway, gateway.requests, epoch, ""
        self._queue.begin(next_order_id)

    def end(self, reason: str) -> None:
        """The session is over: nothing that still waits will leave."""
        self._gateway = self._requests = None
        self._reason = reason
        for shipment in self._queue.clear():
            shipment.on_unsent(session_down(reason))

    def known(self, order_id: int) -> None:
        """The gateway has spoken of this order, so it can be cancelled there."""
        self._queue.known(order_id)

    def ship(self, priority: Priority, frames: bytes, sender: Sender | None, on_sent: Callable[[], None]) -> None:
        """Queue frames for the current session. `sender`, if any, gets the refusal when they cannot leave."""
        if sender is None:
            self._ship(priority, Shipment(frames, self._epoch, on_sent))
        else:
            self._ship(priority, self._asked(frames, sender, on_sent, _unwanted(lambda: sender.waiting)))

    def ship_orders(
        self,
        order_ids: tuple[int, ...],
        frames: bytes,
        sender: Sender,
        on_sent: Callable[[], None],
        obstacle: Obstacle,
    ) -> None:
        """Queue orders or modifications that leave together or not at all; `obstacle` is asked until they do."""
        unwanted = _unwanted(lambda: sender.waiting)
        shipment = self._asked(frames, sender, on_sent, lambda: unwanted() or obstacle())
        self._ship(Priority.ORDER, shipment, order_ids)

    def ship_while(
        self,
        wanted: Callable[[], bool],
        priority: Priority,
        frames: bytes,
        on_sent: Callable[[], None],
        on_unsent: Callable[[Rejected], None],
    ) -> None:
        """Queue frames on behalf of several askers, for as long as `wanted`."""
        self._ship(priority, Shipment(frames, self._epoch, on_sent, on_unsent, obstacle=_unwanted(wanted)))

    def recheck(self) -> None:
        """Something has changed: what may not leave any more is called off now, and answered."""
        for shipment, obstacle in self._queue.call_off(lambda shipment: shipment.obstacle()):
            shipment.on_unsent(obstacle)
        self._arm()

    def cancel(self, order_id: int, frames: bytes, sender: Sender, on_sent: Callable[[], None]) -> None:
        """Queue the cancel of an order; what still waits for that order is called off. A cancel never expires."""
        shipment = Shipment(frames, self._epoch, on_sent, sender.reject)
        removed, queued = self._queue.cancel(order_id, shipment)
        for called_off in removed:
            called_off.on_unsent(
                Rejected(f"order {order_id} was cancelled before this was sent; nothing was sent", kind="called_off")
            )
        if queued:
            self.pump()
        else:
            shipment.on_unsent(
                Rejected(
                    f"order {order_id} had not been sent; it was called off, no cancel is needed", kind="never_sent"
                )
            )

    def ship_cancel_of_all(self, frames: bytes, sender: Sender, on_sent: Callable[[], None]) -> None:
        """Queue the cancel of every order there is. Like any cancel it never expires, whoever asked for it."""
        self._ship(Priority.CANCEL, Shipment(frames, self._epoch, on_sent, sender.reject))

    def _asked(self, frames: bytes, sender: Sender, on_sent: Callable[[], None], obstacle: Obstacle) -> Shipment:
        return Shipment(frames, self._epoch, on_sent, sender.reject, sender.deadline, obstacle)

    def _ship(self, priority: Priority, shipment: Shipment, order_ids: tuple[int, ...] = ()) -> None:
        if self._gateway is None:
            shipment.on_unsent(session_down(self._reason))
            return
        self._queue.put(priority, shipment, order_ids=order_ids)
        self.pump()

    def pump(self) -> None:
        """Hand over what may leave now; come back by itself when more may."""
        while self._gateway is not None and self._gateway.open and not self._gateway.blocked:
            now = time.monotonic()
            shipment = self._queue.take(now)
            if shipment is None:
                break
            self._hand_over(self._gateway, shipment, now)
        self._arm()

    def _hand_over(self, gateway: Gateway, shipment: Shipment, now: float) -> None:
        if shipment.epoch != self._epoch:
            shipment.on_unsent(session_down(f"the session with epoch {shipment.epoch} is over"))
            return
        if shipment.deadline and now > shipment.deadline:
            shipment.on_unsent(expired("waited too long for its turn"))
            return
        obstacle = shipment.obstacle()
        if obstacle is not None:
            shipment.on_unsent(obstacle)
            return

        def verdict(parcel: Parcel) -> None:
            if parcel.whole:
                shipment.on_sent()
            elif parcel.written == 0:
                shipment.on_unsent(session_down("it ended before the first byte"))
            else:
                shipment.on_unsent(
                    Rejected("the session ended while it was being sent; the outcome is unknown", kind=OUTCOME_UNKNOWN)
                )

        gateway.send(shipment.frames, verdict)

    def _arm(self) -> None:
        if self._gateway is None or self._gateway.blocked or (self._timer is not None and not self._timer.cancelled):
            return
        wait = self._queue.wait(time.monotonic())
        if wait is not None:
            self._timer = self._reactor.after(wait, self.pump)


def _unwanted(wanted: Callable[[], bool]) -> Obstacle:
    return lambda: None if wanted() else expired("whoever asked is gone")
