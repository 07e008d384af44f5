"""Closing every position because of a halt that says so: one market order at a time for each, until nothing is held.

It begins with a reconciliation: what a person or another client traded a moment ago, only the broker can tell. When
none comes in FRESH_SECONDS, what is known will do.

Nothing is sent before our own working orders in a contract have ended, and nothing beside an order that closes the
position already: so none is closed twice, whatever Order or the session did in between. The orders are ordinary ones:
they pass every rule but the kill switch's own gate and those about how often orders come, their keys name the halt, and
what refuses one, here or at the broker, is told and tried again, ever slower. None leaves that would do more than
reduce what both our own count and Account know to be held; one that works for more than is held by now is cancelled.
When nothing is held and nothing works any more, and a reconciliation begun after that says so too, it is over, though
the halt is not.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

import msgspec

from actors.domain.executions import Place
from actors.domain.flattening import Closing, closings, key_of, overdone
from actors.messages.market import Contract
from actors.messages.orders import PlaceOrder
from actors.orders.changing import Changing
from actors.orders.gatekeeper import GateKeeper
from actors.orders.halt import KillSwitch
from actors.orders.identity import Identity
from actors.orders.journal import JournalError
from actors.orders.placing import Placing
from actors.orders.records import Records
from actors.orders.risk_limits import LimitBook
from supervision.actor import Sender
from supervision.errors import Rejected
from supervision.message import Message
from supervision.reactor import Reactor

LOOK_SECONDS: Final = 0.1
PAUSES: Final = (1.0, 2.0, 5.0, 15.0, 30.0)
"""Seconds until a position is tried again whose order was refused, or which waits; the last one repeats."""

FRESH_SECONDS: Final = 5.0
CONFIRM_SECONDS: Final = 5.0
"""Seconds between reconciliations that are to show that nothing is held."""


class Flattening:
    """Looks while the switch says that positions are to be closed. `ask_soon` asks for a reconciliation."""

    def __init__(
        self,
        records: Records,
        gate: GateKeeper,
        switch: KillSwitch,
        placing: Placing,
        changing: Changing,
        identity: Identity,
        limits: LimitBook,
        reactor: Reactor,
        ask_soon: Callable[[str], None],
        log: logging.Logger,
    ) -> None:
        self._records = records
        self._gate = gate
        self._switch = switch
        self._placing = placing
        self._changing = changing
        self._identity = identity
        self._limits = limits
        self._reactor = reactor
        self._ask_soon = ask_soon
        self._log = log
        self._begun: float | None = None
        self._flat_since: float | None = None
        self._confirm_again = 0.0
        self._asked: set[Place] = set()
        self._last: dict[Place, str] = {}
        self._called_back: set[str] = set()
        self._not_before: dict[Place, float] = {}
        self._refused: dict[Place, int] = {}
        self._told: dict[Place, str] = {}
        self._watch()

    def _watch(self) -> None:
        if not self._switch.state.flatten:
            self._begun = None
        elif self._gate.why_not(flattens=True) is None:
            self._look()
        self._reactor.after(LOOK_SECONDS, self._watch)

    def _look(self) -> None:
        holdings, orders = self._records.book.holdings, self._records.book.open_orders()
        if not (holdings.known and self._is_fresh(holdings.asked)):
            return
        held = {
            (account, con_id): quantity
            for account in self._identity.accounts
            for con_id, quantity in holdings.all(account).items()
        }
        self._call_back(overdone(held, orders) - self._called_back)
        most = self._limits.of("").max_order_quantity
        for found in closings(held, orders, most):
            if isinstance(found, Closing):
                self._close(found)
            elif not found.closing:
                self._tell((found.account, found.con_id), f"it waits: {found.reason}")
        if held or not all(order.external for order in orders):
            self._flat_since = None
        else:
            self._confirm(holdings.asked)

    def _call_back(self, keys: frozenset[str]) -> None:
        """Each once: a cancel that the broker refuses is not repeated at its pace."""
        if keys:
            self._called_back |= keys
            self._log.warning("cancelled, as less is held than they would close: %s", ", ".join(sorted(keys)))
            self._changing.cancel_unasked(lambda order: order.key in keys)

    def _is_fresh(self, confirmed: float) -> bool:
        """Whether a reconciliation that began since this did says what is held, or none came in time."""
        now = time.monotonic()
        if self._begun is None:
            self._begun = now
            self._ask_soon("what is held, which is to be closed")
        return confirmed >= self._begun or now >= self._begun + FRESH_SECONDS

    def _confirm(self, confirmed: float) -> None:
        """Nothing is held as far as we know; `confirmed`: when the last reconciliation began. What others traded, or
        what filled although it was cancelled, only the broker can tell.
        """
        now = time.monotonic()
        if self._flat_since is None:
            self._flat_since, self._confirm_again = now, now
        if confirmed >= self._flat_since:
            self._end()
        elif now >= self._confirm_again:
            self._confirm_again = now + CONFIRM_SECONDS
            self._ask_soon("whether every position is closed")

    def _end(self) -> None:
        self._log.warning("every position is closed; the kill switch stays on")
        for one in (self._asked, self._last, self._called_back, self._not_before, self._refused, self._told):
            one.clear()
        self._flat_since = None
        self._switch.flattened()

    def _close(self, closing: Closing) -> None:
        place = (closing.account, closing.con_id)
        if place not in self._asked:
            self._look_back(place)
        contract = self._contract(closing.con_id)
        if place in self._asked or time.monotonic() < self._not_before.get(place, 0.0):
            return
        if contract is None:
            if self._tell(place, "it waits: a reconciliation tells which contract that is"):
                self._ask_soon(f"what contract {closing.con_id} is, whose position is to be closed")
            return
        try:
            key = self._key(place)
            order = PlaceOrder(
                msgspec.structs.replace(contract, exchange=""),  # where it is traded best, not where it was bought
                closing.side,
                closing.quantity,
                key=key,
                account=closing.account,
            )
            self._asked.add(place)
            self._last[place] = key
            self._placing.flatten(order, _Answer(lambda refusal: self._answered(place, refusal)))
        except (Rejected, JournalError) as error:
            self._answered(place, error)

    def _contract(self, con_id: int) -> Contract | None:
        """As the last cut listed it; what was opened since is the contract of an order."""
        book = self._records.book
        listed = book.holdings.contracts.get(con_id)
        return listed or next((order.contract for order in book if order.contract.con_id == con_id), None)

    def _key(self, place: Place) -> str:
        """The first key of this halt and position that no order has. May raise JournalError."""
        number, halt_id = 1, self._switch.state.id
        while self._records.find(key := key_of(halt_id, *place, number)) is not None:
            number += 1
        return key

    def _look_back(self, place: Place) -> None:
        """Nothing works there: what became of the order before, if it left."""
        order = self._records.book.get(self._last.pop(place, ""))
        if order is None:
            return
        if order.totals.filled:
            self._refused.pop(place, None)
            self._told.pop(place, None)
        else:
            self._refuse(place, f"its order ended without a fill: {order.status} {order.view().reason}".rstrip())

    def _answered(self, place: Place, refusal: Exception | None) -> None:
        self._asked.discard(place)
        if refusal is not None:
            self._last.pop(place, None)
            self._refuse(place, f"its order was refused: {refusal}")

    def _refuse(self, place: Place, why: str) -> None:
        count = self._refused.get(place, 0)
        self._refused[place] = count + 1
        self._not_before[place] = time.monotonic() + PAUSES[min(count, len(PAUSES) - 1)]
        if self._tell(place, why):
            self._ask_soon(f"what is held of contract {place[1]}, whose position could not be closed")

    def _tell(self, place: Place, why: str) -> bool:
        """Once for each reason, whether it is a new one; the rows of refusals and of orders have the rest."""
        if self._told.get(place) == why:
            return False
        self._told[place] = why
        self._log.warning("the position in contract %d of %s is not closed yet, %s", place[1], place[0], why)
        return True


class _Answer(Sender):
    """Hears whether an order left: nobody outside this process asked for it."""

    def __init__(self, heard: Callable[[Exception | None], None]) -> None:
        super().__init__(None, None, 0.0)
        self._heard = heard

    def reply(self, message: Message) -> None:  # noqa: ARG002
        self._heard(None)

    def reject(self, error: Rejected) -> None:
        self._heard(error)
