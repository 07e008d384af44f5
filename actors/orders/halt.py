"""The kill switch: on disk before it is confirmed, lifted only with a reason, in force even without a disk.

It is pulled by an ask, by the loss limit, and by the file HALT, at which Order looks before it takes an order and
every LOOK_SECONDS. A halt that also cancels goes on with it until it is lifted: what could not be cancelled then, for
want of a session or because nobody knew yet that the order works, is cancelled after the next reconciliation.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import msgspec

from actors.domain.halting import HaltState, from_settings, named
from actors.messages.orders import GateView, Halt, Resume
from actors.orders.change import Entry
from actors.orders.gatekeeper import GateKeeper
from actors.orders.halt_cancels import HaltCancels
from actors.orders.halt_file import HaltFile, new_id
from actors.orders.journal import JournalError
from actors.orders.records import Records
from supervision.errors import Rejected
from supervision.failpoints import failpoint
from supervision.reactor import Reactor

LOOK_SECONDS: Final = 0.1
_IN_FILE: Final = "halt_in_file"
NOTHING_MORE: Final[Mapping[str, str]] = MappingProxyType({})


class KillSwitch:
    """`state` is what the halts since the last resume add up to."""

    def __init__(
        self,
        records: Records,
        gate: GateKeeper,
        file: HaltFile,
        reactor: Reactor,
        cancels: HaltCancels,
    ) -> None:
        self.state = from_settings(records.settings)
        self._records = records
        self._gate = gate
        self._file = file
        self._reactor = reactor
        self._cancels = cancels
        # the halt of the file that was heeded last: neither a later ask nor a restart makes it a new one
        self._in_file = records.settings.get(_IN_FILE, "")
        gate.look_first = self._look
        self._watch()

    def halt(self, asked: Halt, settings: Mapping[str, str] = NOTHING_MORE) -> GateView:
        """Refuse new orders from now on, and keep `settings` with that."""
        self._look()  # the file that a command wrote first is the older one
        return self._pull(named(asked, new_id()), settings)

    def reconciled(self) -> None:
        """It is known which orders work: cancel what a halt has left."""
        if self.state.text:
            self._cancels.again(self.state.cancel)

    def flattened(self) -> None:
        """Every position is closed: what comes from now on is left alone."""
        self.state = msgspec.structs.replace(self.state, flatten=False)
        self._records.keep_settings(self.state.settings(), Entry("flattened", "", {"id": self.state.id}))
        self._show(self.state.text)
        self._records.commit()

    def resume(self, asked: Resume) -> GateView:
        """Lift it. Raises Rejected without a reason, for a halt that nobody knew of yet, or when the disk refuses."""
        reason = asked.reason.strip()
        if not reason:
            raise Rejected("resume needs a reason, which is kept", kind="invalid")
        known = self.state.id
        self._look()
        if self.state.id != known:
            raise self._another()
        lifted = HaltState()
        entry = Entry("resume", "", {"reason": reason, "by": asked.by})
        try:
            self._records.require_settings(lifted.settings() | {_IN_FILE: ""}, entry)
        except JournalError as error:
            self._records.failed(error)
            raise Rejected(f"still halted: {error}", kind="journal") from error
        self.state = lifted
        self._look()  # the disk took its time: only the file that was heeded may be taken away
        if self.state.text:
            raise self._another()
        self._in_file = ""
        try:
            self._file.remove()
        except OSError as error:
            self._look()  # the gate has not opened meanwhile
            if self.state.text:
                raise Rejected(f"still halted: {self._file.stands()}, and does not go: {error.strerror}") from error
        self._records.commit()
        return self._show("")

    def _another(self) -> Rejected:
        return Rejected(f"still halted, by another halt that came meanwhile: {self.state.text}", kind="halted")

    def _pull(self, halt: Halt, settings: Mapping[str, str] = NOTHING_MORE) -> GateView:
        before, self.state = self.state, self.state.with_halt(halt)
        if self.state == before:
            return self._gate.view()
        failpoint("order.halt.heard", halt.by)
        text = self._keep(halt, settings)
        failpoint("order.halt.journalled", halt.by)
        gate = self._show(text)
        self._cancels.cancel(self.state.cancel)
        self._records.commit()
        return gate

    def _keep(self, halt: Halt, settings: Mapping[str, str]) -> str:
        """Make it durable; what is to be said of it."""
        text = self.state.text
        facts = {name: getattr(halt, name) for name in halt.__struct_fields__}
        entry, kept = Entry("halt", "", facts), self.state.settings() | {_IN_FILE: self._in_file} | dict(settings)
        try:
            self._records.require_settings(kept, entry)
        except JournalError as error:
            self._records.keep_settings(kept, entry)
            self._records.failed(error)
            return text if self._file.stands() else f"{text}; not on disk yet, a restart now would forget it"
        return text

    def _show(self, text: str) -> GateView:
        return self._gate.update(halted=text, flattening=self.state.flatten)

    def _look(self) -> None:
        found = self._file.look()
        if found is not None and found.id not in (self.state.id, self._in_file):
            self._in_file = found.id
            self._pull(found)

    def _watch(self) -> None:
        self._look()
        self._reactor.after(LOOK_SECONDS, self._watch)
