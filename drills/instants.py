"""Actors killed at named instants: among resubscriptions, in the middle of a transaction, of a download.

Where the instant is a failpoint, each incarnation has one of its own: it dies there, its successor at the next.
"""

from __future__ import annotations

import time
from functools import partial

from actors.messages.state import GetReconciliation
from drills import account_answers, lines, torn
from drills.drill import drill
from drills.errors import expect
from drills.ground import OFTEN, Ground
from drills.leaks import footprint, gone_after
from drills.stage import CRASH_BUDGET, Stage
from drills.traffic import NEVER_FILLS, insist, trading

# --- 4: Connection ------------------------------------------------------------------------------


@drill(4, "connection-resubscribing", "SIGKILL Connection after k of n resubscriptions", about="I6 I7 I8", quick=True)
def connection_resubscribing(ground: Ground) -> None:
    some, every = ground.rng.randrange(1, len(lines.LINES)), len(lines.LINES)
    points = f"connection.line.requested=kill@{some}/2,connection.line.requested=kill@{every}/3"
    with ground.service(OFTEN, failpoints=points) as stage:
        lines.hold_all(stage)
        stage.strike("connection")
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
    """State is away for longer than its grace: the gate closes, and before it is back nothing leaves."""
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
            insist(stage, f"hold {symbol}", symbol=symbol, quantity=5)
        stage.until("all are filled", lambda: len(stage.ledger_positions()) == 4)
        stage.settle()
        whole = account_answers.settled(stage)
        with account_answers.collected(stage) as answers:
            stage.strike("account")
            for incarnation, instant in ((2, f"after {values} values"), (3, "before the download was confirmed")):
                ground.progress(incarnation / 4, instant)
                blow = stage.fell("account", incarnation)
            stage.recovers(blow, cause=f"SIGKILL {instant}")
            stage.until("Account is complete again", lambda: account_answers.complete(stage))
        ground.record.violations += account_answers.wrong(answers, whole)
        ground.record.figures["asked meanwhile"] = f"{len(answers)} answers"
        stage.expect_restarts(account=3)
