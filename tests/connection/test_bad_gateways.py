"""Connection against gateways that a test scripts: silent, deaf, strange, or somebody else's."""

from __future__ import annotations

import resource
import socket
from pathlib import Path

import pytest

from actors.domain.order_book import FIRST_REQUEST_ID
from actors.messages import broker, broker_account
from actors.messages.market import Contract
from actors.messages.session import BrokerNotice, SessionDown, SessionUp
from supervision.errors import ConfigurationError, NotAllowed
from supervision.ref import Hub
from tests.connection.bench import bench, sending
from tests.connection.script import AAPL, Script, stage, terms, waiting
from tests.ib.scripted import GREETING, read_frame
from tests.support.frames import text_frame


def test_a_gateway_that_accepts_and_stays_silent_is_left_and_dialled_again(tmp_path: Path) -> None:
    with stage(tmp_path, connect_timeout=0.1) as (it, script):
        script.accept()
        view = it.view(lambda view: "did not answer the hello within 0.1 s" in view.reason)
        assert view.epoch == 0
        script.start()
        assert it.up().reconnects == 0


@pytest.mark.parametrize(
    ("mode", "configured", "managed", "words"),
    [
        ("paper", "DU1234567", "U1234567", "account U1234567 behind this port is no paper account"),
        ("paper", "DU1234567", "DU1234567,F1234567", "account F1234567 behind this port is no paper account"),
        ("simulated", "DU1234567", "U1234567", "account U1234567 behind this port is no paper account"),
        ("live", "U1234567", "DU1234567", "account DU1234567 behind this port is a paper account"),
        ("live", "U1234567", "U1234567,DU1234567", "account DU1234567 behind this port is a paper account"),
        ("paper", "DU7654321", "DU1234567", "account DU7654321 is not behind this port, which offers DU1234567"),
        ("live", "U7654321", "U1234567", "account U7654321 is not behind this port, which offers U1234567"),
    ],
)
def test_accounts_that_must_not_be_traded_end_connection_before_a_session_is_up(
    mode: str, configured: str, managed: str, words: str, tmp_path: Path
) -> None:
    with Script() as script, bench(tmp_path) as it:
        connection = it.start(mode=mode, accounts=(configured,), port=script.port)
        client = script.greet(text_frame(15, 1, managed))
        assert client.recv(1) == b"", "not even the time is asked"
        assert connection.host.has_ended.wait(5.0)
        assert isinstance(connection.host.error, NotAllowed)
        assert words in str(connection.host.error)
        assert not (tmp_path / "connection.json").exists(), "no session was counted"


def test_a_live_account_is_traded_in_mode_live(tmp_path: Path) -> None:
    with Script() as script, bench(tmp_path) as it:
        it.start(mode="live", accounts=("U1234567",), port=script.port)
        script.greet(text_frame(15, 1, "U1234567,U7654321"))
        assert it.up().accounts == ("U1234567", "U7654321")


def test_other_accounts_in_the_middle_of_a_session_end_it_and_the_next_is_checked_anew(tmp_path: Path) -> None:
    with stage(tmp_path, accounts=("DU1234567",)) as (it, script):
        script.start()
        it.up()
        script.say(15, 1, "DU1234567")
        script.say(15, 1, "DU1234567,U7654321")
        assert it.next(SessionDown).reason == "the gateway now tells of other accounts than when the session began"
        script.greet(text_frame(15, 1, "DU1234567,U7654321"))
        assert it.service._running["connection"].host.has_ended.wait(5.0)


def test_a_damaged_epoch_is_a_configuration_error(tmp_path: Path) -> None:
    with bench(tmp_path) as it:
        (tmp_path / "connection.json").write_text("{")
        with pytest.raises(ConfigurationError, match=r"connection\.json is damaged"):
            it.start()


def test_without_a_simulator_it_says_so_and_finds_it_when_it_comes(tmp_path: Path) -> None:
    with Script() as script, bench(tmp_path) as it:
        it.start(accounts=())
        it.view(lambda view: waiting(view) and "simulator.json is not there yet" in view.reason)
        (tmp_path / "simulator.json").write_text(f'{{"host": "127.0.0.1", "port": {script.port}}}')
        script.start()
        assert it.up().port == script.port


def test_without_descriptors_it_says_so_and_dials_again(tmp_path: Path) -> None:
    with stage(tmp_path) as (it, script):
        client = script.start()
        it.up()
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
        try:
            client.shutdown(socket.SHUT_RDWR)
            it.view(lambda view: "no socket can be opened (too many open files)" in view.reason)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        script.start()
        it.up(epoch=2)


def test_a_silent_gateway_is_dropped_after_an_unanswered_heartbeat(tmp_path: Path) -> None:
    with stage(tmp_path, heartbeat_interval=0.1, heartbeat_timeout=0.2) as (it, script):
        script.start()
        assert script.read() == ("49", "1")
        script.say(49, 1, 1_700_000_000)
        assert script.read() == ("49", "1")
        assert it.view().last_heartbeat is not None
        assert it.next(SessionDown).reason == "the gateway has not answered for 0.2 s"


def test_an_order_of_which_some_bytes_had_left_has_an_unknown_outcome_and_the_next_has_not(tmp_path: Path) -> None:
    with stage(tmp_path, send_timeout=0.3) as (it, script):
        client = script.start()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        epoch = it.up().epoch
        futures = []
        # Nobody reads at the other end: some orders fit in the kernel's buffers, one is cut, the rest wait.
        big = Contract("A" * 300_000, con_id=1)
        for order_id in range(530, 570):
            ask = sending(epoch, order_id, big, terms(f"k{order_id}"))
            futures.append(it.connection.ask_future(ask))
        verdicts = []
        for future in futures:
            error = future.exception(5.0)
            verdicts.append("sent" if error is None else error.kind)
        assert "stopped reading" in it.next(SessionDown).reason
        assert verdicts.count("outcome_unknown") == 1
        cut = verdicts.index("outcome_unknown")
        assert set(verdicts[:cut]) == {"sent"}
        assert set(verdicts[cut + 1 :]) == {"session_down"}


def test_a_cancel_calls_off_an_order_that_waits_and_the_gateway_hears_of_neither(tmp_path: Path) -> None:
    slow = {"messages_per_second": 0.5, "burst": 1}
    with stage(tmp_path, pacing=slow) as (it, script):
        script.start()
        epoch = it.up().epoch
        positions = it.connection.ask_future(broker_account.FetchPositions())
        assert script.read() == ("61", "1")
        placed = it.connection.ask_future(sending(epoch, 530, AAPL, terms()))
        it.view(lambda view: view.requests_waiting == 1)
        cancelled = it.connection.ask_future(broker.TransmitCancel(epoch, 530))
        assert placed.exception(5.0).kind == "called_off"
        assert cancelled.exception(5.0).kind == "never_sent"
        assert it.view().requests_waiting == 0
        script.say(62, 1)
        assert positions.result(5.0).items == ()


def test_what_waits_when_the_session_ends_is_refused_as_not_sent(tmp_path: Path) -> None:
    slow = {"messages_per_second": 0.5, "burst": 1}
    with stage(tmp_path, pacing=slow) as (it, script):
        script.start()
        epoch = it.up().epoch
        asked = it.connection.ask_future(broker_account.FetchPositions())
        script.read()
        placed = it.connection.ask_future(sending(epoch, 530, AAPL, terms()))
        bars = it.connection.ask_future(broker.FetchBars(AAPL, None, "1 D", "1 min", "TRADES", True))
        it.view(lambda view: view.requests_waiting == 2)
        script.hang_up()
        for future in (asked, placed, bars):
            assert future.exception(5.0).kind == "session_down"
        assert it.next(SessionDown).epoch == epoch


def test_an_order_whose_asker_gave_up_is_not_sent_any_more(tmp_path: Path) -> None:
    slow = {"messages_per_second": 2.0, "burst": 1}
    with stage(tmp_path, pacing=slow) as (it, script):
        script.start()
        epoch = it.up().epoch
        it.connection.ask_future(broker_account.FetchPositions())
        script.read()
        it.connection.ask_future(sending(epoch, 530, AAPL, terms()), timeout=0.1)
        lines = it.connection.ask_future(broker.OpenLine(epoch, AAPL))
        assert script.read()[0] == "1"  # the line, and no order before it
        assert lines.result(5.0).con_id == 265598


def test_what_a_dead_asker_left_waiting_neither_leaves_nor_uses_the_pace(tmp_path: Path) -> None:
    slow = {"messages_per_second": 2.0, "burst": 1}
    with stage(tmp_path, pacing=slow) as (it, script):
        script.start()
        epoch = it.up().epoch
        it.connection.ask_future(broker_account.FetchPositions())
        script.read()
        asker = Hub(it.service.run_dir, it.service.codec)
        for _ in range(20):
            asker.ask("connection", broker.FetchExecutions(), 30.0)
        asker.ask("connection", sending(epoch, 530, AAPL, terms()), 30.0)
        it.view(lambda view: view.requests_waiting == 21)
        asker.close()
        it.view(lambda view: view.requests_waiting == 0)
        line = it.connection.ask_future(broker.OpenLine(epoch, AAPL))
        assert script.read()[0] == "1"  # the line is next, though 21 messages were queued before it
        assert line.result(5.0).con_id == 265598


def test_a_session_whose_epoch_cannot_be_kept_is_ended_and_dialled_again(tmp_path: Path) -> None:
    in_the_way = tmp_path / "connection.new"
    in_the_way.mkdir()
    with stage(tmp_path) as (it, script):
        script.greet()
        assert it.view(lambda view: waiting(view) and "epoch" in view.reason).epoch == 0
        in_the_way.rmdir()
        script.start()
        assert it.up().epoch == 1


def test_every_error_finds_whom_it_concerns(tmp_path: Path) -> None:
    with stage(tmp_path) as (it, script):
        script.start()
        epoch = it.up().epoch
        line = it.connection.ask_future(broker.OpenLine(epoch, AAPL))
        request_id = int(script.read()[2])
        assert line.result(5.0).request_id == request_id >= FIRST_REQUEST_ID
        script.say(4, 2, request_id, 10167, "delayed data is shown", "")
        assert it.next(broker.LineNotice).code == 10167
        assert it.connection.ask(broker.GetLiveLines()).items
        script.say(4, 2, request_id, 354, "not subscribed", "")
        assert it.next(broker.LineNotice).code == 354
        assert not it.connection.ask(broker.GetLiveLines()).items
        script.say(4, 2, 530, 201, "rejected", '{"why":"funds"}')
        notice = it.next(broker.OrderNotice)
        assert (notice.order_id, notice.code, notice.text) == (530, 201, 'rejected {"why":"funds"}')
        script.say(4, 2, FIRST_REQUEST_ID + 999, 366, "no query found", "")
        assert it.next(BrokerNotice).text == f"no query found (request {FIRST_REQUEST_ID + 999})"
        script.say(4, 2, -1, 2104, "farm is OK", "")
        assert it.next(BrokerNotice).code == 2104


def test_an_execution_that_nobody_asked_for_is_published_whatever_its_request_id(tmp_path: Path) -> None:
    with stage(tmp_path) as (it, script):
        script.start()
        it.up()
        contract = (265598, "AAPL", "STK", "", "0.0", "", "", "NASDAQ", "USD", "AAPL", "NMS")
        for request_id, exec_id in ((-1, "e.1.01"), (77, "e.2.01")):
            script.say(
                11, request_id, 530, *contract, exec_id, "20261120 10:00:00 US/Eastern", "DU1234567", "ISLAND",
                "BOT", "10", "189.5", "1234", "17", "0", "10", "189.5", "key-1", "", "", "", "2",
            )  # fmt: skip
            report = it.next(broker.ExecutionReport)
            assert report.exec_id == exec_id
            assert report.time.isoformat() == "2026-11-20T15:00:00+00:00"


def test_a_client_id_that_is_taken_is_told_and_tried_again(tmp_path: Path) -> None:
    with stage(tmp_path) as (it, script):
        client = script.accept()
        client.sendall(GREETING)
        read_frame(client)
        script.say(4, 2, -1, 326, "Unable to connect as the client id is already in use.", "")
        script.hang_up()
        it.view(lambda view: waiting(view) and "code 326" in view.reason)
        script.start()
        it.next(SessionUp)


def test_the_wire_log_shows_the_conversation_without_account_numbers(tmp_path: Path) -> None:
    with stage(tmp_path, wire_log=True) as (it, script):
        script.start()
        it.up()
        text = (tmp_path / "wire.log").read_text()
        assert '"direction":"in","frame":"15|1|DU***"' in text
        assert '"direction":"out","frame":"71|2|17|"' in text
        assert "DU1234567" not in text


def test_the_last_word_of_a_stream_of_profit_that_was_replaced_is_nobodys(tmp_path: Path) -> None:
    with stage(tmp_path) as (it, script):
        script.start()
        it.up()
        script.say(94, FIRST_REQUEST_ID + 77, "1.0", "2.0", "3.0")
        script.say(4, 2, -1, 2104, "farm is connected", "")
        assert it.next(BrokerNotice, lambda notice: notice.code == 2104)
        assert not [one for one in it._passed if isinstance(one, broker_account.PnLReport)]
        assert it.view().callback_errors == 0
