"""The official client's acceptance, at each version that the simulator speaks."""

from __future__ import annotations

import logging

import ibapi.client
import pytest

from simulator.control import ControlClient
from tests.simulator.acceptance.official import App
from tests.simulator.acceptance.official_calls import CALLS
from tests.simulator.local import process
from tests.simulator.rig import VERSIONS


@pytest.mark.parametrize("version", VERSIONS)
def test_the_official_client_gets_every_answer_to_its_end(version, monkeypatch, caplog):
    monkeypatch.setattr(ibapi.client, "MAX_CLIENT_VER", version)
    caplog.set_level(logging.INFO, "ibapi")
    calls = [call for call in CALLS if call.since <= version]
    assert len(calls) >= 40
    with process() as (port, control_port, _), ControlClient("127.0.0.1", control_port) as steering:
        steering.do("clock set 2026-11-19 12:00 US/Eastern")
        steering.do("price AAPL 200")
        with App(port, 9, steering) as app:
            assert app.serverVersion() == version
            for call in calls:
                app.carry_out(call)
            assert app.isConnected()
    told = [record.getMessage() for record in caplog.records]
    assert [text for text in told if "BadMessage" in text] == []
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []
