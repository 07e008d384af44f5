"""Whether new orders may leave: a pure function of facts and the clock, evaluated at the moment of sending.

It fails closed: what is not known counts against. Cancels never pass through here.
"""

from __future__ import annotations

import msgspec

from actors.messages.orders import GateState


class GateFacts(msgspec.Struct, frozen=True):
    """What the gate depends on. Times are monotonic seconds; texts are empty when there is nothing wrong.

    `epoch` is None while no session is up. `reconciled_epoch` is the epoch of the last confirmed cut that
    saw everything this incarnation of Order could have missed. `cut_problem` tells why a cut was not enough.
    `state_away_since` is when State went, or with `state_trouble` said why it can store nothing.
    """

    epoch: int | None = None
    session_reason: str = "no session with the gateway yet"
    link_up: bool = True
    link_reason: str = ""
    reconciled_epoch: int | None = None
    cut_problem: str = ""
    halted: str = ""
    journal_error: str = ""
    draining: bool = False
    state_away_since: float | None = None
    state_trouble: str = ""
    state_grace: float = 0.0


class Verdict(msgspec.Struct, frozen=True):
    """The gate's state, and every reason that keeps it from being open."""

    state: GateState
    reasons: tuple[str, ...] = ()


def evaluate(facts: GateFacts, now: float) -> Verdict:
    """The most severe state that any fact asks for, with the reasons of all of them."""
    found = [*_halted(facts), *_closed(facts), *_paused(facts, now), *_reconciling(facts)]
    if not found:
        return Verdict("open")
    return Verdict(found[0][0], tuple(reason for _, reason in found))


def _halted(facts: GateFacts) -> list[tuple[GateState, str]]:
    return [("halted", f"kill switch: {facts.halted}")] if facts.halted else []


def _closed(facts: GateFacts) -> list[tuple[GateState, str]]:
    reasons = []
    if facts.epoch is None:
        reasons.append(facts.session_reason)
    if facts.journal_error:
        reasons.append(f"the order journal cannot be written: {facts.journal_error}")
    if facts.draining:
        reasons.append("the service is stopping")
    return [("closed", reason) for reason in reasons]


def _paused(facts: GateFacts, now: float) -> list[tuple[GateState, str]]:
    reasons = []
    if not facts.link_up:
        reasons.append(f"the gateway lost its link to the broker: {facts.link_reason}")
    if facts.state_away_since is not None and now - facts.state_away_since >= facts.state_grace:
        reasons.append(f"state {_state(facts)} for more than {facts.state_grace:g} s")
    return [("paused", reason) for reason in reasons]


def _state(facts: GateFacts) -> str:
    return f"has been unable to store ({facts.state_trouble})" if facts.state_trouble else "has been away"


def _reconciling(facts: GateFacts) -> list[tuple[GateState, str]]:
    if facts.epoch is None or facts.reconciled_epoch == facts.epoch:
        return []
    problem = f"; the last attempt failed: {facts.cut_problem}" if facts.cut_problem else ""
    return [("reconciling", f"session {facts.epoch} is not reconciled yet{problem}")]
