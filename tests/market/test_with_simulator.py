"""MarketData and Account with the real Connection and the simulated gateway."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from actors.account import AccountActor
from actors.market_data import MarketDataActor
from actors.messages.account import AccountView, GetAccounts
from actors.messages.broker import GetLiveLines, LiveLines
from actors.messages.market import Contract, Gap, GetBars, GetReference, Quote, Resumed, Subscribe
from config.settings import MarketDataSettings
from supervision.errors import Rejected
from supervision.ref import Ref
from tests.connection.bench import Bench, control, simulated
from tests.market.scripted import Client

SYMBOLS = ("AAPL", "MSFT", "EUR.USD")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    with simulated(tmp_path) as made:
        made.up()
        start_market(made)
        yield made


def start_market(bench: Bench) -> None:
    bench.service.start("market_data", MarketDataActor, settings=MarketDataSettings())


def client_of(bench: Bench, name: str = "client") -> Client:
    made: Client = bench.service.start(name, Client, to="market_data").actor
    return made


def next_quotes(client: Client, con_ids: set[int], state: str) -> dict[int, Quote]:
    """The first quote in this state of each contract."""
    found: dict[int, Quote] = {}
    while found.keys() != con_ids:
        quote = client.next(Quote)
        if quote.state == state and quote.bid is not None and quote.ask is not None:
            found.setdefault(quote.con_id, quote)
    return found


def lines(bench: Bench) -> Counter[int]:
    answer = bench.connection.ask(GetLiveLines())
    assert isinstance(answer, LiveLines)
    return Counter(line.con_id for line in answer.items)


def test_quotes_bars_and_references_come_from_the_gateway(bench: Bench) -> None:
    client = client_of(bench)
    con_ids = {client.ask(Subscribe(symbol)).details.contract.con_id for symbol in SYMBOLS}
    quotes = next_quotes(client, con_ids, "live")
    for quote in quotes.values():
        assert quote.bid is not None
        assert quote.ask is not None
        assert 0 < quote.bid < quote.ask
    reference = client.ask(GetReference("SPY"))
    assert reference.quote.mid or reference.quote.last
    bars = client.ask(GetBars("AAPL", duration="2 D", bar="1 min")).items
    times = [bar.time for bar in bars]
    assert times == sorted(set(times))
    assert len({time.date() for time in times}) == 2
    with pytest.raises(Rejected, match="knows no contract for NOSUCH"):
        client.ask(Subscribe("NOSUCH"))
    with pytest.raises(Rejected, match=r"means [0-9]+ contracts, say which .* conId"):
        client.ask(Subscribe(Contract("ES", "FUT", "CME")))


def test_after_an_outage_and_after_kills_there_is_one_line_for_each_contract_and_quotes_flow(bench: Bench) -> None:
    client = client_of(bench)
    con_ids = {client.ask(Subscribe(symbol)).details.contract.con_id for symbol in SYMBOLS}
    next_quotes(client, con_ids, "live")

    control(bench.directory, "down")
    assert set(client.next(Gap).con_ids) == con_ids
    control(bench.directory, "up")
    resumed: set[int] = set()
    while resumed != con_ids:
        resumed |= set(client.next(Resumed).con_ids)
    next_quotes(client, con_ids, "live")
    assert lines(bench) == Counter(con_ids)

    for round_ in range(3):
        bench.service.kill("market_data")
        start_market(bench)
        again = client_of(bench, f"client{round_}")
        for symbol in SYMBOLS:
            again.ask(Subscribe(symbol))
        next_quotes(again, con_ids, "live")
        assert lines(bench) <= Counter(con_ids)


def test_the_account_is_that_of_the_gateway(bench: Bench) -> None:
    bench.service.start("account", AccountActor, accounts=(), margin_cushion=0.1)
    ref = bench.service.ref("account")
    while not (view := _first(ref)) or not view.complete:
        continue  # nothing is published when a download ends: the answer itself says whether it has
    assert (view.account, view.currency, view.net_liquidation) == ("DU1000001", "USD", Decimal(1_000_000))


def _first(ref: Ref) -> AccountView | None:
    try:
        return ref.ask(GetAccounts()).items[0]
    except Rejected:
        return None
