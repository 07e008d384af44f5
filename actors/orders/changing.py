"""Modifying, cancelling and settling orders that exist, as a user asks for it.

A modify passes the same gate and limits as a new order, and is durable before it leaves. A cancel passes
every gate. What a person decides about an order is durable before it is in force.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from actors.domain.order_events import ModifyAsked, Settled
from actors.domain.order_groups import check_change
from actors.domain.order_settling import not_settleable
from actors.domain.order_state import ON_THE_WAY, OrderState
from actors.domain.order_terms import changed_terms
from actors.messages.broker import OrderTerms
from actors.messages.orders import ModifyOrder, Orders, OrderView, SettleOrder
from actors.orders.checks import INVALID, Checks, Problems
from actors.orders.exit import Exit
from actors.orders.identity import Identity
from actors.orders.journal import JournalError
from actors.orders.records import Records
from actors.orders.references import Market, References
from actors.orders.refusals import Refusals
from actors.orders.risk_desk import Question
from actors.orders.ruling import Ruling
from supervision import clock
from supervision.actor import Sender
from supervision.errors import Rejected
from supervision.failpoints import failpoint


class Changing:
    """Takes changes to the exit."""

    def __init__(
        self,
        records: Records,
        checks: Checks,
        references: References,
        exit_: Exit,
        identity: Identity,
        refusals: Refusals,
    ) -> None:
        self._records = records
        self._refusals = refusals
        self._checks = checks
        self._references = references
        self._exit = exit_
        self._identity = identity

    # --- modify -----------------------------------------------------------------------------------

    def modify(self, asked: ModifyOrder, sender: Sender) -> None:
        """Change an order that works. Raises Rejected."""
        order = self._of_ours(asked.key)
        try:
            terms = self._modified(order, asked)
        except Rejected as error:
            self._refusals.change(order, error, None)
            raise

        def refused(error: Rejected) -> None:
            self._refusals.change(order, error, None)
            sender.reject(error)

        found = partial(self._found, order.terms.account, asked, sender)
        priced = self._checks.desk.wants_quote(terms)
        self._references.look_up(order.contract, found, refused, priced=priced)

    def _found(self, account: str, asked: ModifyOrder, sender: Sender, market: Market) -> None:
        self._checks.prepare((market.details,), account, partial(self._modify, asked, sender, market))

    def _modified(self, order: OrderState, asked: ModifyOrder) -> OrderTerms:
        self._checks.pass_gate(reducing=True)
        obstacle = _not_modifiable(order)
        if obstacle:
            raise Rejected(f"order {order.key} cannot be modified: {obstacle}", kind="state")
        checked = changed_terms(order.terms, asked, order.totals.filled)
        if checked.terms is None:
            raise Rejected(*checked.problems, kind=INVALID)
        misshapen = check_change(order, checked.terms, self._records.book.get)
        if misshapen:
            raise Rejected(*misshapen, kind=INVALID)
        return checked.terms

    def _modify(self, asked: ModifyOrder, sender: Sender, market: Market) -> None:
        try:
            order = self._of_ours(asked.key)
        except Rejected as error:
            sender.reject(error)
        else:
            self._judge(order, asked, sender, market)

    def _judge(self, order: OrderState, asked: ModifyOrder, sender: Sender, market: Market) -> None:
        ruling: Ruling | None = None
        try:
            terms = self._modified(order, asked)  # once more: it may have changed while the contract was looked up
            problems = Problems()
            ruling = self._checks.judge(problems, self._question(order, terms, market))
            if terms.quantity > order.terms.quantity and not ruling.reduces:  # what it grows by is a new order
                self._checks.against_locks(problems, terms, market.details)
            problems.refuse()
            self._checks.pass_gate(reducing=ruling.reduces)
            order, receipt = self._records.require(order, ModifyAsked(terms), decision=ruling.kept())
        except Rejected as error:
            self._refusals.change(order, error, ruling)
            sender.reject(error)
        except JournalError as error:
            self._records.failed(error)
            sender.reject(Rejected(f"the order was not modified: {error}", kind="journal"))
        else:
            failpoint("order.modify.journalled", order.key)
            self._exit.modify(order, terms, receipt, *_answers(sender), reducing=ruling.reduces)

    def _question(self, order: OrderState, terms: OrderTerms, market: Market) -> Question:
        entry = self._records.book.get(order.parent) if order.parent else None
        entry = None if entry is None or entry.terminal else entry
        waits = entry is not None and entry.totals.filled <= order.totals.filled
        return Question(terms, order.strategy, *market, waits_for_entry=waits, changed=order, entry=entry)

    # --- cancel -----------------------------------------------------------------------------------

    def cancel(self, reference: str, sender: Sender) -> None:
        """Ask the broker to cancel. Raises Rejected."""
        order = self._of_ours(reference)
        if order.terminal:
            raise Rejected(f"order {order.key} is {order.status}: there is nothing to cancel", kind="state")
        self._exit.cancel(order, *_answers(sender))

    def cancel_all(self, strategy: str, sender: Sender) -> None:
        """Ask the broker to cancel all of ours, or of one strategy; answer when it is known of each whether it left."""
        orders = [order for order in self._cancellable() if strategy in ("", order.strategy)]
        outcome = _CancelOutcome(len(orders), sender)
        for order in orders:
            self._exit.cancel(order, outcome.sent, outcome.unsent)

    def cancel_unasked(self, wanted: Callable[[OrderState], bool]) -> None:
        """The same for the kill switch, of what it wants: nobody waits, what could not be sent is logged."""
        for order in filter(wanted, self._cancellable()):
            self._exit.cancel(order, _nobody, self._records.could_not_cancel)

    def _cancellable(self) -> list[OrderState]:
        """Every order of ours that may still be filled and is not being cancelled."""
        return [
            order
            for order in self._records.book.open_orders()
            if not order.external and not order.terminal and not order.cancelling
        ]

    # --- settle -----------------------------------------------------------------------------------

    def settle(self, asked: SettleOrder) -> OrderView:
        """Take a person's decision about an order that evidence did not decide. Raises Rejected."""
        order = self._records.look_up(asked.key)
        if not asked.reason.strip():
            raise Rejected("settling an order needs a reason, which is kept", kind=INVALID)
        problem = not_settleable(order, asked.outcome)
        if problem:
            raise Rejected(problem, kind="state")
        try:
            settled, _ = self._records.require(order, Settled(asked.outcome, asked.reason.strip(), asked.by))
        except JournalError as error:
            self._records.failed(error)
            raise Rejected(f"order {order.key} was not settled: {error}", kind="journal") from error
        return settled.view()

    def _of_ours(self, reference: str) -> OrderState:
        order = self._records.look_up(reference)
        if order.external and order.client_id != self._identity.client_id:
            whose = f"client {order.client_id}" if order.client_id else "a person in TWS"
            raise Rejected(f"order {order.key} belongs to {whose}: only there can it be changed", kind="external")
        return order


class _CancelOutcome:
    """Answers once each of many cancels has left or failed: what did not leave is a refusal, which tells the rest."""

    def __init__(self, count: int, sender: Sender) -> None:
        self._waiting = count
        self._sender = sender
        self._sent: list[OrderState] = []
        self._unsent: list[tuple[OrderState, Rejected]] = []
        if not count:
            self._answer()

    def sent(self, order: OrderState) -> None:
        """A cancel has left, or may have: the order says so."""
        self._sent.append(order)
        self._one_less()

    def unsent(self, order: OrderState, error: Rejected) -> None:
        """A cancel did not leave; none is needed for an order that ended meanwhile or was called off."""
        if order.terminal:
            self._sent.append(order)
        else:
            self._unsent.append((order, error))
        self._one_less()

    def _one_less(self) -> None:
        self._waiting -= 1
        if not self._waiting:
            self._answer()

    def _answer(self) -> None:
        if not self._unsent:
            self._sender.reply(Orders(tuple(order.view() for order in self._sent), clock.now()))
            return
        reasons = [f"order {order.key} was not cancelled: {error}" for order, error in self._unsent]
        if self._sent:
            reasons.append(f"the cancels of {', '.join(order.key for order in self._sent)} were sent")
        self._sender.reject(Rejected(*reasons, kind=self._unsent[0][1].kind))


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
