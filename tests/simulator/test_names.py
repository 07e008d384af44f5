"""The names of messages, held against the official client's own tables."""

from __future__ import annotations

import inspect

from ibapi.client import EClient
from ibapi.decoder import Decoder
from ibapi.message import OUT

from simulator.wire.names import INCOMING, OUTGOING, number

GONE = {"fundamentalData": 51, "reqFundamentalData": 52, "cancelFundamentalData": 53}
RENAMED = {"commissionReport": "commissionAndFeesReport", "tickByTick": "tickByTickAllLast"}
LAST_TEXT_REQUEST = 105


def test_every_message_of_the_decoder_is_called_as_the_callback_it_causes() -> None:
    assert set(OUTGOING) == set(Decoder.msgId2handleInfo) | {GONE["fundamentalData"]}
    for message_id, handle in Decoder.msgId2handleInfo.items():
        name = RENAMED.get(OUTGOING[message_id], OUTGOING[message_id])
        if handle.wrapperMeth is not None:
            assert handle.wrapperMeth.__name__ == name
        else:
            assert f"self.wrapper.{name}(" in inspect.getsource(handle.processMeth), name


def test_every_request_is_called_as_the_method_that_sends_it() -> None:
    gone = {GONE["reqFundamentalData"], GONE["cancelFundamentalData"]}
    assert set(INCOMING) == {int(out) for out in OUT if out <= LAST_TEXT_REQUEST} | gone
    for message_id in set(INCOMING) - gone:
        source = inspect.getsource(getattr(EClient, INCOMING[message_id]))
        assert f"OUT.{OUT(message_id).name}" in source, INCOMING[message_id]


def test_a_name_belongs_to_one_message_of_one_direction() -> None:
    assert len({*OUTGOING.values(), *INCOMING.values()}) == len(OUTGOING) + len(INCOMING)
    assert number("tickPrice") == ("out", 1)
    assert number("reqMktData") == ("in", 1)
