"""What a broker may do with an order, in the callbacks it makes of it, and how the order stands there."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import strategies as st

from actors.domain import order_events as ev
from actors.domain.fills import Commission
from actors.domain.order_book import OrderBook
from actors.domain.order_machine import apply
from actors.domain.order_state import OrderState
from actors.domain.order_tables import BROKER_STATUS
from actors.messages.broker import ExecutionReport
from tests.domain.order_builders import execution_report, later, order, terms


def status(name: str, filled: int = 0) -> ev.Reported:
    return ev.Reported(name, 900, Decimal(filled))


@dataclass(frozen=True)
class Story:
    """What the broker did, in its callbacks, and how the order stands there."""

    ours: tuple[ev.Event, ...]
    callbacks: tuple[ev.Event | ExecutionReport | Commission, ...]
    truth: str
    filled: int
    broker_status: str


@st.composite
def stories(draw: st.DrawFn) -> Story:
    ours: list[ev.Event] = [ev.Handed(), ev.Transmitted()]
    callbacks: list[ev.Event | ExecutionReport | Commission] = []
    lead_in = ["PendingSubmit", "PreSubmitted", "Submitted"]
    reached = draw(st.sampled_from([3, 2, 1, 0, 3, 3]))
    callbacks += [status(name) for name in lead_in[:reached] if draw(st.booleans()) or name == lead_in[reached - 1]]
    filled = 0
    if reached == 3:
        for number, wish in enumerate(draw(st.lists(st.integers(1, 4), max_size=3))):
            part = min(wish, 10 - filled)
            if part:
                filled += part
                ident = f"a.b.{number}"
                callbacks.append(execution_report(f"{ident}.01", part + 1 if draw(st.booleans()) else part))
                callbacks.append(execution_report(f"{ident}.02", part))
                callbacks.append(Commission(f"{ident}.02", Decimal("0.35"), "USD", None))
                if draw(st.booleans()):
                    callbacks.append(status("Submitted" if filled < 10 else "Filled", filled))
    here = lead_in[reached - 1] if reached else ""
    if filled == 10:
        return Story(tuple(ours), tuple(callbacks), "FILLED", 10, "Filled")
    end = draw(st.sampled_from(["works", "cancelled", "pending cancel", "cancel refused", "refused", "inactive"]))
    if end == "refused" and not filled:
        callbacks += [ev.Noticed(201, "no margin"), *([status("Inactive")] if reached else [])]
        return Story(tuple(ours), tuple(callbacks), "REJECTED", 0, "Inactive")
    if not reached or end in ("works", "refused"):
        truth = BROKER_STATUS[here] if here else "SENT"
        return Story(tuple(ours), tuple(callbacks), truth, filled, here)
    if end == "inactive":
        callbacks.append(status("Inactive", filled))
        return Story(tuple(ours), tuple(callbacks), "INACTIVE", filled, "Inactive")
    if draw(st.booleans()) or end == "cancel refused":
        ours.append(ev.CancelSent())
    if end == "cancelled":
        callbacks += [status("PendingCancel", filled)] if draw(st.booleans()) else []
        callbacks += [ev.Noticed(202, "cancelled"), status("Cancelled", filled)]
        return Story(tuple(ours), tuple(callbacks), "CANCELLED", filled, "Cancelled")
    callbacks.append(status("PendingCancel", filled))
    if end == "pending cancel":
        return Story(tuple(ours), tuple(callbacks), "PENDING_CANCEL", filled, "PendingCancel")
    callbacks += [ev.Noticed(161, "not cancellable"), status(here, filled)]
    return Story(tuple(ours), tuple(callbacks), BROKER_STATUS[here], filled, here)


class Ours:
    """A book with one order, told of one callback after the other."""

    def __init__(self, story: Story) -> None:
        self.book = OrderBook([order()])
        for event in story.ours:
            self.hear(event)

    def hear(self, callback: ev.Event | ExecutionReport | Commission) -> None:
        state = self.order
        if isinstance(callback, ExecutionReport):
            self.book.ledger.record(self.book.execution(callback))
        elif isinstance(callback, Commission):
            self.book.ledger.charge(callback)
        if isinstance(callback, ev.Event):
            state = apply(state, callback, 1.0, later(1))
        totals = self.book.ledger.totals("k1")
        if totals != state.totals:
            state = apply(state, ev.Executed(totals, 900), 1.0, later(1))
        self.book.put(state)

    @property
    def order(self) -> OrderState:
        found = self.book.get("k1")
        assert found is not None
        return found

    def ask_broker(self, story: Story) -> None:
        report = ev.Reported(story.broker_status, 900, Decimal(story.filled), terms())
        if story.truth in ("FILLED", "CANCELLED", "REJECTED"):
            self.hear(ev.FoundCompleted(report))
        else:
            self.hear(ev.FoundOpen(report))
