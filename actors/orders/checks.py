"""What an order must pass before it is sent, new or changed: the gate, its own sense, its contract, limits and locks.

All problems are told at once; a refusal has the kind of the gravest.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from actors.domain.contract_terms import check_against_contract
from actors.domain.limits import Limits, check
from actors.domain.locks import Locks
from actors.domain.order_terms import Checked, check_account, check_key, new_terms
from actors.messages.broker import OrderTerms
from actors.messages.market import ContractDetails, Quote
from actors.messages.orders import PlaceOrder
from actors.orders.gatekeeper import GateKeeper
from actors.orders.identity import Identity
from supervision import clock
from supervision.errors import Rejected

INVALID, LOCKED, LIMIT = "invalid", "locked", "limit"
_GRAVITY: Final = (INVALID, LOCKED, LIMIT)


class Problems:
    """What is wrong with the orders of one ask. What is wrong with several in the same words is told once."""

    def __init__(self) -> None:
        self._found: dict[str, tuple[str, str]] = {}  # by text: kind, and the order's role

    def add(self, kind: str, texts: Iterable[str], role: str = "") -> None:
        """Note problems of the order with this role in its group."""
        for text in texts:
            self._found.setdefault(text, (kind, role))

    def refuse(self) -> None:
        """Raise Rejected if there are any, with the gravest kind."""
        if self._found:
            texts = (f"{role}: {text}" if role else text for text, (_, role) in self._found.items())
            kinds = {kind for kind, _ in self._found.values()}
            raise Rejected(*texts, kind=next(kind for kind in _GRAVITY if kind in kinds))


class Checks:
    """The checks of one Order."""

    def __init__(self, *, gate: GateKeeper, identity: Identity, limits: Limits, locks: Locks, default_tif: str) -> None:
        self.default_tif = default_tif
        self._gate = gate
        self._identity = identity
        self._limits = limits
        self._locks = locks

    def pass_gate(self, *, reducing: bool = False, flattens: bool = False) -> None:
        """Raise Rejected unless an order may leave at this moment: see `GateKeeper.why_not`."""
        refused = self._gate.why_not(reducing=reducing, flattens=flattens)
        if refused is not None:
            raise refused

    def terms(self, asked: PlaceOrder) -> Checked:
        """What a new order says, or all that is wrong with it and needs no market to be seen. It has its key."""
        accounts = self._identity.accounts
        account = asked.account or "".join(accounts[:1])
        checked = new_terms(asked, key=asked.key, account=account, default_tif=self.default_tif, now=clock.now())
        problems = (*check_key(asked.key), *check_account(asked.account, accounts), *checked.problems)
        return Checked(None if problems else checked.terms, problems)

    def against_market(
        self, problems: Problems, terms: OrderTerms, details: ContractDetails, quote: Quote | None, role: str = ""
    ) -> None:
        """Note what its contract does not take, and the limits it would break."""
        problems.add(INVALID, check_against_contract(terms, details), role)
        problems.add(LIMIT, check(terms, details, quote, self._limits), role)

    def against_locks(self, problems: Problems, terms: OrderTerms, details: ContractDetails) -> None:
        """Note what locks its contract against new orders."""
        text = self._locks.on(terms.account, details.contract)
        if text:
            problems.add(LOCKED, (text,))
