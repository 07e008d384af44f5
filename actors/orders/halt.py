"""The kill switch: on disk before it is confirmed, lifted only with a reason, in force even without a disk.

A halt that also cancels goes on with it until it is lifted: what could not be cancelled then, for want of
a session or because nobody knew yet that the order works, is cancelled after the next reconciliation.
"""

from __future__ import annotations

from collections.abc import Callable

from actors.messages.orders import GateView, Halt, Resume
from actors.orders.change import Entry
from actors.orders.gatekeeper import GateKeeper
from actors.orders.journal import JournalError
from actors.orders.records import Records
from supervision.errors import Rejected
from supervision.failpoints import failpoint


class KillSwitch:
    """`cancel_all` asks the broker to cancel every working order of ours, but those being cancelled."""

    def __init__(self, records: Records, gate: GateKeeper, cancel_all: Callable[[], None]) -> None:
        self._records = records
        self._gate = gate
        self._cancel_all = cancel_all
        self._cancels = records.halt_cancels

    def halt(self, asked: Halt) -> GateView:
        """Refuse new orders from now on."""
        text = f"{asked.reason.strip() or 'no reason given'} (by {asked.by})"
        self._cancels |= asked.cancel
        failpoint("order.halt.heard", asked.by)
        entry = Entry("halt", "", {"reason": asked.reason, "by": asked.by, "cancel": asked.cancel})
        try:
            self._records.set_halt(text, self._cancels, entry)
        except JournalError as error:
            self._records.keep_halt(text, self._cancels, entry)
            self._records.failed(error)
            text += "; not on disk yet, a restart now would forget it"
        failpoint("order.halt.journalled", asked.by)
        gate = self._gate.update(halted=text)
        if asked.cancel:
            self._cancel_all()
        self._records.commit()
        return gate

    def reconciled(self) -> None:
        """It is known which orders work: cancel what a halt has left."""
        if self._gate.facts.halted and self._cancels:
            self._cancel_all()

    def resume(self, asked: Resume) -> GateView:
        """Lift it. Raises Rejected without a reason, or when the disk does not take it."""
        reason = asked.reason.strip()
        if not reason:
            raise Rejected("resume needs a reason, which is kept", kind="invalid")
        try:
            self._records.set_halt("", False, Entry("resume", "", {"reason": reason, "by": asked.by}))
        except JournalError as error:
            self._records.failed(error)
            raise Rejected(f"still halted: {error}", kind="journal") from error
        self._cancels = False
        gate = self._gate.update(halted="")
        self._records.commit()
        return gate
