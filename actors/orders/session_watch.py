"""What the session with the gateway means to orders: which accounts and ids, whether they may leave, what is in doubt.

What was sent and not acknowledged when the session ended, or this process began, is UNKNOWN until evidence decides.
"""

from __future__ import annotations

import time
from typing import TypeAlias

from actors.domain import order_events as ev
from actors.domain.order_state import ON_THE_WAY
from actors.messages.broker import Snapshot
from actors.messages.session import ClockJudged, LinkChanged, SessionDown, SessionUp
from actors.orders.catch_up import CatchUp
from actors.orders.cuts import CutAsker, Cuts
from actors.orders.gatekeeper import GateKeeper
from actors.orders.identity import Identity
from actors.orders.records import Records
from actors.orders.references import References

SessionNews: TypeAlias = Snapshot | SessionUp | SessionDown | LinkChanged | ClockJudged


class SessionWatch:
    """Keeps gate, identity and id floor in step with Connection's session."""

    def __init__(
        self,
        records: Records,
        gate: GateKeeper,
        identity: Identity,
        references: References,
        cuts: Cuts,
        asker: CutAsker,
        catch_up: CatchUp,
    ) -> None:
        self._records = records
        self._gate = gate
        self._identity = identity
        self._references = references
        self._cuts = cuts
        self._asker = asker
        self._catch_up = catch_up
        self._heard = 0  # the incarnation of Connection that was heard last

    def connection_came(self, incarnation: int) -> None:
        """Connection is heard again: what it said meanwhile was missed."""
        self._cuts.blind_until = time.monotonic()
        self._gate.update(reconciled_epoch=None)
        self._gate.tell_connection()
        self._catch_up.connection_came()
        if incarnation == self._heard:  # to State nothing happened, so it does not come by itself
            self._asker.ask_soon("connection was not heard for a while")
        self._heard = incarnation

    def connection_went(self) -> None:
        """Connection is not heard: for orders that is the end of the session."""
        self._catch_up.connection_went()
        self._over("connection is away")

    def hear(self, message: SessionNews) -> None:
        """Take in what Connection says of the session."""
        match message:
            case Snapshot():
                self._snapshot(message)
            case SessionUp():
                self._stands(message.epoch, message.accounts, message.next_order_id)
                self._gate.update(link_up=True, link_reason="", reconciled_epoch=None)
            case SessionDown():
                self._over(message.reason)
            case LinkChanged():
                self._cuts.blind_until = time.monotonic()
                reason = "" if message.up else f"{message.text} (code {message.code})"
                self._gate.update(link_up=message.up, link_reason=reason, reconciled_epoch=None)
            case ClockJudged():
                self._gate.update(clock_problem=message.problem)
        self._records.commit()

    def doubt(self, reason: str, *, sending: bool) -> None:
        """What was sent and not acknowledged is unknown; with `sending` also what may have been sent."""
        doubtful = ON_THE_WAY if sending else {"SENT"}
        for order in self._records.book.open_orders():
            if order.reported in doubtful and not order.acknowledged:
                self._records.apply(order, ev.Lost(reason))
        self._records.commit()

    def _snapshot(self, message: Snapshot) -> None:
        session = message.session
        self._identity.client_id = session.client_id
        self._gate.update(clock_problem=session.clock_problem)
        if session.state in ("up", "degraded"):
            self._stands(session.epoch, session.accounts, session.next_order_id or 0)
            self._gate.update(link_up=session.state == "up", link_reason=session.reason)
        else:
            reason = f"no session with the gateway: {session.reason or session.state}"
            self._gate.update(epoch=None, session_reason=reason)

    def _stands(self, epoch: int, accounts: tuple[str, ...], next_order_id: int) -> None:
        self._identity.of_session = accounts
        self._references.forget()
        self._records.raise_floor(next_order_id - 1)
        self._gate.update(epoch=epoch)

    def _over(self, reason: str) -> None:
        self._gate.update(epoch=None, session_reason=f"no session with the gateway: {reason}", reconciled_epoch=None)
        self.doubt(f"the session ended before the broker acknowledged it: {reason}", sending=False)
