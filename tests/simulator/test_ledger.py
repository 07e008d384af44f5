"""A ledger that was there before: of an earlier version, of a later one, of other accounts."""

from __future__ import annotations

import sqlite3

import pytest

from simulator.ledger_schema import BadLedger
from tests.simulator.rig import World, contract, order


def test_a_ledger_of_the_first_version_is_taken_over(tmp_path):
    world = World(tmp_path)
    world.client().placeOrder(1, contract(conId=265598), order("BUY", 10))
    cash = world.gateway.account.cash
    world.close()
    _make_old(tmp_path / "simulator.db")
    again = World(tmp_path, now=world.now, account="DU1000001,DU2")
    assert again.gateway.account.cash == cash
    assert again.gateway.account.positions[265598].quantity == 10
    assert again.gateway.accounts["DU2"].cash == {"USD": 1_000_000}
    assert len(again.gateway.exchange.executions) == 1
    again.close()


def test_a_ledger_of_a_later_version_is_not_touched(tmp_path):
    with sqlite3.connect(tmp_path / "simulator.db") as later:
        later.execute("pragma user_version=99")
    with pytest.raises(BadLedger, match="later version"):
        World(tmp_path)


def test_working_orders_of_an_account_that_is_gone_are_named_at_the_start(tmp_path):
    world = World(tmp_path)
    world.client().placeOrder(1, contract(conId=265598), order("BUY", 10, "LMT", lmtPrice=1.0))
    world.close()
    with pytest.raises(BadLedger, match="working orders of account DU1000001"):
        World(tmp_path, now=world.now, account="DU2")


def _make_old(path) -> None:
    with sqlite3.connect(path) as old:
        old.executescript("""
            create table p as select con_id, symbol, quantity, cost, fees from positions;
            create table c as select currency, amount from cash;
            drop view fills; drop table positions; drop table cash; drop table rebinds;
            alter table executions drop column corrects;
            create table positions(con_id integer primary key, symbol text not null, quantity text not null,
              cost text not null, fees text not null);
            create table cash(currency text primary key, amount text not null);
            insert into positions select * from p; insert into cash select * from c; drop table p; drop table c;
            pragma user_version=0;
        """)
