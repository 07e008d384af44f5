"""Order killed at every instant of an order's life, while clients retry with their keys.

Each incarnation has a failpoint of its own: it dies there, its successor at the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from actors.messages.orders import CancelOrder, GetOrder, Halt, ModifyOrder, OrderView, Resume
from drills.drill import drill
from drills.errors import expect
from drills.ground import OFTEN, Ground
from drills.stage import Stage
from drills.traffic import FILLS_IN_PARTS, NEVER_FILLS, insist, trading
from supervision.errors import DeliveryError, Rejected


def _place(stage: Stage, key: str) -> None:
    """A client that goes on, always with the same key, until it has an answer."""
    insist(stage, key, limit=NEVER_FILLS)


def _fill(stage: Stage, key: str) -> None:
    insist(stage, key, quantity=FILLS_IN_PARTS)


def _modify(stage: Stage, key: str) -> None:
    insist(stage, key, limit=NEVER_FILLS)
    stage.until(f"{key} works", lambda: _view(stage, key).status == "SUBMITTED")
    _try(lambda: stage.ask("order", ModifyOrder(key, quantity=7), key=key))


def _cancel(stage: Stage, key: str) -> None:
    insist(stage, key, limit=NEVER_FILLS)
    stage.until(f"{key} works", lambda: _view(stage, key).status == "SUBMITTED")
    stage.until(f"{key} can be cancelled", lambda: stage.ask("order", CancelOrder(key), key=key))


def _halt(stage: Stage, key: str) -> None:
    """The kill switch, asked for until it is confirmed."""
    stage.until("the kill switch is on", lambda: stage.ask("order", Halt("drill", by=key)).state == "halted")
    _halted(stage, key)


def _halt_once(stage: Stage, key: str) -> None:
    """The kill switch, asked for once: it is on disk, so it is on, although nobody confirmed it."""
    _try(lambda: stage.ask("order", Halt("drill", by=key)))
    _halted(stage, key)


def _halted(stage: Stage, key: str) -> None:
    """Nothing leaves from now on, and only a person lifts it."""
    stage.until("Order says that the kill switch is on", lambda: stage.gate() == "halted")
    with stage.record.window("the kill switch was on"):
        _, ended = stage.attempt(key=f"{key}, while halted", limit=NEVER_FILLS)
        expect(ended == "rejected", f"expected that an order is refused while the kill switch is on, got {ended}")
    stage.until("the kill switch is off", lambda: stage.ask("order", Resume("drill", by=key)).state != "halted")


def _wait(_: Stage, __: str) -> None:
    """The instant comes by itself after the restart."""


@dataclass(frozen=True, slots=True)
class _Instant:
    """A failpoint, what is done until it is reached, and how many orders the broker has under the key in the end."""

    failpoint: str
    words: str
    act: Callable[[Stage, str], None]
    placed: int | None = None
    nth: int = 1
    keyed: bool = True
    """Whether the key is the failpoint's detail: then nothing but our own order reaches it."""

    @property
    def key(self) -> str:
        return f"at {self.failpoint}".partition("[")[0]

    def armed(self, incarnation: int) -> str:
        detail = f"[{self.key}]" if self.keyed else ""
        return f"{self.failpoint}{detail}=kill@{self.nth}/{incarnation}"


INSTANTS: Final = (
    _Instant("order.intent.checked", "before the journal", _place, placed=1),
    _Instant("order.intent.journalled", "journalled, unsent", _place, placed=0),
    _Instant("order.transmit.handed", "handed to the link, unsent", _place, placed=0),
    _Instant("order.transmitted.heard", "sent, not journalled as sent", _place, placed=1),
    _Instant("order.journal.lingered", "sent, its user answered, not journalled", _place, placed=1, keyed=False),
    _Instant("actor.handle[OrderReport]", "acknowledged, not persisted", _place, placed=1, keyed=False),
    _Instant("order.execution.heard", "in a burst of fills, not journalled", _fill, placed=1, nth=2, keyed=False),
    _Instant("order.execution.journalled", "in a burst of fills, journalled", _fill, placed=1, nth=2, keyed=False),
    _Instant("order.modify.journalled", "modify journalled, unsent", _modify, placed=1),
    _Instant("order.cancel.handed", "cancel handed to the link, unsent", _cancel, placed=1),
    _Instant("order.cut.heard", "before a cut is applied", _wait, keyed=False),
    _Instant("order.cut.applied", "a cut applied, unanswered", _wait, keyed=False),
    _Instant("order.halt.heard", "kill switch heard", _halt),
    _Instant("order.halt.journalled", "kill switch journalled", _halt_once),
)


@drill(2, "order-instants", "SIGKILL Order at every instant of an order's life", about="I3 I4 I5 I8 I12", quick=True)
def order_instants(ground: Ground) -> None:
    points = ",".join(instant.armed(number) for number, instant in enumerate(INSTANTS, 1))
    with ground.service(OFTEN, failpoints=points) as stage:
        with trading(stage, ground.seed, traders=1):
            for number, instant in enumerate(INSTANTS, 1):
                ground.progress(number / len(INSTANTS), instant.words)
                instant.act(stage, instant.key)
                blow = stage.fell("order", number)
                if not _falls_at_once(number + 1):
                    stage.recovers(blow, cause=f"SIGKILL: {instant.words}")
        for instant in INSTANTS:
            if instant.placed is not None:
                stage.until(f"{instant.key!r} is decided", partial(_decided, stage, instant.key))
                placed = stage.placed(instant.key)
                expect(placed == instant.placed, f"{instant.words}: expected {instant.placed} orders, got {placed}")
        _modified_is_what_the_broker_has(stage, "at order.modify.journalled")
        stage.expect_restarts(order=len(INSTANTS))


def _falls_at_once(incarnation: int) -> bool:
    """Whether this incarnation may be gone before anybody can ask whether it is there."""
    return any(instant.act is _wait for instant in INSTANTS[incarnation - 1 : incarnation])


def _decided(stage: Stage, key: str) -> bool:
    return _view(stage, key).status not in ("INTENT", "SENDING", "SENT", "UNKNOWN")


def _modified_is_what_the_broker_has(stage: Stage, key: str) -> None:
    theirs = stage.ledger("select quantity from orders where order_ref = ?", key)[0][0]
    ours = _view(stage, key).quantity
    expect(ours == int(theirs), f"{key!r} is for {ours} here and for {theirs} at the broker")


def _view(stage: Stage, key: str) -> OrderView:
    return stage.desk.order.ask(GetOrder(key), timeout=2.0)


def _try(act: Callable[[], object]) -> None:
    """Ask once, whatever comes of it; the record has it."""
    try:
        act()
    except (DeliveryError, Rejected):
        return
