"""What-ifs: what an order would do to the account, asked of the broker; nothing is placed and no gate is asked.

An order may also ask for one before it is sent (`what_if`): then the broker's margin decides whether it is.

The order must make sense by itself and to its contract; limits and locks are not looked at, since a person may want
to know what they would refuse. A what-if uses up an order id, which is never given to an order afterwards: the floor
of the ids is written before the question leaves.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec

from actors.domain.contract_terms import check_against_contract
from actors.domain.risk.what_if import refused
from actors.messages.broker import FetchPreview, OrderTerms
from actors.messages.market import ContractDetails
from actors.messages.orders import OrderPreview, PlaceOrder
from actors.orders.checks import INVALID, LIMIT, Checks, Problems
from actors.orders.gatekeeper import GateKeeper
from actors.orders.records import Records
from actors.orders.references import Market, References
from supervision.actor import Sender
from supervision.errors import DeliveryError, Rejected
from supervision.uplink import Uplink

PREVIEW_SECONDS = 15.0  # Connection gives up first, with the broker's silence as its reason
_KEY = "what-if"


class Previews:
    """Asks Connection for previews."""

    def __init__(
        self, records: Records, checks: Checks, references: References, gate: GateKeeper, connection: Uplink
    ) -> None:
        self._records = records
        self._checks = checks
        self._references = references
        self._gate = gate
        self._connection = connection

    def preview(self, asked: PlaceOrder, sender: Sender) -> None:
        """Answer with what the broker says the order would do. Raises Rejected."""
        checked = self._checks.terms(msgspec.structs.replace(asked, key=asked.key or _KEY))
        if checked.terms is None:
            raise Rejected(*checked.problems, kind=INVALID)
        found = partial(self._ask, checked.terms, sender)
        self._references.look_up(asked.contract, found, sender.reject, priced=False)

    def _ask(self, terms: OrderTerms, sender: Sender, market: Market) -> None:
        problems = Problems()
        problems.add(INVALID, check_against_contract(terms, market.details))
        try:
            problems.refuse()
        except Rejected as error:
            sender.reject(error)
        else:
            self._fetch(terms, market.details, sender.reply, sender.reject)

    def check_margin(
        self,
        terms: OrderTerms,
        details: ContractDetails,
        passed: Callable[[], None],
        refuse: Callable[[Rejected], None],
    ) -> None:
        """Have the broker say whether the account can bear an order that is about to be placed."""

        def answered(preview: OrderPreview) -> None:
            reasons = refused(preview)
            if reasons:
                refuse(Rejected(*reasons, kind=LIMIT))
            else:
                passed()

        self._fetch(terms, details, answered, refuse)

    def _fetch(
        self,
        terms: OrderTerms,
        details: ContractDetails,
        answered: Callable[[OrderPreview], None],
        refuse: Callable[[Rejected], None],
    ) -> None:
        try:
            epoch, order_id = self._epoch(), self._id()
        except Rejected as error:
            refuse(error)
            return

        def failed(error: DeliveryError | Rejected) -> None:
            unanswered = Rejected(f"the what-if was not answered: {error}", kind="no_answer")
            refuse(error if isinstance(error, Rejected) else unanswered)

        self._connection.ask(
            FetchPreview(epoch, order_id, details.contract, terms),
            timeout=PREVIEW_SECONDS,
            on_reply=answered,
            on_error=failed,
        )

    def _epoch(self) -> int:
        epoch = self._gate.facts.epoch
        if epoch is None:
            raise Rejected(f"the broker cannot be asked: {self._gate.facts.session_reason}", kind="session_down")
        return epoch

    def _id(self) -> int:
        spent = self._records.spend_id()
        if spent is None:
            raise Rejected("every order id is used up; the ids must be reset in TWS", kind=LIMIT)
        self._records.commit()
        if self._records.error:
            raise Rejected(f"the order id that a what-if uses up cannot be kept: {self._records.error}", kind="journal")
        return spent
