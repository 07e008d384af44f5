"""A service that is asked to stop, to stop at once, to reload, or to run twice."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from actors.messages.market import GetMarketData
from actors.messages.orders import GetOrder, GetOrdersView
from cli import exits as cli_exits
from drills import leaks, service_log
from drills.drill import drill
from drills.errors import expect
from drills.ground import Ground
from drills.stage import Stage
from supervision import exits
from supervision.errors import AskTimeout
from supervision.reloader import REFUSED
from supervision.tree import KILL_GRACE

IN_ORDER: Final = ["market_data", "order", "account", "connection", "state", "simulator"]
HEARD: Final = ("SIGTERM: stopping in order", "SIGTERM again: killing what is left")
STOP_LIMIT: Final = 1.0
LEEWAY: Final = 2.0
"""Seconds that a busy machine may need on top."""


@drill(27, "drain", "SIGTERM with orders that work and one on its way", about="I3 I4 I10", quick=True)
def drain(ground: Ground) -> None:
    """No new order leaves, the one on its way gets its answer, State stops last of the five; the next finds all."""
    with ground.service(failpoints="connection.order.written=sleep:1.2@2", judged=False) as stage:
        waiting = stage.place(limit=1.0).key
        family, said = leaks.footprint(stage), len(stage.log())
        with ThreadPoolExecutor(1) as client:
            on_its_way = client.submit(stage.attempt, quantity=5)
            stage.until("it is on its way", lambda: stage.logged("failpoint connection.order.written"))
            os.kill(stage.pid, signal.SIGTERM)
            stage.until("the gate is shut", lambda: _draining(stage))
            with stage.record.window("the service drains"):
                late, outcome = stage.attempt(quantity=5)
                expect(outcome == "rejected", f"an order is refused while the service drains, it was {outcome}")
                code = stage.exit_code()
        key, outcome = on_its_way.result()
        expect(code == exits.NORMAL, f"exit code 0, not {code}")
        expect(outcome == "ok", f"the order on its way is answered before the end, it was {outcome}")
        ended = service_log.ended(stage.log()[said:])
        expect(ended == IN_ORDER, f"stopped in the order {IN_ORDER}, not {ended}")
        ground.record.violations += leaks.left_behind(family, stage.run_dir, stage.state_dir)
    with ground.service() as stage:
        known = {one: stage.desk.order.ask(GetOrder(one)).status for one in (waiting, key)}
        expect(known[waiting] == "SUBMITTED", f"the waiting order works as before, it is {known[waiting]}")
        expect((stage.placed(key), stage.placed(late)) == (1, 0), "the order on its way is there, the late one is not")


def _draining(stage: Stage) -> bool:
    gate = stage.desk.order.ask(GetOrdersView(), timeout=1.0).gate
    return gate.state != "open"


@drill(28, "deaf-to-stop", "SIGTERM with children that ignore it; a second SIGTERM", about="I4 I9")
def deaf_to_stop(ground: Ground) -> None:
    """Each is killed at the end of its limit, the others stop in order; a second SIGTERM waits for nobody."""
    settings = {"supervision.stop_limit": STOP_LIMIT}
    with ground.service(settings, failpoints="actor.handle[GetMarketData]=hang", judged=False) as stage:
        stage.place(limit=1.0)
        stage.strike("account", signal.SIGSTOP)
        with contextlib.suppress(AskTimeout):
            stage.ask("market_data", GetMarketData(), timeout=0.2)
        expect(stage.logged("failpoint actor.handle"), "MarketData hangs")
        said = len(stage.log())
        seconds = _terminated(ground, stage, times=1)
        ground.record.figures["two deaf children: stopped after"] = f"{seconds:.2f} s"
        patience = 2 * (STOP_LIMIT + KILL_GRACE)
        expect(patience <= seconds < patience + LEEWAY, f"killed at their limits, not after {seconds:.2f} s")
        records = stage.log()[said:]
        peaceful = service_log.left_in_peace(records)
        expect(peaceful == ["order", "connection", "state", "simulator"], f"the others left in peace: {peaceful}")
        for name in ("market_data", "account"):
            killed = f"{name} (incarnation 1) is killed: it did not stop in time"
            expect(any(one.get("message") == killed for one in records), f"the log says: {killed}")
    with ground.service(judged=False) as stage:
        stage.strike("market_data", signal.SIGSTOP)
        seconds = _terminated(ground, stage, times=2)
        ground.record.figures["second SIGTERM: all gone after"] = f"{seconds * 1e3:.0f} ms"
        expect(seconds < LEEWAY, f"all gone within {LEEWAY:g} s of the second SIGTERM, not {seconds:.2f} s")
    with ground.service():
        ground.progress(0.8, "the next service")


def _terminated(ground: Ground, stage: Stage, times: int) -> float:
    """SIGTERM so many times, each once the one before was heard: seconds from the last one to the end."""
    family, said = leaks.footprint(stage), len(stage.log())
    began = 0.0
    for text in HEARD[:times]:
        began = time.monotonic()
        os.kill(stage.pid, signal.SIGTERM)
        stage.until(text, partial(_says, stage, said, text))
    code = stage.exit_code()
    seconds = time.monotonic() - began
    expect(code == exits.NORMAL, f"exit code 0, not {code}")
    ground.record.violations += leaks.left_behind(family, stage.run_dir, stage.state_dir)
    return seconds


def _says(stage: Stage, since: int, text: str) -> bool:
    return text in [one.get("message") for one in stage.log()[since:]]


@drill(29, "stop-meanwhile", "SIGTERM while one actor waits for its restart and one starts", about="I1 I4 I9")
def stop_meanwhile(ground: Ground) -> None:
    wait = {f"supervision.backoff.{limit}": 20.0 for limit in ("base", "ceiling")}
    settings = {**wait, "supervision.period": 1000.0, "logging.level": "debug"}
    starting = "actor.start[market_data]=sleep:0.3@1/2"
    with ground.service(settings, failpoints=starting, judged=False) as stage:
        stage.recovers(stage.strike("account"))
        stage.strike("account")
        stage.becomes("account", "backing_off", 2)
        stage.strike("market_data")
        stage.becomes("market_data", "starting", 2)
        said = len(stage.log())
        seconds = _terminated(ground, stage, times=1)
        records = stage.log()[said:]
        expect(not service_log.born(records), f"no child is born after the stop began, but {service_log.born(records)}")
        expect("account" not in service_log.ended(records), "Account stays down")
        ground.record.figures["stopped after"] = f"{seconds * 1e3:.0f} ms"
    with ground.service():
        ground.progress(0.5, "the next service")


@drill(30, "reload", "SIGHUP and `nightdesk reload`, with good and with wrong configurations", about="I1 I4 I7")
def reload(ground: Ground) -> None:
    """Only what changed restarts, which is no failure; what is wrong changes nothing and is named."""
    file = ground.home / "nightdesk.yaml"
    file.write_text(_configuration(1000, changing=10))
    with ground.service({"strategies": None, "risk.max_order_quantity": None}, config=file) as stage:
        stage.recovers(stage.strike("order"))
        before = _pids(stage)
        file.write_text(_configuration(-5, changing=20))
        os.kill(stage.pid, signal.SIGHUP)
        stage.until("the log says what is wrong", lambda: stage.logged(f"{REFUSED}: "))
        _refused(ground, exits.CONFIGURATION, "risk.max_order_quantity")
        file.write_text("mode: paper\n" + _configuration(5, changing=20))
        _refused(ground, exits.CONFIGURATION, "accounts")
        file.write_text("logging: {level: debug}\n" + _configuration(5, changing=20))
        _refused(ground, cli_exits.REFUSED, "logging")
        expect(_pids(stage) == before, "nobody was restarted")
        file.write_text(_configuration(5, changing=20, newcomer=10))
        os.kill(stage.pid, signal.SIGHUP)
        for name, incarnation in (("order", 3), ("changing", 2), ("newcomer", 1)):
            stage.becomes(name, "running", incarnation)
        stage.wait_open()
        key, outcome = stage.attempt(quantity=10)
        expect(outcome == "rejected", f"the new limit holds: 10 AAPL ({key}) were {outcome}")
        file.write_text(_configuration(5, changing=20))
        said = ground.command("reload")
        expect((said.returncode, said.stdout) == (0, "removed: newcomer\n"), f"the newcomer leaves: {said}")
        stage.until("the newcomer is gone", lambda: "newcomer" not in stage.actors())
        stage.expect_restarts(order=1, changing=0)


def _configuration(quantity: int, **strategies: int) -> str:
    """A configuration file: a limit for each order, and what each strategy trades at a time, `keeper` always 10."""
    lines = [f"risk: {{max_order_quantity: {quantity}}}", "strategies:"]
    for name, number in {"keeper": 10, **strategies}.items():
        lines.append(f"  - {{name: {name}, params: {{quantity: {number}}}}}")
    return "\n".join(lines) + "\n"


def _refused(ground: Ground, code: int, named: str) -> None:
    said = ground.command("reload")
    expect(said.returncode == code, f"`reload` ends with {code}, not {said}")
    expect(named in said.stderr, f"`reload` names {named}, not {said.stderr!r}")


def _pids(stage: Stage) -> dict[str, int | None]:
    return {name: child.pid for name, child in stage.actors().items()}


@drill(32, "second-instance", "a second service on the same state directory", about="I7 I9")
def second_instance(ground: Ground) -> None:
    """It refuses and says whose the directory is; the first does not notice."""
    with ground.service() as stage:
        note = (stage.state_dir / "service.json").read_bytes()
        code, said, seconds = ground.start_to_end({})
        expect(code == cli_exits.REFUSED, f"exit code {cli_exits.REFUSED}, not {code}: {said}")
        expect(f"(pid {stage.pid})" in said, f"it says which process runs there, not {said!r}")
        expect((stage.state_dir / "service.json").read_bytes() == note, "what finds the first is as it was")
        expect(stage.place().symbol == "AAPL", "the first trades on")
        stage.expect_restarts()
        ground.record.figures["refused after"] = f"{seconds * 1e3:.0f} ms"
