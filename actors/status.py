"""One screen of truth, put together from what each actor says about itself.

Every part is asked at the same time with a limit of its own; a part that does not answer is named
under `missing` and its figures are None, never the last good ones. Without Order no order can pass,
so its gate counts as closed; without Connection there is no session.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import msgspec

from actors.messages.market import GetMarketData, MarketDataView
from actors.messages.orders import GateView, GetOrdersView, Lock, OrdersView
from actors.messages.risk import (
    GetLowMargins,
    GetProtection,
    LowMargins,
    MarginWarning,
    ProtectionChanged,
    Unprotected,
)
from actors.messages.session import GetSession, SessionView
from actors.messages.state import Difference, GetReconciliation, ReconciliationView
from supervision import clock
from supervision.errors import DeliveryError, Rejected
from supervision.lifecycle import ChildView, GetTree, TreeView
from supervision.message import Ask, Message

if TYPE_CHECKING:
    from actors.desk import Desk

PART_LIMIT = 1.0
"""Seconds each part may take."""
DEATHS_SHOWN = 10

QUESTIONS: Mapping[str, tuple[str, Ask[Any]]] = {
    "supervisor": ("supervisor", GetTree()),
    "order": ("order", GetOrdersView()),
    "connection": ("connection", GetSession()),
    "market_data": ("market_data", GetMarketData()),
    "state": ("state", GetReconciliation()),
    "protection": ("order", GetProtection()),
    "margin": ("account", GetLowMargins()),
}
"""Whom to ask what, by part; the answers go to `assemble` under the same names."""

Answers: TypeAlias = Mapping[str, Message | Exception]

M = TypeVar("M", bound=Message)
P = TypeVar("P", bound=msgspec.Struct)


class GatePart(msgspec.Struct, frozen=True):
    """Whether orders may leave, and every reason why not."""

    state: str
    reasons: tuple[str, ...]
    since: datetime | None


class SessionPart(msgspec.Struct, frozen=True):
    """The session with the gateway; `retry_at` while waiting to redial."""

    state: str
    reason: str
    since: datetime | None
    epoch: int | None
    host: str | None
    port: int | None
    client_id: int | None
    server_version: int | None
    accounts: tuple[str, ...]
    reconnects: int | None
    last_heartbeat: datetime | None
    retry_at: datetime | None
    requests_waiting: int | None
    callback_errors: int | None


class ActorPart(msgspec.Struct, frozen=True):
    """One actor as the supervisor sees it."""

    name: str
    parent: str
    pid: int | None
    incarnation: int
    restarts: int
    state: str
    mailbox: int
    handled: int
    shed: int
    since: datetime
    last_death: str
    dead_letters: int
    expired: int
    late_replies: int
    skipped: int
    quarantined: tuple[str, ...]


class DeathPart(msgspec.Struct, frozen=True):
    """One incarnation that ended, and what it had in hand."""

    name: str
    incarnation: int
    at: datetime
    reason: str
    in_hand: str
    uptime: float
    pid: int | None
    exit_code: int | None
    handled: int
    stacks: str


class MarketDataPart(msgspec.Struct, frozen=True):
    """Quote lines and what came over them."""

    lines: int | None
    max_lines: int | None
    ticks: int | None
    stale: int | None
    conflated: int | None


class OrdersPart(msgspec.Struct, frozen=True):
    """Counts of orders by what became of them; of those that work also for each strategy that has any.

    `locks` are the contracts that take no new orders for now, each with what ends it.
    """

    working: int | None
    working_of: dict[str, int] | None
    filled: int | None
    rejected: int | None
    unknown: int | None
    total: int | None
    executions: int | None
    locks: tuple[Lock, ...] | None


class ReconciliationPart(msgspec.Struct, frozen=True):
    """The last comparison with the broker; `differences` are those a person must still settle or see.

    `trouble` says why State can store nothing now and therefore takes no cuts; empty when all is well.
    """

    last: datetime | None
    cause: str
    confirmed: bool | None
    running: bool | None
    next_due: datetime | None
    open_differences: int | None
    trouble: str | None
    differences: tuple[Difference, ...]


class Status(msgspec.Struct, frozen=True):
    """The state of the whole service at one instant. `problems` is empty when it is healthy."""

    mode: str
    account: str
    pid: int | None
    phase: str
    started: datetime | None
    as_of: datetime
    healthy: bool
    problems: tuple[str, ...]
    missing: dict[str, str]
    gate: GatePart
    session: SessionPart
    actors: tuple[ActorPart, ...]
    deaths: tuple[DeathPart, ...]
    market_data: MarketDataPart
    orders: OrdersPart
    reconciliation: ReconciliationPart
    unprotected: tuple[Unprotected, ...] | None
    low_margins: tuple[MarginWarning, ...] | None


def gather(desk: Desk) -> Status:
    """Ask every actor of the running service at once; takes at most about PART_LIMIT seconds."""
    futures = {part: getattr(desk, name).ask_future(ask, PART_LIMIT) for part, (name, ask) in QUESTIONS.items()}
    answers = {part: _outcome(future) for part, future in futures.items()}
    service = desk.service
    mode, account = ("", "") if service is None else (service.mode, service.account)
    return assemble(mode, account, answers, clock.now())


def _outcome(future: Future[Any]) -> Message | Exception:
    try:
        answer: Message = future.result()
    except (DeliveryError, Rejected) as error:
        return error
    return answer


def assemble(mode: str, account: str, answers: Answers, now: datetime) -> Status:
    """The status from whatever answered; an exception in place of an answer says why it is missing."""
    missing = {part: str(answers[part]) for part in QUESTIONS if isinstance(answers[part], Exception)}
    unknown, no_margin = missing.pop("protection", ""), missing.pop("margin", "")
    tree = _answer(answers, "supervisor", TreeView)
    orders = _answer(answers, "order", OrdersView)
    gate = _gate(None if orders is None else orders.gate, missing)
    children = () if tree is None else tree.children
    reconciliation = _reconciliation(_answer(answers, "state", ReconciliationView))
    protection = _answer(answers, "protection", ProtectionChanged)
    margin = _answer(answers, "margin", LowMargins)
    working_of = {} if orders is None else orders.working_of
    problems = (
        *_problems(gate, children, working_of, missing),
        *_disagreements(() if orders is None else orders.locks, reconciliation),
        *_unprotected(() if protection is None else protection.items, "" if "order" in missing else unknown),
        *_low_margins(() if margin is None else margin.items, no_margin),
    )
    return Status(
        mode=mode,
        account=account,
        pid=None if tree is None else tree.pid,
        phase="unknown" if tree is None else tree.phase,
        started=None if tree is None else tree.started,
        as_of=now,
        healthy=not problems,
        problems=problems,
        missing=missing,
        gate=gate,
        session=_session(_answer(answers, "connection", SessionView), missing),
        actors=tuple(_part(ActorPart, child) for child in children),
        deaths=() if tree is None else tuple(_part(DeathPart, death) for death in tree.deaths[-DEATHS_SHOWN:]),
        market_data=_part(MarketDataPart, _answer(answers, "market_data", MarketDataView)),
        orders=_part(OrdersPart, orders),
        reconciliation=reconciliation,
        unprotected=None if protection is None else protection.items,
        low_margins=None if margin is None else margin.items,
    )


def _answer(answers: Answers, name: str, kind: type[M]) -> M | None:
    answer = answers[name]
    return answer if isinstance(answer, kind) else None


def _part(kind: type[P], source: Message | None, **fixed: object) -> P:
    """A part with the fields of the same names in `source`; None where there is no source."""
    return kind(**{name: fixed.get(name, getattr(source, name, None)) for name in kind.__struct_fields__})


def _gate(gate: GateView | None, missing: Mapping[str, str]) -> GatePart:
    if gate is None:
        return GatePart("closed", (f"order does not answer: {missing['order']}",), None)
    return GatePart(gate.state, gate.reasons, gate.since)


def _session(session: SessionView | None, missing: Mapping[str, str]) -> SessionPart:
    if session is None:
        reason = f"connection does not answer: {missing['connection']}"
        return _part(SessionPart, None, state="down", reason=reason, accounts=())
    return _part(SessionPart, session)


def _reconciliation(view: ReconciliationView | None) -> ReconciliationPart:
    last = None if view is None else view.last
    return _part(
        ReconciliationPart,
        view,
        last=None if last is None else last.finished,
        cause="" if last is None else last.cause,
        confirmed=None if last is None else last.confirmed,
        differences=() if last is None else last.differences,
    )


def _problems(
    gate: GatePart,
    children: tuple[ChildView, ...],
    working_of: Mapping[str, int],
    missing: Mapping[str, str],
) -> Iterator[str]:
    if gate.state != "open" and "order" not in missing:
        yield f"gate {gate.state}: {'; '.join(gate.reasons)}"
    for child in children:
        if not _in_order(child):
            left = f", {working_of[child.name]} of its orders still work" if child.name in working_of else ""
            yield f"{child.name} is {child.state}" + (f" ({child.last_death})" if child.last_death else "") + left
        if child.quarantined:
            yield f"{child.name} leaves out what ended two of its incarnations: {', '.join(child.quarantined)}"
    for name, reason in missing.items():
        yield f"{name} does not answer: {reason}"


def _disagreements(locks: tuple[Lock, ...], reconciliation: ReconciliationPart) -> Iterator[str]:
    """Where service and broker do not agree, or nobody could write down whether they do."""
    if reconciliation.trouble:
        yield f"state is degraded, nothing can be stored: {reconciliation.trouble}"
    for lock in locks:
        yield f"{lock.symbol} in {lock.account} takes no new orders: {lock.reason} (unlocked by {lock.unlock})"
    for one in reconciliation.differences:
        if not one.repaired and not one.locks:
            yield f"{one.kind} {one.subject}: ours {one.ours}, the broker's {one.theirs}: {one.action}"


def _unprotected(items: tuple[Unprotected, ...], unknown: str) -> Iterator[str]:
    if unknown:
        yield f"which positions lack a stop is not known: {unknown}"
    for one in items:
        yield f"{one.quantity} of {one.symbol} in {one.account} is not protected: {one.reason}"


def _low_margins(items: tuple[MarginWarning, ...], unknown: str) -> Iterator[str]:
    if unknown:
        yield f"which accounts come near a margin call is not known: {unknown}"
    for one in items:
        left = f"excess liquidity is {one.cushion:.1%} of net liquidation"
        yield f"margin of {one.account}: {left}, warned of below {one.limit:.1%}"


def _in_order(child: ChildView) -> bool:
    """Running, or not running because somebody or its own end wanted it so.

    What is parked was parked by somebody or never started, else it has ended too often, however normally.
    """
    if child.state == "parked":
        return child.last_death in ("", "shutdown")
    if child.state == "stopped":
        return child.last_death in ("", "normal", "shutdown")
    return child.state == "running"
