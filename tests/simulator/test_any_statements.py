"""Statements of every kind with any arguments: each is done, waits or is refused, and the gateway goes on."""

from __future__ import annotations

import contextlib
import random
import re

import pytest

from simulator.faults.arguments import ARGUMENTS
from simulator.faults.director import Director
from simulator.faults.language import ScriptError, parse_line
from simulator.faults.statements import STATEMENTS, Form
from tests.simulator.rig import Client, World, order, stock

SAMPLES = {
    "MESSAGE": ["tickPrice", "all", "requests", "placeOrder", "error", "nextValidId", "execDetails"],
    "DURATION": ["1ms", "2s", "1h"],
    "DELAY": ["1ms", "1s"],
    "CLIENT": ["0", "1", "77"],
    "SKIP": ["1", "3"],
    "TIMES": ["1", "2"],
    "CHANCE": ["0.5", "30%"],
    "FIELD": ["0", "1", "1000"],
    "BYTES": ["0", "7"],
    "NUMBER": ["1", "2", "9"],
    "ID": ["1", "2147483647"],
    "CODE": ["100", "1100", "1101", "1102", "2110", "99999"],
    "COUNT": ["1", "2000"],
    "LINES": ["0", "100"],
    "TEXT": ['"words"'],
    "FILE": ["/nonexistent", "/"],
    "SYMBOL": ["AAPL", "EUR.USD", "NOPE", '" "', "USD", "SPX", "IBM", '"AAPL  261120P00147500"'],
    "PRICE": ["150", "0.000000001", "9999999", "1.23456789"],
    "QUANTITY": ["1", "0.5", "1000000000", "0.000001"],
    "PERCENT": ["5%", "-99.9%", "1000%"],
    "RATE": ["0", "400", "100000"],
    "MOMENT": ["1970-01-01 00:00", "2099-12-31 23:59", "2027-03-14 02:30", "2026-11-21 12:00 UTC"],
    "ORDER": ["last", "1/1", "0/-1", "1000001", '"mine"'],
    "EXECUTION": ["last", "0001.01.01"],
    "TABLE": ["orders", "traffic"],
}
"""Extremes among them, and an option that is nearly worthless. What is not here is a choice, whose words its name
tells.
"""


def made(form: Form, rng: random.Random) -> str:
    """A statement of this form."""
    words = [form.name]
    for part in re.findall(r"\[[^\]]*\]|[^\[\]]+", form.arguments):
        if part.startswith("[") and rng.random() < 0.5:
            continue
        for word in part.strip("[]").split():
            samples = SAMPLES.get(word) or word.split("|")
            words.append(rng.choice(samples if word in ARGUMENTS else [word]))
    return rng.choice(["", "", "", "", "after 1s ", "every day at 23:45 "]) * (not form.question) + " ".join(words)


def subscribe(client: Client) -> None:
    """A stream of each kind that goes by the market's calendar."""
    client.reqMktData(1, stock(), "", False, False, [])
    client.reqMktDepth(2, stock(), 5, False, [])
    client.reqTickByTickData(3, stock(), "AllLast", 0, False)
    client.reqRealTimeBars(4, stock(), 5, "TRADES", False, [])
    client.reqHistoricalData(5, stock(), "", "1 D", "1 min", "TRADES", 1, 1, True, [])
    client.reqPnL(6, "DU1000001", "")


@pytest.mark.parametrize("seed", range(6))
def test_any_statements_are_done_or_refused_and_the_gateway_goes_on(seed):
    rng = random.Random(seed)
    world = World(seed=seed)
    director = Director(world.gateway)
    client = None
    for _ in range(80):
        if client is None or client.session.over:
            with contextlib.suppress(ConnectionRefusedError, AssertionError):  # it is down, or what it says is spoilt
                client = Client(world, 1, 178)
                subscribe(client)
                client.placeOrder(rng.randrange(1, 9), stock(), order("BUY", 100, "LMT", lmtPrice=100, orderRef="mine"))
        with contextlib.suppress(ScriptError):
            director.do(parse_line(made(rng.choice(STATEMENTS), rng)))
        world.step(rng.choice([0.05, 0.25, 1.5]))
    director.do(parse_line("clear"))
    director.do(parse_line("unschedule"))
    for statement in ("up", "deaf off", "login done", "release client 7", "half-open off"):
        director.do(parse_line(statement))
    assert world.client(7).session.started
    world.close()
