"""The schema of state.db, as the migrations that lead to it; `docs/database.md` explains every table.

Rules: a migration that has been released is never edited, a change is a new one at the end. Amounts
and quantities are TEXT because they are decimals, times are ISO 8601 in UTC. Tables are STRICT, so
that a row read back has the types it was written with.
"""

from __future__ import annotations

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE audit (
        sequence INTEGER PRIMARY KEY,
        journal_sequence INTEGER,
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        key TEXT NOT NULL,
        data TEXT NOT NULL,
        previous_hash TEXT NOT NULL,
        hash TEXT NOT NULL
    ) STRICT;
    CREATE INDEX audit_journal_sequence ON audit (journal_sequence) WHERE journal_sequence IS NOT NULL;
    CREATE INDEX audit_key ON audit (key) WHERE key <> '';

    CREATE TABLE cached_positions (
        account TEXT NOT NULL,
        con_id INTEGER NOT NULL,
        symbol TEXT NOT NULL,
        sec_type TEXT NOT NULL,
        currency TEXT NOT NULL,
        quantity TEXT NOT NULL,
        average_cost REAL NOT NULL,
        market_price REAL,
        market_value REAL,
        unrealized TEXT,
        realized TEXT,
        daily TEXT,
        PRIMARY KEY (account, con_id)
    ) STRICT;

    CREATE TABLE cached_accounts (
        account TEXT PRIMARY KEY,
        currency TEXT NOT NULL,
        net_liquidation TEXT,
        cash TEXT,
        available_funds TEXT,
        buying_power TEXT,
        gross_position_value TEXT,
        daily TEXT,
        unrealized TEXT,
        realized TEXT,
        as_of TEXT NOT NULL
    ) STRICT;

    CREATE TABLE cached_account_values (
        account TEXT NOT NULL REFERENCES cached_accounts (account) ON DELETE CASCADE,
        key TEXT NOT NULL,
        currency TEXT NOT NULL,
        value TEXT NOT NULL,
        PRIMARY KEY (account, key, currency)
    ) STRICT;

    CREATE TABLE cache_times (
        cache TEXT PRIMARY KEY,
        as_of TEXT NOT NULL
    ) STRICT;

    CREATE TABLE contracts (
        con_id INTEGER PRIMARY KEY,
        symbol TEXT NOT NULL,
        sec_type TEXT NOT NULL,
        currency TEXT NOT NULL,
        primary_exchange TEXT NOT NULL,
        details TEXT NOT NULL,
        seen TEXT NOT NULL
    ) STRICT;

    CREATE TABLE holds (
        con_id INTEGER PRIMARY KEY,
        symbol TEXT NOT NULL,
        details TEXT NOT NULL,
        since TEXT NOT NULL
    ) STRICT;

    CREATE TABLE cuts (
        cut INTEGER PRIMARY KEY,
        epoch INTEGER NOT NULL,
        cause TEXT NOT NULL,
        started TEXT NOT NULL,
        finished TEXT NOT NULL,
        confirmed INTEGER NOT NULL
    ) STRICT;

    CREATE TABLE cut_parts (
        cut INTEGER NOT NULL REFERENCES cuts (cut),
        name TEXT NOT NULL,
        error TEXT NOT NULL,
        items INTEGER NOT NULL,
        PRIMARY KEY (cut, name)
    ) STRICT;

    CREATE TABLE differences (
        id INTEGER PRIMARY KEY,
        cut INTEGER NOT NULL REFERENCES cuts (cut),
        last_cut INTEGER NOT NULL REFERENCES cuts (cut),
        kind TEXT NOT NULL,
        subject TEXT NOT NULL,
        ours TEXT NOT NULL,
        theirs TEXT NOT NULL,
        action TEXT NOT NULL,
        repaired INTEGER NOT NULL,
        cleared_cut INTEGER REFERENCES cuts (cut)
    ) STRICT;
    CREATE UNIQUE INDEX differences_open ON differences (kind, subject)
        WHERE repaired = 0 AND cleared_cut IS NULL;

    CREATE TABLE confirmed_positions (
        account TEXT NOT NULL,
        con_id INTEGER NOT NULL,
        symbol TEXT NOT NULL,
        quantity TEXT,
        PRIMARY KEY (account, con_id)
    ) STRICT;

    CREATE TABLE known_executions (
        stem TEXT PRIMARY KEY,
        exec_id TEXT NOT NULL,
        account TEXT NOT NULL,
        con_id INTEGER NOT NULL,
        symbol TEXT NOT NULL,
        quantity TEXT NOT NULL,
        counted TEXT NOT NULL,
        at TEXT NOT NULL
    ) STRICT;
    """,
    """
    ALTER TABLE differences ADD COLUMN scope TEXT NOT NULL DEFAULT 'all';
    ALTER TABLE differences ADD COLUMN locks INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE differences ADD COLUMN unlock TEXT NOT NULL DEFAULT '';
    UPDATE differences SET scope = CASE kind WHEN 'position' THEN subject ELSE 'order ' || subject END
        WHERE kind <> 'part_failed';
    DROP INDEX differences_open;
    CREATE UNIQUE INDEX differences_open ON differences (kind, subject)
        WHERE (repaired = 0 OR locks = 1) AND cleared_cut IS NULL;

    CREATE TABLE confirmed_cash (
        account TEXT NOT NULL,
        currency TEXT NOT NULL,
        balance TEXT NOT NULL,
        PRIMARY KEY (account, currency)
    ) STRICT;

    CREATE TABLE counted_cash (
        stem TEXT PRIMARY KEY,
        exec_id TEXT NOT NULL,
        currency TEXT NOT NULL,
        amount TEXT
    ) STRICT;
    """,
    """
    CREATE TABLE known_positions (
        account TEXT NOT NULL,
        con_id INTEGER NOT NULL,
        symbol TEXT NOT NULL,
        sec_type TEXT NOT NULL,
        currency TEXT NOT NULL,
        quantity TEXT NOT NULL,
        average_cost REAL,
        market_price REAL,
        market_value REAL,
        unrealized TEXT,
        realized TEXT,
        daily TEXT,
        PRIMARY KEY (account, con_id)
    ) STRICT;
    INSERT INTO known_positions SELECT * FROM cached_positions;
    DROP TABLE cached_positions;
    ALTER TABLE known_positions RENAME TO cached_positions;

    CREATE TABLE equity_snapshots (
        snapshot INTEGER PRIMARY KEY,
        account TEXT NOT NULL,
        at TEXT NOT NULL,
        cause TEXT NOT NULL,
        trading_day TEXT NOT NULL,
        as_of TEXT NOT NULL,
        currency TEXT NOT NULL,
        net_liquidation TEXT,
        cash TEXT,
        available_funds TEXT,
        excess_liquidity TEXT,
        gross_position_value TEXT,
        daily TEXT,
        unrealized TEXT,
        realized TEXT
    ) STRICT;
    CREATE INDEX equity_snapshots_account ON equity_snapshots (account, at);

    CREATE TABLE balance_snapshots (
        snapshot INTEGER NOT NULL REFERENCES equity_snapshots (snapshot) ON DELETE CASCADE,
        currency TEXT NOT NULL,
        cash TEXT,
        net_liquidation TEXT,
        rate TEXT,
        PRIMARY KEY (snapshot, currency)
    ) STRICT;

    CREATE TABLE holding_snapshots (
        snapshot INTEGER NOT NULL REFERENCES equity_snapshots (snapshot) ON DELETE CASCADE,
        con_id INTEGER NOT NULL,
        symbol TEXT NOT NULL,
        sec_type TEXT NOT NULL,
        currency TEXT NOT NULL,
        quantity TEXT NOT NULL,
        average_cost REAL,
        market_price REAL,
        market_value TEXT,
        unrealized TEXT,
        realized TEXT,
        daily TEXT,
        PRIMARY KEY (snapshot, con_id)
    ) STRICT;

    CREATE VIEW portfolio AS
        WITH rates AS (
            SELECT account, currency, CAST(value AS REAL) AS rate FROM cached_account_values
            WHERE key = 'ExchangeRate' AND CAST(value AS REAL) > 0 AND CAST(value AS REAL) < 1e15
                AND (account, currency) NOT IN (SELECT account, currency FROM cached_accounts)
            UNION ALL SELECT account, currency, 1.0 FROM cached_accounts
        )
        SELECT position.account, position.symbol, position.sec_type, position.con_id, position.currency,
            CAST(position.quantity AS REAL) AS quantity, position.average_cost, position.market_price,
            position.market_value, CAST(position.unrealized AS REAL) AS unrealized,
            CAST(position.daily AS REAL) AS daily, rates.rate AS rate,
            position.market_value * rates.rate AS base_value, account.currency AS base_currency, time.as_of
        FROM cached_positions AS position
        JOIN cache_times AS time ON time.cache = 'positions'
        LEFT JOIN cached_accounts AS account ON account.account = position.account
        LEFT JOIN rates ON rates.account = position.account AND rates.currency = position.currency;

    CREATE VIEW equity AS
        SELECT snapshot, account, at, cause, trading_day, as_of, currency,
            CAST(net_liquidation AS REAL) AS net_liquidation, CAST(cash AS REAL) AS cash,
            CAST(available_funds AS REAL) AS available_funds, CAST(excess_liquidity AS REAL) AS excess_liquidity,
            CAST(gross_position_value AS REAL) AS gross_position_value, CAST(daily AS REAL) AS daily,
            CAST(unrealized AS REAL) AS unrealized, CAST(realized AS REAL) AS realized
        FROM equity_snapshots;

    CREATE VIEW equity_by_day AS
        SELECT * FROM equity
        WHERE snapshot IN (SELECT max(snapshot) FROM equity_snapshots GROUP BY account, trading_day);
    """,
)
