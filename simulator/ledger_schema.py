"""The ledger's tables, and how a file of an earlier version becomes one of this version.

`pragma user_version` counts: 0 is a new file, or one of the first version, which had one account only.
"""

from __future__ import annotations

import sqlite3

from supervision.errors import NotYet

VERSION = 1
_TABLES = """
create table if not exists orders(perm_id integer primary key, client_id integer not null, order_id integer not null,
  con_id integer not null, symbol text not null, action text not null, quantity text not null, order_type text not null,
  limit_price text, stop_price text, tif text not null, account text not null, order_ref text not null,
  status text not null, filled text not null, average_price text not null, placed real not null, completed real,
  completed_status text not null, state text not null);
create table if not exists executions(exec_id text primary key, perm_id integer not null, client_id integer not null,
  order_id integer not null, con_id integer not null, symbol text not null, side text not null, quantity text not null,
  price text not null, time real not null, account text not null, order_ref text not null, commission text not null,
  currency text not null, realized text, state text not null, corrects text);
create table if not exists positions(account text not null, con_id integer not null, symbol text not null,
  quantity text not null, cost text not null, fees text not null, primary key(account, con_id));
create table if not exists cash(account text not null, currency text not null, amount text not null,
  primary key(account, currency));
create table if not exists rebinds(perm_id integer not null, former integer primary key, time real not null);
create table if not exists traffic(client_id integer not null, direction text not null, message_id integer not null,
  name text not null, count integer not null, first real not null, last real not null,
  primary key(client_id, direction, message_id));
create table if not exists counters(name text primary key, value integer not null);
create view if not exists fills as select * from executions
  where exec_id not in (select corrects from executions where corrects is not null);
"""


class BadLedger(Exception):
    """The ledger in the directory cannot be gone on with; the text says why, and what a person can do."""


class LedgerUnwritable(BadLedger, NotYet):
    """The disk is full, or fails: a gateway that cannot keep what happens must not go on, until it can."""


class LedgerInUse(BadLedger):
    """Another simulator has the directory, perhaps one that is about to end."""


_DISK = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN})


def refused(error: sqlite3.Error, words: str) -> BadLedger:
    """What it means that SQLite raised `error`."""
    kind = LedgerUnwritable if getattr(error, "sqlite_errorcode", 0) & 0xFF in _DISK else BadLedger
    return kind(f"{words}: {error}")


def prepare(connection: sqlite3.Connection, account: str) -> None:
    """Make the tables; what a file of the first version holds becomes `account`'s. BadLedger for a later version."""
    (version,) = connection.execute("pragma user_version").fetchone()
    if version > VERSION:
        raise BadLedger(f"it was written by a later version of the simulator ({version} > {VERSION}); use that one")
    older = version == 0 and connection.execute("select 1 from sqlite_master where name = 'positions'").fetchone()
    if older:
        connection.execute("alter table positions rename to old_positions")
        connection.execute("alter table cash rename to old_cash")
        connection.execute("alter table executions add column corrects text")
    connection.executescript(_TABLES)
    if older:
        columns = "con_id, symbol, quantity, cost, fees"
        connection.execute(f"insert into positions select ?, {columns} from old_positions order by rowid", (account,))
        connection.execute("insert into cash select ?, currency, amount from old_cash order by rowid", (account,))
        connection.execute("drop table old_positions")
        connection.execute("drop table old_cash")
    connection.execute(f"pragma user_version={VERSION}")
    connection.commit()
