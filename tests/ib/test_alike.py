"""What is read by a kind that is known is what the official decoder reads, value for value."""

from __future__ import annotations

import json
import logging
from datetime import UTC
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from ibapi.decoder import Decoder

from actors.ib.alike import AlikeReports
from actors.ib.framing import frame
from actors.ib.translate import Translator
from actors.messages.broker import OrderReport
from supervision.message import Message
from tests.ib.scripted import Conversation, Owner

FRAMES = Path(__file__).parent / "frames" / "simulated_176.jsonl"
RECORDED = [line["fields"] for line in map(json.loads, FRAMES.read_text().splitlines()) if line["dir"] == "s2c"]
RECORDED_ORDERS = [fields for fields in RECORDED if fields[0] == "5"]
STATUSES = [fields for fields in RECORDED if fields[0] == "3"]
LIMITED = next(fields for fields in RECORDED_ORDERS if fields[15] == "LMT")
STOP_LIMITED = [*LIMITED[:15], "STP LMT", *LIMITED[16:]]
ORDERS = [*RECORDED_ORDERS, STOP_LIMITED]
ID, QUANTITY, LIMIT, KEY, PERM, ALLOCATION, STATUS_PERM = 1, 14, 16, 23, 25, 30, 6
WHAT_IF = LIMITED.index("PreSubmitted") - 1 if "PreSubmitted" in LIMITED else LIMITED.index("Submitted") - 1

numbers = st.sampled_from(["", "0", "007", "1", "100", "0.00", "2147483647", "9223372036854775807", "-5", "1E3", "x"])
values = numbers | st.integers(0, 10**12).map(str) | st.decimals(0, 10**6, places=4).map(str)
texts = st.sampled_from(["", "key-1", "schl\u00fcssel", "a|b"]) | st.text(st.characters(exclude_characters="\0"))
others = st.dictionaries(st.integers(2, 60), values, max_size=1)


def payload_of(fields: list[str]) -> bytes:
    return b"".join(field.encode("utf-8", "surrogatepass") + b"\0" for field in fields)


def stock(payload: bytes) -> Message | None:
    """What the official decoder makes of a frame; None when it can make nothing of it."""
    owner = Owner()
    translator = Translator(owner, owner, epoch=7, local=UTC, log=logging.getLogger("test"))
    head, *fields = payload.split(b"\0")[:-1]
    try:
        Decoder(translator, 176).interpret(tuple(fields), int(head))
    except Exception:  # noqa: BLE001 - whatever it is, the frame is dropped
        return None
    return next(iter(owner.of("order_report")), None)


def same(fields: list[str], changes: dict[int, str]) -> list[str]:
    return [changes.get(index, field) for index, field in enumerate(fields)]


def agrees(fields: list[str], changed: list[str]) -> Message | None:
    """Learn one frame, read another; what was read, after it was compared with what the official decoder reads."""
    alike = AlikeReports(lambda: 1)
    first, second = payload_of(fields), payload_of(changed)
    alike.learn(first, stock(first))
    read = alike.read(second)
    if read is not None:
        expected = stock(second)
        assert expected is not None
        assert msgspec.json.encode(read) == msgspec.json.encode(expected)
        assert read == expected
    return read


@given(st.sampled_from(ORDERS), values, values, values, texts, values, texts, others)
@example(LIMITED, "5", "0.00", "100", "key-1", "2147483647", "", {})
@example(STOP_LIMITED, "5", "100", "77.5", "key-1", "99", "", {})
def test_an_order_read_by_its_kind_is_what_the_official_decoder_reads(
    fields: list[str], order_id: str, quantity: str, limit: str, key: str, perm_id: str, allocation: str, other: Any
) -> None:
    changes = {ID: order_id, QUANTITY: quantity, LIMIT: limit, KEY: key, PERM: perm_id, ALLOCATION: allocation}
    agrees(fields, same(fields, changes))
    agrees(fields, same(fields, changes | other))


@given(st.sampled_from(STATUSES), values, values, others)
def test_a_status_read_by_its_kind_is_what_the_official_decoder_reads(
    fields: list[str], order_id: str, perm_id: str, other: Any
) -> None:
    changes = {ID: order_id, STATUS_PERM: perm_id}
    agrees(fields, same(fields, changes))
    agrees(fields, same(fields, changes | other))


@pytest.mark.parametrize("fields", ORDERS + STATUSES)
def test_every_recorded_frame_is_read_again_by_its_own_kind(fields: list[str]) -> None:
    assert agrees(fields, fields) is not None


def test_orders_that_differ_in_ids_quantity_limit_and_key_are_of_one_kind() -> None:
    changes = {ID: "77", QUANTITY: "12.5", LIMIT: "101.25", KEY: "another", PERM: "88", ALLOCATION: "88.0/DU1/100"}
    read = agrees(LIMITED, same(LIMITED, changes))
    assert isinstance(read, OrderReport)
    assert (read.order_id, read.perm_id, read.terms.limit, read.terms.key) == (77, 88, 101.25, "another")


@pytest.mark.parametrize("place", [i for i in range(2, len(LIMITED)) if i not in (QUANTITY, LIMIT, KEY, PERM, 30)])
def test_an_order_that_differs_anywhere_else_is_left_to_the_official_decoder(place: int) -> None:
    assert agrees(LIMITED, same(LIMITED, {place: LIMITED[place] + "1"})) is None


def test_kinds_without_end_are_not_kept() -> None:
    alike = AlikeReports(lambda: 1)
    for number in range(1000):
        payload = payload_of(same(LIMITED, {20: f"DU{number}"}))
        alike.learn(payload, stock(payload))
    assert len(alike._kinds) <= 256


def test_reports_of_one_kind_are_numbered_and_told_like_those_that_were_decoded() -> None:
    with Conversation() as talk:
        server = talk.start()
        for order_id in ("71", "72", "73"):
            server.sendall(frame(payload_of(same(LIMITED, {ID: order_id}))))
        talk.sentinel()
        reports = talk.owner.of("order_report")
        assert [(report.sequence, report.order_id) for report in reports] == [(1, 71), (2, 72), (3, 73)]
        assert [item for query, item in talk.owner.of("item") if query == "open orders"] == reports


def test_a_what_if_after_an_order_is_never_told_as_an_order() -> None:
    with Conversation() as talk:
        server = talk.start()
        for what_if in ("0", "0", "1", "1"):
            server.sendall(frame(payload_of(same(LIMITED, {WHAT_IF: what_if}))))
        talk.sentinel()
        assert len(talk.owner.of("order_report")) == 2


def test_an_order_whose_telling_failed_is_not_learnt_for_the_what_if_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []

    def fail_once(report: object) -> None:
        told.append(report)
        if len(told) == 1:
            raise RuntimeError("nobody could take it")

    with Conversation() as talk:
        server = talk.start()
        monkeypatch.setattr(talk.owner, "order_report", fail_once)
        for what_if in ("0", "1", "1"):
            server.sendall(frame(payload_of(same(LIMITED, {WHAT_IF: what_if}))))
        talk.sentinel()
        assert len(told) == 1
