"""Paper and live: a whole service in front of accounts that are, or are not, those it may trade."""

from __future__ import annotations

import json
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from actors.desk import Desk
from actors.messages.orders import CancelOrder, GetOrder, GetOrdersView, PlaceOrder
from actors.status import gather
from cli import main
from drills.record import Record
from drills.stage import Stage
from supervision.errors import Rejected
from tests.support.broker import ROOT, Broker, broker

REAL, PAPER = "U1234567", "DU1234567"
SOON = {"gateway.backoff.base": 0.1, "gateway.backoff.ceiling": 0.5}


def resting(key: str) -> PlaceOrder:
    return PlaceOrder("AAPL", "BUY", Decimal(1), limit=1.0, tif="GTC", key=key)


def options(mode: str, account: str, port: int) -> dict[str, object]:
    risk = {"risk.market_hours": False, "risk.duplicate_window": 0.0}
    return {"mode": mode, "accounts": f"[{account}]", "gateway.port": port, **risk}


def assignments(settings: dict[str, object]) -> list[str]:
    values = {key: value if isinstance(value, str) else json.dumps(value) for key, value in settings.items()}
    return [part for key, value in values.items() for part in ("--set", f"{key}={value}")]


def arm(state_dir: Path, settings: dict[str, object]) -> None:
    account = str(settings["accounts"]).strip("[]")
    command = ["arm", "--state-dir", str(state_dir), *assignments(settings), "--yes-account", account]
    done = CliRunner().invoke(main, command, catch_exceptions=False)
    assert done.exit_code == 0, done.output


@contextmanager
def service(state_dir: Path, settings: dict[str, object]) -> Iterator[Stage]:
    with Desk.start(state_dir=state_dir, settings={"strategies": [], **settings}) as desk:
        stage = Stage(desk, state_dir, Record(), Random(0))
        stage.wait_open()
        yield stage


def rest(stage: Stage, key: str) -> None:
    """Have an order work at the broker."""
    stage.desk.order.ask(resting(key))
    stage.until("the order works", lambda: stage.desk.order.ask(GetOrder(key)).status == "SUBMITTED")


def known(directory: Path) -> set[str]:
    """The keys in the order journal of a folder."""
    with closing(sqlite3.connect(f"file:{directory / 'orders.db'}?mode=ro", uri=True)) as orders:
        return {key for (key,) in orders.execute("select key from orders")}


def test_mode_live_trades_once_it_is_armed_and_shares_no_file_with_paper(tmp_path: Path) -> None:
    with broker(PAPER) as paper, broker(REAL) as real:
        with service(tmp_path, options("paper", PAPER, paper.port)) as stage:
            rest(stage, "by paper")
            assert (gather(stage.desk).mode, stage.directory.name) == ("paper", f"paper-{PAPER}")
        live = options("live", REAL, real.port)
        arm(tmp_path, live)
        with service(tmp_path, live) as stage:
            with pytest.raises(Rejected, match="by paper"):
                stage.desk.order.ask(GetOrder("by paper"))
            rest(stage, "by live")
            shown = CliRunner().invoke(main, ["status", "--state-dir", str(tmp_path)], catch_exceptions=False)
            assert "LIVE: REAL MONEY" in shown.stdout
            assert stage.logged(f"LIVE: REAL MONEY, account U…567, gateway 127.0.0.1:{real.port}")
        assert (paper.orders(), real.orders()) == (["by paper"], ["by live"])
    folders = {path.name: known(path) for path in tmp_path.iterdir() if path.is_dir()}
    assert folders == {f"paper-{PAPER}": {"by paper"}, f"live-{REAL}": {"by live"}}


@pytest.mark.parametrize(
    ("mode", "account", "behind", "words"),
    [
        ("paper", PAPER, (REAL,), "mode is paper, but account U…567 behind this port is no paper account"),
        ("paper", PAPER, (PAPER, REAL), "mode is paper, but account U…567 behind this port is no paper account"),
        ("paper", "DU7654321", (PAPER,), "account DU…321 is not behind this port, which offers DU…567"),
        ("live", REAL, (PAPER,), "mode is live, but account DU…567 behind this port is a paper account"),
        ("live", REAL, (REAL, PAPER), "mode is live, but account DU…567 behind this port is a paper account"),
        ("live", REAL, ("U7654321",), "account U…567 is not behind this port, which offers U…321"),
    ],
)
def test_accounts_that_are_not_what_was_agreed_end_the_service_with_10_before_any_order(
    mode: str, account: str, behind: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    with broker(*behind) as theirs:
        settings = options(mode, account, theirs.port)
        if mode == "live":
            arm(tmp_path, settings)
        command = [sys.executable, str(ROOT / "run.py"), "start", "--state-dir", str(tmp_path)]
        done = subprocess.run(
            [*command, *assignments(settings)], capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path
        )
        assert done.returncode == 10, done.stdout
        last = [json.loads(line)["message"] for line in done.stdout.splitlines() if '"CRITICAL"' in line]
        assert len(last) == 1
        assert last[0].startswith("giving up with exit code 10: connection")
        assert words in last[0]
        assert theirs.orders() == []
        asked = theirs.say("status")["clients"]
        assert asked == [], "it has left"


def test_a_gateway_that_comes_back_with_a_live_login_ends_the_service_that_traded_on_paper_with_10(
    tmp_path: Path,
) -> None:
    with broker(PAPER) as theirs, service(tmp_path, {**options("paper", PAPER, theirs.port), **SOON}) as stage:
        rest(stage, "before")
        theirs.stop()
        stage.until("the session is lost", lambda: stage.gate() == "closed")
        with broker(REAL, port=theirs.port) as real:
            assert stage.exit_code() == 10
            assert stage.logged("giving up with exit code 10: connection: refused: nothing is ever traded on this")
            assert real.orders() == []


def test_a_clock_that_is_off_keeps_new_orders_back_and_no_cancel_until_it_is_right(tmp_path: Path) -> None:
    with broker(PAPER) as theirs:
        settings = {**options("paper", PAPER, theirs.port), "gateway.heartbeat_interval": 0.2}
        with service(tmp_path, settings) as stage:
            rest(stage, "before")
            turn(theirs, 60.0)
            stage.until("the gate pauses", lambda: stage.gate() == "paused")
            (reason,) = stage.desk.order.ask(GetOrdersView()).gate.reasons
            assert "s behind the gateway's, accepted are 5 s (gateway.max_clock_skew)" in reason
            with pytest.raises(Rejected, match="gate paused: the clock of this machine is"):
                stage.desk.order.ask(resting("meanwhile"))
            stage.desk.order.ask(CancelOrder("before"))
            stage.until("it is cancelled", lambda: stage.desk.order.ask(GetOrder("before")).status == "CANCELLED")
            turn(theirs, 0.0)
            stage.wait_open()
            rest(stage, "after")
        assert theirs.orders() == ["before", "after"]


def test_a_service_that_starts_with_a_clock_that_is_off_sends_nothing(tmp_path: Path) -> None:
    with broker(PAPER) as theirs:
        turn(theirs, -60.0)
        settings = {"strategies": [], **options("paper", PAPER, theirs.port)}
        with Desk.start(state_dir=tmp_path, settings=settings) as desk:
            seen: list[str] = []
            limit = time.monotonic() + 15.0
            while not seen or seen[-1] != "paused":
                assert time.monotonic() < limit, seen
                seen.append(desk.order.ask(GetOrdersView(), timeout=5.0).gate.state)
            assert "open" not in seen


def turn(theirs: Broker, seconds: float) -> None:
    """Their calendar is so far ahead of ours."""
    theirs.say(f"clock set {datetime.fromtimestamp(time.time() + seconds, UTC):%Y-%m-%d %H:%M:%S} UTC")
