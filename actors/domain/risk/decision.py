"""Whether one order may leave: every rule is asked and told, passed or not, so that all problems are known at once.

Pure: the same facts and limits give the same verdicts. No rule guesses: what it would need and nobody knows is a
refusal that says so.
"""

from __future__ import annotations

from actors.domain.risk.contract_rules import (
    contract_accepts,
    is_measurable,
    listed,
    not_measurable,
    only_reducing,
    open_hours,
    quantity,
)
from actors.domain.risk.facts import Facts
from actors.domain.risk.flow_rules import duplicates, open_orders, rates
from actors.domain.risk.limits import RiskLimits
from actors.domain.risk.money_rules import money
from actors.domain.risk.price_rules import collar, fresh_quote, stop_side
from actors.domain.risk.reducing import reducing
from actors.domain.risk.verdict import Verdict


def decide(facts: Facts, limits: RiskLimits) -> tuple[Verdict, ...]:
    """What every rule says of an order: it may leave when all of them passed.

    An order whose numbers are none is told by its contract's rule alone: nothing else about it can be measured.
    """
    if not is_measurable(facts.terms):
        return (not_measurable(facts),)
    reduces = reducing(facts)
    return (
        *contract_accepts(facts),
        only_reducing(facts, reduces=reduces),
        *quantity(facts, limits),
        *listed(facts, limits, reduces=reduces),
        open_hours(facts, limits),
        fresh_quote(facts, limits),
        stop_side(facts, limits),
        collar(facts, limits),
        *money(facts, limits, reduces=reduces),
        *open_orders(facts, limits),
        *rates(facts, limits),
        duplicates(facts, limits),
    )
