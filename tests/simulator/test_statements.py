"""What the official client sees of each statement, with a gateway in memory that carries it out."""

from __future__ import annotations

from decimal import Decimal

import pytest

from simulator.faults.director import Director
from simulator.faults.language import ScriptError, parse_line
from simulator.faults.statements import STATEMENTS
from tests.simulator.rig import Client, World, order, stock


class Stage:
    """A world, its director, and one client that watches AAPL at a market that stands still."""

    def __init__(self) -> None:
        self.world = World()
        self.director = Director(self.world.gateway)
        self.do("price AAPL 150", "freeze on")
        self.client = self.world.client(1)
        self.client.reqMktData(7, stock(), "", False, False, [])
        self.client.callbacks()

    def do(self, *lines: str) -> dict[str, object]:
        """The answer to the last of some statements."""
        for line in lines:
            answer = self.director.do(parse_line(line))
        return answer

    def refused(self, line: str) -> str:
        """Why a statement cannot be done."""
        with pytest.raises(ScriptError) as error:
            self.do(line)
        return error.value.reason

    def seen(self, client: Client | None = None) -> list[str]:
        """The names of the callbacks since the last look."""
        return [name for name, _ in (client or self.client).callbacks()]

    def errors(self, client: Client | None = None) -> list[tuple[int, int]]:
        """Request id and code of the errors since the last look."""
        return [
            (arguments[0], arguments[2] if len(arguments) > 4 else arguments[1])
            for name, arguments in (client or self.client).callbacks()
            if name == "error"
        ]

    def buys(self, order_id: int, limit: float = 100.0, **parts: object) -> None:
        """Place an order that rests."""
        self.client.placeOrder(order_id, stock(), order("BUY", 100, "LMT", lmtPrice=limit, **parts))
        assert "openOrder" in self.seen()


@pytest.fixture
def stage():
    made = Stage()
    yield made
    made.world.close()


def test_every_statement_and_question_can_be_done(stage):
    assert set(stage.director._acts) == {form.name for form in STATEMENTS}


def test_an_order_is_filled_whatever_the_quote_by_each_of_its_names(stage):
    stage.buys(1, orderRef="mine")
    stage.buys(2, orderRef="other")
    second = stage.do("fill last 10 at 99.5")["perm_id"]
    (execution,) = [arguments[2] for name, arguments in stage.client.callbacks() if name == "execDetails"]
    assert (execution.price, execution.shares) == (99.5, Decimal(10))
    assert (execution.orderId, execution.permId) == (2, second)
    first = stage.do('fill "mine" 30')["perm_id"]
    assert first != second
    assert stage.do("fill 1/1 20")["filled"] == 50
    assert stage.do(f"fill {first}") == {"perm_id": first, "status": "Filled", "filled": 100}
    assert stage.refused('fill "mine"') == 'no working order has the reference "mine"'
    assert stage.refused("fill 1/1") == "no working order is 1/1"
    assert "can be filled with 1 to 90 whole units" in stage.refused("fill last 91")
    stage.do("fill last")
    assert stage.refused("fill last") == "there is no working order"


def test_orders_of_others_and_by_hand_are_open_for_those_who_ask(stage):
    answer = stage.do("external BUY 100 AAPL limit 50 client 9", "manual SELL 5 MSFT limit 9000")
    assert stage.seen() == []
    stage.client.reqAllOpenOrders()
    orders = [arguments for name, arguments in stage.client.callbacks() if name == "openOrder"]
    assert [(each[1].symbol, each[2].action, each[2].clientId) for each in orders] == [
        ("AAPL", "BUY", 9),
        ("MSFT", "SELL", 0),
    ]
    assert orders[1][2].permId == answer["perm_id"]
    assert stage.refused("manual BUY 1 NOPE") == "there is no contract NOPE"


def test_an_execution_is_corrected_and_an_order_shows_a_second_permanent_id(stage):
    assert stage.refused("correct last price 99") == "there is no execution today"
    stage.buys(1)
    before = stage.do("fill last 40")["perm_id"]
    first = next(arguments[2] for name, arguments in stage.client.callbacks() if name == "execDetails").execId
    corrected = stage.do("correct last price 99 quantity 30")["execution"]
    (again,) = [arguments[2] for name, arguments in stage.client.callbacks() if name == "execDetails"]
    assert (again.price, again.shares, again.execId) == (99.0, Decimal(30), corrected)
    assert corrected.rpartition(".")[0] == first.rpartition(".")[0]
    assert int(corrected.rpartition(".")[2]) == int(first.rpartition(".")[2]) + 1
    after = stage.do("rebind last")["perm_id"]
    shown = {arguments[2].permId for name, arguments in stage.client.callbacks() if name == "openOrder"}
    assert shown == {after} != {before}
    assert stage.refused("correct 0.1.2.3 price 9").startswith("no execution of today")


def test_the_next_orders_are_rejected_and_a_read_only_gateway_takes_none(stage):
    stage.do('reject 1 orders with 201 "Order rejected - reason:by script"')
    stage.client.placeOrder(1, stock(), order("BUY", 100, "LMT", lmtPrice=100.0))
    assert (1, 201) in stage.errors()
    stage.buys(2)
    stage.do("read-only on")
    stage.client.placeOrder(3, stock(), order("BUY", 100, "LMT", lmtPrice=100.0))
    assert stage.errors() == [(3, 321)]
    stage.do("read-only off")
    stage.buys(4)


def test_rights_and_lines_are_taken_away(stage):
    stage.do("entitlement MSFT none", "lines 2")
    for request, symbol in ((8, "MSFT"), (9, "IBM"), (10, "SPY")):
        stage.client.reqMktData(request, stock(symbol), "", False, False, [])
    assert stage.errors() == [(8, 354), (10, 101)]
    stage.do("entitlement all competing")
    assert (7, 10197) in stage.errors()
    assert stage.refused("entitlement NOPE none") == "there is no contract NOPE"


def test_codes_ids_and_logins_are_the_gateways_to_spoil(stage):
    other = stage.world.client(2)
    stage.do("code 1100", 'code 10225 "Bust event" client 1', "code 2103 client 2", "end client 2")
    assert stage.errors() == [(-1, 1100), (-1, 10225)]
    assert stage.errors(other) == [(-1, 1100), (-1, 2103)]
    assert stage.refused("code 2103 client 2") == "client 2 is not connected"
    assert stage.refused("code 7777") == "code 7777 has no text of its own"
    stage.do("code 1102", "hold client 2", "next id 5 client 1")
    assert stage.errors() == [(-1, 1102)]
    held = Client(stage.world, 2, 178)
    assert stage.errors(held) == [(-1, 326)]
    stage.do("release client 2")
    stage.world.client(2)
    stage.client.reqNewsBulletins(False)
    stage.do('bulletin "The exchange opens late"')
    assert [arguments[2] for _, arguments in stage.client.callbacks()] == ["The exchange opens late"]
    stage.client.reqIds(1)
    assert stage.client.callbacks() == [("nextValidId", (5,))]
    stage.do("login required")
    assert stage.client.session.over
    waiting = Client(stage.world, 1, 178)
    assert stage.seen(waiting) == []
    stage.do("login done")
    assert "nextValidId" in stage.seen(waiting)


def test_connections_are_spoilt_one_by_one_or_all(stage):
    other = stage.world.client(2)
    assert stage.refused("end client 3") == "client 3 is not connected"
    stage.do("half-open on client 2", "garbage client 1")
    assert bytes(stage.client.session.output[:4]) == b"\xde\xad\xbe\xef"
    assert (stage.client.session.unattended, other.session.unattended) == (False, True)
    stage.do("cut client 1", "end client 2")
    assert stage.client.session.reset
    assert not other.session.reset
    stage.do("down for 5s")
    with pytest.raises(ConnectionRefusedError):
        stage.world.client(1)
    stage.world.step(5)
    stage.world.client(1)
    stage.do("deaf on")
    session = stage.world.gateway.connect()
    stage.world.gateway.receive(session, b"API\0\0\0\0\x09v100..178")
    assert not session.output


def test_the_ledger_tells_its_rows_and_what_was_sent_and_received(stage):
    stage.buys(1, orderRef="mine")
    stage.do("fill last 10 at 99.5")
    (order_row,) = stage.do("ledger orders")["orders"]
    assert (order_row["client_id"], order_row["order_ref"], order_row["filled"]) == (1, "mine", "10")
    stage.do("fill last 5 at 99")
    executions = stage.do("ledger executions")["executions"]
    told = [(execution["price"], execution["perm_id"]) for execution in executions]
    assert told == [("99.5", order_row["perm_id"]), ("99", order_row["perm_id"])]
    counts = {
        (row["client_id"], row["direction"], row["name"]): row["count"] for row in stage.do("ledger traffic")["traffic"]
    }
    assert (counts[1, "in", "placeOrder"], counts[1, "out", "execDetails"]) == (1, 2)
    assert stage.do("ledger")["executions"] == 2


def test_the_market_gaps_halts_and_goes_on(stage):
    stage.do("freeze off", "gap AAPL 10%")
    stage.world.step()
    prices = [arguments[2] for name, arguments in stage.client.callbacks() if name == "tickPrice" and arguments[1] == 1]
    assert 164 < prices[-1] < 166
    stage.do("halt AAPL")
    stage.world.step()
    assert (7, 49, 1.0) in [arguments for name, arguments in stage.client.callbacks() if name == "tickGeneric"]
    stage.do("resume AAPL")
    stage.world.step()
    assert (7, 49, 0.0) in [arguments for name, arguments in stage.client.callbacks() if name == "tickGeneric"]
    stage.do("hours exchange", "clock set 2026-11-21 12:00 US/Eastern")  # a Saturday
    stage.world.step()
    stage.client.callbacks()
    stage.world.step()
    assert "tickPrice" not in stage.seen()


def test_a_message_whose_very_id_is_spoilt_is_sent_and_counted_as_nothing_known(stage):
    stage.do("corrupt currentTime field 0 times 1")
    stage.client.session.output.clear()
    stage.client.reqCurrentTime()
    assert bytes(stage.client.session.output[4:]).split(b"\0")[0] == b"?!"
    stage.client.session.output.clear()
    stage.client.reqCurrentTime()
    assert stage.seen() == ["currentTime"]
    stage.world.step(2)
