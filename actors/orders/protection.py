"""The watch over positions that should have a live stop: judged after changes, told when one is missing too long.

`grace` seconds is what an exit may take from its entry's fill to the broker's word that it works, and a replacement
from one stop to the next. After that it is an error in the log, a row of the journal and a ProtectionChanged, once;
another tells that it is over. What brackets claim is kept in the journal with the executions that it follows from, so
that a restart knows it; of strategies it follows from their executions. Before the first confirmed cut nothing is said.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

import msgspec

from actors.domain.executions import Place
from actors.domain.locks import Locks
from actors.domain.protection import Claim, Exposure, exposures
from actors.messages.risk import ProtectionChanged, Unprotected
from actors.orders.change import Entry
from actors.orders.records import Records
from actors.orders.risk_limits import LimitBook
from supervision import clock
from supervision.errors import Rejected
from supervision.message import Message
from supervision.peer import Peer
from supervision.reactor import Reactor, Timer

SETTING: Final = "protection"
"""The journal's setting with what brackets claim."""
SOON: Final = 0.05
"""Seconds in which changes gather before they are judged."""


class _Seen(NamedTuple):
    """When an exposure was seen first: in monotonic seconds, and as a date."""

    monotonic: float
    at: datetime


class ProtectionWatch:
    """Raises Rejected when the journal cannot be read."""

    def __init__(
        self,
        records: Records,
        locks: Locks,
        limits: LimitBook,
        reactor: Reactor,
        publish: Callable[[str, Message], None],
        log: logging.Logger,
    ) -> None:
        self._records = records
        self._locks = locks
        self._grace = limits.protection_grace
        self._reactor = reactor
        self._publish = publish
        self._log = log
        self._seen: dict[Place, _Seen] = {}
        self._told: dict[Place, Exposure] = {}
        self._items: tuple[Unprotected, ...] | None = None  # until judged for the first time
        self._timer: Timer | None = None
        kept = msgspec.json.decode(records.settings.get(SETTING, "[]"), type=tuple[Claim, ...])
        records.book.claims.begin(kept, {name: records.executions_of(name) for name in limits.protected})

    def heard(self) -> None:
        """An order has a new value, perhaps by an execution; within the message that brought it."""
        self._keep()
        self._look_in(SOON)

    def reconciled(self) -> None:
        """It is known what is held, and which orders work."""
        self._look_in(0.0)

    def view(self) -> ProtectionChanged:
        """What has been missing for longer than `grace`. Rejected while nobody knows."""
        if self._items is None:
            raise Rejected("no reconciliation was confirmed yet", kind="cut")
        return ProtectionChanged(self._items)

    def greet(self, peer: Peer) -> None:
        """Somebody who listens from now on begins with what is known."""
        if self._items is not None:
            peer.send(ProtectionChanged(self._items))

    def _keep(self) -> None:
        claims = self._records.book.claims
        if claims.changed:
            claims.changed = False
            kept = claims.kept()
            entry = Entry("protection", "", {"claims": [msgspec.structs.asdict(one) for one in kept]})
            self._records.keep_settings({SETTING: msgspec.json.encode(kept).decode()}, entry)

    def _look_in(self, seconds: float) -> None:
        if self._timer is not None and not self._timer.cancelled:
            if self._timer.when <= time.monotonic() + seconds:
                return
            self._timer.cancel()
        self._timer = self._reactor.after(seconds, self._look)

    def _look(self) -> None:
        book, now = self._records.book, time.monotonic()
        if not book.holdings.known:
            return
        unexplained = {(one.account, one.con_id) for one in self._locks.positions()}
        book.claims.ended(book.holdings, unexplained)
        self._keep()
        found = {(one.account, one.con_id): one for one in exposures(book.claims, book.holdings, book)}
        self._seen = {where: self._seen.get(where) or _Seen(now, clock.now()) for where in found}
        ages = {where: now - seen.monotonic for where, seen in self._seen.items()}
        self._tell({where: one for where, one in found.items() if ages[where] >= self._grace})
        if len(self._told) < len(found):
            self._look_in(self._grace - max(age for where, age in ages.items() if where not in self._told))
        self._records.commit()

    def _tell(self, missing: dict[Place, Exposure]) -> None:
        for where in missing.keys() - self._told.keys():
            one = missing[where]
            self._log.error("%s of %s in %s is not protected: %s", one.quantity, one.symbol, one.account, one.reason)
            self._records.note("unprotected", "", msgspec.structs.asdict(one))
        for where in self._told.keys() - missing.keys():
            one = self._told[where]
            self._log.warning("%s in %s lacks no stop any more", one.symbol, one.account)
            self._records.note("protected", "", {"account": one.account, "con_id": one.con_id, "symbol": one.symbol})
        self._told = missing
        items = tuple(self._item(where, one) for where, one in missing.items())
        if items != self._items:
            self._items = items
            self._publish("risk", ProtectionChanged(items))

    def _item(self, where: Place, one: Exposure) -> Unprotected:
        since = self._seen[where].at
        return Unprotected(one.account, one.con_id, one.symbol, one.quantity, one.covered, since, one.reason)
