"""`status` tells the truth also about what does not answer, and its exit code is a health check."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from actors.messages.orders import GateView, GetOrdersView, Lock
from actors.messages.risk import GetLowMargins, GetProtection, LowMargins, MarginWarning, ProtectionChanged, Unprotected
from actors.messages.state import CutView, Difference, GetReconciliation, ReconciliationView
from supervision.errors import Rejected
from supervision.lifecycle import ChildView, DeathRecord, GetTree
from tests.cli.scripted import NOW, ORDERS_VIEW, child, run, scripted, tree


def test_a_healthy_service_shows_every_fact_of_the_interface_and_exits_0(tmp_path: Path) -> None:
    with scripted(tmp_path, {}) as service:
        status = service.json("status")
        words = service.run("status").output
    assert (status["mode"], status["healthy"], status["missing"]) == ("simulated", True, {})
    assert (status["gate"]["state"], status["gate"]["reasons"]) == ("open", [])
    assert {key: status["session"][key] for key in ("state", "epoch", "server_version", "reconnects")} == {
        "state": "up",
        "epoch": 2,
        "server_version": 178,
        "reconnects": 1,
    }
    assert status["session"]["last_heartbeat"].startswith("2026-11-20T15:00")
    expected = {"name": "order", "pid": 4711, "incarnation": 1, "restarts": 0, "state": "running", "mailbox": 0}
    assert expected.items() <= status["actors"][0].items()
    assert status["actors"][0]["handled"] == 10
    assert {key: status["market_data"][key] for key in ("lines", "ticks", "stale")} == {
        "lines": 2,
        "ticks": 12345,
        "stale": 0,
    }
    counts = {key: status["orders"][key] for key in ("working", "filled", "rejected", "unknown")}
    assert counts == {"working": 1, "filled": 2, "rejected": 3, "unknown": 0}
    assert (status["reconciliation"]["last"], status["reconciliation"]["differences"]) == (None, [])
    for fact in ("open", "epoch 2", "DU1000001", "4711", "2 of 100 lines"):
        assert fact in words


def test_a_closed_gate_is_degraded_and_says_why(tmp_path: Path) -> None:
    closed = msgspec.structs.replace(ORDERS_VIEW, gate=GateView("halted", ("halted by ann: fire",), 4, NOW))
    with scripted(tmp_path, {"order": {GetOrdersView: closed}}) as service:
        result = service.run("status", "--json")
    assert result.exit_code == 4
    status = json.loads(result.stdout)
    assert (status["gate"]["state"], status["healthy"]) == ("halted", False)
    assert status["problems"] == ["gate halted: halted by ann: fire"]


def test_a_position_without_its_stop_is_a_problem_and_so_is_not_knowing(tmp_path: Path) -> None:
    bare = Unprotected("DU1", 265598, "AAPL", Decimal(10), Decimal(4), NOW, "10 of it should have a live stop, 4 has")
    with scripted(tmp_path, {"order": {GetProtection: ProtectionChanged((bare,))}}) as service:
        result = service.run("status", "--json")
    assert result.exit_code == 4
    status = json.loads(result.stdout)
    assert status["problems"] == ["10 of AAPL in DU1 is not protected: 10 of it should have a live stop, 4 has"]
    assert [one["symbol"] for one in status["unprotected"]] == ["AAPL"]
    unknown = Rejected("no reconciliation was confirmed yet", kind="cut")
    with scripted(tmp_path, {"order": {GetProtection: unknown}}) as service:
        status = json.loads(service.run("status", "--json").stdout)
    words = "which positions lack a stop is not known: no reconciliation was confirmed yet"
    assert (status["problems"], status["missing"], status["unprotected"]) == ([words], {}, None)


def test_an_account_near_a_margin_call_is_a_problem_and_so_is_not_knowing(tmp_path: Path) -> None:
    low = LowMargins((MarginWarning("DU1", 0.0991, 0.1, low=True),))
    with scripted(tmp_path, {"account": {GetLowMargins: low}}) as service:
        result = service.run("status", "--json")
        assert result.exit_code == 4
        status = json.loads(result.stdout)
        words = "margin of DU1: excess liquidity is 9.9% of net liquidation, warned of below 10.0%"
        assert (status["problems"], status["low_margins"][0]["cushion"]) == ([words], 0.0991)
        service.local.kill("account")
        status = json.loads(service.run("status", "--json").stdout)
    assert (status["missing"], status["low_margins"]) == ({}, None)
    assert [one for one in status["problems"] if "which accounts come near a margin call is not known" in one]


def test_an_actor_that_is_away_is_named_and_the_rest_is_still_true(tmp_path: Path) -> None:
    with scripted(tmp_path, {}) as service:
        service.local.kill("order")
        service.local.kill("market_data")
        before = time.monotonic()
        result = service.run("status", "--json")
        took = time.monotonic() - before
    assert result.exit_code == 4
    status = json.loads(result.stdout)
    assert set(status["missing"]) == {"order", "market_data"}
    assert status["gate"]["state"] == "closed"  # without Order nothing can be sent
    assert (status["market_data"]["lines"], status["orders"]["working"]) == (None, None)
    assert status["session"]["state"] == "up"
    assert took < 3.0  # both parts waited for at the same time


@pytest.mark.parametrize(
    ("seen", "healthy"),
    [
        (child("sample", "parked", "strategies"), True),
        (child("sample", "parked", "strategies", "shutdown"), True),
        (child("view", "stopped", "services", "normal"), True),
        (child("sample", "parked", "strategies", "crash: ZeroDivisionError"), False),
        (child("sample", "parked", "strategies", "normal"), False),
        (child("state", "backing_off"), False),
        (child("state", "overloaded"), False),
    ],
)
def test_only_what_somebody_wanted_may_rest(tmp_path: Path, seen: ChildView, healthy: bool) -> None:
    with scripted(tmp_path, {"supervisor": {GetTree: tree(child("order"), seen)}}) as service:
        result = service.run("status", "--json")
    assert (result.exit_code == 0) is healthy
    assert json.loads(result.stdout)["healthy"] is healthy


def test_the_last_deaths_are_shown_with_what_was_in_hand_and_what_is_left_out_is_a_problem(tmp_path: Path) -> None:
    poisoned = msgspec.structs.replace(child("order"), quarantined=("OrderReport perm 901",), skipped=3)
    death = DeathRecord("order", 4, NOW, "crash: KeyError: 9", "OrderReport perm 901", 12.5, 77, 70, 812)
    seen = msgspec.structs.replace(tree(poisoned), deaths=(death,))
    with scripted(tmp_path, {"supervisor": {GetTree: seen}}) as service:
        told = json.loads(service.run("status", "--json").stdout)
        shown = service.run("status").stdout
    assert told["problems"] == ["order leaves out what ended two of its incarnations: OrderReport perm 901"]
    assert (told["actors"][0]["skipped"], told["actors"][0]["quarantined"]) == (3, ["OrderReport perm 901"])
    (row,) = told["deaths"]
    assert (row["name"], row["incarnation"], row["pid"], row["exit_code"], row["handled"]) == ("order", 4, 77, 70, 812)
    (line,) = [line for line in shown.splitlines() if "12.5 s" in line]
    assert "crash: KeyError: 9" in line
    assert line.rstrip().endswith("OrderReport perm 901")


def test_a_strategy_that_gave_up_is_named_with_the_orders_it_left_working(tmp_path: Path) -> None:
    gone = tree(child("order"), child("dip", "parked", "strategies", "crash: ValueError"), child("calm", "parked"))
    left = msgspec.structs.replace(ORDERS_VIEW, working_of={"dip": 3})
    with scripted(tmp_path, {"supervisor": {GetTree: gone}, "order": {GetOrdersView: left}}) as service:
        told = json.loads(service.run("status", "--json").stdout)
        listed = service.json("strategies", "list")
        shown = service.run("strategies", "list").stdout
    assert told["problems"] == ["dip is parked (crash: ValueError), 3 of its orders still work"]
    assert [(row["name"], row["working"]) for row in listed] == [("dip", 3)]
    assert "3" in shown


def test_locks_and_what_a_person_must_decide_are_problems_in_words(tmp_path: Path) -> None:
    locked = Lock("DU1", 265598, "AAPL", "order k1 is UNKNOWN: no answer", "evidence")
    orders = msgspec.structs.replace(ORDERS_VIEW, locks=(locked,))
    strayed = Difference("order_ownership", "k2", "DU1", "DU2", "left as it is", repaired=False, scope="order k2")
    told_as_lock = Difference("order_missing", "k1", "held", "absent", "held", repaired=False, locks=True)
    booked = Difference("execution_missed", "k3", "", "e.1", "booked", repaired=True)
    last = CutView(4, 2, "asked", NOW, NOW, True, (), (strayed, told_as_lock, booked))
    view = ReconciliationView(last, running=False, next_due=None, open_differences=2)
    with scripted(tmp_path, {"order": {GetOrdersView: orders}, "state": {GetReconciliation: view}}) as service:
        result = service.run("status", "--json")
    status = json.loads(result.stdout)
    assert (result.exit_code, [lock["symbol"] for lock in status["orders"]["locks"]]) == (4, ["AAPL"])
    assert status["problems"] == [
        "AAPL in DU1 takes no new orders: order k1 is UNKNOWN: no answer (unlocked by evidence)",
        "order_ownership k2: ours DU1, the broker's DU2: left as it is",
    ]


def test_without_a_service_each_command_says_so_and_exits_3(tmp_path: Path) -> None:
    for command in ("status", "orders", "quotes", "reconcile", "halt", "positions"):
        result = run(command, "--state-dir", str(tmp_path))
        assert (result.exit_code, len(result.stderr.splitlines())) == (3, 1)
        assert "no service runs" in result.stderr
