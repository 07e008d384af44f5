"""Placing, as a user asks for it: one order, or several that go together; refused with every reason, or on its way.

Checks that need no market -> contracts, quotes and hours -> rules and locks -> gate once more -> the broker's margin,
if that is wanted, and all again -> durable intents, in one transaction -> out, in one message. All of the orders or
none. The same key answers with the same orders and places nothing, however long ago it was used.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable
from functools import partial

import msgspec

from actors.domain.flattening import check_unreserved
from actors.domain.order_groups import (
    Member,
    bracket,
    check_bracket,
    check_exits,
    check_group,
    check_size,
    one_cancels_all,
)
from actors.domain.order_state import OrderState
from actors.domain.order_terms import check_key
from actors.messages.broker import OrderTerms
from actors.messages.orders import PlaceBracket, PlaceOneCancelsAll, PlaceOrder
from actors.orders.checks import INVALID, LIMIT, Checks, Problems
from actors.orders.exit import Exit, Group
from actors.orders.identity import Identity
from actors.orders.journal import DuplicateKey, JournalError
from actors.orders.lookup import Known, look_up_all
from actors.orders.placement import Placement, Waiter, all_views, one_view
from actors.orders.previews import Previews
from actors.orders.records import Records
from actors.orders.references import References
from actors.orders.refusals import Refusals
from actors.orders.risk_desk import Question
from supervision import clock
from supervision.actor import Sender
from supervision.errors import Rejected
from supervision.failpoints import failpoint


class Placing:
    """Takes new orders to the exit; at most `burst` of them together."""

    def __init__(
        self,
        records: Records,
        checks: Checks,
        references: References,
        exit_: Exit,
        identity: Identity,
        previews: Previews,
        refusals: Refusals,
        *,
        burst: int,
    ) -> None:
        self._records = records
        self._checks = checks
        self._references = references
        self._exit = exit_
        self._identity = identity
        self._previews = previews
        self._refusals = refusals
        self._burst = burst
        self._left = 0  # how many asks took new positions to the broker
        self._waiting: dict[str, Placement] = {}

    def place(self, asked: PlaceOrder, sender: Sender) -> None:
        """Place an order, once, and answer when it is out. Raises Rejected."""
        asked, waiter = _with_key(asked), Waiter(sender, one_view)
        if not self._in_use(asked.key, self._order_named, waiter):
            self._begin(asked.key, (Member(asked),), (), waiter)

    def flatten(self, asked: PlaceOrder, sender: Sender) -> None:
        """The same for the kill switch, which lets it pass; every other check is asked. Raises Rejected."""
        waiter = Waiter(sender, one_view)
        if not self._in_use(asked.key, self._order_named, waiter):
            self._begin(asked.key, (Member(asked),), (), waiter, flattens=True)

    def bracket(self, asked: PlaceBracket, sender: Sender) -> None:
        """Place an entry with its exits, once, and answer when they are out. Raises Rejected."""
        entry, waiter = _with_key(asked.entry), Waiter(sender, all_views)
        if not self._in_use(entry.key, self._group_named, waiter):
            members = bracket(asked, entry, self._checks.default_tif)
            self._begin(entry.key, members, check_bracket(asked), waiter)

    def one_cancels_all(self, asked: PlaceOneCancelsAll, sender: Sender) -> None:
        """Place orders of which one cancels the others, once, and answer when they are out. Raises Rejected."""
        key, waiter = asked.key or _new_key(), Waiter(sender, all_views)
        if not self._in_use(key, self._group_named, waiter):
            members = one_cancels_all(asked, key)
            self._begin(key, members, (*check_key(key), *check_group(members)), waiter)

    def heard(self, order: OrderState) -> None:
        """The broker spoke of an order: whoever waits for its placing has the answer once it spoke of all."""
        if not self._waiting or not order.acknowledged:
            return
        for key in {order.key, order.parent, order.terms.oca_group} & self._waiting.keys():
            known = [self._records.book.get(member.order.key) for member in self._waiting[key].members]
            orders = tuple(each for each in known if each is not None and each.acknowledged)
            if len(orders) == len(known):
                self._answer(key, orders)

    def call_off(self, reference: str) -> None:
        """Cancel what is still being looked up, with all that goes with it. Raises Rejected, which says so."""
        for placement in self._not_intended():
            if reference in (placement.key, *(member.order.key for member in placement.members)):
                self._refuse(placement.key, _called_off(placement.key))
                raise _called_off(reference)

    def call_off_all(self, strategy: str) -> None:
        """The same for everything, or for what is of one strategy."""
        for placement in self._not_intended():
            if strategy in ("", *(member.order.strategy for member in placement.members)):
                self._refuse(placement.key, _called_off(placement.key))

    # --- keys -------------------------------------------------------------------------------------

    def _in_use(self, key: str, named: Callable[[str], Group], waiter: Waiter) -> bool:
        """Whether the key is in use: then the waiter has its answer, or gets it with the one who asked first."""
        waiting = self._waiting.get(key)
        if waiting is not None:
            if waiting.shape is not waiter.shape:  # one wants a single order, the other a bracket or group
                raise Rejected(f"key {key!r} is in use for another kind of ask; choose another", kind=INVALID)
            waiting.waiters.append(waiter)
            return True
        orders = _read(key, named)
        if orders:
            waiter.reply(orders)
        return bool(orders)

    def _order_named(self, key: str) -> Group:
        order = self._records.find(key)
        used = order is not None and order.key == key  # it may have been found by its order id
        if order is not None and used and not order.external:
            return (order,)
        if used or self._records.book.taken(key):
            raise Rejected(f"key {key!r} is the orderRef of an order of another client; choose another", kind=INVALID)
        return ()

    def _group_named(self, key: str) -> Group:
        group = self._records.named(key)
        if len(group) < 2 and (group or self._order_named(key)):
            raise Rejected(f"key {key!r} is of a single order, not of a bracket or group; choose another", kind=INVALID)
        return group

    # --- on the way -------------------------------------------------------------------------------

    def _begin(
        self,
        key: str,
        members: tuple[Member, ...],
        wrong: tuple[str, ...],
        waiter: Waiter,
        *,
        flattens: bool = False,
    ) -> None:
        try:
            self._checks.pass_gate(reducing=True, flattens=flattens)
            reserved = () if flattens else check_unreserved(member.order.key for member in members)
            placement = Placement(key, members, self._terms(members, wrong + reserved), waiter, flattens=flattens)
            if len(members) > 1:
                self._check_unused(members)
        except Rejected as error:
            self._refusals.placing(members[0].order, error, {})
            raise
        self._waiting[key] = placement
        self._look_up(placement)

    def _look_up(self, placement: Placement) -> None:
        needs = self._checks.desk.wants_quote
        orders = ((member.order.contract, needs(terms)) for member, terms in placement.pairs())
        look_up_all(self._references, orders, partial(self._found, placement), partial(self._not_found, placement))

    def _found(self, placement: Placement, known: Known) -> None:
        several, account = (market.details for market in known.values()), placement.terms[0].account
        self._checks.prepare(several, account, partial(self._intend, placement, known))

    def _terms(self, members: tuple[Member, ...], wrong: tuple[str, ...]) -> tuple[OrderTerms, ...]:
        problems = Problems()
        problems.add(INVALID, (*wrong, *check_size(len(members), self._burst), *_check_what_ifs(members)))
        found = []
        for member in members:
            checked = self._checks.terms(member.order)
            problems.add(INVALID, checked.problems, member.role)
            if checked.terms is not None:
                found.append(member.grouped(checked.terms))
        problems.refuse()
        return tuple(found)

    def _check_unused(self, members: tuple[Member, ...]) -> None:
        problems = Problems()
        for key in (member.order.key for member in members):
            if _read(key, self._order_named):
                problems.add(INVALID, (f"key {key!r} is of an order that is not of this group; choose another",))
        problems.refuse()

    def _not_intended(self) -> list[Placement]:
        get = self._records.book.get
        return [one for one in self._waiting.values() if get(one.members[0].order.key) is None]

    def _intend(self, placement: Placement, known: Known) -> None:
        if not self._wanted(placement):
            return
        try:
            self._check(placement, known)
            self._checks.pass_gate(reducing=placement.reduces, flattens=placement.flattens)
            if placement.asks_margin(self._left):
                self._ask_margin(placement, known)
                return
            orders = self._intents(placement, known)
            failpoint("order.intent.checked", placement.key)
            receipts = self._records.intend(orders, {key: one.kept() for key, one in placement.rulings.items()})
        except Rejected as error:
            self._not_found(placement, error)
        except DuplicateKey as error:
            self._refuse(placement.key, _not_placed(error))
        except JournalError as error:
            self._records.failed(error)
            self._refuse(placement.key, _not_placed(error))
        else:
            failpoint("order.intent.journalled", placement.key)
            sent, unsent = partial(self._answer, placement.key), partial(self._unsent, placement.key)
            self._exit.place(orders, receipts, sent, unsent, reducing=placement.reduces or placement.flattens)
            self._records.tell_intents(orders)
            self._left += not placement.reduces
            for order in orders:
                self._checks.desk.intended(order)

    def _not_found(self, placement: Placement, error: Rejected) -> None:
        if self._wanted(placement):
            self._refusals.placing(placement.members[0].order, error, placement.rulings)
            self._refuse(placement.key, error)

    def _ask_margin(self, placement: Placement, known: Known) -> None:
        """By the broker's answer the market has moved on: everything is looked up and decided once more."""
        member, terms = next((member, terms) for member, terms in placement.pairs() if member.order.what_if)
        left = self._left

        def passed() -> None:
            placement.margin_at = left
            if self._wanted(placement):
                self._look_up(placement)

        details = known[member.order.contract].details
        self._previews.check_margin(terms, details, passed, partial(self._not_found, placement))

    def _wanted(self, placement: Placement) -> bool:
        """Whether it was not called off; its key may be another's by now."""
        return self._waiting.get(placement.key) is placement

    def _check(self, placement: Placement, known: Known) -> None:
        problems = Problems()
        reduces = []
        for member, terms in placement.pairs():
            question = Question(
                terms,
                member.order.strategy,
                *known[member.order.contract],
                together=len(placement.members),
                waits_for_entry=bool(member.parent),
                asks_broker=member.order.what_if,
                flattens=placement.flattens,
            )
            ruling = self._checks.judge(problems, question, member.role)
            placement.rulings[terms.key] = ruling
            reduces.append(ruling.reduces)
            self._checks.against_locks(problems, terms, question.details)
        brackets = any(member.parent for member in placement.members)  # what exits from a close opens
        placement.reduces = all(reduces) and not brackets
        entry_quote = known[placement.members[0].order.contract].quote
        problems.add(INVALID, check_exits(placement.members, placement.terms, entry_quote))
        problems.refuse()

    def _intents(self, placement: Placement, known: Known) -> Group:
        now, heard = clock.now(), time.monotonic()
        orders: list[OrderState] = []
        for member, terms in placement.pairs():
            order_id = self._records.book.next_id()
            if order_id is None:
                raise Rejected("every order id is used up; the ids must be reset in TWS", kind=LIMIT)
            order = OrderState(
                key=terms.key,
                order_id=order_id,
                client_id=self._identity.client_id,
                contract=known[member.order.contract].details.contract,
                terms=msgspec.structs.replace(terms, parent_id=orders[0].order_id) if member.parent else terms,
                strategy=member.order.strategy,
                created=now,
                updated=now,
                heard=heard,
                parent=member.parent,
            )
            orders.append(order)
        return tuple(orders)

    # --- answers ----------------------------------------------------------------------------------

    def _answer(self, key: str, orders: Group) -> None:
        placement = self._waiting.pop(key, None)
        if placement is not None:
            placement.reply(orders)

    def _unsent(self, key: str, orders: Group, error: Rejected) -> None:
        if all(order.status == "REJECTED" for order in orders):
            self._refuse(key, error)
        else:
            self._answer(key, orders)

    def _refuse(self, key: str, error: Rejected) -> None:
        placement = self._waiting.pop(key, None)
        if placement is not None:
            placement.reject(error)


def _with_key(asked: PlaceOrder) -> PlaceOrder:
    return asked if asked.key else msgspec.structs.replace(asked, key=_new_key())


def _new_key() -> str:
    return f"nd-{uuid.uuid4().hex}"


def _check_what_ifs(members: tuple[Member, ...]) -> tuple[str, ...]:
    asked = sum(member.order.what_if for member in members)
    return () if asked < 2 else (f"what_if of {asked} orders that go together (accepted: of one of them)",)


def _called_off(key: str) -> Rejected:
    return Rejected(f"order {key} had not left: it was called off by a cancel, nothing was sent", kind="called_off")


def _not_placed(error: JournalError) -> Rejected:
    return Rejected(f"not placed: {error}", kind="journal")


def _read(key: str, named: Callable[[str], Group]) -> Group:
    try:
        return named(key)
    except JournalError as error:
        raise Rejected(f"whether key {key!r} was used before cannot be read: {error}", kind="journal") from error
