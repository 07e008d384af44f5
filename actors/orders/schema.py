"""The order journal's file, `orders.db`: what its tables and columns mean. Change it by a new step in `migrations`.

`journal` is append-only (triggers refuse everything else) and is the history: one row for each thing
that happened, `data` is a JSON object. The other tables hold what follows from it, for plain SQL and for
a quick start. Decimals are text, times ISO 8601 in UTC, prices REAL. `orders.state` is the whole order
as JSON, which the service itself reads back; the columns beside it are for people. `executions` holds
the newest revision of each execution, its `sec_type` empty when it was not kept (before version 2);
`fills` is the view with commissions. `settings`: `floor`, below which no order id is given out again,
`halt`, the reason of a kill switch that is on, `halt_cancels`, what it cancels, `halt_flatten`, whether it still closes
positions, `halt_id`, which halt it was, `loss_fired`, by account the day and the multiple of the limit of the loss that
pulled it last, `protection`, what brackets claim of positions that should have a live stop, and `heard`,
EPOCH:SEQUENCE of the last report of the broker that changed something here. The VIEWS are for people alone: the service
reads none of them, and what is a decimal as text in a table is a number there.

New columns stand at the end of their table, where a migration puts them, so that one file is like another.
"""

from __future__ import annotations

from typing import Final

VERSION: Final = 3

VIEWS: Final = """
CREATE VIEW open_orders AS
    SELECT key, status, held, account, strategy, symbol, con_id, side, CAST(quantity AS REAL) AS quantity,
        CAST(filled AS REAL) AS filled, CAST(quantity AS REAL) - CAST(filled AS REAL) AS remaining, order_type,
        limit_price, stop_price, tif, parent, oca_group, external, reason, created, updated
    FROM orders WHERE open = 1;
CREATE VIEW trades AS
    SELECT substr(time, 1, 10) AS day, time, account, strategy, key, symbol, con_id, sec_type, side,
        CAST(quantity AS REAL) AS quantity, price, CAST(commission AS REAL) AS commission, currency,
        CAST(realized AS REAL) AS realized, exec_id
    FROM fills WHERE sec_type <> 'BAG';
CREATE VIEW trades_by_day AS
    SELECT day, account, strategy, symbol, con_id, count(*) AS trades,
        sum(CASE side WHEN 'BUY' THEN quantity ELSE 0 END) AS bought,
        sum(CASE side WHEN 'BUY' THEN 0 ELSE quantity END) AS sold,
        sum(commission) AS commission, sum(realized) AS realized, currency, count(*) - count(commission) AS uncharged
    FROM trades GROUP BY day, account, strategy, symbol, con_id, currency;
CREATE VIEW traded_positions AS
    SELECT account, con_id, symbol, round(sum(CASE side WHEN 'BUY' THEN quantity ELSE -quantity END), 8) AS quantity
    FROM trades WHERE sec_type <> 'CASH' GROUP BY account, con_id, symbol;
"""

SCHEMA: Final = f"""
CREATE TABLE journal (
    sequence INTEGER PRIMARY KEY AUTOINCREMENT,
    at TEXT NOT NULL,
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    data TEXT NOT NULL CHECK (json_valid(data))
) STRICT;
CREATE TRIGGER journal_is_not_changed BEFORE UPDATE ON journal BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;
CREATE TRIGGER journal_is_not_cut BEFORE DELETE ON journal BEGIN SELECT RAISE(ABORT, 'journal is append-only'); END;

CREATE TABLE orders (
    key TEXT PRIMARY KEY,
    order_id INTEGER NOT NULL,
    client_id INTEGER NOT NULL,
    perm_ids TEXT NOT NULL,
    account TEXT NOT NULL,
    symbol TEXT NOT NULL,
    con_id INTEGER NOT NULL,
    side TEXT NOT NULL,
    quantity TEXT NOT NULL,
    order_type TEXT NOT NULL,
    limit_price REAL,
    stop_price REAL,
    tif TEXT NOT NULL,
    status TEXT NOT NULL,
    filled TEXT NOT NULL,
    average_price REAL,
    commission TEXT NOT NULL,
    strategy TEXT NOT NULL,
    reason TEXT NOT NULL,
    external INTEGER NOT NULL,
    created TEXT NOT NULL,
    updated TEXT NOT NULL,
    open INTEGER NOT NULL,
    state TEXT NOT NULL,
    trail REAL,
    trail_percent REAL,
    limit_offset REAL,
    good_till TEXT,
    parent TEXT NOT NULL DEFAULT '',
    oca_group TEXT NOT NULL DEFAULT '',
    held INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE UNIQUE INDEX orders_by_id ON orders (order_id) WHERE external = 0;
CREATE INDEX orders_to_read ON orders (open, updated);
CREATE INDEX orders_by_parent ON orders (parent) WHERE parent <> '';
CREATE INDEX orders_by_group ON orders (oca_group) WHERE oca_group <> '';

CREATE TABLE executions (
    stem TEXT PRIMARY KEY,
    exec_id TEXT NOT NULL UNIQUE,
    key TEXT NOT NULL,
    order_id INTEGER NOT NULL,
    perm_id INTEGER NOT NULL,
    client_id INTEGER NOT NULL,
    account TEXT NOT NULL,
    symbol TEXT NOT NULL,
    con_id INTEGER NOT NULL,
    side TEXT NOT NULL,
    quantity TEXT NOT NULL,
    price REAL NOT NULL,
    exchange TEXT NOT NULL,
    time TEXT NOT NULL,
    strategy TEXT NOT NULL,
    sec_type TEXT NOT NULL DEFAULT ''
) STRICT;
CREATE INDEX executions_by_key ON executions (key);
CREATE INDEX executions_by_time ON executions (time);

CREATE TABLE commissions (exec_id TEXT PRIMARY KEY, commission TEXT, currency TEXT NOT NULL, realized TEXT) STRICT;

CREATE VIEW fills AS
    SELECT executions.*, commissions.commission, commissions.currency, commissions.realized
    FROM executions LEFT JOIN commissions USING (exec_id);

CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
{VIEWS}"""
