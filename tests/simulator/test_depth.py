"""Market depth: what a client builds of the rows it is sent is the market's book."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.services.depth_changes import Level, changes
from tests.simulator.rig import ES, EUR_USD, VERSIONS, World, stock
from tests.simulator.test_quote_streams import errors

ROWS = st.lists(
    st.builds(Level, st.integers(1, 6), st.integers(1, 3), st.sampled_from("AB")),
    max_size=6,
    unique_by=lambda level: (level.price, level.maker),
)


@given(ROWS, ROWS)
def test_changes_lead_from_any_book_to_any_other(before, after):
    book = list(before)
    for operation, position, level in changes(before, after):
        if operation == 0:
            assert position <= len(book)
            book.insert(position, level)
        elif operation == 1:
            assert (book[position].price, book[position].maker) == (level.price, level.maker)
            book[position] = level
        else:
            assert book.pop(position) == level
    assert book == after


def apply(book, messages):
    """What a client makes of messages 12 and 13."""
    for fields in messages:
        if fields[0] not in {"12", "13"}:
            continue
        skip = fields[0] == "13"
        position = int(fields[3])
        operation, side = fields[4 + skip], book[fields[5 + skip]]
        row = (float(fields[6 + skip]), int(fields[7 + skip]), fields[4] if skip else "")
        if operation == "0":
            side.insert(position, row)
        elif operation == "1":
            side[position] = row
        else:
            del side[position]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    ("asked", "smart", "kind"),
    [(stock(), True, "13"), (ES, False, "12"), (EUR_USD, False, "12")],
)
def test_a_client_that_applies_the_rows_has_the_book(version, asked, smart, kind):
    world = World()
    client = world.client(1, version)
    client.reqMktDepth(5, asked, 5, smart, [])
    messages = client.take()
    assert {fields[0] for fields in messages} == ({kind, "4"} if smart else {kind})
    assert errors(client, messages) == ([(5, 2152)] if smart else [])
    assert {fields[9] for fields in messages if fields[0] == "13"} == ({"1"} if smart else set())
    book = {"0": [], "1": []}
    apply(book, messages)
    item = next(iter(world.gateway.quotes.instruments().values()))
    for _ in range(30):
        world.step(0.5)
        messages = client.take()
        apply(book, messages)
        found = world.gateway.market.depth(item, 5)
        tick = float(item.tick)
        for side, levels in (("1", found.bids), ("0", found.asks)):
            told = [(pytest.approx(level.price * tick), level.size) for level in levels]
            assert [row[:2] for row in book[side]] == told
        assert book["1"][0][0] < book["0"][0][0]
    client.cancelMktDepth(5, smart)
    world.step()
    assert client.take() == []


def test_a_book_is_rebuilt_after_a_halt():
    world = World()
    client = world.client()
    client.reqMktDepth(5, stock(), 5, True, [])
    book = {"0": [], "1": []}
    apply(book, client.take())
    share = world.gateway.universe.shares["AAPL"]
    world.gateway.market.halt(share, True)
    world.step(2)
    client.take()
    world.step(2)
    assert client.take() == []
    world.gateway.market.halt(share, False)
    world.step(2)
    messages = client.take()
    assert errors(client, messages[:1]) == [(5, 317)]
    book = {"0": [], "1": []}
    apply(book, messages)
    assert [len(side) for side in book.values()] == [5, 5]


def test_depth_is_limited_and_refused_where_there_is_none():
    world = World()
    client = world.client()

    def ask(request_id, asked, *, smart):
        client.reqMktDepth(request_id, asked, 5, smart, [])
        return [error for error in errors(client, client.take()) if error[1] != 2152]

    assert ask(1, stock(), smart=False) == [(1, 10092)]
    client.cancelMktDepth(1, False)
    assert errors(client, client.take()) == [(1, 310)]
    for number, symbol in enumerate(("AAPL", "MSFT", "SPY")):
        assert ask(number, stock(symbol), smart=True) == []
    assert ask(4, stock("KO"), smart=True) == [(4, 309)]
    assert ask(0, stock("KO"), smart=True) == [(0, 322)]
    world.gateway.entitlements.set("SPY", "none")
    assert errors(client, client.take()) == [(2, 354)]
    assert ask(4, stock("KO"), smart=True) == []
    client.reqMktDepthExchanges()
    (fields,) = client.take()
    assert fields[0] == "80"
    assert "NASDAQ" in fields
