"""Random order traffic of every kind: the books balance to the cent, nothing overfills, states move legally."""

from __future__ import annotations

import random
from collections import defaultdict
from contextlib import suppress
from datetime import date
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st
from ibapi.contract import ComboLeg

from simulator.exchange.orders import Order
from tests.simulator.rig import World, cancellation, contract, order, stock

CENT = Decimal("0.01")
CASH = Decimal(400_000)
ACCOUNTS = ("DU1", "DU2")
SYMBOLS = ("AAPL", "KO", "EUR.USD", "ESZ6", "SPY")
TYPES = ("MKT", "LMT", "STP", "STP LMT", "TRAIL", "TRAIL LIMIT", "MIT", "LIT", "MOC", "LOC")
TIMES = ("DAY", "DAY", "GTC", "IOC", "FOK", "OPG")
LEGAL = {
    None: {"PreSubmitted", "Inactive"},
    "PreSubmitted": {"PreSubmitted", "Submitted", "Filled", "PendingCancel", "Cancelled", "Inactive"},
    "Submitted": {"Submitted", "PreSubmitted", "Filled", "PendingCancel", "Cancelled"},
    "PendingCancel": {"Cancelled"},
    "Filled": {"Filled"},
    "Cancelled": {"Cancelled"},
    "Inactive": {"Inactive"},
}


class Traffic:
    """One client that does whatever its dice say, and checks what came of it after each deed."""

    def __init__(self, directory, seed: int) -> None:
        self.dice = random.Random(seed)
        self.directory = directory
        self.states: dict[int, str] = {}
        self.plain: set[int] = set()
        self.order_id = 0
        self._begin(World(directory, cash=CASH, account=",".join(ACCOUNTS)))

    def _begin(self, world: World) -> None:
        self.world, self.client = world, world.client()
        self.exchange, self.trading = world.gateway.exchange, world.gateway.trading
        tell = self.trading.status

        def status(told: Order) -> None:
            before = self.states.get(told.order_id)
            assert told.status in LEGAL[before], (told.order_id, before, told.status)
            self.states[told.order_id] = told.status
            tell(told)

        self.trading.status = status

    def act(self, deed: str) -> None:
        getattr(self, deed)()
        self.client.take()
        self.check()

    # --- deeds ---

    def place(self, **parts: object) -> int:
        self.order_id += 1
        item = self.world.gateway.universe.named(self.dice.choice(SYMBOLS))
        line = self.world.gateway.market.line(item)
        near = [float(line.price(line.quote.bid + self.dice.randint(-30, 30))) for _ in range(2)]
        kind, tif = self.dice.choice(TYPES), self.dice.choice(TIMES)
        made: dict[str, object] = {"tif": "DAY" if kind in {"MOC", "LOC"} else tif}
        if "L" in kind.replace("TRAIL", ""):
            made["lmtPrice"] = near[0]
        if kind in {"STP", "STP LMT", "MIT", "LIT"}:
            made["auxPrice"] = near[1]
        if kind in {"TRAIL", "TRAIL LIMIT"}:
            made["auxPrice"] = float(item.tick * self.dice.randint(1, 20))
        if kind == "TRAIL LIMIT":
            made |= {"lmtPriceOffset": float(item.tick), "trailStopPrice": near[1]}
            del made["lmtPrice"]
        quantity = self.dice.randint(1, 3000) if item.sec_type != "FUT" else self.dice.randint(1, 9)
        made |= {"account": self.dice.choice(ACCOUNTS), "allOrNone": self.dice.random() < 0.1} | parts
        quantity = made.pop("quantity", quantity)
        action = made.pop("action", self.dice.choice(("BUY", "SELL")))
        self.client.placeOrder(self.order_id, contract(conId=item.con_id), order(action, quantity, kind, **made))
        return self.order_id

    def plain_order(self) -> None:
        self.plain.add(self.place())

    def group(self) -> None:
        kind = self.dice.randint(1, 3)
        for _ in range(self.dice.randint(2, 4)):
            self.place(ocaGroup=f"group {self.order_id // 8}", ocaType=kind, account="DU1")

    def combo(self) -> None:
        """AAPL against KO, whatever the price."""
        self.order_id += 1
        bag = contract(symbol="AAPL", secType="BAG", exchange="SMART", currency="USD", comboLegs=[])
        for con_id, action in ((265598, "BUY"), (8894, "SELL")):
            leg = ComboLeg()
            leg.conId, leg.ratio, leg.action, leg.exchange = con_id, 1, action, "SMART"
            bag.comboLegs.append(leg)
        wanted = order(self.dice.choice(("BUY", "SELL")), self.dice.randint(1, 300), tif="GTC", account="DU1")
        if self.dice.random() < 0.5:
            wanted.orderType, wanted.lmtPrice = "LMT", float(self.dice.randint(-300, 300))
        self.client.placeOrder(self.order_id, bag, wanted)

    def bracket(self) -> None:
        size = self.dice.randint(2, 2000)
        parent = self.place(transmit=False, quantity=size, action="BUY", account="DU2")
        for last in (False, True):
            self.place(parentId=parent, transmit=last, quantity=size, action="SELL", account="DU2")

    def modify(self) -> None:
        found = [one for one in self.exchange.open_orders() if one.order_id in self.plain]
        if not found:
            return
        one = self.dice.choice(found)
        wanted = order(one.terms.action, one.terms.quantity + self.dice.randint(-50, 50), "MKT", tif="GTC")
        wanted.account = one.terms.account
        self.client.placeOrder(one.order_id, contract(conId=one.instrument.con_id), wanted)

    def cancel(self) -> None:
        self.client.cancelOrder(self.dice.randint(1, self.order_id + 1), cancellation())

    def cancel_all(self) -> None:
        if self.dice.random() < 0.2:
            self.client.reqGlobalCancel(cancellation())

    def step(self) -> None:
        self.world.step(self.dice.choice((0.25, 0.25, 1.0, 60.0, 3600.0)))

    def night(self) -> None:
        self.world.step(40_000.0)

    def move(self) -> None:
        symbol = self.dice.choice(SYMBOLS)
        line = self.world.gateway.market.line(self.world.gateway.universe.named(symbol))
        factor = Decimal(self.dice.randint(96, 104)) / 100
        self.world.gateway.move_price(symbol, line.price(max(line.quote.bid, 1)) * factor)

    def fill(self) -> None:
        found = self.exchange.open_orders()
        if found:
            one = self.dice.choice(found)
            with suppress(ValueError):  # held by its parent, or smaller than that
                self.exchange.fill(one.perm_id, Decimal(self.dice.randint(1, 100)), None, self.trading)

    def correct(self) -> None:
        found = [fill for fill in self.exchange.executions if fill.order_id in self.plain]
        if found:
            one = self.dice.choice(found)
            less = self.dice.randint(0, 1) if one.quantity > 1 else 0
            price = one.price + one.instrument.tick * self.dice.randint(1, 50)
            self.exchange.correct(one.exec_id, one.quantity - less, price, self.trading)

    def rebind(self) -> None:
        if found := self.exchange.open_orders():
            self.exchange.rebind(self.dice.choice(found).perm_id, self.trading)

    def restart(self) -> None:
        self.world.close()
        self._begin(World(self.directory, now=self.world.now, cash=Decimal(1), account=",".join(ACCOUNTS)))

    # --- checks ---

    def check(self) -> None:
        self.world.gateway.ledger.commit()
        known = self.exchange.open_orders() + self.exchange.completed_orders()
        fills = self.exchange.fills.since(date(2020, 1, 1))
        filled: dict[tuple[int, int], Decimal] = defaultdict(Decimal)
        for fill in fills:
            filled[fill.order_id, fill.instrument.con_id] += fill.quantity
        for one in known:
            assert 0 <= one.filled <= one.terms.quantity, one
            assert one.filled == filled[one.order_id, one.instrument.con_id], one
        self._check_groups(known)
        self._check_families(known)
        booked = [fill for fill in fills if not fill.instrument.legs]
        for account in self.world.gateway.accounts:
            self._check_books(account, [fill for fill in booked if fill.account == account.name])

    def _check_groups(self, known: list[Order]) -> None:
        groups: dict[str, list[Order]] = defaultdict(list)
        for one in known:
            if one.terms.oca_group and not one.terms.parent_id:
                groups[one.terms.oca_group].append(one)
        for members in groups.values():
            used = sum(one.filled / (one.terms.quantity + one.reduced) for one in members)
            assert used <= 1 or members[0].terms.oca_type == 1, members
            if members[0].terms.oca_type == 1:
                assert sum(one.filled > 0 for one in members) <= 1, members

    def _check_families(self, known: list[Order]) -> None:
        by_id = {one.order_id: one for one in known}
        sold: dict[int, Decimal] = defaultdict(Decimal)
        for one in known:
            if one.terms.parent_id in by_id:
                sold[one.terms.parent_id] += one.filled
        assert all(quantity <= by_id[parent].filled for parent, quantity in sold.items()), sold

    def _check_books(self, account, fills) -> None:
        quantities: dict[int, Decimal] = defaultdict(Decimal)
        cash: dict[str, Decimal] = defaultdict(Decimal, {"USD": CASH})
        for fill in fills:
            item = fill.instrument
            quantities[item.con_id] += fill.signed
            cash[item.currency] -= fill.commission
            if item.sec_type == "FUT":
                cash[item.currency] -= fill.signed * fill.price * item.factor
            else:
                cash[item.currency] -= (fill.signed * fill.price * item.factor).quantize(CENT)
            if item.sec_type == "CASH":
                cash[item.symbol] += fill.signed
        for position in account.positions.values():
            assert position.quantity == quantities.pop(position.instrument.con_id, 0)
            if position.instrument.sec_type == "FUT":
                cash["USD"] += position.cost
        assert not any(quantities.values())
        assert {currency: amount for currency, amount in account.cash.items() if amount} == {
            currency: amount for currency, amount in cash.items() if amount
        }
        assert self.world.gateway.ledger.cash(account.name) == account.cash


DEEDS = [deed for deed in vars(Traffic) if not deed.startswith("_") and deed not in {"act", "check", "place"}]


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.lists(st.sampled_from(DEEDS + ["plain_order", "step"] * 4), max_size=40))
def test_whatever_is_done_to_orders_books_balance_nothing_overfills_and_states_move_legally(
    tmp_path_factory, seed, deeds
):
    traffic = Traffic(tmp_path_factory.mktemp("ledger"), seed)
    for deed in deeds:
        traffic.act(deed)
    traffic.world.close()


def test_an_order_beyond_the_account_s_means_is_inactive_with_201_and_working_orders_count():
    world = World(cash=Decimal(10_000))
    world.gateway.move_price("AAPL", Decimal(200))
    world.gateway.market.frozen = True
    client = world.client()
    aapl = contract(conId=265598)
    client.placeOrder(1, aapl, order("BUY", 150, "LMT", lmtPrice=190.0))
    client.take()
    client.placeOrder(2, aapl, order("BUY", 100))
    told = client.take()
    assert [fields[0] for fields in told] == ["5", "3", "4"]
    assert (told[1][2], told[2][3]) == ("Inactive", "201")
    assert told[2][4].startswith("Order rejected - reason:We are unable to accept your order. Your Available Funds are")
    client.placeOrder(1, aapl, order("BUY", 500, "LMT", lmtPrice=190.0))
    assert [fields[3] for fields in client.take()] == ["201"]
    assert world.gateway.exchange.open_orders()[0].terms.quantity == 150
    client.placeOrder(3, aapl, order("SELL", 150))
    client.take()
    assert world.gateway.account.positions[265598].quantity == -150


def test_what_if_tells_margins_commission_and_a_warning_and_leaves_nothing():
    world = World(cash=Decimal(10_000))
    client = world.client()
    aapl = contract(conId=265598)
    client.placeOrder(1, aapl, order("BUY", 100, whatIf=True))
    client.placeOrder(2, aapl, order("BUY", 900, whatIf=True))
    shown = [call[1][3] for call in client.callbacks() if call[0] == "openOrder"]
    price = world.gateway.market.line(world.gateway.universe.shares["AAPL"]).quote.last
    assert Decimal(shown[0].initMarginChange) == (price * CENT * 25).quantize(CENT)
    assert (shown[0].commissionAndFees, shown[0].warningText) == (1.0, "")
    assert shown[1].warningText.startswith("Order rejected")
    client.placeOrder(3, aapl, order("BUY", 1, whatIf=True, transmit=False))
    assert [fields[3] for fields in client.take()] == ["413"]
    assert world.gateway.ledger.summary()["orders"] == 0


def test_several_accounts_have_books_of_their_own_and_an_order_has_to_name_one():
    world = World(account="DU1,DU2")
    client = world.client()
    client.placeOrder(1, contract(conId=265598), order("BUY", 10))
    client.placeOrder(2, contract(conId=265598), order("BUY", 10, account="DU3"))
    assert [fields[3] for fields in client.take()] == ["435", "321"]
    client.placeOrder(3, contract(conId=265598), order("BUY", 10, account="DU2"))
    assert {fields[16] for fields in client.take() if fields[0] == "11"} == {"DU2"}
    one, two = world.gateway.accounts
    assert (one.cash["USD"], one.positions, two.positions[265598].quantity) == (1_000_000, {}, 10)


def test_orders_end_with_the_contract_that_they_are_for():
    world = World()
    client = world.client()
    client.placeOrder(
        1,
        contract(symbol="ES", localSymbol="ESZ6", secType="FUT", exchange="CME", currency="USD"),
        order("BUY", 1, "LMT", lmtPrice=1_000.0, tif="GTC"),
    )
    client.placeOrder(2, stock(), order("BUY", 1, "LMT", lmtPrice=10.0, tif="GTC"))
    client.take()
    world.step(30 * 86_400)  # past the third Friday of December
    said = [fields[1:5] for fields in client.take() if fields[0] == "4"]
    assert [(fields[1], fields[2]) for fields in said] == [("1", "202")]
    assert [one.order_id for one in world.gateway.exchange.open_orders()] == [2]


def test_a_bracket_takes_no_more_means_than_its_entry_and_oversized_exits_do():
    world = World(cash=Decimal(100_000))
    client = world.client()

    def bracket(first: int, exits: int) -> list[str]:
        client.placeOrder(first, stock(), order("BUY", 1_000, "LMT", lmtPrice=150.0, transmit=False))
        for order_id, kind, price in ((first + 1, "LMT", "lmtPrice"), (first + 2, "STP", "auxPrice")):
            last = order_id == first + 2
            client.placeOrder(
                order_id,
                stock(),
                order("SELL", exits, kind, parentId=first, transmit=last, **{price: 100.0 if last else 300.0}),
            )
        return [fields[3] for fields in client.take() if fields[0] == "4"]

    assert bracket(10, 1_000) == []
    client.reqGlobalCancel(cancellation())
    client.take()
    assert set(bracket(20, 10_000)) == {"201"}
