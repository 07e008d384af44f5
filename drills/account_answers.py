"""All that Account, and State's cache of it, answer while Account dies: whole, called incomplete, or refused.

With a market that stands still each answer can be compared with the broker's truth.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any, Final

from actors.messages.account import Accounts, AccountView, GetAccounts, GetPositions, Positions
from actors.messages.state import GetCachedAccounts, GetCachedPositions
from drills.meanwhile import meanwhile
from drills.stage import Stage
from supervision.errors import DeliveryError, Rejected
from supervision.message import Ask

QUESTIONS: Final[tuple[tuple[str, Ask[Any]], ...]] = (
    ("account", GetAccounts()),
    ("account", GetPositions()),
    ("state", GetCachedAccounts()),
    ("state", GetCachedPositions()),
)
PAUSE_SECONDS = 0.002

Answer = Accounts | Positions


@dataclass(frozen=True, slots=True)
class Whole:
    """What a complete answer holds: names and currencies of the values, positions by symbol."""

    values: frozenset[tuple[str, str]]
    positions: dict[str, Decimal]


def settled(stage: Stage) -> Whole:
    """Wait until Account and the cache agree with the broker's positions, and keep how that looks."""
    stage.until("Account is complete", lambda: complete(stage))
    positions = stage.ledger_positions()
    stage.until("Account has the positions", lambda: stage.our_positions() == positions)
    stage.until("the cache has the positions", lambda: _held(stage.desk.state.ask(GetCachedPositions())) == positions)
    (view,) = stage.desk.account.ask(GetAccounts()).items
    return Whole(_values(view), positions)


def complete(stage: Stage) -> bool:
    """Whether Account calls every account complete."""
    return all(view.complete for view in stage.desk.account.ask(GetAccounts()).items)


@contextmanager
def collected(stage: Stage) -> Iterator[list[Answer]]:
    """Ask again and again while the body runs; the answers, oldest first."""
    answers: list[Answer] = []

    def ask(name: str, question: Ask[Any], over: threading.Event) -> None:
        while not over.wait(PAUSE_SECONDS):
            try:
                answers.append(stage.desk.ref(name).ask(question, timeout=1.0))
            except (DeliveryError, Rejected):
                continue  # no answer is no lie

    with meanwhile(*(partial(ask, *one) for one in QUESTIONS)):
        yield answers


def wrong(answers: list[Answer], whole: Whole) -> list[str]:
    """Answers that are partial and do not say so, and times of confirmation that go back."""
    found = []
    last: dict[tuple[type[Answer], str], datetime] = {}
    for answer in answers:
        views = answer.items if isinstance(answer, Accounts) else ()
        found += [
            f"I12: {view.source} called an account complete without {sorted(whole.values - _values(view))}"
            for view in views
            if view.complete and not _values(view) >= whole.values
        ]
        if isinstance(answer, Positions) and _held(answer) != whole.positions:
            found.append(f"I12: {answer.source} had the positions {_held(answer)} instead of {whole.positions}")
        for source, as_of in _times(answer):
            before = last.setdefault((type(answer), source), as_of)
            if as_of < before:
                found.append(f"I12: {type(answer).__name__} of {source} were of {before}, then of {as_of}")
            last[type(answer), source] = as_of
    return found


def _times(answer: Answer) -> list[tuple[str, datetime]]:
    if isinstance(answer, Positions):
        return [] if answer.as_of is None else [(answer.source, answer.as_of)]
    return [(view.source, view.as_of) for view in answer.items if view.as_of is not None]


def _values(view: AccountView) -> frozenset[tuple[str, str]]:
    return frozenset((value.key, value.currency) for value in view.values)


def _held(positions: Positions) -> dict[str, Decimal]:
    return {one.symbol: one.quantity for one in positions.items}
