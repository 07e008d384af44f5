"""What would become of an order, by the same rules as a real one: nothing is sent, written or counted."""

from __future__ import annotations

from functools import partial
from typing import Final

import msgspec

from actors.messages.broker import OrderTerms
from actors.messages.orders import PlaceOrder
from actors.messages.risk import Decision
from actors.orders.checks import INVALID, Checks
from actors.orders.references import Market, References
from actors.orders.risk_desk import Question
from supervision.actor import Sender
from supervision.errors import Rejected

_KEY: Final = "why"


class Explaining:
    """Answers with decisions: gate and locks first, then every rule."""

    def __init__(self, checks: Checks, references: References) -> None:
        self._checks = checks
        self._references = references

    def explain(self, asked: PlaceOrder, sender: Sender) -> None:
        """Answer with the decision on an order. Raises Rejected when its words make no order."""
        checked = self._checks.terms(msgspec.structs.replace(asked, key=asked.key or _KEY))
        if checked.terms is None:
            raise Rejected(*checked.problems, kind=INVALID)
        found = partial(self._found, asked, checked.terms, sender)
        priced = self._checks.desk.wants_quote(checked.terms)
        self._references.look_up(asked.contract, found, sender.reject, priced=priced)

    def _found(self, asked: PlaceOrder, terms: OrderTerms, sender: Sender, market: Market) -> None:
        question = Question(terms, asked.strategy, *market, asks_broker=asked.what_if)
        self._checks.prepare((market.details,), terms.account, partial(self._answer, question, sender))

    def _answer(self, question: Question, sender: Sender) -> None:
        try:
            ruling = self._checks.desk.rule(question)
        except Rejected as error:
            sender.reject(error)
            return
        standing = self._checks.standing(question.terms, question.details, reducing=ruling.reduces)
        decision = ruling.decision()
        verdicts = (*standing, *decision.verdicts)
        allowed = all(verdict.passed for verdict in verdicts)
        sender.reply(Decision(allowed, verdicts, decision.facts, decision.at))
