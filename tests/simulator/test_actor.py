"""The simulator under supervision: its address, its death, its account afterwards."""

from __future__ import annotations

import contextlib
import errno
import resource
import socket

import pytest

from simulator.actor import SimulatorActor
from simulator.control import ControlClient
from simulator.ledger import Ledger
from simulator.ledger_schema import LedgerInUse, LedgerUnwritable
from simulator.settings import Settings
from supervision.errors import ConfigurationError, NotYet
from supervision.lifecycle import LIFECYCLE
from tests.simulator.local import Wire, address, running
from tests.simulator.rig import order, stock
from tests.support.local import LocalService


@contextlib.contextmanager
def no_room():
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_new_incarnation_has_the_same_address_and_the_same_account(tmp_path):
    with LocalService(LIFECYCLE) as service:
        service.start("simulator", SimulatorActor, settings=Settings(), directory=tmp_path)
        first = address(tmp_path)
        with Wire(first["port"]) as client:
            client.until("9")
            client.ask.placeOrder(1, stock(), order("BUY", 10))
            client.until("59")
            service.kill("simulator")
        service.start("simulator", SimulatorActor, settings=Settings(), directory=tmp_path)
        assert address(tmp_path)["port"] == first["port"]
        with Wire(first["port"]) as client:
            client.until("9")
            client.send(61, 1)
            assert client.until("62")[-2][14] == "10"
        service.stop("simulator")


def test_a_taken_port_is_a_fault_of_the_configuration(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken, LocalService(LIFECYCLE) as service:
        settings = Settings(port=taken.getsockname()[1])
        with pytest.raises(ConfigurationError, match=r"simulator\.port: .* cannot be used"):
            service.start("simulator", SimulatorActor, settings=settings, directory=tmp_path)


def test_a_directory_in_use_is_no_fault_of_the_configuration_as_a_predecessor_may_be_ending(tmp_path):
    with LocalService(LIFECYCLE) as service:
        with running(tmp_path), pytest.raises(LedgerInUse):
            service.start("simulator", SimulatorActor, settings=Settings(), directory=tmp_path)
        service.start("simulator", SimulatorActor, settings=Settings(), directory=tmp_path)
        service.stop("simulator")


@pytest.mark.parametrize("trouble", [LedgerUnwritable("disk is full"), OSError(errno.ENOSPC, "no space left")])
def test_a_disk_without_room_is_no_fault_of_the_configuration_as_room_may_come(tmp_path, monkeypatch, trouble):
    def full(*_, **__):
        raise trouble

    monkeypatch.setattr("simulator.actor.Simulator", full)
    with LocalService(LIFECYCLE) as service, pytest.raises(NotYet):
        service.start("simulator", SimulatorActor, settings=Settings(port=45_998), directory=tmp_path)


def test_a_ledger_whose_disk_is_full_ends_its_simulator_until_there_is_room(tmp_path):
    ledger = Ledger(tmp_path)
    ledger.count("orders")
    with no_room(), pytest.raises(NotYet, match=r"simulator\.db cannot be written"):
        ledger.commit()
    ledger.close()
    with no_room(), pytest.raises(NotYet):
        Ledger(tmp_path)


def test_a_wire_log_that_cannot_be_opened_is_named_whatever_the_port(tmp_path):
    log = tmp_path / "nowhere" / "wire.jsonl"
    with LocalService(LIFECYCLE) as service:
        for port in (None, 45_999):
            settings = Settings(port=port, wire_log=log)
            with pytest.raises(ConfigurationError, match=r"simulator\.wire_log: .*nowhere"):
                service.start("simulator", SimulatorActor, settings=settings, directory=tmp_path)
        service.start("simulator", SimulatorActor, settings=Settings(), directory=tmp_path)
        service.stop("simulator")


def test_a_script_is_begun_at_every_start_and_a_wrong_one_is_a_fault_of_the_configuration(tmp_path):
    script = tmp_path / "night.script"
    script.write_text("freeze on\nprise AAPL 150\n")
    with LocalService(LIFECYCLE) as service:
        with pytest.raises(
            ConfigurationError, match=r"simulator\.script: .*night\.script:2: there is no statement `prise`"
        ):
            service.start("simulator", SimulatorActor, settings=Settings(script=script), directory=tmp_path)
        script.write_text("freeze on\n")
        for _ in range(2):
            service.start("simulator", SimulatorActor, settings=Settings(script=script), directory=tmp_path)
            note = address(tmp_path)
            with ControlClient(note["host"], note["control_port"]) as steering:
                assert steering.do("status")["frozen"]
            service.kill("simulator")
