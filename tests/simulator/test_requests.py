"""Requests by position: combos, identifiers, days of executions; and readers that nothing makes raise otherwise."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ibapi.execution import ExecutionFilter

from simulator.market.universe import Leg, Query
from simulator.refusal import Refused
from simulator.wire import requests
from simulator.wire.fields import BadField, Fields
from simulator.wire.framing import BrokenStream, FrameReader
from simulator.wire.layout import Kind, normal
from tests.simulator.catalogue_orders import combo, encoded
from tests.simulator.rig import VERSIONS, World, stock

_SPREAD, _ = combo()
_LEGS = (Leg(265598, 1, "BUY", "SMART"), Leg(272093, 1, "SELL", "SMART"))
_TEXT = st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20)
_FIELD = _TEXT | st.sampled_from(["", "0", "1", "-1", "1.5", "BAG", "2147483647", "2147483648", "nan", "99999999999"])


@pytest.mark.parametrize("version", VERSIONS)
def test_a_combo_is_understood_wherever_data_are_asked_for(version):
    client = World().client(1, version)
    client.reqMktData(1, _SPREAD, "", False, False, [])
    client.reqHistoricalData(2, _SPREAD, "", "1 D", "1 hour", "MIDPOINT", 0, 1, False, [])
    kinds = {fields[0] for fields in client.take()}
    assert {"1", "81", "17"} <= kinds
    assert "4" not in kinds


@pytest.mark.parametrize("version", VERSIONS)
def test_the_legs_of_a_combo_are_read_and_a_delta_neutral_part_is_refused(version):
    asked = encoded(version, lambda client: client.reqMktData(9, _SPREAD, "233", True, False, []))
    fields = Fields(asked)
    fields.skip(2)
    assert requests.read_legs(fields, requests.read_contract(fields)).legs == _LEGS
    requests.refuse_delta_neutral(fields, "bW")
    assert (fields.text("genericTickList"), fields.flag("snapshot"), fields.left) == ("233", True, 2)
    with pytest.raises(Refused, match="delta-neutral"):
        requests.refuse_delta_neutral(Fields(["1", "1", "265598", "0.5", "250.0"]), "bW")


@pytest.mark.parametrize("version", VERSIONS)
def test_contract_details_are_read_with_what_identifies_a_contract_besides(version):
    wanted = stock(includeExpired=True, secIdType="ISIN", secId="US0378331005", issuerId="e1")
    fields = Fields(encoded(version, lambda client: client.reqContractDetails(9, wanted)))
    fields.skip(2)
    query = requests.read_identity(fields, requests.read_contract(fields))
    assert (query.include_expired, query.sec_id_type, query.sec_id) == (True, "ISIN", "US0378331005")
    assert (query.issuer_id, fields.left) == ("e1", 0)


@pytest.mark.parametrize("version", VERSIONS)
def test_executions_are_asked_for_by_days_from_version_200_on(version):
    wanted = ExecutionFilter()
    wanted.symbol = "AAPL"
    if version >= 200:
        wanted.lastNDays, wanted.specificDates = 3, [20261118, 20261119]
    fields = Fields(encoded(version, lambda client: client.reqExecutions(9, wanted)))
    fields.skip(2)
    found = requests.read_execution_filter(fields, version)
    assert (found.symbol, fields.left) == ("AAPL", 0)
    assert (found.days, found.dates) == ((3, ("20261118", "20261119")) if version >= 200 else (None, ()))


@given(st.sampled_from(["read_contract", "read_identity", "read_legs", "read_execution_filter"]), st.lists(_FIELD))
def test_readers_of_any_fields_raise_nothing_but_bad_field(name, values):
    fields = Fields(["1", *values])
    arguments = {
        "read_identity": (Query(),),
        "read_legs": (Query(sec_type="BAG"),),
        "read_execution_filter": (200,),
    }
    try:
        getattr(requests, name)(fields, *arguments.get(name, ()))
    except BadField:
        return


@given(st.sampled_from(list(Kind)), _FIELD)
def test_what_was_read_once_is_read_the_same_again(kind, text):
    try:
        kept = normal("field", kind, text)
    except BadField:
        return
    assert normal("field", kind, kept) == kept


@settings(max_examples=200)
@given(st.lists(st.binary(max_size=40), max_size=5), st.booleans())
def test_any_bytes_are_messages_or_end_the_stream(pieces, greeted):
    reader = FrameReader()
    try:
        if greeted:
            reader.feed(b"API\0\0\0\0\x09v100..200")
            assert reader.hello() == (100, 200)
        for piece in pieces:
            reader.feed(piece)
            if greeted:
                assert all(isinstance(text, str) for fields in reader.messages() for text in fields)
            else:
                reader.hello()
    except BrokenStream:
        return
