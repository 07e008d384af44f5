"""What an order must pass before it is sent, new or changed: the gate, its own sense, the rules of risk, and locks.

All problems are told at once; a refusal has the kind of the gravest. What was decided stays with the order's row in
the journal, or with the row of its refusal.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from actors.domain.locks import Locks
from actors.domain.order_terms import Checked, check_account, check_key, check_strategy, new_terms
from actors.domain.risk.contract_rules import CONTRACT
from actors.messages.broker import OrderTerms
from actors.messages.market import ContractDetails
from actors.messages.orders import PlaceOrder
from actors.messages.risk import RuleVerdict
from actors.orders.gatekeeper import GateKeeper
from actors.orders.identity import Identity
from actors.orders.preparing import Preparing
from actors.orders.risk_desk import Question, RiskDesk
from actors.orders.ruling import Ruling
from supervision import clock
from supervision.errors import Rejected

INVALID, GATE, LOCKED, LIMIT = "invalid", "gate", "locked", "limit"
_GRAVITY: Final = (INVALID, GATE, LOCKED, LIMIT)
_KINDS: Final = {CONTRACT: INVALID, "reducing": GATE}
"""The kind of a refusal by its rule; any other is a limit's."""


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
    """The checks of one Order. `preparing` learns what they need, `desk` decides by the rules of risk."""

    def __init__(
        self,
        *,
        gate: GateKeeper,
        identity: Identity,
        preparing: Preparing,
        desk: RiskDesk,
        locks: Locks,
        default_tif: str,
    ) -> None:
        self.default_tif = default_tif
        self.prepare = preparing.prepare
        self.desk = desk
        self._gate = gate
        self._identity = identity
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
        named = (*check_key(asked.key), *check_strategy(asked.strategy), *check_account(asked.account, accounts))
        problems = (*named, *checked.problems)
        return Checked(None if problems else checked.terms, problems)

    def judge(self, problems: Problems, question: Question, role: str = "") -> Ruling:
        """Note what the rules refuse. Raises Rejected when a file that they need cannot be read."""
        ruling = self.desk.rule(question)
        for verdict in ruling.refusals:
            problems.add(_KINDS.get(verdict.rule, LIMIT), (verdict.text,), role)
        return ruling

    def against_locks(self, problems: Problems, terms: OrderTerms, details: ContractDetails) -> None:
        """Note what locks its contract against new orders."""
        text = self._locks.on(terms.account, details.contract)
        if text:
            problems.add(LOCKED, (text,))

    def standing(self, terms: OrderTerms, details: ContractDetails, *, reducing: bool) -> tuple[RuleVerdict, ...]:
        """What gate and locks would say of a new order now, as the rules say it."""
        refused = self._gate.why_not(reducing=reducing)
        lock = self._locks.on(terms.account, details.contract)
        state = self._gate.view().state
        return (
            RuleVerdict("gate", state, "open", "" if refused is None else "; ".join(refused.reasons)),
            RuleVerdict("lock", "locked" if lock else "not locked", "not locked", lock),
        )
