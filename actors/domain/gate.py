"""Whether new orders may leave: a pure function of facts and the clock, evaluated at the moment of sending.

It fails closed: what is not known counts against. Cancels never pass through here.
"""

from __future__ import annotations

from typing import Final

import msgspec

from actors.messages.orders import GateState, Passes

Found = list[tuple[GateState, str]]

_SEVERITY: Final[tuple[GateState, ...]] = ("halted", "closed", "paused", "reconciling", "reducing")


class GateFacts(msgspec.Struct, frozen=True):
    """What the gate depends on. Times are monotonic seconds; texts are empty when there is nothing wrong.

    `epoch` is None while no session is up. `reconciled_epoch` is the epoch of the last confirmed cut that
    saw everything this incarnation of Order could have missed. `cut_problem` tells why a cut was not enough.
    `state_away_since` is when State went, or with `state_trouble` said why it can store nothing.
    `halted` is the kill switch; while `flattening` it lets the orders pass that close positions because of it.
    Of the day's loss: `loss_blind` is unknown for too long, `loss_unknown` not known yet, `loss_reached` a limit.
    """

    epoch: int | None = None
    session_reason: str = "no session with the gateway yet"
    link_up: bool = True
    link_reason: str = ""
    clock_problem: str = ""
    reconciled_epoch: int | None = None
    cut_problem: str = ""
    halted: str = ""
    flattening: bool = False
    journal_error: str = ""
    draining: bool = False
    state_away_since: float | None = None
    state_trouble: str = ""
    state_grace: float = 0.0
    loss_blind: tuple[str, ...] = ()
    loss_unknown: tuple[str, ...] = ()
    loss_reached: tuple[str, ...] = ()


class Verdict(msgspec.Struct, frozen=True):
    """The gate's state, every reason that keeps it from being open, and which orders pass all the same."""

    state: GateState
    reasons: tuple[str, ...] = ()
    passes: Passes = "all"


def evaluate(facts: GateFacts, now: float) -> Verdict:
    """The most severe state that any fact asks for, with the reasons of all of them."""
    shut = [*_closed(facts), *_paused(facts, now), *_reconciling(facts)]
    loss = _loss(facts)
    found = sorted([*_halted(facts), *loss, *shut], key=lambda one: _SEVERITY.index(one[0]))
    if not found:
        return Verdict("open")
    return Verdict(found[0][0], tuple(reason for _, reason in found), _passes(facts, shut, loss))


def _passes(facts: GateFacts, shut: Found, loss: Found) -> Passes:
    """What closes positions for the kill switch needs a session in which all is known, but no profit and loss."""
    if shut or (facts.halted and not facts.flattening):
        return "none"
    if facts.halted or all(state == "reducing" for state, _ in loss):
        return "reducing"
    return "none"


def _halted(facts: GateFacts) -> Found:
    return [("halted", f"kill switch: {facts.halted}")] if facts.halted else []


def _loss(facts: GateFacts) -> Found:
    found: Found = [("halted", reason) for reason in facts.loss_blind]
    found += [("closed", reason) for reason in facts.loss_unknown]
    found += [("reducing", reason) for reason in facts.loss_reached]
    return found


def _closed(facts: GateFacts) -> Found:
    reasons = []
    if facts.epoch is None:
        reasons.append(facts.session_reason)
    if facts.journal_error:
        reasons.append(f"the order journal cannot be written: {facts.journal_error}")
    if facts.draining:
        reasons.append("the service is stopping")
    return [("closed", reason) for reason in reasons]


def _paused(facts: GateFacts, now: float) -> Found:
    reasons = []
    if not facts.link_up:
        reasons.append(f"the gateway lost its link to the broker: {facts.link_reason}")
    if facts.clock_problem:
        reasons.append(facts.clock_problem)
    if facts.state_away_since is not None and now - facts.state_away_since >= facts.state_grace:
        reasons.append(f"state {_state(facts)} for more than {facts.state_grace:g} s")
    return [("paused", reason) for reason in reasons]


def _state(facts: GateFacts) -> str:
    return f"has been unable to store ({facts.state_trouble})" if facts.state_trouble else "has been away"


def _reconciling(facts: GateFacts) -> Found:
    if facts.epoch is None or facts.reconciled_epoch == facts.epoch:
        return []
    problem = f"; the last attempt failed: {facts.cut_problem}" if facts.cut_problem else ""
    return [("reconciling", f"session {facts.epoch} is not reconciled yet{problem}")]
