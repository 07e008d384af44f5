"""Actors killed at named instants: in the middle of an order's life, a subscription, a transaction, a download.

Where the instant is a failpoint, each incarnation has one of its own: it dies there, its successor at the next.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Final

from actors.messages.orders import CancelOrder, GetOrder, Halt, ModifyOrder, OrderView, Resume
from actors.messages.state import GetReconciliation
from drills import account_answers, lines, torn
from drills.drill import drill
from drills.errors import expect
from drills.ground import OFTEN, Ground
from drills.leaks import footprint, gone_after
from drills.stage import CRASH_BUDGET, Stage
from drills.traffic import FILLS_IN_PARTS, LARGE, NEVER_FILLS, trading
from supervision.errors import DeliveryError, Rejected

# --- 2: Order -----------------------------------------------------------------------------------


def _place(stage: Stage, key: str) -> None:
    """A client that goes on, always with the same key, until it has an answer."""
    _insist(stage, key, limit=NEVER_FILLS)


def _fill(stage: Stage, key: str) -> None:
    _insist(stage, key, quantity=FILLS_IN_PARTS)


def _modify(stage: Stage, key: str) -> None:
    _insist(stage, key, limit=NEVER_FILLS)
    stage.until(f"{key} works", lambda: _view(stage, key).status == "SUBMITTED")
    _try(lambda: stage.ask("order", ModifyOrder(key, quantity=7), key=key))


def _cancel(stage: Stage, key: str) -> None:
    _insist(stage, key, limit=NEVER_FILLS)
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
    _Instant("order.transmitted.journalled", "sent, its user without an answer", _place, placed=1),
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
    with ground.service({**OFTEN, **LARGE}, failpoints=points) as stage:
        with trading(stage, ground.seed, traders=1):
            for number, instant in enumerate(INSTANTS, 1):
                ground.progress(number / len(INSTANTS), instant.words)
                instant.act(stage, instant.key)
                stage.recovers(stage.fell("order", number), cause=f"SIGKILL: {instant.words}")
        for instant in INSTANTS:
            if instant.placed is not None:
                stage.until(f"{instant.key!r} is decided", partial(_decided, stage, instant.key))
                placed = stage.placed(instant.key)
                expect(placed == instant.placed, f"{instant.words}: expected {instant.placed} orders, got {placed}")
        _modified_is_what_the_broker_has(stage, "at order.modify.journalled")
        stage.expect_restarts(order=len(INSTANTS))


def _decided(stage: Stage, key: str) -> bool:
    return _view(stage, key).status not in ("INTENT", "SENDING", "SENT", "UNKNOWN")


def _modified_is_what_the_broker_has(stage: Stage, key: str) -> None:
    theirs = stage.ledger("select quantity from orders where order_ref = ?", key)[0][0]
    ours = _view(stage, key).quantity
    expect(ours == int(theirs), f"{key!r} is for {ours} here and for {theirs} at the broker")


def _view(stage: Stage, key: str) -> OrderView:
    return stage.desk.order.ask(GetOrder(key), timeout=2.0)


def _insist(stage: Stage, key: str, **order: object) -> None:
    stage.until(f"the client of {key!r} has an answer", lambda: stage.attempt(key=key, **order)[1] == "ok")


def _try(act: Callable[[], object]) -> None:
    """Ask once, whatever comes of it; the record has it."""
    try:
        act()
    except (DeliveryError, Rejected):
        return


# --- 4: Connection ------------------------------------------------------------------------------


@drill(4, "connection-resubscribing", "SIGKILL Connection after k of n resubscriptions", about="I6 I7 I8", quick=True)
def connection_resubscribing(ground: Ground) -> None:
    some, every = ground.rng.randrange(1, len(lines.LINES)), len(lines.LINES)
    points = f"connection.line.requested=kill@{some}/2,connection.line.requested=kill@{every}/3"
    with ground.service(OFTEN, failpoints=points) as stage:
        lines.hold_all(stage)
        stage.recovers(stage.strike("connection"))
        for incarnation, count in ((2, some), (3, every)):
            ground.progress(count / every, f"after {count} of {every}")
            blow = stage.fell("connection", incarnation)
            stage.recovers(blow, cause=f"SIGKILL after {count} of {every} lines")
        lines.until_quoting(stage, time.time_ns() - int((time.monotonic() - blow.at) * 1e9))
        ground.record.figures[f"{every} lines again"] = f"{time.monotonic() - blow.at:.2f} s"
        opened = lines.opened(stage)
        expect(opened == every, f"expected that {every} lines were opened in this session, it was {opened}")
        stage.expect_restarts(connection=3)


# --- 6: State -----------------------------------------------------------------------------------

START_SECONDS = 2.0
GRACE_SECONDS = 0.3


@drill(6, "state-mid-write", "SIGKILL State in the middle of writes; the end of its file torn off", about="I4 I10 I11")
def state_mid_write(ground: Ground) -> None:
    commits = [ground.rng.randrange(1, 15) for _ in range(2)]
    instants = (
        f"state.commit=kill@{commits[0]}/1",
        f"state.commit=kill@{commits[1]}/2",
        "state.journal.stored=kill/3",
        "state.cut.finished=kill/4",
        f"actor.start[state]=sleep:{START_SECONDS}/5",
    )
    settings = {**OFTEN, "orders.state_grace": GRACE_SECONDS}
    with ground.service(settings, failpoints=",".join(instants), judged=False, opened=False) as stage:
        with trading(stage, ground.seed):
            for incarnation, instant in enumerate(instants[:4], 1):
                ground.progress(incarnation / 6, instant)
                blow = stage.fell("state", incarnation)
                if incarnation < 4:
                    stage.recovers(blow, cause=f"SIGKILL: {instant}")
            _nothing_leaves_without_state(stage, blow.at + START_SECONDS)
            stage.recovers(blow, within=START_SECONDS + CRASH_BUDGET, cause="SIGKILL, then a slow start")
        _kill_everything_after_a_write(stage)
    head = torn.tear(stage.directory / "state.db", ground.home / "copy", ground.rng)
    ground.record.figures["torn off"] = head.words
    with ground.service(OFTEN) as stage:
        stage.settle()
        stage.until("State has all rows of the order journal", partial(torn.followed, stage.directory))
        stage.expect_restarts()
    wrong = torn.wrong_after(stage.directory / "state.db", head)
    expect(not wrong, f"expected that the audit trail goes on after row {head.row}: {wrong}")


def _nothing_leaves_without_state(stage: Stage, back: float) -> None:
    """State is away for longer than new orders wait for it: the gate closes, and before it is back nothing leaves."""
    stage.until("the gate is closed without State", lambda: stage.gate() != "open", GRACE_SECONDS + 1.0)
    with stage.record.window("State was away for longer than its grace"):
        while time.monotonic() < back - 0.2:
            key, ended = stage.attempt(limit=NEVER_FILLS)
            expect(ended == "rejected", f"expected that order {key} is refused while State is away, got {ended}")
            time.sleep(0.1)


def _kill_everything_after_a_write(stage: Stage) -> None:
    """As a power cut does, but that the kernel lives: nothing is closed, nothing is written back.

    State's last transaction are rows that it followed, which it does not sync: those a power cut can tear.
    """
    stage.wait_open()
    stage.until("no cut is under way", lambda: not stage.desk.state.ask(GetReconciliation()).running)
    stage.place(limit=NEVER_FILLS)
    stage.until("State has followed", partial(torn.followed, stage.directory))
    family = footprint(stage).processes
    stage.note("SIGKILL to the supervisor, and thereby to all")
    family[0].kill()
    expect(gone_after(family) < 10.0, "the processes of the service outlived its supervisor by 10 s")


# --- 7: Account ---------------------------------------------------------------------------------


@drill(7, "account-mid-download", "SIGKILL Account in the middle of a download", about="I8 I12")
def account_mid_download(ground: Ground) -> None:
    values = ground.rng.randrange(2, 9)
    with ground.service(OFTEN, failpoints=f"account.value=kill@{values}/2,account.downloaded=kill/3") as stage:
        for symbol in lines.LINES[:4]:
            _insist(stage, f"hold {symbol}", symbol=symbol, quantity=5)
        stage.until("all are filled", lambda: len(stage.ledger_positions()) == 4)
        stage.settle()
        whole = account_answers.settled(stage)
        with account_answers.collected(stage) as answers:
            stage.recovers(stage.strike("account"))
            for incarnation, instant in ((2, f"after {values} values"), (3, "before the download was confirmed")):
                ground.progress(incarnation / 4, instant)
                stage.recovers(stage.fell("account", incarnation), cause=f"SIGKILL {instant}")
            stage.until("Account is complete again", lambda: account_answers.complete(stage))
        ground.record.violations += account_answers.wrong(answers, whole)
        ground.record.figures["asked meanwhile"] = f"{len(answers)} answers"
        stage.expect_restarts(account=3)
