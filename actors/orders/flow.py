"""Placing, modifying and cancelling, as a user asks for it: refused with every reason, or on its way.

Place: checks that need no market -> contract and quote -> limits -> gate once more -> durable intent ->
out. The same key answers with the same order and places nothing, however long ago it was used.
A cancel passes every gate.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from functools import partial

from actors.domain.limits import Limits, check
from actors.domain.locks import Locks
from actors.domain.order_events import ModifyAsked
from actors.domain.order_state import ON_THE_WAY, OrderState
from actors.domain.order_terms import changed_terms, check_account, check_against_contract, check_key, new_terms
from actors.messages.broker import OrderTerms
from actors.messages.market import Combo, ContractDetails, Quote
from actors.messages.orders import ModifyOrder, OrderView, PlaceOrder
from actors.orders.exit import Exit
from actors.orders.gatekeeper import GateKeeper
from actors.orders.journal import DuplicateKey, JournalError
from actors.orders.records import Records
from actors.orders.references import References
from supervision import clock
from supervision.actor import Sender
from supervision.errors import Rejected
from supervision.failpoints import failpoint


class Identity:
    """Who we are at the broker, as far as the session has told."""

    def __init__(self, configured: tuple[str, ...]) -> None:
        self.client_id = 0
        self.of_session: tuple[str, ...] = ()
        self._configured = configured

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that orders may name: the configured ones that are behind the login."""
        return tuple(one for one in self.of_session if not self._configured or one in self._configured)


class OrderFlow:
    """Takes what users ask to the exit."""

    def __init__(
        self,
        *,
        records: Records,
        gate: GateKeeper,
        references: References,
        exit_: Exit,
        identity: Identity,
        limits: Limits,
        locks: Locks,
        default_tif: str,
    ) -> None:
        self._records = records
        self._gate = gate
        self._references = references
        self._exit = exit_
        self._identity = identity
        self._limits = limits
        self._locks = locks
        self._default_tif = default_tif
        self._waiting: dict[str, list[Sender]] = {}

    # --- place ------------------------------------------------------------------------------------

    def place(self, asked: PlaceOrder, sender: Sender) -> None:
        """Place an order, once, and answer when it is out. Raises Rejected."""
        key = asked.key or f"nd-{uuid.uuid4().hex}"
        if key in self._waiting:
            self._waiting[key].append(sender)
            return
        known = self._known(key)
        if known is not None:
            sender.reply(known)
            return
        self._pass_gate()
        accounts = self._identity.accounts
        checked = new_terms(
            asked, key=key, account=asked.account or "".join(accounts[:1]), default_tif=self._default_tif
        )
        problems = (*check_key(key), *check_account(asked.account, accounts), *checked.problems)
        if problems or checked.terms is None:
            raise Rejected(*problems, kind="invalid")
        if isinstance(asked.contract, Combo):
            raise Rejected("combos are not placed yet", kind="invalid")
        self._waiting[key] = [sender]
        proceed = partial(self._intend, checked.terms, asked.strategy)
        self._references.look_up(asked.contract, checked.terms, proceed, partial(self._refuse, key))

    def heard(self, order: OrderState) -> None:
        """The broker spoke of an order: whoever waits for its placing has the answer."""
        if order.acknowledged and order.key in self._waiting:
            self._answer(order)

    def _known(self, key: str) -> OrderView | None:
        try:
            order = self._records.find(key)
        except JournalError as error:
            raise Rejected(f"whether key {key!r} was used before cannot be read: {error}", kind="journal") from error
        used = order is not None and order.key == key  # it may have been found by its order id
        if order is not None and used and not order.external:
            return order.view()
        if used or self._records.book.taken(key):
            raise Rejected(f"key {key!r} is the orderRef of an order of another client; choose another", kind="invalid")
        return None

    def _pass_gate(self) -> None:
        gate = self._gate.view()
        if gate.state != "open":
            raise Rejected(*(f"gate {gate.state}: {reason}" for reason in gate.reasons), kind="gate")

    def _intend(self, terms: OrderTerms, strategy: str, details: ContractDetails, quote: Quote | None) -> None:
        try:
            self._check(terms, details, quote, locked=self._locks.on(terms.account, details.contract))
            self._pass_gate()
            order = self._intent(terms, strategy, details)
            failpoint("order.intent.checked", order.key)
            receipts = self._records.intend((order,))
        except Rejected as error:
            self._refuse(terms.key, error)
        except DuplicateKey as error:
            self._refuse(terms.key, Rejected(f"the order was not placed: {error}", kind="journal"))
        except JournalError as error:
            self._records.failed(error)
            self._refuse(terms.key, Rejected(f"the order was not placed: {error}", kind="journal"))
        else:
            failpoint("order.intent.journalled", order.key)
            self._exit.place((order,), receipts, lambda sent: self._answer(*sent), self._unsent)

    def _check(self, terms: OrderTerms, details: ContractDetails, quote: Quote | None, *, locked: str = "") -> None:
        impossible = check_against_contract(terms, details)
        problems = (*impossible, *check(terms, details, quote, self._limits), *([locked] if locked else []))
        if problems:
            raise Rejected(*problems, kind="invalid" if impossible else "locked" if locked else "limit")

    def _intent(self, terms: OrderTerms, strategy: str, details: ContractDetails) -> OrderState:
        order_id = self._records.book.next_id()
        if order_id is None:
            raise Rejected("every order id is used up; the ids must be reset in TWS", kind="limit")
        now = clock.now()
        return OrderState(
            key=terms.key,
            order_id=order_id,
            client_id=self._identity.client_id,
            contract=details.contract,
            terms=terms,
            strategy=strategy,
            created=now,
            updated=now,
            heard=time.monotonic(),
        )

    def _answer(self, order: OrderState) -> None:
        for sender in self._waiting.pop(order.key, ()):
            sender.reply(order.view())

    def _unsent(self, orders: tuple[OrderState, ...], error: Rejected) -> None:
        (order,) = orders
        if order.status == "REJECTED":
            self._refuse(order.key, error)
        else:
            self._answer(order)

    def _refuse(self, key: str, error: Rejected) -> None:
        for sender in self._waiting.pop(key, ()):
            sender.reject(error)

    # --- modify -----------------------------------------------------------------------------------

    def modify(self, asked: ModifyOrder, sender: Sender) -> None:
        """Change an order that works. Raises Rejected."""
        order = self._of_ours(asked.key)
        checked = self._modified(order, asked)
        self._references.look_up(order.contract, checked, partial(self._modify, asked, sender), sender.reject)

    def _modified(self, order: OrderState, asked: ModifyOrder) -> OrderTerms:
        self._pass_gate()
        obstacle = _not_modifiable(order)
        if obstacle:
            raise Rejected(f"order {order.key} cannot be modified: {obstacle}", kind="state")
        checked = changed_terms(order.terms, asked, order.totals.filled)
        if checked.terms is None:
            raise Rejected(*checked.problems, kind="invalid")
        return checked.terms

    def _modify(self, asked: ModifyOrder, sender: Sender, details: ContractDetails, quote: Quote | None) -> None:
        try:
            order = self._of_ours(asked.key)
            terms = self._modified(order, asked)  # once more: it may have changed while the contract was looked up
            self._check(terms, details, quote)
            order, receipt = self._records.require(order, ModifyAsked(terms))
        except Rejected as error:
            sender.reject(error)
        except JournalError as error:
            self._records.failed(error)
            sender.reject(Rejected(f"the order was not modified: {error}", kind="journal"))
        else:
            failpoint("order.modify.journalled", order.key)
            self._exit.modify(order, terms, receipt, *_answers(sender))

    # --- cancel -----------------------------------------------------------------------------------

    def cancel(self, reference: str, sender: Sender) -> None:
        """Ask the broker to cancel. Raises Rejected."""
        order = self._of_ours(reference)
        if order.terminal:
            raise Rejected(f"order {order.key} is {order.status}: there is nothing to cancel", kind="state")
        self._exit.cancel(order, *_answers(sender))

    def cancel_all(self) -> None:
        """Ask the broker to cancel every order of ours that may still be filled and is not being cancelled."""
        for order in self._records.book.open_orders():
            if not order.external and not order.terminal and not order.cancelling:
                self._exit.cancel(order, _nobody, self._records.could_not_cancel)

    def _of_ours(self, reference: str) -> OrderState:
        order = self._records.look_up(reference)
        if order.external and order.client_id != self._identity.client_id:
            whose = f"client {order.client_id}" if order.client_id else "a person in TWS"
            raise Rejected(f"order {order.key} belongs to {whose}: only there can it be changed", kind="external")
        return order


def _not_modifiable(order: OrderState) -> str:
    if order.terminal or order.reported in ON_THE_WAY or order.reported == "UNKNOWN":
        return f"it is {order.status}"
    if order.pending is not None:
        return "the broker has not answered the modify before"
    return "a cancel is under way" if order.cancelling or order.reported == "PENDING_CANCEL" else ""


def _answers(sender: Sender) -> tuple[Callable[[OrderState], None], Callable[[OrderState, Rejected], None]]:
    """Continuations that answer with the order as it is then."""

    def unsent(order: OrderState, error: Rejected) -> None:
        if order.terminal:  # called off before it was sent, or ended meanwhile
            sender.reply(order.view())
        else:
            sender.reject(error)

    return lambda order: sender.reply(order.view()), unsent


def _nobody(_: OrderState) -> None:
    """Nobody waits for this answer: events tell."""
