"""The simulator on real sockets: bad clients, slow clients, outages, restarts."""

from __future__ import annotations

import contextlib
import re
import resource
import select
import socket
import sqlite3

import pytest

from simulator.control import ControlClient, ControlError
from simulator.ledger_schema import BadLedger
from tests.simulator.local import Wire, address, control, process, running
from tests.simulator.rig import World, order, stock


def test_a_taken_client_id_is_told_326_before_it_is_closed():
    with running() as simulator, Wire(simulator.port, client_id=4) as first:
        first.until("9")
        with Wire(simulator.port, client_id=4) as second:
            second.send(61, 1)
            assert second.until("4")[-1][3] == "326"
            with pytest.raises(EOFError):
                second.until("62")
        assert first.alive()
        first.close()
        with control(simulator) as steering:
            while steering.do("status")["clients"]:
                pass
        with Wire(simulator.port, client_id=4) as third:
            assert third.until("9")[-1] == ["9", "1", "1"]


def test_a_client_that_does_not_read_is_withheld_quotes_and_hurts_no_other(monkeypatch):
    monkeypatch.setattr("simulator.session.CONGESTED", 10_000)
    world = World()
    slow, quick = world.client(1), world.client(2)
    for client in (slow, quick):
        client.reqMktData(1, stock(), "", False, False, [])
    quick.take()
    while not slow.session.congested:
        world.step()
        quick.take()
    assert len(slow.session.output) < 12_000
    stuck = len(slow.session.output)
    for _ in range(50):
        world.step()
    assert len(slow.session.output) == stuck
    assert len(quick.take()) > 50
    slow.take()
    world.step()
    while not (caught_up := slow.take()):
        world.step()
    kinds = {(fields[0], fields[3]) for fields in caught_up}
    assert {("1", "1"), ("1", "2"), ("1", "4"), ("1", "9")} <= kinds


def test_a_client_that_never_reads_its_answers_is_dropped(monkeypatch):
    monkeypatch.setattr("simulator.session.OVERFLOW", 100_000)
    with running() as simulator, Wire(simulator.port, client_id=2) as other, control(simulator) as steering:
        other.until("9")
        with Wire(simulator.port, client_id=1) as greedy:
            greedy.until("9")
            greedy.ask.reqHistoricalData(1, stock(), "", "3 D", "1 min", "TRADES", 0, 1, False, [])
            while len(steering.do("status")["clients"]) == 2:
                pass
            assert was_reset(greedy.socket)
        assert other.alive()


def test_a_client_that_does_not_read_what_was_left_for_it_is_reset_in_the_end(monkeypatch):
    monkeypatch.setattr("simulator.transport._PATIENCE", 0.3)
    with running() as simulator, Wire(simulator.port) as late, control(simulator) as steering:
        late.until("9")
        steering.do("drip on")
        steering.do("code 1100")
        steering.do("end client 1")
        assert was_reset(late.socket)


def was_reset(connection: socket.socket) -> bool:
    """Whether a connection ends with a reset although nobody reads from it."""
    poller = select.poll()
    poller.register(connection, 0)
    return any(events & select.POLLERR for _, events in poller.poll(10_000))


def test_garbage_on_the_socket_ends_only_that_connection():
    with running() as simulator, Wire(simulator.port) as good:
        good.until("9")
        for garbage in (
            b"GET / HTTP/1.1\r\n\r\n",
            b"API\0\xff\xff\xff\xff",
            b"API\0\0\0\0\x09v100..100",
            b"API\0\0\0\0\x04vABC",
        ):
            with socket.create_connection(("127.0.0.1", simulator.port), 5) as bad:
                bad.sendall(garbage)
                assert bad.recv(100) == b""
        assert good.alive()


def test_an_outage_cuts_clients_and_comes_back_on_the_same_port_with_orders_worked_on():
    with running() as simulator, control(simulator) as steering:
        steering.do("freeze on")
        steering.do("price AAPL 200")
        with Wire(simulator.port) as client:
            client.until("9")
            client.ask.placeOrder(1, stock(), order("BUY", 10, "LMT", lmtPrice=150.0, tif="GTC"))
            client.until("3")
            steering.do("down for 30s")
            with pytest.raises((EOFError, ConnectionResetError)):
                client.until("never")
        with pytest.raises(ConnectionRefusedError):
            Wire(simulator.port)
        steering.do("price AAPL 149")
        ledger = steering.do("ledger")
        assert (ledger["executions"], ledger["working"]) == (1, 0)
        assert ledger["positions"] == [{"account": "DU1000001", "con_id": 265598, "symbol": "AAPL", "quantity": "10"}]
        assert ledger["cash"] == {"USD": "998499.00"}
        steering.do("up")
        assert steering.do("status")["port"] == simulator.port
        with Wire(simulator.port) as client:
            client.until("9")
            client.send(61, 1)
            held = client.until("62")[-2]
            assert (held[3], held[14]) == ("265598", "10")


def test_an_outage_with_a_time_ends_by_itself():
    with running() as simulator, control(simulator) as steering:
        steering.do("down for 0.05s")
        while not steering.do("status")["listening"]:
            pass
        with Wire(simulator.port) as client:
            assert client.until("9")[-1][0] == "9"


def test_a_deaf_gateway_accepts_and_stays_silent():
    with running() as simulator, control(simulator) as steering:
        steering.do("deaf on")
        with Wire(simulator.port, start=False) as client:
            client.socket.sendall(b"API\0\0\0\0\x09v100..178")
            client.socket.settimeout(0.3)
            with pytest.raises(TimeoutError):
                client.socket.recv(1)
        steering.do("deaf off")
        with Wire(simulator.port) as client:
            assert client.greeting[0] == "178"


def test_a_dripping_gateway_sends_single_bytes_and_catches_up_when_it_is_told_to_stop():
    with running() as simulator, Wire(simulator.port) as wire, control(simulator) as steering:
        wire.until("9")
        steering.do("drip on")
        wire.send(49, 1)
        assert [len(wire.socket.recv(64)) for _ in range(4)] == [1, 1, 1, 1]
        steering.do("drip off")
        assert b"49\0" in wire.socket.recv(64)


def test_a_reset_comes_after_exactly_so_many_bytes_and_clients_that_come_later_are_spared():
    with running() as simulator, Wire(simulator.port) as wire, control(simulator) as steering:
        wire.until("9")
        steering.do("cut after 7 bytes")
        wire.send(49, 1)
        assert len(wire.socket.recv(64)) == 7
        with pytest.raises(ConnectionResetError):
            wire.socket.recv(64)
        with Wire(simulator.port) as other:
            assert other.alive()


def test_1101_ends_the_lines_of_every_client_and_1102_does_not():
    with running() as simulator, Wire(simulator.port) as wire, control(simulator) as steering:
        wire.ask.reqMktData(1, stock(), "", False, False, [])
        wire.until("1")
        steering.do("code 1102")
        wire.until("4")
        (client,) = steering.do("status")["clients"]
        assert (client["lines"], client["opened"]) == (["AAPL"], 1)
        steering.do("code 1101")
        wire.until("4")
        (client,) = steering.do("status")["clients"]
        assert (client["lines"], client["opened"]) == ([], 1)


def test_without_descriptors_the_simulator_serves_who_is_there_and_welcomes_newcomers_later():
    with running() as simulator, Wire(simulator.port) as wire, control(simulator) as steering:
        wire.until("9")
        steering.do("status")  # both are inside
        with contextlib.ExitStack() as knockers:
            doors = [simulator.port, simulator.control_port]
            waiting = [knockers.enter_context(socket.socket()) for _ in doors]
            limits = resource.getrlimit(resource.RLIMIT_NOFILE)
            resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
            try:
                for sock, port in zip(waiting, doors, strict=True):
                    sock.connect(("127.0.0.1", port))
                assert wire.alive()
                assert steering.do("status")["listening"]
            finally:
                resource.setrlimit(resource.RLIMIT_NOFILE, limits)
            waiting[1].sendall(b"status\n")
            assert b'"ok": true' in waiting[1].recv(4096)


def test_clients_are_told_of_the_gateways_own_link_and_get_garbage_on_demand():
    with running() as simulator, control(simulator) as steering, Wire(simulator.port) as client:
        client.until("9")
        for _ in range(3):
            client.until("4")
        for code in (1100, 1102):
            steering.do(f"code {code}")
            assert client.until("4")[-1][2:4] == ["-1", str(code)]
        steering.do("garbage")
        assert client.socket.recv(4) == b"\xde\xad\xbe\xef"


def test_a_statement_that_makes_no_sense_or_cannot_be_done_is_refused_with_the_reason():
    with running() as simulator, control(simulator) as steering:
        for statement, reason in [
            ("dance", "there is no statement `dance`"),
            ("price NOPE 1", "there is no contract NOPE"),
            ("price AAPL -1", "`-1` does not fit; expected a price above 0"),
            ("down for long", "`long` is no duration"),
            ("cut client 7", "client 7 is not connected"),
            ("clear 4", "no rule 4 is in force"),
            ("code 7777", "code 7777 has no text of its own"),
            ("{}", "there is no statement `{}`"),
        ]:
            with pytest.raises(ControlError, match=re.escape(reason)):
                steering.do(statement)
        assert steering.do("status")["listening"]


def test_a_second_run_finds_yesterdays_account(tmp_path):
    with process("--directory", str(tmp_path)) as (port, control_port, child), Wire(port, client_id=5) as client:
        assert address(tmp_path) == {"host": "127.0.0.1", "port": port, "control_port": control_port, "pid": child.pid}
        with ControlClient("127.0.0.1", control_port) as steering:
            steering.do("freeze on")
            steering.do("price AAPL 200")
        client.until("9")
        client.ask.placeOrder(1, stock(), order("BUY", 10, orderRef="bought"))
        fill = client.until("59")
        client.ask.placeOrder(2, stock(), order("BUY", 10, "LMT", lmtPrice=100.0, tif="GTC", orderRef="rests"))
        resting = client.until("3")[-2]
        child.kill()  # no farewell: what clients were told is in the ledger
        child.wait(5)
    execution = next(fields for fields in fill if fields[0] == "11")
    with process("--directory", str(tmp_path)) as (again, _, _), Wire(again, client_id=5) as client:
        assert again == port
        assert client.until("9")[-1] == ["9", "1", "3"]
        client.send(61, 1)
        assert client.until("62")[-2][14] == "10"
        client.send(5, 1)
        found = next(fields for fields in client.until("53") if fields[0] == "5")
        assert (found[1], found[23], found[25]) == ("2", "rests", resting[25])
        client.send(99, 0)
        done = next(fields for fields in client.until("102") if fields[0] == "101")
        assert (done[22], done[76]) == ("bought", "Filled")
        client.send(7, 3, 1, 0, "", "", "", "", "", "")
        assert next(fields for fields in client.until("55") if fields[0] == "11")[14:] == execution[14:]
        client.ask.placeOrder(3, stock(), order("BUY", 10))
        assert next(fields for fields in client.until("59") if fields[0] == "11")[14] > execution[14]
    with sqlite3.connect(tmp_path / "simulator.db") as database:
        assert database.execute("select sum(quantity) from executions").fetchone() == (20,)
        assert database.execute("select quantity from positions").fetchall() == [("20",)]
    database.close()


def test_the_configured_port_is_taken_or_refused():
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match="in use"),
        running(port=taken.getsockname()[1]),
    ):
        pass


def test_a_second_simulator_on_the_same_directory_is_refused_until_the_first_has_ended(tmp_path):
    with running(tmp_path), pytest.raises(BadLedger, match="in use by another simulator"), running(tmp_path):
        pass
    with running(tmp_path):
        pass


@pytest.mark.parametrize("note", ["", "{bad", "[]", '{"port": null}', '{"port": 99999}'])
def test_a_damaged_note_of_the_last_port_means_any_port(tmp_path, note):
    (tmp_path / "simulator.json").write_text(note)
    with running(tmp_path) as simulator:
        assert simulator.port


def test_a_ledger_that_cannot_be_written_any_more_is_told_in_words(tmp_path):
    world = World(tmp_path)
    world.gateway.ledger.close()
    with pytest.raises(BadLedger, match="cannot be written"):
        world.gateway.ledger.commit()
